// Every mount driver keeps the same promises.
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import type { Mount, MountStatus, Pointing } from '../../edge/ports/mount.js'
import { separationDeg } from '../../edge/science/sky.js'
import { openRow, rowsWith } from '../support/bench-devices.js'

const never = new AbortController().signal

for (const row of rowsWith('mount')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: mount, during } = await openRow(t, row, 'mount')
    const { clock } = bench
    await during(async () => {
      if (mount.status().parked) await mount.unpark?.(never)
      await mount.setTracking(true, never)
    })
    // Both places are up for the simulated site, which begins in the east; others have no horizon.
    const { raHours } = mount.status()
    const here = place(mount, raHours, 70)
    const there = place(mount, (raHours + 0.3) % 24, 74)

    t.test('a slew ends on the target, tracking', t =>
      during(async () => {
        for (const target of [there, here]) {
          await mount.slew(target, never)
          const status = mount.status()
          sane(t, status, mount)
          t.ok(separationDeg(status, target) < 0.05, `it is there: ${separationDeg(status, target).toFixed(3)}° off`)
          t.match(status, { slewing: false, tracking: true, parked: false })
        }
        const heard: MountStatus[] = []
        const stop = mount.onStatus(status => heard.push(status))
        const slew = mount.slew(there, never)
        await slew
        stop()
        t.ok(
          heard.some(status => status.slewing),
          'it said that it was slewing',
        )
      }),
    )

    t.test('places that are none are refused', t =>
      during(async () => {
        const other = mount.equinox === 'jnow' ? 'j2000' : 'jnow'
        await t.rejects(mount.slew({ ...here, equinox: other }, never), { code: 'bad-input' }, 'the other equinox')
        await t.rejects(mount.slew({ ...here, raHours: 24.5 }, never), { code: 'bad-input' })
        await t.rejects(mount.slew({ ...here, decDeg: 91 }, never), { code: 'bad-input' })
        await t.rejects(mount.slew({ ...here, decDeg: Number.NaN }, never), { code: 'bad-input' })
      }),
    )

    t.test('an abort stops the axes with its reason', t =>
      during(async () => {
        const reason = new Fault('aborted', 'not there', 'Choose another')
        const control = new AbortController()
        const refused = t.rejects(mount.slew(far(mount, here), control.signal), reason)
        await clock.sleep(600)
        control.abort(reason)
        await refused
        await stands(mount, bench.clock)
        t.equal(mount.status().slewing, false, 'it stands')
        await t.rejects(mount.slew(here, control.signal), reason, 'an aborted signal moves nothing')
      }),
    )

    t.test('STOP ends a slew at once, and the next one goes', t =>
      during(async () => {
        const refused = t.rejects(mount.slew(far(mount, here), never), { code: 'aborted' })
        await clock.sleep(600)
        await mount.stop()
        await refused
        await stands(mount, bench.clock)
        t.equal(mount.status().slewing, false)
        await mount.stop()
        t.pass('stopping what stands is no fault')
        await mount.slew(there, never)
        t.ok(separationDeg(mount.status(), there) < 0.05)
      }),
    )

    t.test('a sync is believed', t =>
      during(async () => {
        const beside = { ...here, decDeg: here.decDeg + 0.5 }
        await mount.sync(beside, never)
        await clock.sleep(1200)
        t.ok(separationDeg(mount.status(), beside) < 0.05, 'it points where it was told that it points')
        await mount.sync(here, never)
      }),
    )

    t.test('tracking goes off and on', t =>
      during(async () => {
        await mount.setTracking(false, never)
        await clock.sleep(1200)
        t.equal(mount.status().tracking, false)
        await mount.setTracking(true, never)
        await clock.sleep(1200)
        t.equal(mount.status().tracking, true)
      }),
    )

    t.test('arrows move an axis until they are let go', t =>
      during(async () => {
        if (!mount.moveAxis) return t.pass('it has no arrows')
        const before = mount.status()
        await mount.moveAxis('dec', 1)
        await clock.sleep(1500)
        await mount.moveAxis('dec', 0)
        await stands(mount, bench.clock)
        const moved = mount.status().decDeg - before.decDeg
        t.ok(moved > 0.02, `north by ${moved.toFixed(2)}°`)
        const rest = mount.status()
        await clock.sleep(1500)
        t.ok(separationDeg(mount.status(), rest) < 0.05, 'and no further')
      }),
    )

    t.test('guide pulses settle, and impossible ones are refused', t =>
      during(async () => {
        if (!mount.guidePort) return t.pass('it has no guide port')
        for (const direction of ['north', 'south', 'east', 'west'] as const) {
          await mount.guidePort.pulse(direction, 150, never)
        }
        await t.rejects(mount.guidePort.pulse('north', -1, never), { code: 'bad-input' })
        await t.rejects(mount.guidePort.pulse('north', Number.NaN, never), { code: 'bad-input' })
      }),
    )

    t.test('parked, it refuses to go until it is woken', t =>
      during(async () => {
        if (!mount.park || !mount.unpark) return t.pass('it cannot park')
        await mount.park(never)
        t.match(mount.status(), { parked: true, slewing: false, tracking: false })
        await mount.park(never)
        t.pass('parking twice is as good as once')
        await t.rejects(mount.slew(here, never), { code: 'limit' })
        await mount.unpark(never)
        t.equal(mount.status().parked, false)
      }),
    )

    t.test('closing twice is as good as once, and then nothing moves', t =>
      during(async () => {
        await box.close()
        await box.close()
        await t.rejects(mount.slew(here, never), { name: 'Fault' })
      }),
    )
  })
}

function place(mount: Mount, raHours: number, decDeg: number): Pointing {
  return { raHours, decDeg, equinox: mount.equinox }
}

/** Far enough that a slew is still under way after a second. */
function far(mount: Mount, from: Pointing): Pointing {
  return place(mount, (from.raHours + 23) % 24, from.decDeg > 0 ? -5 : 60)
}

/** A mount that was told to stop may take a moment to say that it has. */
async function stands(mount: Mount, clock: { sleep(ms: number): Promise<void> }): Promise<void> {
  for (let i = 0; i < 40 && mount.status().slewing; i++) await clock.sleep(100)
}

function sane(t: { ok(value: unknown, words: string): boolean }, status: MountStatus, mount: Mount): void {
  t.ok(status.raHours >= 0 && status.raHours < 24 && Math.abs(status.decDeg) <= 90, 'a place in the sky')
  t.ok(status.equinox === mount.equinox, 'in its own equinox')
  t.ok(status.pierSide === undefined || ['east', 'west'].includes(status.pierSide), 'on a side of the pier')
  t.ok(Number.isFinite(status.atMs), 'at a time')
}
