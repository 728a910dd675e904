// Alpaca's mounts, domes and roofs in motion: what stops them, and what they are left as.
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { asFault, Fault } from '../../edge/ports/fault.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { fakeDome, fakeTelescope, plugged } from '../support/alpaca-devices.js'
import { instead, opened, says } from '../support/alpaca-open.js'
import { startAlpaca } from '../support/alpaca-server.js'

const never = new AbortController().signal
const clock = systemClock()
const aborted = { code: 'aborted' } as const

/** Waits up to 5 s. */
async function soon(t: Test, what: string, holds: () => boolean) {
  for (let look = 0; look < 200 && !holds(); look++) await clock.sleep(25)
  t.ok(holds(), what)
}
t.test('STOP goes out at once, whatever else a server is busy with', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(false), false)] })
  const { ports } = await opened(t, server, 'telescope')
  const { mount } = ports
  await mount!.unpark!(never)
  await mount!.setTracking(true, never)
  // Nothing that is asked is answered from here on; orders are.
  const held: ServerResponse[] = []
  server.mishap = (asked, response) => {
    if (asked.method !== 'GET') return false
    held.push(response)
    return true
  }
  const { raHours } = mount!.status()
  const slew = t.rejects(mount!.slew({ raHours: (raHours + 22) % 24, decDeg: 0, equinox: 'jnow' }, never), {
    code: 'aborted',
  })
  await clock.sleep(1500)
  const before = server.calls.length
  const stopping = mount!.stop().catch(error => asFault(error, 'mount').code)
  await slew
  for (let look = 0; look < 40 && !server.calls.slice(before).includes('PUT telescope abortslew'); look++)
    await clock.sleep(25)
  t.ok(server.calls.slice(before).includes('PUT telescope abortslew'), 'the order is there')
  server.mishap = undefined
  for (const response of held) response.destroy()
  await stopping
  await clock.sleep(300)
  t.equal(mount!.status().slewing, false)
})

t.test('a mount by its own rules', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(true), true)] })
  const { ports } = await opened(t, server, 'telescope')
  const { mount } = ports
  const { raHours } = mount!.status()
  t.equal(mount!.status().pierSide, 'west')
  await t.rejects(mount!.slew({ raHours, decDeg: 50, equinox: 'jnow' }, never), { code: 'limit' }, 'it is parked')
  await mount!.unpark!(never)
  await mount!.slew({ raHours, decDeg: 50, equinox: 'jnow' }, never)
  t.equal(mount!.status().tracking, true, 'tracking is switched on for a slew, as ASCOM wants it')
  server.mishap = instead(
    'telescope',
    'slewtocoordinatesasync',
    says({ ErrorNumber: 0x500, ErrorMessage: 'Target below horizon' }),
  )
  await t.rejects(mount!.slew({ raHours, decDeg: 0, equinox: 'jnow' }, never), {
    code: 'limit',
    message: /below horizon/,
  })
  server.mishap = instead('telescope', 'slewtocoordinatesasync', says({ ErrorNumber: 0 }))
  await t.rejects(mount!.slew({ raHours, decDeg: 0, equinox: 'jnow' }, never), {
    code: 'broken',
    message: /did not begin/,
  })
  server.mishap = undefined
  await mount!.moveAxis!('ra', 9)
  await clock.sleep(300)
  await mount!.moveAxis!('ra', 0)
  const moved = (mount!.status().raHours - raHours) * 15
  t.ok(moved > 0.2 && moved < 4, `east by ${moved.toFixed(2)}°, no faster than the mount can`)
  await mount!.setSite!(47, 190, 500, never)
  t.equal(server.device('telescope').get['sitelongitude'](new Map()), -170)
  await mount!.setSite!(47, 190, undefined, never)
  await mount!.setTime!(Date.now() - 3_600_000, 1, never)
  const { clockAheadSeconds, ...place } = await mount!.whereabouts!(never)
  t.same(place, { latitudeDeg: 47, longitudeDeg: -170, elevationMetres: 500 })
  t.ok(Math.abs(clockAheadSeconds! + 3600) < 5, `its clock is ${clockAheadSeconds} s ahead`)
  const j2050 = plugged(fakeTelescope(true), true)
  j2050.get['equatorialsystem'] = () => 3
  const strange = await startAlpaca(t, { devices: [j2050] })
  await t.rejects(opened(t, strange, 'telescope'), { code: 'unsupported' })
})

t.test('a dome that follows a telescope turns when it is told to', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeDome(true), true)] })
  const { ports } = await opened(t, server, 'dome')
  await server.device('dome').put['slaved'][1](new Map([['Slaved', 'True']]))
  await ports.dome!.turnTo!(30, never)
  t.ok(server.calls.includes('PUT dome slaved'), 'it does not follow any more')
  t.ok(Math.abs(ports.dome!.status().azDeg! - 30) < 1)
})

t.test('what it set moving is stopped when it is closed', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(true), true), plugged(fakeDome(false), true)] })
  const { get } = server.device('telescope')
  const first = await opened(t, server, 'telescope')
  await first.ports.mount!.unpark!(never)
  const quiet = server.calls.length
  await first.box.close()
  const orders = () => server.calls.slice(quiet).filter(call => call.startsWith('PUT'))
  t.same(orders(), [], 'nothing is ordered where nothing moves')
  const second = await opened(t, server, 'telescope')
  await second.ports.mount!.moveAxis!('ra', 1)
  t.equal(get['slewing'](new Map()), true)
  await second.box.close()
  t.equal(get['slewing'](new Map()), false, 'the axis stands')
  t.match(orders(), ['PUT telescope moveaxis', 'PUT telescope moveaxis', 'PUT telescope abortslew'])
  const third = await opened(t, server, 'telescope')
  const { raHours } = third.ports.mount!.status()
  const target = { raHours: (raHours + 22) % 24, decDeg: 0, equinox: 'jnow' } as const
  const slew = t.rejects(third.ports.mount!.slew(target, never), aborted)
  await soon(t, 'it slews', () => get['slewing'](new Map()) === true)
  await third.box.close()
  await slew
  t.equal(get['slewing'](new Map()), false, 'the slew is over')
  const roof = await opened(t, server, 'dome')
  const opening = t.rejects(roof.ports.dome!.open(never), aborted)
  await soon(t, 'it opens', () => server.device('dome').get['slewing'](new Map()) === true)
  await roof.box.close()
  await opening
  t.ok(server.calls.includes('PUT dome abortslew'))
  t.equal(server.device('dome').get['slewing'](new Map()), false, 'the roof stands')
})

t.test('a server that is gone, or says nothing, holds no close up', async t => {
  for (const gone of [true, false]) {
    const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(true), true)] })
    const { box, ports } = await opened(t, server, 'telescope')
    await ports.mount!.unpark!(never)
    await ports.mount!.moveAxis!('ra', 1)
    if (gone) await server.close()
    else server.mishap = () => true
    const limit = clock.deadline(5_000, 'closing')
    await limit.race(box.close())
    limit.cancel()
    await t.rejects(ports.mount!.moveAxis!('ra', 0), { code: 'offline' }, 'it is closed')
  }
})

t.test('tracking is brought back after a slew that its caller gave up', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(true), true)] })
  const { ports } = await opened(t, server, 'telescope')
  const { mount } = ports
  await mount!.unpark!(never)
  await mount!.setTracking(true, never)
  const device = server.device('telescope')
  const [names, abort] = device.put['abortslew']
  // Some take an abort for the end of tracking as well.
  device.put['abortslew'] = [
    names,
    async params => {
      await abort(params)
      await device.put['tracking'][1](new Map([['Tracking', 'False']]))
    },
  ]
  const control = new AbortController()
  const { raHours } = mount!.status()
  const target = { raHours: (raHours + 22) % 24, decDeg: 0, equinox: 'jnow' } as const
  const slew = t.rejects(mount!.slew(target, control.signal), aborted)
  await soon(t, 'it slews', () => device.get['slewing'](new Map()) === true)
  control.abort(new Fault('aborted', 'enough of this', 'Start again'))
  await slew
  t.equal(device.get['tracking'](new Map()), true)
})

t.test('an axis that did not take its STOP is told again', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(true), true)] })
  const { ports } = await opened(t, server, 'telescope')
  const { mount } = ports
  const device = server.device('telescope')
  await mount!.unpark!(never)
  await mount!.moveAxis!('dec', 1)
  // Here an abort is about slews alone.
  device.put['abortslew'] = [[], () => {}]
  server.mishap = instead('telescope', 'moveaxis', says({ ErrorNumber: 0x40b, ErrorMessage: 'not now' }))
  await t.rejects(mount!.stop(), { code: 'timeout' }, 'it does not stand, whatever it says of the order')
  t.equal(mount!.status().slewing, true)
  server.mishap = undefined
  await mount!.stop()
  t.equal(device.get['slewing'](new Map()), false)
  t.equal(mount!.status().slewing, false)
})

t.test('a dome without a shutter refuses to open, and turns on', async t => {
  const dome = plugged(fakeDome(true), true)
  dome.get['cansetshutter'] = () => false
  const server = await startAlpaca(t, { devices: [dome] })
  const { ports } = await opened(t, server, 'dome')
  const turn = ports.dome!.turnTo!(60, never)
  await soon(t, 'it turns', () => dome.get['slewing'](new Map()) === true)
  await t.rejects(ports.dome!.open(never), { code: 'unsupported' })
  await turn
  t.notOk(server.calls.includes('PUT dome abortslew'))
})

t.test('a roof that cannot be stopped: its caller hears his own reason, and STOP that it goes on', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeDome(false), true)] })
  server.mishap = instead('dome', 'abortslew', says({ ErrorNumber: 0x400, ErrorMessage: 'no such thing' }))
  const { ports } = await opened(t, server, 'dome')
  const control = new AbortController()
  const reason = new Fault('aborted', 'enough of this', 'Start again')
  const opening = t.rejects(ports.dome!.open(control.signal), reason)
  await soon(t, 'it opens', () => ports.dome!.status().moving)
  control.abort(reason)
  await opening
  t.equal(ports.dome!.status().moving, true)
  await t.rejects(ports.dome!.stop(), { code: 'unsupported' })
})

t.test('a mount is looked at once at a time, however many ask', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeTelescope(true), true)] })
  const { ports } = await opened(t, server, 'telescope')
  const { mount } = ports
  let [now, most] = [0, 0]
  server.mishap = async ({ member }) => {
    if (member !== 'slewing') return false
    most = Math.max(most, ++now)
    await clock.sleep(50)
    now--
    return false
  }
  const first = mount!.sense!(never)
  const second = mount!.sense!(never)
  await first
  await Promise.all([second, mount!.sense!(never)])
  t.equal(most, 1)
})
