// What a computer says of its clock: the box's own image as a folder with chrony's real words in it, and any other.
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { askBoxGps } from '../../edge/drivers/own/box-gps.js'
import { boxTime } from '../../edge/drivers/own/box-time.js'
import { trackingQuality, zoneOf } from '../../edge/drivers/own/clock-words.js'
import { ownersTime } from '../../edge/drivers/own/owners-time.js'
import { Fault } from '../../edge/ports/fault.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { emptyTree, gpsd, gpsdSaying, noGpsd } from '../support/sensor-rigs.js'

const never = new AbortController().signal
const nowMs = Date.UTC(2026, 10, 30, 3, 45)

/** Said by chronyc 4.3 of a chronyd without a source, with a server, and with gpsd's shared memory alone. */
const chrony = {
  nothing: tracking('00000000,,0,0.000000000', '0.000000008', '1.000000000,1.000000000,0.0,Not synchronised'),
  server: tracking('7F000001,127.0.0.1,9,1796010246.733458306', '-0.000001430', '0.000005477,0.000002254,2.0,Normal'),
  gps: tracking('47505300,GPS,1,1796010305.142109190', '0.000000096', '0.200000003,0.000010721,16.0,Normal'),
}

/** What stands between is of no use to us. */
function tracking(reference: string, offset: string, root: string): string {
  return `${reference},${offset},0.000000018,0.000000181,-0.006,0.000,0.016,${root}\n`
}

t.test("chrony's words", async t => {
  t.equal(trackingQuality(chrony.nothing), undefined)
  t.match(trackingQuality(chrony.server), { source: 'ntp', synchronised: true })
  t.match(trackingQuality(chrony.gps), { source: 'gps', synchronised: true })
  t.ok(Math.abs((trackingQuality(chrony.server)?.uncertaintySeconds ?? 0) - 6.4e-6) < 1e-7)
  t.ok(
    Math.abs((trackingQuality(chrony.gps)?.uncertaintySeconds ?? 0) - 0.10001) < 1e-5,
    'half of the delay it was given',
  )
  for (const odd of ['', '506 Cannot talk to daemon', chrony.gps.replace('0.200000003', 'x')])
    t.equal(trackingQuality(odd), undefined)
})

function chronyc(root: string, words: string): string {
  const file = path.join(root, 'chronyc')
  writeFileSync(file, `#!/bin/sh\n${words === '' ? 'exit 1' : `cat <<'EOF'\n${words}EOF`}\n`)
  chmodSync(file, 0o755)
  return file
}

const noDeed = async () => {
  throw new Fault('broken', 'nothing is set here', 'Ask the other one')
}

t.test('the clock of the box: chrony, then a battery, then what was saved, then nothing', async t => {
  const { root, put } = emptyTree(t)
  put('proc/sys/kernel/random/boot_id', '6f1e\n')
  put('proc/uptime', '93.25 150.1\n')
  put('usr/lib/clock-epoch', '')
  const builtMs = nowMs - 40 * 86_400_000
  utimesSync(path.join(root, 'usr/lib/clock-epoch'), builtMs / 1000, builtMs / 1000)
  const read = (words: string) =>
    boxTime({ now: () => nowMs }, noDeed, { root, chronyc: chronyc(root, words) }).read(never)
  const boot = { bootId: '6f1e', uptimeSeconds: 93.25 }
  t.same(await read(''), { source: 'none', synchronised: false, zone: undefined, ...boot })
  t.match(await read(chrony.nothing), { source: 'none', synchronised: false })
  put('var/lib/systemd/timesync/clock', '')
  utimesSync(path.join(root, 'var/lib/systemd/timesync/clock'), builtMs / 1000, builtMs / 1000)
  t.match(await read(''), { source: 'none' }, 'what it saved is only what it was built with')
  utimesSync(path.join(root, 'var/lib/systemd/timesync/clock'), nowMs / 1000, nowMs / 1000)
  t.match(await read(''), { source: 'last-saved' })
  put('sys/class/rtc/rtc0/since_epoch', String(nowMs / 1000 - 86_400))
  t.match(await read(''), { source: 'last-saved' }, 'the clock did not start from a battery that says otherwise')
  put('sys/class/rtc/rtc0/since_epoch', String(nowMs / 1000 - 1))
  t.match(await read(chrony.nothing), { source: 'rtc', synchronised: false, uncertaintySeconds: undefined })
  t.match(await read(chrony.server), { source: 'ntp', synchronised: true })
  t.match(await read(chrony.gps), { source: 'gps', synchronised: true })
})

t.test('setting it is a deed of root', async t => {
  const asked: unknown[] = []
  const time = boxTime({ now: () => nowMs }, async (deed, order) => void asked.push(deed, order))
  await time.set?.({ byMs: -5_400_000, zone: 'Europe/Zurich' }, never)
  t.same(asked, ['set-time', { by_ms: -5_400_000, zone: 'Europe/Zurich' }])
  const none = boxTime({ now: () => nowMs }, noDeed)
  await t.rejects(none.set?.({ byMs: 1 }, never) ?? Promise.resolve(), { code: 'broken' })
})

t.test("somebody's own computer", async t => {
  const { root } = emptyTree(t)
  const says = (words: string) => {
    const file = path.join(root, 'timedatectl')
    writeFileSync(file, `#!/bin/sh\n[ "$*" = "show --property=NTPSynchronized" ] && echo ${words}\n`)
    chmodSync(file, 0o755)
    return ownersTime({ root, timedatectl: file })
  }
  t.match(await says('NTPSynchronized=yes').read(never), { source: 'ntp', synchronised: true, uncertaintySeconds: 1 })
  t.match(await says('NTPSynchronized=no').read(never), { source: 'rtc', synchronised: false, uncertaintySeconds: 30 })
  t.equal(says('NTPSynchronized=no').set, undefined, 'its clock is never set')
  const here = await ownersTime().read(never)
  t.ok(['ntp', 'rtc'].includes(here.source), 'this very machine')
  t.ok((here.uptimeSeconds ?? 0) > 0)
  const stop = new AbortController()
  stop.abort()
  await t.rejects(ownersTime().read(stop.signal), { code: 'aborted' })
})

t.test('the receiver of the box is asked, and nobody is no trouble', { skip: noGpsd }, async t => {
  const clock = systemClock()
  const { port } = await gpsd(t)
  const ask = askBoxGps(clock, port)
  let fix = await ask(never)
  for (let tries = 0; !fix && tries < 5; tries++) fix = await ask(never)
  t.match(fix, { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 })
  t.equal(await askBoxGps(clock, 1)(never), undefined, 'no gpsd')
  const odd = await gpsdSaying(t, () => ({ mode: 1 }))
  t.equal(await askBoxGps(clock, odd)(never), undefined, 'no fix')
})

t.test('time zones, through links to links', async t => {
  const { root } = emptyTree(t)
  t.equal(await zoneOf(root), undefined)
  mkdirSync(path.join(root, 'etc'), { recursive: true })
  mkdirSync(path.join(root, 'var/lib/pierside-time'), { recursive: true })
  symlinkSync('/var/lib/pierside-time/localtime', path.join(root, 'etc/localtime'))
  t.equal(await zoneOf(root), undefined, 'the zone was never chosen')
  symlinkSync('/usr/share/zoneinfo/America/Argentina/Ushuaia', path.join(root, 'var/lib/pierside-time/localtime'))
  t.equal(await zoneOf(root), 'America/Argentina/Ushuaia')
})
