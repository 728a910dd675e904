// INDI's real serial drivers, started by us, end to end against fakes of the devices they are for: what our port is
// asked arrives at the device in its maker's words, and what the device does is told by the port.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import type { Clock } from '../../edge/ports/clock.js'
import type { PortName, Ports } from '../../edge/ports/device.js'
import { Fault } from '../../edge/ports/fault.js'
import type { RawProperties } from '../../edge/ports/raw-properties.js'
import { siderealHours } from '../../edge/science/sky.js'
import { bench } from '../support/bench.js'
import type { Teardown } from '../support/bench-devices.js'
import { noIndiServer } from '../support/indi-server.js'
import { fakeBaader, fakeIoptron, fakeLx200, fakeMoonlite, fakePegasus } from '../support/serial-devices.js'
import { deviceLine, noSocat, type SerialDevice } from '../support/serial-line.js'
import { fakeEqmod, fakeSynscan } from '../support/sky-watcher.js'

const never = new AbortController().signal
const reason = new Fault('aborted', 'enough of this', 'Start again')
const skip = noIndiServer || noSocat
const noEqmod = existsSync('/usr/bin/indi_eqmod_telescope') ? false : 'indi-eqmod is not installed'

interface Behind<P> {
  readonly driver: string
  readonly device: string
  readonly port: P
  readonly fake: SerialDevice
  /** Over the network instead of the serial line. */
  readonly network?: boolean
}

/** Opens a device behind its driver and a serial line to the fake. */
async function openSerial<P extends PortName>(
  t: Teardown,
  { driver, device, port, fake, network }: Behind<P>,
): Promise<{ port: NonNullable<Ports[P]>; heard: readonly string[]; clock: Clock; raw: RawProperties }> {
  const folder = mkdtempSync(join(tmpdir(), 'serial-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const tty = join(folder, 'tty')
  const { heard, tcp } = await deviceLine(t, tty, fake)
  const table = bench()
  t.teardown(() => table.close())
  const link = await table.openLink(indiLink, { drivers: [driver] })
  const properties = network
    ? { CONNECTION_MODE: { CONNECTION_TCP: true }, DEVICE_ADDRESS: { ADDRESS: '127.0.0.1', PORT: `${tcp}` } }
    : { DEVICE_PORT: { PORT: tty }, DEVICE_AUTO_SEARCH: { INDI_DISABLED: true } }
  const { ports } = await table.open(indiDriver, { device, ports: [port], properties }, link)
  return { port: ports[port] as NonNullable<Ports[P]>, heard, clock: table.clock, raw: ports.raw! }
}

t.test('a mount that speaks LX200', { skip, timeout: 90_000 }, async t => {
  const fake = fakeLx200()
  const {
    port: mount,
    heard,
    clock,
  } = await openSerial(t, { driver: 'indi_lx200basic', device: 'LX200 Basic', port: 'mount', fake })
  t.match(mount.status(), { equinox: 'jnow', slewing: false })
  await mount.slew({ raHours: 7.5, decDeg: 20, equinox: 'jnow' }, never)
  t.ok(heard.includes(':MS#'))
  t.match(fake.place(), [7.5, 20], 'the mount stands where it was sent')
  t.ok(Math.abs(mount.status().decDeg - 20) < 0.02)
  await mount.sync({ raHours: 7.6, decDeg: 20.5, equinox: 'jnow' }, never)
  t.ok(heard.includes(':CM#'))
  t.ok(Math.abs(fake.place()[0] - 7.6) < 0.01)
  const control = new AbortController()
  const refused = t.rejects(mount.slew({ raHours: 12, decDeg: 60, equinox: 'jnow' }, control.signal), reason)
  await clock.sleep(1_500)
  control.abort(reason)
  await refused
  // The order to stop has no answer: it may still be on the line.
  await clock.sleep(300)
  const there = fake.place()
  t.ok(there[1] < 59, `an abort stops it on its way, at ${there}`)
  await clock.sleep(1_000)
  t.same(fake.place(), there, 'and it stays there')
})

t.test('an iOptron mount', { skip, timeout: 90_000 }, async t => {
  const fake = fakeIoptron()
  const {
    port: mount,
    heard,
    clock,
  } = await openSerial(t, { driver: 'indi_ioptronv3_telescope', device: 'iOptronV3', port: 'mount', fake })
  t.match(mount.status(), { parked: false, slewing: false })
  const first = await mount.whereabouts!(never)
  t.ok(
    Math.abs(first.latitudeDeg! - 46.5) < 0.01 && Math.abs(first.longitudeDeg! - 8) < 0.01,
    'it says where it stands',
  )
  t.ok(Math.abs(first.clockAheadSeconds!) < 60, `and its clock is ${first.clockAheadSeconds} s ahead`)
  await mount.setSite!(47, -8, 400, never)
  // Hundredths of an arcsecond; the latitude from the pole.
  t.ok(
    heard.some(command => /^:SLA\+16920000#/.test(command)) && heard.some(word => /^:SLO-02880000#/.test(word)),
    heard.join(' '),
  )
  const atMs = Date.now()
  await mount.setTime!(atMs, 1, never)
  const said = heard.findLast(command => command.startsWith(':SUT'))
  const j2000 = Number(said?.slice(4, -1)) + Date.UTC(2000, 0, 1, 12)
  t.ok(Math.abs(j2000 - atMs) < 2_000, `${said} is ${j2000 - atMs} ms off`)
  t.ok(heard.includes(':SG+060#'), 'with its zone in minutes')
  await mount.setTracking(false, never)
  t.equal(fake.state(), 'stopped')
  await mount.slew({ raHours: 8, decDeg: 30, equinox: 'jnow' }, never)
  t.equal(fake.state(), 'tracking', 'after a slew it tracks')
  await mount.sync({ raHours: 8.1, decDeg: 30.5, equinox: 'jnow' }, never)
  t.ok(Math.abs(mount.status().raHours - 8.1) < 0.01)
  const control = new AbortController()
  const refused = t.rejects(mount.slew({ raHours: 12, decDeg: 60, equinox: 'jnow' }, control.signal), reason)
  await clock.sleep(1_500)
  control.abort(reason)
  await refused
  t.ok(heard.includes(':Q#'))
  t.not(fake.state(), 'slewing')
  await mount.sense!(never)
  await mount.park!(never)
  t.equal(fake.state(), 'parked')
  t.match(mount.status(), { parked: true, tracking: false, slewing: false })
  await t.rejects(mount.slew({ raHours: 8, decDeg: 30, equinox: 'jnow' }, never), { code: 'limit' })
  await mount.unpark!(never)
  t.equal(mount.status().parked, false)
  await mount.guidePort!.pulse('north', 200, never)
  t.ok(
    heard.some(command => /^:(Mn|ZE|ZC|Mz)/.test(command)),
    heard.slice(-5).join(' '),
  )
})

t.test('a SynScan hand controller', { skip, timeout: 90_000 }, async t => {
  const fake = fakeSynscan()
  const {
    port: mount,
    heard,
    clock,
  } = await openSerial(t, { driver: 'indi_synscan_telescope', device: 'SynScan', port: 'mount', fake })
  t.match(mount.status(), { equinox: 'jnow', parked: false, slewing: false, tracking: true })
  const { clockAheadSeconds } = await mount.whereabouts!(never)
  // The hand controller of the fake stands still on the evening of 29 November 2026, 21 h by its zone.
  t.ok(Math.abs(clockAheadSeconds! - (Date.UTC(2026, 10, 29, 21) - Date.now()) / 1000) < 7300, `${clockAheadSeconds} s`)
  await mount.setSite!(47, -8.5, 400, never)
  t.ok(heard.includes(`W${String.fromCharCode(47, 0, 0, 0, 8, 30, 0, 1)}`), JSON.stringify(heard.slice(-6)))
  await mount.setTime!(Date.UTC(2026, 11, 24, 20, 30, 15), 1, never)
  // The driver may lose a second of it.
  const times = [14, 15].map(second => `H${String.fromCharCode(21, 30, second, 12, 24, 26, 1, 0)}`)
  t.ok(
    times.some(one => heard.includes(one)),
    JSON.stringify(heard.slice(-6)),
  )
  await mount.slew({ raHours: 8, decDeg: 30, equinox: 'jnow' }, never)
  const [ra, dec] = fake.place()
  t.ok(Math.abs(ra - 8) < 0.05 && Math.abs(dec - 30) < 0.3, `it was sent to ${ra} h, ${dec}° of J2000`)
  t.ok(Math.abs(mount.status().raHours - 8) < 0.001, 'and is where it was sent by the equinox of the date')
  t.match(mount.status(), { tracking: true, slewing: false })
  await mount.sync({ raHours: 8.1, decDeg: 30.5, equinox: 'jnow' }, never)
  t.ok(Math.abs(mount.status().raHours - 8.1) < 0.001)
  t.ok(Math.abs(fake.place()[0] - ra - 0.1) < 0.01)
  await mount.setTracking(false, never)
  t.equal(fake.tracking(), false)
  await mount.setTracking(true, never)
  t.equal(fake.tracking(), true)
  const control = new AbortController()
  const refused = t.rejects(mount.slew({ raHours: 12, decDeg: 60, equinox: 'jnow' }, control.signal), reason)
  await clock.sleep(1_500)
  control.abort(reason)
  await refused
  t.ok(heard.includes('M'))
  const there = fake.place()
  t.ok(there[1] < 58, `an abort stops it on its way, at ${there}`)
  t.equal(fake.tracking(), true, 'and it tracks as before')
  await clock.sleep(1_000)
  t.same(fake.place(), there)
  await mount.guidePort!.pulse('north', 200, never)
  const pulses = heard.filter(command => command.startsWith('P') && command.charCodeAt(2) === 17)
  t.equal(pulses.length, 2, 'a pulse starts the axis and stops it')
  await mount.park!(never)
  t.match(mount.status(), { parked: true, tracking: false, slewing: false })
  t.match([fake.moving(), fake.tracking()], [false, false])
  await t.rejects(mount.slew({ raHours: 8, decDeg: 30, equinox: 'jnow' }, never), { code: 'limit' })
  await mount.unpark!(never)
  t.equal(mount.status().parked, false)
})

t.test('a Sky-Watcher motor board, by EQMOD', { skip: skip || noEqmod, timeout: 120_000 }, async t => {
  const fake = fakeEqmod()
  const {
    port: mount,
    heard,
    clock,
  } = await openSerial(t, { driver: 'indi_eqmod_telescope', device: 'EQMod Mount', port: 'mount', fake })
  t.match(mount.status(), { equinox: 'jnow', parked: false, slewing: false, tracking: false })
  const site = { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 }
  await mount.setSite!(site.latitudeDeg, site.longitudeDeg, site.elevationMetres, never)
  // It refuses what is below the horizon: these places never are. And they stand far from the meridian, west and east
  // of it, at whatever hour this runs: there the way from one to the other leads over the pole.
  const west = (siderealHours(site, Date.now()) + 18) % 24
  const east = (west + 12) % 24
  await mount.slew({ raHours: west, decDeg: 60, equinox: 'jnow' }, never)
  t.ok(Math.abs(mount.status().raHours - west) < 0.01 && Math.abs(mount.status().decDeg - 60) < 0.05)
  t.match([mount.status().tracking, fake.tracking()], [true, true], 'after a slew it follows the sky')
  await mount.sync({ raHours: (west + 0.05) % 24, decDeg: 60.2, equinox: 'jnow' }, never)
  t.ok(Math.abs(mount.status().raHours - ((west + 0.05) % 24)) < 0.01)
  await mount.setTracking(false, never)
  t.equal(fake.moving(), false)
  await mount.setTracking(true, never)
  t.equal(fake.tracking(), true)
  const before = heard.length
  await mount.guidePort!.pulse('north', 300, never)
  t.ok(heard.slice(before).includes(':J2\r'), 'a pulse runs the axis of declination')
  t.match([fake.moving(), fake.tracking()], [true, true])
  const control = new AbortController()
  const refused = t.rejects(mount.slew({ raHours: east, decDeg: 55, equinox: 'jnow' }, control.signal), reason)
  await clock.sleep(1_500)
  control.abort(reason)
  await refused
  t.ok(heard.includes(':K1\r') && heard.includes(':K2\r'))
  t.ok(mount.status().decDeg > 57, `an abort stops it on its way over the pole, at ${mount.status().decDeg}°`)
  t.equal(fake.tracking(), true, 'and it tracks as before')
  await mount.park!(never)
  t.match(mount.status(), { parked: true, tracking: false, slewing: false })
  t.equal(fake.moving(), false)
  const [ra, dec] = fake.place()
  t.ok(Math.abs(ra) < 0.1 && Math.abs(dec - 90) < 0.1, `at home, where it was switched on: ${ra}, ${dec}`)
  await t.rejects(mount.slew({ raHours: west, decDeg: 60, equinox: 'jnow' }, never), { code: 'limit' })
  await mount.unpark!(never)
  t.equal(mount.status().parked, false)
})

t.test('a Moonlite focuser', { skip, timeout: 60_000 }, async t => {
  const fake = fakeMoonlite()
  // Its driver empties the line before each command: on a pseudo terminal, and only there, that throws away the command
  // before, which has no answer to wait for.
  const network = true
  const {
    port: focuser,
    heard,
    clock,
  } = await openSerial(t, { driver: 'indi_moonlite_focus', device: 'MoonLite', port: 'focuser', fake, network })
  await focuser.moveTo(21_000, never)
  t.equal(fake.place(), 21_000)
  t.equal(focuser.position(), 21_000)
  t.equal(focuser.celsius?.(), 10)
  const control = new AbortController()
  const refused = t.rejects(focuser.moveTo(10_000, control.signal), reason)
  await clock.sleep(700)
  control.abort(reason)
  await refused
  t.ok(heard.includes(':FQ#'))
  t.ok(fake.place() > 10_000, `halted at ${fake.place()}`)
})

t.test('a Baader dome', { skip, timeout: 90_000 }, async t => {
  const fake = fakeBaader()
  const { port: dome } = await openSerial(t, { driver: 'indi_baader_dome', device: 'Baader Dome', port: 'dome', fake })
  t.equal(dome.kind, 'dome')
  await dome.open(never)
  t.equal(fake.shutter(), 1, 'the shutter is open')
  t.match(dome.status(), { shutter: 'open' })
  await dome.turnTo!(30, never)
  t.ok(Math.abs((dome.status().azDeg ?? 0) - 30) < 1)
  await dome.close(never)
  t.equal(fake.shutter(), 0)
  t.match(dome.status(), { shutter: 'closed' })
})

t.test('a Pegasus power box', { skip, timeout: 60_000 }, async t => {
  const fake = fakePegasus()
  const what = { driver: 'indi_pegasus_upb', device: 'Pegasus UPB', port: 'switches', fake } as const
  const { port: bank, raw } = await openSerial(t, what)
  const ids = bank.channels.map(({ id }) => id)
  t.ok(ids.includes('power_control_2') && ids.includes('dew_b'), ids.join(', '))
  t.equal(bank.value('power_control_2'), 1)
  await bank.set('power_control_2', 0, never)
  t.same(fake.outlets, [1, 0, 1, 1], 'this outlet, and no other')
  await bank.set('power_control_4', 0, never)
  t.same(fake.outlets, [1, 0, 1, 0])
  await bank.set('power_control_2', 1, never)
  t.same(fake.outlets, [1, 1, 1, 0])
  await bank.set('dew_b', 40, never)
  t.same(fake.heaters, [0, 102, 0], '40 % of 255')
  t.ok(Math.abs(bank.value('dew_b')! - 40) < 0.5)
  const locked = (await raw.list()).filter(property => property.locked)
  t.ok(
    locked.some(({ name }) => name === 'POWER_CONTROL'),
    'what it feeds is guarded at the switch alone',
  )
})
