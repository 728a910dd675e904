// Focusers, filter wheels, switches, sensors and video: the promises of each port, kept by every driver that has it.
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import { kinds } from '../../edge/ports/fields.js'
import type { SensorReading } from '../../edge/ports/sensor.js'
import type { Picture } from '../../edge/ports/video-source.js'
import { openRow, rowsWith } from '../support/bench-devices.js'

const never = new AbortController().signal
const reason = new Fault('aborted', 'enough of this', 'Start again')

for (const row of rowsWith('focuser')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: focuser, during } = await openRow(t, row, 'focuser')
    await during(async () => {
      const { minSteps, maxSteps } = focuser
      const middle = Math.round((minSteps + maxSteps) / 2)
      t.ok(
        minSteps < maxSteps && focuser.position() >= minSteps && focuser.position() <= maxSteps,
        'it stands in range',
      )
      const near = focuser.position() + (focuser.position() < middle ? 50 : -50)
      await focuser.moveTo(near, never)
      t.equal(focuser.position(), near, 'it goes where it is sent')
      t.equal(focuser.moving(), false)
      for (const wrong of [minSteps - 1, maxSteps + 1, Number.NaN]) {
        await t.rejects(focuser.moveTo(wrong, never), { code: 'bad-input' }, `${wrong} steps are refused`)
      }
      const control = new AbortController()
      const end = near < middle ? maxSteps : minSteps
      const refused = t.rejects(focuser.moveTo(end, control.signal), reason)
      await bench.clock.sleep(300)
      control.abort(reason)
      await refused
      t.not(focuser.position(), end, 'an abort halts it on the way')
      await t.rejects(focuser.moveTo(near, control.signal), reason)
      const halted = await focuser.halt().then(
        () => 'halted',
        error => error.code,
      )
      t.ok(['halted', 'unsupported'].includes(halted), 'it halts, or says that it cannot')
      const celsius = focuser.celsius?.()
      t.ok(celsius === undefined || (celsius > -60 && celsius < 60), 'its temperature, if it has one, is one')
      await box.close()
      await box.close()
      await t.rejects(focuser.moveTo(near, never), { name: 'Fault' })
    })
  })
}

for (const row of rowsWith('wheel')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { box, port: wheel, during } = await openRow(t, row, 'wheel')
    await during(async () => {
      t.ok(wheel.names.length > 1 && wheel.names.every(name => name.length > 0), `filters: ${wheel.names.join(', ')}`)
      for (const slot of [1, wheel.names.length - 1, 0]) {
        await wheel.select(slot, never)
        t.equal(wheel.position(), slot, `slot ${slot} is in the light`)
      }
      for (const wrong of [-1, wheel.names.length, 0.5]) {
        await t.rejects(wheel.select(wrong, never), { code: 'bad-input' }, `slot ${wrong} is refused`)
      }
      const control = new AbortController()
      control.abort(reason)
      await t.rejects(wheel.select(1, control.signal), reason)
      await box.close()
      await box.close()
      await t.rejects(wheel.select(1, never), { name: 'Fault' })
    })
  })
}

for (const row of rowsWith('switches')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { box, port: bank, during } = await openRow(t, row, 'switches')
    await during(async () => {
      t.ok(bank.channels.length > 0, 'it has channels')
      const first = bank.channels.find(({ input }) => !input)!.id
      t.equal(new Set(bank.channels.map(({ id }) => id)).size, bank.channels.length, 'each with its own id')
      for (const { id, name, range, input } of bank.channels) {
        if (input) {
          await t.rejects(bank.set(id, 1, never), { code: 'unsupported' }, `${name} is only read`)
          continue
        }
        t.match(id, /^[a-z0-9_-]+$/, `${name} can stand in a path`)
        const amperes = bank.amperes?.(id) ?? 0
        t.ok(amperes >= 0 && amperes < 100, `its current, if it is measured, is one: ${amperes} A`)
        const before = bank.value(id) ?? 0
        const next = range ? (before === range.max ? range.min : range.max) : 1 - before
        const told: string[] = []
        const stop = bank.onChange(changed => told.push(changed))
        await bank.set(id, next, never)
        t.equal(bank.value(id), next, `${name} reads back what was set`)
        t.same(told, [id], 'and said so')
        await bank.set(id, before, never)
        stop()
        await t.rejects(bank.set(id, (range?.max ?? 1) + 1, never), { code: 'bad-input' })
      }
      await t.rejects(bank.set('no-such-channel', 1, never), { code: 'not-found' })
      const control = new AbortController()
      control.abort(reason)
      await t.rejects(bank.set(first, 1, control.signal), reason)
      await box.close()
      await box.close()
      await t.rejects(bank.set(first, 1, never), { name: 'Fault' })
    })
  })
}

for (const row of rowsWith('station')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: station, during } = await openRow(t, row, 'station')
    await during(async () => {
      const limit = bench.clock.deadline(30_000, 'a reading')
      const next = new Promise<{ reading: SensorReading; kept: SensorReading | undefined }>(settle => {
        const stop = station.onReading(reading => {
          stop()
          settle({ reading, kept: station.reading() })
        })
      })
      const { reading, kept } = await limit.race(next)
      limit.cancel()
      t.same(kept, reading, 'the last reading is kept')
      t.ok(Math.abs(reading.atMs - bench.clock.now()) < 60_000, 'it is of now')
      const { fields } = kinds[station.kind]
      for (const [key, value] of Object.entries(reading.values)) {
        t.ok(fields[key], `${key} is described for the kind ${station.kind}`)
        t.equal(typeof value, fields[key]?.type === 'flag' ? 'boolean' : 'number')
        if (typeof value === 'number') t.ok(Number.isFinite(value), `${key} is ${value}`)
      }
      await box.close()
      await box.close()
    })
  })
}

for (const row of rowsWith('video')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: video, during } = await openRow(t, row, 'video')
    await during(async () => {
      const order = { framesPerSecond: 5, jpegQuality: 70 }
      const watch = async (count: number) => {
        const control = new AbortController()
        const pictures: Picture[] = []
        const limit = bench.clock.deadline(20_000, `${count} pictures`)
        const run = video.run(
          order,
          picture => {
            pictures.push(picture)
            if (pictures.length === count) control.abort(reason)
          },
          control.signal,
        )
        await limit.race(run)
        limit.cancel()
        return pictures
      }
      const pictures = await watch(4)
      t.equal(pictures.length, 4, 'pictures come until it is told to stop, and none after')
      for (const { jpeg, atMs } of pictures) {
        const bytes = Buffer.from(jpeg)
        t.equal(bytes.readUInt16BE(0), 0xffd8, 'a JPEG from its first')
        t.equal(bytes.readUInt16BE(bytes.length - 2), 0xffd9, 'to its last byte')
        t.ok(Math.abs(atMs - bench.clock.now()) < 60_000, 'of now')
      }
      t.same(
        [...pictures].sort((a, b) => a.atMs - b.atMs),
        pictures,
        'in the order of time',
      )
      const control = new AbortController()
      const running = video.run(order, () => {}, control.signal)
      await t.rejects(
        video.run(order, () => {}, never),
        { code: 'busy' },
        'one run at a time',
      )
      control.abort(reason)
      await running
      t.equal((await watch(1)).length, 1, 'after a stop it runs again')
      await video.run(order, () => t.fail('a picture after the end'), control.signal)
      await box.close()
      await box.close()
      await t.rejects(
        video.run(order, () => {}, never),
        { name: 'Fault' },
      )
    })
  })
}
