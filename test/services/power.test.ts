// The power of the station on the simulated observatory: what is kept in mind of every channel, orders, interlock, the
// battery, and the end of a night.
import t from 'tap'
import { configSchema } from '../../edge/main-config.js'
import { harmlessLate } from '../../edge/ports/action.js'
import { parseConfig } from '../../edge/spine/config.js'
import { openNight, pierConfig } from '../support/night.js'
import { jsonServer } from '../support/sensor-rigs.js'

const part = (name: string, more: object = {}) => ({ driver: 'simulator', link: 'sky', part: name, ...more })
const fed = {
  'relays/mount': { feeds: ['mount'] },
  'relays/camera': { feeds: ['main'], name: 'Main camera' },
}
const powered = (power: object = {}, more: object = {}) =>
  pierConfig({ devices: { box: part('sensors') }, more: { power: { channels: fed, ...power }, ...more } })

const channel = (id: string) => ({ device: 'relays', channel: id })

t.test('channels have their names and what hangs on them, and start as the owner wants', async t => {
  const channels = { ...fed, 'relays/fan': { start: 'off' }, 'relays/flat-panel': { start: 'on' } }
  const { state, clock } = await openNight(t, powered({ channels }))
  await clock.advance(3_000)
  t.match(state('power/relays/camera'), { name: 'Main camera', feeds: ['main'], on: true })
  t.match(state('power/relays/fan'), { name: 'Fan', on: false })
  t.match(state('power/relays/flat-panel'), { on: true })
})

t.test('a channel stays off for its time before it is on again', async t => {
  const { ask, state, clock } = await openNight(t, powered({ channels: { 'relays/fan': { minimum_off_s: 20 } } }))
  await ask('power-set', { ...channel('fan'), on: false })
  const offMs = clock.now()
  await clock.advance(5_000)
  await ask('power-set', { ...channel('fan'), on: true })
  t.ok(clock.now() - offMs >= 20_000, `${clock.now() - offMs} ms`)
  t.equal(state<{ on: boolean }>('power/relays/fan').on, true)
  const before = clock.now()
  await ask('power-cycle', channel('fan'))
  t.ok(clock.now() - before >= 20_000, 'so does one that is switched off and on')
})

t.test('what a station measures stands with the channel it is for', async t => {
  const channels = { 'relays/fan': { station: 'box', volts: 'volts' } }
  const { state, told, clock } = await openNight(t, powered({ channels }))
  await clock.advance(10_000)
  const { volts } = state<{ volts: number }>('power/relays/fan')
  t.ok(volts > 12 && volts < 14, `${volts} V`)
  await clock.advance(180_000)
  const records = told('power-measured') as { device: string; on: object; volts: { fan: number } }[]
  t.equal(records.length, 3, 'and is recorded once a minute')
  t.match(records[0], { device: 'relays', on: { mount: true }, amperes: {} })
  t.ok(records[0].volts.fan > 12)
})

t.test('two stations alike are told apart by their names, and one that is gone measures nothing', async t => {
  let broken = false
  const meter = (volts: number, amperes: number) => jsonServer(t, () => (broken ? {} : { volts, amperes }))
  const station = (url: string) => ({
    ...{ driver: 'json-sensor', url, kind: 'sensor', every_s: 5 },
    fields: { volts: { path: 'volts' }, amperes: { path: 'amperes' } },
  })
  const devices = { left: station(await meter(12.1, 1.5)), right: station(await meter(5.2, 0.25)) }
  const channels = {
    'relays/fan': { station: 'left', volts: 'volts', amperes: 'amperes' },
    'relays/flat-panel': { station: 'right', volts: 'volts' },
  }
  const { state, clock } = await openNight(t, pierConfig({ devices, more: { power: { channels } } }))
  await clock.advance(15_000)
  t.match(state('power/relays/fan'), { volts: 12.1 })
  t.match(state('power/relays/flat-panel'), { volts: 5.2 })
  t.not(state<{ amperes?: number }>('power/relays/flat-panel').amperes, 0.25, 'a field is used only where it is named')
  broken = true
  await clock.advance(400_000)
  t.equal(state<{ volts?: number }>('power/relays/fan').volts, undefined)
})

t.test('a channel that is measured by half is no configuration', async t => {
  const complaint = (gauge: object): string => {
    try {
      parseConfig(powered({ channels: { 'relays/fan': gauge } }), configSchema, new Map())
      return 'none'
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(complaint({ station: 'box', volts: 'volts', amperes: 'amperes' }), 'none')
  t.match(complaint({ volts: 'volts' }), /must say which station has volts/)
  t.match(complaint({ station: 'box' }), /which field of box is meant, under volts: or amperes:/)
  t.match(complaint({ station: 'box', volts: 'vols' }), /no station measures "vols"/)
  t.match(complaint({ station: 'mount', volts: 'volts' }), /has no sensors/)
})

t.test('the power of a mount that moves is not cut, nor that of a camera that exposes', async t => {
  const { actions, ask, start, state, clock } = await openNight(t, powered())
  const slew = await start('mount-slew', { target: 'M 31' })
  await clock.advance(2_000)
  t.equal(state<{ slewing: boolean }>('mount/mount').slewing, true)
  await t.rejects(ask('power-set', { ...channel('mount'), on: false }), { code: 'busy', message: /mount-slew/ })
  await t.rejects(ask('power-set', { ...channel('mount'), value: 0 }), { code: 'busy' })
  await t.rejects(ask('power-cycle', channel('mount')), { code: 'busy' })
  await slew.done()
  await ask('mount-move', { decDegPerSecond: 0.5 })
  const refused = { code: 'unsafe', message: /mount mount moves and has its power from channel mount/ }
  await t.rejects(ask('power-set', { ...channel('mount'), on: false }), refused, 'nor under one that arrows move')
  await ask('mount-stop')
  await t.rejects(ask('power-set', { ...channel('fan'), on: true, value: 0 }), { code: 'bad-input' })
  const late = (id: string) => harmlessLate(actions.find('power-set'), channel(id))
  t.same(['fan', 'mount', 'camera', 'nothing'].map(late), [true, false, false, false], 'nor by an order that is late')
  const exposure = await start('camera-expose', { seconds: 60 })
  await clock.advance(1_000)
  await t.rejects(ask('power-set', { ...channel('camera'), on: false }), { code: 'busy', message: /camera-expose/ })
  await t.rejects(ask('power-set', { ...channel('mount'), on: false }), { code: 'busy' }, 'an exposure rests on it')
  await ask('camera-abort')
  await t.rejects(exposure.done())
  await ask('power-set', { ...channel('mount'), on: false })
  t.equal(state<{ on: boolean }>('power/relays/mount').on, false, 'one that stands may be switched off')
})

t.test('unsafe conditions put every channel where the owner wants it, mount and camera kept', async t => {
  const channels = { ...fed, 'relays/fan': { unsafe: 'keep' }, 'relays/flat-panel': { unsafe: 'on' } }
  const { ask, state, told } = await openNight(t, powered({ channels }))
  await ask('power-set', { ...channel('dew-heater'), value: 40 })
  await ask('power-safe')
  const on = (id: string) => state<{ on: boolean }>(`power/relays/${id}`).on
  t.same(['mount', 'camera', 'dew-heater', 'flat-panel', 'fan'].map(on), [true, true, false, true, true])
  t.same(told('power-made-safe'), [{ who: 'anna' }])
})

t.test('the station comes up in its order, each device waited for, and goes down the other way round', async t => {
  const power = { up: ['relays/mount', 'relays/camera', 'relays/fan'] }
  const { ask, state, clock, feed } = await openNight(t, powered(power))
  const switched: string[] = []
  feed.listen({
    state({ path, value }) {
      const word = `${path.split('/')[2]} ${value.on ? 'on' : 'off'}`
      if (!path.startsWith('power/') || value.goingOff) return
      if (switched.findLast(one => one.startsWith(path.split('/')[2])) !== word) {
        switched.push(word)
      }
    },
  })
  await ask('power-down')
  t.same(switched, ['fan off', 'camera off', 'mount off'])
  await clock.advance(60_000)
  t.not(state<{ condition: string }>('mount/mount').condition, 'ready')
  switched.length = 0
  await ask('power-up')
  t.same(switched, ['mount on', 'camera on', 'fan on'])
  for (const path of ['mount/mount', 'camera/main']) t.equal(state<{ condition: string }>(path).condition, 'ready')
})

t.test('a device that does not answer after its power came ends the order, and is named', async t => {
  const mishaps = [{ at_s: 5, kind: 'unplugged', part: 'mount' }]
  const config = pierConfig({
    sky: { mishaps },
    more: { power: { channels: fed, up: ['relays/mount', 'relays/fan'], answer_s: 20 } },
  })
  const { ask, clock } = await openNight(t, config)
  await clock.advance(10_000)
  await t.rejects(ask('power-up'), { code: 'timeout', message: /mount did not answer within 20 s after Mount/ })
})

t.test(
  'the night ends: what runs stops, the mount is parked, the camera warmed slowly, heaters and station off',
  async t => {
    const power = { up: ['relays/mount', 'relays/camera'], warm_c_per_min: 3 }
    const night = await openNight(t, powered(power))
    const { ask, start, state, clock, told } = night
    await ask('mount-unpark')
    await ask('camera-cool', { targetCelsius: -15 })
    await ask('power-set', { ...channel('dew-heater'), value: 60 })
    const exposure = await start('camera-expose', { seconds: 600 })
    await clock.advance(300_000)
    t.ok(state<{ sensorCelsius: number }>('camera/main').sensorCelsius < -14, 'it is cold')
    const warming: { atMs: number; celsius: number }[] = []
    const watch = clock.every(10_000, () => {
      const { sensorCelsius, condition } = state<{ sensorCelsius: number; condition: string }>('camera/main')
      if (condition === 'ready') warming.push({ atMs: clock.now(), celsius: sensorCelsius })
    })
    t.equal((await exposure.state()).status as string, 'running')
    await ask('night-end')
    watch.cancel()
    await t.rejects(exposure.ended, { code: 'aborted', message: /the night is ended/ })
    t.ok(warming.length > 20, `${warming.length} readings`)
    for (let at = 6; at < warming.length; at++) {
      const rose = warming[at].celsius - warming[at - 6].celsius
      t.ok(rose < 4, `${rose} °C in a minute`)
    }
    for (const id of ['mount', 'camera', 'dew-heater']) {
      t.equal(state<{ on: boolean }>(`power/relays/${id}`).on, false, `${id} is off`)
    }
    t.same(told('night-ended')[0].failed, undefined)
    t.same(
      told('device-lost').map(({ device, switchedOff }) => [device, switchedOff]),
      [
        ['main', 'relays/camera'],
        ['mount', 'relays/mount'],
      ],
      'nobody is alarmed by what was switched off',
    )
    t.match(state('device/mount'), { switchedOff: 'relays/mount' })
    t.match(state<{ sentence: string }>('observatory').sentence, /^Switched off: main, mount/)
    await ask('power-up')
    t.match(state('device/mount'), { condition: 'ready', switchedOff: undefined })
  },
)

t.test('a mount that cannot be parked keeps its power, and the rest of the night ends all the same', async t => {
  const mishaps = [{ at_s: 2, kind: 'silent', part: 'mount' }]
  const config = pierConfig({
    sky: { mishaps },
    more: { power: { channels: fed, up: ['relays/mount', 'relays/camera'] } },
  })
  const { ask, state, clock } = await openNight(t, config)
  await clock.advance(3_000)
  await t.rejects(ask('night-end'), { code: 'broken', message: /did not end cleanly/ })
  t.equal(state<{ on: boolean }>('power/relays/mount').on, true)
  t.equal(state<{ on: boolean }>('power/relays/camera').on, false)
})

t.test('an empty battery is said, then parks, switches heaters off, and shuts the computer down', async t => {
  // The simulated supply stands near 13 V.
  const battery = { station: 'box', warn_volts: 14, critical_volts: 13.5, for_s: 30 }
  const night = await openNight(t, powered({ battery, up: ['relays/mount'] }))
  const { ask, clock, told, state, machined, until } = night
  await ask('power-set', { ...channel('dew-heater'), value: 60 })
  await clock.advance(10_000)
  t.same(machined, [], 'not at once')
  await until<{ level: string }>('battery', ({ level }) => level === 'critical', 120_000)
  await clock.advance(120_000)
  t.same(told('battery-critical').length, 1)
  t.equal(told('night-ended').length, 1)
  t.equal(state<{ on: boolean }>('power/relays/dew-heater').on, false)
  t.same(machined, ['sync', 'shut down'])
})

t.test('a battery that is only low goes on, and one without a reading ends nothing', async t => {
  const battery = { station: 'box', warn_volts: 14, critical_volts: 5, for_s: 5 }
  const mishaps = [{ at_s: 60, kind: 'unplugged', part: 'sensors' }]
  const { clock, told, machined, state } = await openNight(
    t,
    pierConfig({ sky: { mishaps }, devices: { box: part('sensors') }, more: { power: { battery } } }),
  )
  await clock.advance(50_000)
  t.equal(told('battery-low').length, 1)
  await clock.advance(60_000)
  t.equal(state<{ level: string }>('battery').level, 'unknown', 'what is not measured is not known')
  t.same(machined, [])
})

t.test('a device that hangs is switched off and on by the relay its owner named, and that is told', async t => {
  const mishaps = [{ at_s: 10, for_s: 40, kind: 'unplugged', part: 'camera' }]
  const config = pierConfig({
    sky: { mishaps },
    main: { recovery: { relay: 'relays/camera' } },
    more: { power: { channels: fed } },
  })
  const { clock, told, state, feed } = await openNight(t, config)
  const switched: unknown[] = []
  feed.listen({ state: ({ path, value }) => path === 'power/relays/camera' && switched.push(value.on) })
  await clock.advance(90_000)
  t.same(told('device-reset'), [{ device: 'main', how: 'channel relays/camera is switched off and on' }])
  t.ok(switched.includes(false), 'it was off')
  t.match(state('power/relays/camera'), { on: true })
  t.match(state('device/main'), { condition: 'ready', resets: 1 })
})

t.test('an empty battery does not wait until the camera of a night that ends is warm', async t => {
  const battery = { station: 'box', warn_volts: 14, critical_volts: 13.5, for_s: 600 }
  const config = powered({ battery, up: ['relays/mount', 'relays/camera'], warm_c_per_min: 0.2 })
  const { ask, start, clock, told, state, machined } = await openNight(t, config)
  await ask('camera-cool', { targetCelsius: -15 })
  await clock.advance(300_000)
  const end = await start('night-end')
  await clock.advance(200_000)
  t.match(end.state(), { status: 'running', summary: /Warming main/ })
  t.equal(state<{ on: boolean }>('power/relays/camera').on, true)
  await clock.advance(300_000)
  await t.rejects(end.ended, { code: 'aborted', message: /the battery is at/ })
  t.same(
    told('night-ended').map(({ who }) => who),
    ['battery'],
  )
  t.equal(state<{ on: boolean }>('power/relays/camera').on, false)
  t.same(machined, ['sync', 'shut down'])
})
