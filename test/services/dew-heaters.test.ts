// Dew heaters on simulated time: by the dew point, by hand, on relays, and with every kind of broken sensor.
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import { z } from '../../edge/ports/schema.js'
import { dutyIsOn, type HeaterOrder, heaterDuty } from '../../edge/rules/heater-duty.js'
import { type OpenNight, openNight, pierConfig } from '../support/night.js'
import { sysfs } from '../support/sensor-rigs.js'

const sht = 'devices/platform/soc/fe804000.i2c/i2c-1/1-0044/hwmon/hwmon3'
const wire = 'devices/w1_bus_master1/28-0316a2795b8d/temperature'
const lens = { device: 'relays', channel: 'dew-heater', air: 'garden', glass: 'glass', margin_k: 3, band_k: 3 }

interface Heater {
  readonly percent?: number
  readonly failed?: string
  readonly outputTrouble?: string
  readonly [field: string]: unknown
}

/** A pier with an SHT3x in the garden, a DS18B20 on the lens, and heaters as given. */
async function heatedPier(t: Parameters<typeof openNight>[0] & Parameters<typeof sysfs>[0], heaters: object) {
  const tree = sysfs(t)
  const kernel = (sensor: string, more: object = {}) => ({ driver: 'kernel-sensor', sensor, root: tree.root, ...more })
  const devices = { garden: kernel('sht3x', { kind: 'weather' }), glass: kernel('28-0316a2795b8d') }
  const night = await openNight(t, pierConfig({ devices, more: { heaters } }))
  let wiggle = 0
  return {
    night,
    tree,
    /** Air at that dew point to a hundredth, and the glass; digits move as those of a sound sensor do. */
    async set(celsius: number, humidity: number, glass: number, passMs = 12_000) {
      wiggle++
      tree.put(`${sht}/temp1_input`, `${celsius * 1000 + (wiggle % 3)}\n`)
      tree.put(`${sht}/humidity1_input`, `${humidity * 1000 + (wiggle % 3)}\n`)
      tree.put(wire, `${glass * 1000 + (wiggle % 3)}\n`)
      await night.clock.advance(passMs)
    },
    lens: () => night.state<Heater>('heater/lens'),
    output: () => outputOf(night),
  }
}

const outputOf = (night: OpenNight) => night.state<{ value?: number }>('power/relays/dew-heater').value

t.test('how much it heats', async t => {
  const order = {
    mode: 'auto',
    ...{ manualPercent: 50, marginKelvin: 3, bandKelvin: 4 },
    ...{ minPercent: 0, maxPercent: 80, safePercent: 30 },
  } as const
  const at = (glassCelsius: number | string, more: Partial<HeaterOrder> = {}, dewPointCelsius: number | string = 5) =>
    heaterDuty({ ...order, ...more }, { dewPointCelsius, glassCelsius })
  t.same(at(12), { percent: 0, targetCelsius: 8 }, 'dry and warm')
  t.same(at(10), { percent: 40, targetCelsius: 8 }, 'half way into the band')
  t.equal(at(8).percent, 80, 'at its target, all it may')
  t.equal(at(-20).percent, 80)
  t.equal(at(20, { minPercent: 10 }).percent, 10)
  t.equal(at(20, { mode: 'manual', manualPercent: 95 }).percent, 80, 'the limit holds by hand too')
  t.equal(at('gone', { mode: 'manual' }).percent, 50, 'by hand it needs no sensor')
  t.equal(at('gone', { mode: 'off' }).percent, 0)
  t.same(at('the glass is gone'), { percent: 30, failed: 'the glass is gone' })
  t.same(at(5, {}, 'no dew point'), { percent: 30, failed: 'no dew point' })
  t.match(at(Number.NaN), { percent: 30, failed: /no number/ })
  t.match(at(5, {}, Number.POSITIVE_INFINITY), { percent: 30 })

  const onFor = (percent: number, leastMs = 3_000) =>
    Array.from({ length: 60 }, (_, second) => dutyIsOn(percent, second * 1000, 60_000, leastMs)).filter(Boolean).length
  t.same(
    [0, 25, 50, 100].map(percent => onFor(percent)),
    [0, 15, 30, 60],
  )
  t.same([onFor(4), onFor(97)], [0, 60], 'what would only wear a relay is not done')
})

t.test('by the dew point, with a sensor on the glass', async t => {
  const { set, lens: heater, output, night } = await heatedPier(t, { lens })
  await set(10, 70, 10) // dews at 4.8 °C: the band is 7.8 … 10.8
  t.ok(Math.abs(Number(heater().percent) - 28) < 4, `${heater().percent} % near the top of the band`)
  t.equal(output(), heater().percent, 'the output has it')
  await set(10, 90, 9)
  t.same([heater().percent, output()], [100, 100])
  await set(10, 30, 10)
  t.same([heater().percent, output()], [0, 0])
  await night.ask('heater-set', { heater: 'lens', percent: 35 })
  t.match(heater(), { mode: 'manual', percent: 35 })
  await night.clock.advance(2_000)
  t.equal(output(), 35)
  await night.ask('heater-set', { heater: 'lens', mode: 'off' })
  await night.clock.advance(2_000)
  t.equal(output(), 0)
  await t.rejects(night.ask('heater-set', { heater: 'lens' }), { code: 'bad-input' })
  await t.rejects(night.ask('heater-set', { heater: 'corrector', mode: 'off' }), { code: 'not-found' })
})

t.test('a failed sensor means the safe duty, and it is said why', async t => {
  const { set, tree, lens: heater, output, night } = await heatedPier(t, { lens: { ...lens, safe_percent: 45 } })
  await set(10, 30, 20, 40_000)
  t.equal(heater().percent, 0)
  const broken = async (why: RegExp, what: string) => {
    t.match(heater().failed, why, what)
    t.equal(heater().percent, 45)
    t.equal(output(), 45)
    await set(10, 30, 20, 60_000)
    t.equal(heater().failed, undefined, 'and well again')
    t.equal(output(), 0)
  }
  tree.put(`${sht}/humidity1_input`, 'nan\n')
  await night.clock.advance(12_000)
  await broken(/garden gives no dew point: Humidity: it says no number/, 'not a number')
  tree.put(`${sht}/humidity1_input`, '-40000\n')
  await night.clock.advance(12_000)
  await broken(/-40 is outside/, 'out of range')
  tree.put(wire, '85000\n')
  await night.clock.advance(12_000)
  await broken(/lost power/, 'the power-on value of a DS18B20')
  for (let step = 0; step < 19 * 6; step++) await set(10 + (step % 7) / 10, 99.9, 20 + (step % 5) / 10, 100_000)
  await broken(/at 99.5 or more for/, 'stuck at 100 %')
  await night.clock.advance(2.1 * 3_600_000)
  await broken(/without a change/, 'frozen')
  const link = 'bus/w1/devices/28-0316a2795b8d'
  tree.remove(link)
  await night.clock.advance(60_000)
  t.match(heater().failed, /glass is not there/, 'pulled off')
  t.equal(output(), 45)
  t.equal(night.told('heater-safe').length, 6, 'each told once')
  t.equal(night.told('heater-well').length, 5)
})

t.test('a silent station is too old to be believed', async t => {
  const mishaps = [{ at_s: 60, kind: 'silent', part: 'weather' }]
  const more = { heaters: { lens: { device: 'relays', channel: 'dew-heater', air: 'weather' } } }
  const night = await openNight(t, pierConfig({ sky: { mishaps }, more }))
  await night.clock.advance(60_000)
  t.equal(night.state<Heater>('heater/lens').failed, undefined)
  await night.clock.advance(200_000)
  t.match(night.state<Heater>('heater/lens').failed, /weather has been silent for too long/)
  t.equal(outputOf(night), 40)
})

t.test('the end of the night is the end of the heat', async t => {
  const { set, lens: heater, output, night } = await heatedPier(t, { lens })
  await set(10, 90, 9)
  t.equal(output(), 100)
  const ended = await night.start('night-end', { warm: false })
  await ended.done()
  await night.clock.advance(30_000)
  t.match(heater(), { rests: true, percent: 0, mode: 'auto' }, 'it would heat, and does not')
  t.equal(output(), 0, 'nor does it switch on again what was switched off')
  await night.ask('heater-set', { heater: 'lens', mode: 'auto' })
  await set(10, 90, 9)
  t.match(heater(), { rests: undefined, percent: 100 })
})

t.test('a relay instead of levels: a slow duty cycle', async t => {
  const relay = { device: 'relays', channel: 'flat-panel', air: 'weather', mode: 'manual', manual_percent: 25 }
  const night = await openNight(t, pierConfig({ more: { heaters: { lens: { ...relay, period_s: 40 } } } }))
  let onMs = 0
  let switched = 0
  let before: unknown
  for (let second = 0; second < 400; second++) {
    await night.clock.advance(1_000)
    const { on } = night.state<{ on?: boolean }>('power/relays/flat-panel')
    if (on) onMs += 1_000
    if (on !== before) switched++
    before = on
  }
  t.ok(Math.abs(onMs - 100_000) <= 10_000, `${onMs / 1000} s of 400 are a quarter`)
  t.ok(switched <= 22, `switched ${switched} times: twice a period`)
})

t.test('the output is seen to, and what was wished is kept', async t => {
  const mishaps = [{ at_s: 20, for_s: 40, kind: 'unplugged', part: 'switches' }]
  const heaters = { lens: { device: 'relays', channel: 'dew-heater', air: 'weather', mode: 'manual' } }
  const wrong = { device: 'relays', channel: 'no-such', air: 'weather', mode: 'manual' }
  const night = await openNight(t, pierConfig({ sky: { mishaps }, more: { heaters: { ...heaters, wrong } } }))
  await night.clock.advance(5_000)
  t.equal(outputOf(night), 50)
  t.match(night.state<Heater>('heater/wrong').outputTrouble, /no channel "no-such"/)
  await night.clock.advance(20_000)
  t.match(night.state<Heater>('heater/lens'), { outputTrouble: /unplugged/, percent: undefined })
  await night.clock.advance(60_000)
  t.match(night.state<Heater>('heater/lens'), { outputTrouble: undefined, percent: 50 })
  await night.ask('power-set', { device: 'relays', channel: 'dew-heater', value: 3 })
  await night.clock.advance(2_000)
  t.equal(outputOf(night), 50, 'whoever turns at its output is overruled')
  await night.ask('heater-set', { heater: 'lens', percent: 20 })
  await night.clock.until(night.night.stop(new Fault('aborted', 'the night ends', 'Start it again')), 60_000)
  t.equal(night.feed.get('heater/lens'), undefined)
  const kept = await night.store.keep('dew-heaters/wishes', z.unknown(), {})
  t.same(kept.read(), { lens: { mode: 'manual', percent: 20 } }, 'for the next start')
  const missing = pierConfig({ more: { heaters: { lens: { ...heaters.lens, air: 'nowhere' } } } })
  await t.rejects(openNight(t, missing), { code: 'bad-input', message: /nowhere/ })
  const refused: [object, RegExp][] = [
    [{ channel: 'mount' }, /channel "mount" gives mount its power/],
    [{ min_percent: 90, max_percent: 10 }, /above max_percent/],
    [{ period_s: 4, least_s: 3 }, /do not fit into period_s/],
  ]
  for (const [change, message] of refused) {
    const given = pierConfig({ more: { heaters: { lens: { ...heaters.lens, ...change } } } })
    await t.rejects(openNight(t, given), { code: 'bad-input', message })
  }
  const twice = pierConfig({ more: { heaters: { lens: heaters.lens, finder: heaters.lens } } })
  await t.rejects(openNight(t, twice), { code: 'bad-input', message: /that of the heater "lens" already/ })
})
