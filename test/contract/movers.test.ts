// Rotators, roofs, domes, covers, GPS, safety monitors, raw properties: their promises, kept by every driver that has
// it.
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import type { GpsFix } from '../../edge/ports/gps.js'
import type { SafetyVerdict } from '../../edge/ports/safety-monitor.js'
import { openRow, rowsWith } from '../support/bench-devices.js'

const never = new AbortController().signal
const reason = new Fault('aborted', 'enough of this', 'Start again')

for (const row of rowsWith('rotator')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: rotator, during } = await openRow(t, row, 'rotator')
    await during(async () => {
      const near = (angle: number) => Math.abs(((rotator.angleDeg() - angle + 540) % 360) - 180) < 0.2
      for (const angle of [12, 350]) {
        await rotator.moveTo(angle, never)
        t.ok(near(angle), `it stands at ${angle}°, and says ${rotator.angleDeg()}°`)
        t.equal(rotator.moving(), false)
      }
      for (const wrong of [-1, 360, Number.NaN]) {
        await t.rejects(rotator.moveTo(wrong, never), { code: 'bad-input' }, `${wrong}° is refused`)
      }
      const control = new AbortController()
      const refused = t.rejects(rotator.moveTo(100, control.signal), reason)
      await bench.clock.sleep(300)
      control.abort(reason)
      await refused
      await t.rejects(rotator.moveTo(12, control.signal), reason)
      t.notOk(near(100), 'an abort halts it on the way')
      t.equal(rotator.moving(), false)
      if (rotator.sync) {
        const told = await rotator.sync(77, never).then(
          () => (near(77) ? 'so' : `at ${rotator.angleDeg()}°`),
          error => error.code,
        )
        // INDI's simulator says that it did and does not.
        t.ok(['so', 'broken'].includes(told), `it stands where it is told that it stands, or says so: ${told}`)
        await t.rejects(rotator.sync(400, never), { code: 'bad-input' })
      }
      await rotator.halt?.()
      await box.close()
      await box.close()
      await t.rejects(rotator.moveTo(12, never), { name: 'Fault' })
    })
  })
}

for (const row of rowsWith('dome')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: dome, during } = await openRow(t, row, 'dome')
    await during(async () => {
      const seen: string[] = []
      const stopWatching = dome.onStatus(({ shutter }) => seen.push(shutter))
      await dome.open(never)
      t.match(dome.status(), { shutter: 'open', moving: false })
      seen.length = 0
      await dome.close(never)
      t.match(dome.status(), { shutter: 'closed', moving: false })
      t.ok(seen.includes('closing') && seen.at(-1) === 'closed', `it told of its way: ${seen.join(', ')}`)
      await dome.close(never)
      t.match(dome.status(), { shutter: 'closed' }, 'one that is closed stays as it is')
      t.ok(Math.abs(dome.status().atMs - bench.clock.now()) < 60_000, 'its status is of now')

      const control = new AbortController()
      const refused = t.rejects(dome.open(control.signal), reason)
      await bench.clock.sleep(1200)
      t.equal(dome.status().moving, true)
      control.abort(reason)
      await refused
      await bench.clock.sleep(1500)
      t.equal(dome.status().moving, false, 'an abort stops it on the way')
      t.not(dome.status().shutter, 'open')
      await t.rejects(dome.open(control.signal), reason)

      const going = dome.open(never).then(
        () => 'opened',
        error => error.name,
      )
      await bench.clock.sleep(1200)
      await dome.stop()
      const stoppedMs = bench.clock.monotonicMs()
      t.equal(await going, 'Fault', 'whoever waits hears that it was stopped')
      t.ok(bench.clock.monotonicMs() - stoppedMs < 8_000, 'and does not wait for the rest of the way')
      seen.length = 0
      await dome.close(never)
      t.ok(seen.includes('closing'), `from between it travels, and does not only say so: ${seen.join(', ')}`)
      if (dome.turnTo) {
        await dome.turnTo(40, never)
        t.ok(Math.abs((dome.status().azDeg ?? Number.NaN) - 40) < 1, `the slit looks to ${dome.status().azDeg}°`)
        await t.rejects(dome.turnTo(400, never), { code: 'bad-input' })
      } else t.equal(dome.status().azDeg, undefined, 'what does not turn looks nowhere')
      stopWatching()
      await box.close()
      await box.close()
      await t.rejects(dome.open(never), { name: 'Fault' })
    })
  })
}

for (const row of rowsWith('cover')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port, during } = await openRow(t, row, 'cover')
    await during(async () => {
      const { cover, panel } = port
      t.ok(cover || panel, 'it is at least one of the two')
      const gone = new AbortController()
      gone.abort(reason)
      if (cover) {
        await cover.close(never)
        t.equal(cover.state(), 'closed')
        await cover.open(never)
        t.equal(cover.state(), 'open')
        const control = new AbortController()
        const refused = t.rejects(cover.close(control.signal), reason)
        await bench.clock.sleep(300)
        control.abort(reason)
        await refused
        await t.rejects(cover.open(gone.signal), reason)
      }
      if (panel) {
        for (const wanted of [1, panel.maxBrightness, 0]) {
          await panel.glow(wanted, never)
          t.equal(panel.brightness(), wanted, `it glows at ${wanted}`)
        }
        for (const wrong of [-1, panel.maxBrightness + 1, 0.5]) {
          await t.rejects(panel.glow(wrong, never), { code: 'bad-input' }, `${wrong} is refused`)
        }
        await t.rejects(panel.glow(1, gone.signal), reason)
      }
      await box.close()
      await box.close()
      await t.rejects(cover ? cover.open(never) : panel!.glow(1, never), { name: 'Fault' })
    })
  })
}

for (const row of rowsWith('gps')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: gps, during } = await openRow(t, row, 'gps')
    await during(async () => {
      const limit = bench.clock.deadline(30_000, 'a fix')
      const fix = gps.fix() ?? (await limit.race(new Promise<GpsFix>(settle => gps.onFix(settle))))
      limit.cancel()
      t.ok(
        Math.abs(fix.latitudeDeg) <= 90 && Math.abs(fix.longitudeDeg) <= 180,
        `${fix.latitudeDeg} ${fix.longitudeDeg}`,
      )
      t.ok(fix.elevationMetres === undefined || Math.abs(fix.elevationMetres) < 9000)
      t.ok(Math.abs(fix.atMs - bench.clock.now()) < 60_000, 'it is of now')
      t.ok(fix.utcMs === undefined || Math.abs(fix.utcMs - bench.clock.now()) < 600_000, 'and so is its time')
      await box.close()
      await box.close()
    })
  })
}

for (const row of rowsWith('safety')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: monitor, during } = await openRow(t, row, 'safety')
    await during(async () => {
      const limit = bench.clock.deadline(90_000, 'a verdict')
      const first = monitor.verdict() ?? (await limit.race(new Promise<SafetyVerdict>(monitor.onVerdict)))
      limit.cancel()
      t.equal(first.safe, true, `a calm night is safe: ${first.words}`)
      t.ok(Math.abs(first.atMs - bench.clock.now()) < 90_000, 'it is of now')
      await box.close()
      await box.close()
    })
  })
}

for (const row of rowsWith('raw')) {
  t.test(`${row.name}, raw`, { skip: row.skip }, async t => {
    const { box, port: raw, during } = await openRow(t, row, 'raw')
    await during(async () => {
      const all = await raw.list()
      t.ok(all.length > 3, `${all.length} properties`)
      for (const { name, items, kind } of all) {
        t.equal(typeof name, 'string')
        for (const { value } of items) t.equal(value === undefined, kind === 'blob', `${name} has its values`)
      }
      const debug = async () => (await raw.list()).find(({ name }) => name === 'DEBUG')
      if (await debug()) {
        await raw.set('DEBUG', { ENABLE: true }, never)
        t.equal((await debug())?.items.find(({ name }) => name === 'ENABLE')?.value, true, 'one is set')
        await raw.set('DEBUG', { DISABLE: true }, never)
        await t.rejects(raw.set('DEBUG', { ENABLE: 1 }, never), { code: 'bad-input' })
        await t.rejects(raw.set('DEBUG', { NOTHING: true }, never), { code: 'not-found' })
        await t.rejects(raw.set('DEBUG', {}, never), { code: 'bad-input' })
      }
      await t.rejects(raw.set('NOTHING', { AT_ALL: 1 }, never), { code: 'not-found' })
      await t.rejects(raw.set('DRIVER_INFO', { DRIVER_NAME: 'x' }, never), { name: 'Fault' }, 'what is only read')
      // Whatever sends a mount or a dome somewhere stands behind the limits, not here.
      const sent = /^(EQUATORIAL_EOD_COORD|TELESCOPE_(PARK|MOTION_\w\w|TRACK_STATE)|DOME_(SHUTTER|PARK|MOTION))$/
      const moving = all.filter(({ name }) => sent.test(name))
      const moves = row.ports.includes('mount') || row.ports.includes('dome')
      t.equal(
        moving.some(({ writable }) => writable),
        moves,
      )
      t.ok(moving.filter(({ writable }) => writable).every(({ locked }) => locked))
      const pretends = all.filter(({ name }) => /^(SIMULATION|ACTIVE_DEVICES)$/.test(name))
      t.ok(!moves || pretends.every(({ locked }) => locked), 'nor does what makes it tell of another than itself')
      await box.close()
      await box.close()
      await t.rejects(raw.set('CONNECTION', { CONNECT: true }, never), { name: 'Fault' })
    })
  })
}
