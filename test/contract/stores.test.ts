// Every store keeps the same promises, on a thread of its own and in process.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import { z } from '../../edge/ports/schema.js'
import { cardValue, textOf } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits, findDamage } from '../../edge/science/fits-write.js'
import { createLog } from '../../edge/spine/log.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openStore, openStoreOver, type StoreSettings, storeThread, storeWithin } from '../../edge/store/open-store.js'
import { collectedLog, frameOf, orderOf } from '../support/store-frames.js'

const clock = systemClock()
const id = (second: number) => `20260321T2104${String(second).padStart(2, '0')}512Z-main`

for (const thread of [false, true]) {
  t.test(thread ? 'on a thread of its own' : 'in process, in order', async t => {
    let collected = collectedLog(clock)
    // One thread for all stores of the suite, opened one after the other: starting one costs seconds under the test
    // runner.
    const passing = createLog(clock, ({ level, message, facts }) => collected.log[level](message, facts), 'debug')
    const calls = thread ? storeThread(clock, passing) : storeWithin(clock, passing)
    t.teardown(() => calls.close())

    const openIn = async (t: Test, folder: string, more: Partial<StoreSettings> = {}) => {
      collected = collectedLog(clock)
      const { log, lines } = collected
      const settings = { folder, clock, log, template: standardTemplate, longitudeDeg: 16.4, reserveBytes: 0, ...more }
      const store = await openStoreOver(calls, settings)
      t.teardown(() => store.close())
      return { store, lines, archive: path.join(folder, 'archive') }
    }

    t.test('a frame is on disk, whole and named as the owner wants, when archive settles', async t => {
      const { store, archive } = await openIn(t, t.testdir())
      const frame = frameOf(
        { width: 33, height: 17, first: 65_000 },
        { bayer: 'rggb', gain: 100, sensorCelsius: -10.2 },
      )
      const kept = await store.archive(frame, orderOf(id(12)), [{ keyword: 'SITELAT', value: 48.2, comment: 'deg' }])

      t.match(kept, {
        id: id(12),
        path: '2026-03-21/M 31/light_M 31_L_60s_0001_210412.fits',
        night: '2026-03-21',
        width: 33,
        height: 17,
        gain: 100,
        sensorCelsius: -10.2,
        ours: true,
      })
      t.notOk('measured' in kept, 'nothing is measured yet')
      const file = readFileSync(path.join(archive, kept.path))
      t.equal(file.length, kept.bytes)
      t.equal(findDamage(file), undefined, 'its checksums hold')
      const image = readFitsImage(file)
      t.strictSame(image.samples, frame.samples, 'bit for bit')
      t.match([image.type, image.bayer, image.topDown], ['u16', 'rggb', true])
      t.equal(textOf(image.cards, 'DATE-OBS'), '2026-03-21T21:04:12.512')
      t.equal(cardValue(image.cards, 'SITELAT'), 48.2, 'what the service says of the observatory is in')
      t.equal(frame.memory.holders(), 1, 'the memory is let go')
      t.strictSame(readdirSync(path.join(archive, '.incoming')), [], 'nothing half-written is left')
      t.strictSame(await store.exposure(id(12)), kept)
      t.strictSame(await store.exposureAt(kept.path), kept)
      const located = await store.locate(kept.path)
      t.equal(located.bytes, kept.bytes)
      t.ok(existsSync(located.absolute))
    })

    t.test('every sample type comes back bit for bit', async t => {
      const { store, archive } = await openIn(t, t.testdir())
      let second = 0
      for (const type of ['u8', 'u16', 'i16', 'i32', 'f32', 'f64'] as const) {
        for (const planes of [1, 3]) {
          const frame = frameOf({ width: 7, height: 5, planes, type, first: 3 }, { topDown: type !== 'i16' })
          const kept = await store.archive(frame, orderOf(id(++second)), [])
          const file = readFileSync(path.join(archive, kept.path))
          const image = readFitsImage(file)
          t.equal(findDamage(file), undefined)
          t.strictSame([image.type, image.planes, image.topDown], [type, planes, frame.topDown])
          t.strictSame(image.samples, frame.samples)
        }
      }
    })

    t.test('two frames that would have one name both stay', async t => {
      const { store } = await openIn(t, t.testdir())
      const first = await store.archive(frameOf({ first: 1 }), orderOf(id(1)), [])
      const second = await store.archive(frameOf({ first: 2 }), orderOf(id(2)), [])
      t.equal(second.path, first.path.replace('.fits', '-2.fits'))
      await t.rejects(store.archive(frameOf({}), orderOf(id(2)), []), { code: 'bad-input' }, 'an id is used once')
      await t.rejects(store.archive(frameOf({}), orderOf('../../x'), []), { code: 'bad-input' })
    })

    t.test('frames of two cameras asked for at once are kept in the order asked', async t => {
      const { store } = await openIn(t, t.testdir())
      const kept = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(n => store.archive(frameOf({ width: 400, height: 300, first: n }), orderOf(id(n)), [])),
      )
      t.equal(new Set(kept.map(({ path }) => path)).size, 6)
      for (const { path } of kept) t.equal(findDamage(readFileSync((await store.locate(path)).absolute)), undefined)
    })

    t.test('lists are paged newest first, and nights are summed', async t => {
      const { store } = await openIn(t, t.testdir())
      const nextEvening = { startedMs: Date.UTC(2026, 2, 22, 20) }
      for (const n of [1, 2, 3]) await store.archive(frameOf({}), orderOf(id(n)), [])
      const last = await store.archive(frameOf({}, nextEvening), orderOf('20260322T200000000Z-main'), [])

      const page = await store.exposures({ limit: 2 })
      t.strictSame(
        page.map(({ id }) => id),
        [last.id, id(3)],
      )
      const rest = await store.exposures({ limit: 10, before: page[1].id })
      t.strictSame(
        rest.map(({ id }) => id),
        [id(2), id(1)],
      )
      t.equal((await store.exposures({ night: '2026-03-21', limit: 10 })).length, 3)
      const ordered = { ...orderOf('20260322T210000000Z-main'), activity: 'stack-start-1' }
      const mine = await store.archive(frameOf({}, nextEvening), ordered, [])
      const found = await store.exposures({ activity: 'stack-start-1', limit: 10 })
      t.strictSame(
        found.map(({ id }) => id),
        [mine.id],
      )
      t.strictSame(await store.exposures({ activity: 'stack-start-1', night: '2026-03-21', limit: 10 }), [])
      await store.remove(mine.id)
      t.strictSame(await store.nights(), [
        { night: '2026-03-22', frames: 1, bytes: last.bytes },
        { night: '2026-03-21', frames: 3, bytes: rest[0].bytes * 3 },
      ])
    })

    t.test('what a person corrects and what the workers measured stand in the row', async t => {
      const { store } = await openIn(t, t.testdir())
      await store.archive(frameOf({}), orderOf(id(1)), [])
      const measured = { stars: 120, hfdPx: 2.4, backgroundAdu: 900, noiseAdu: 11 }
      await store.measured(id(1), measured, new Uint8Array([255, 216, 1]))
      const amended = await store.amend(id(1), { object: 'M 32', filter: '', exposureSeconds: 61.5 })
      t.match(amended, { object: 'M 32', exposureSeconds: 61.5, number: 1, measured })
      t.notOk('filter' in amended, 'an empty text takes the filter away')
      t.strictSame(await store.thumbnail(id(1)), new Uint8Array([255, 216, 1]))
      t.equal(await store.thumbnail(id(9)), undefined)
      await t.rejects(store.amend(id(1), { binning: 0 }), { code: 'bad-input' })
      await t.rejects(store.amend(id(9), { object: 'x' }), { code: 'not-found' })
      await t.rejects(store.measured(id(9), measured, new Uint8Array(1)), { code: 'not-found' })
      await t.rejects(store.measured(id(1), measured, new Uint8Array(1e6)), { code: 'bad-input' })
    })

    t.test('a removed frame is gone with its row, and its empty folders with it', async t => {
      const { store, archive } = await openIn(t, t.testdir())
      const kept = await store.archive(frameOf({}), orderOf(id(1)), [])
      await store.measured(id(1), { stars: 1, backgroundAdu: 1, noiseAdu: 1 }, new Uint8Array(3))
      await store.remove(id(1))
      t.equal(await store.exposure(id(1)), undefined)
      t.equal(await store.thumbnail(id(1)), undefined)
      t.strictSame(readdirSync(archive), ['.incoming'])
      await t.rejects(store.locate(kept.path), { code: 'not-found' })
      await t.rejects(store.remove(id(1)), { code: 'not-found' })
    })

    t.test('no path leads out of the archive', async t => {
      const folder = t.testdir({ 'secret.fits': 'x', outside: { 'a.fits': 'x' }, archive: {} })
      const { store, archive } = await openIn(t, folder)
      mkdirSync(path.join(archive, '2026-03-21'))
      symlinkSync(path.join(folder, 'secret.fits'), path.join(archive, '2026-03-21', 'link.fits'))
      symlinkSync(path.join(folder, 'outside'), path.join(archive, 'elsewhere'))
      const bad = [
        '../secret.fits',
        '/etc/passwd',
        'a/../../secret.fits',
        '..',
        '',
        'a//b',
        '.incoming/x',
        'a\\..\\b',
        'a\0',
      ]
      for (const wrong of [...bad, '2026-03-21/link.fits', 'elsewhere/a.fits', '%2e%2e/secret.fits/..']) {
        await t.rejects(store.locate(wrong), { code: 'bad-input', message: 'Invalid path' }, JSON.stringify(wrong))
      }
      await t.rejects(store.locate('2026-03-21'), { code: 'not-found' }, 'a folder is no file')
      await t.rejects(store.locate('nothing/here.fits'), { code: 'not-found' })
    })

    t.test('a product lies beside the frames and is no exposure', async t => {
      const folder = t.testdir()
      const { store } = await openIn(t, folder)
      const bytes = encodeFits(frameOf({ type: 'f32' }), [])
      const first = await store.saveProduct('M 31: 25×60s.fits', bytes, '2026-03-21')
      const second = await store.saveProduct('M 31: 25×60s.fits', bytes, '2026-03-21')
      t.strictSame([first, second], ['stacks/2026-03-21/M 31- 25×60s.fits', 'stacks/2026-03-21/M 31- 25×60s-2.fits'])
      t.strictSame(new Uint8Array(readFileSync((await store.locate(first)).absolute)), bytes)
      const aside = await store.productAside('M 31: 25×60s.fits')
      writeFileSync(aside, bytes.subarray(0, 2880))
      const third = await store.saveProduct('M 31: 25×60s.fits', { aside }, '2026-03-21')
      t.equal(third, 'stacks/2026-03-21/M 31- 25×60s-3.fits', 'one that was written aside moves')
      t.equal((await store.locate(third)).bytes, 2880)
      t.notOk(existsSync(aside))
      await t.rejects(store.saveProduct('x.fits', { aside: '/etc/passwd' }, '2026-03-21'), { code: 'bad-input' })
      await t.rejects(store.saveProduct('x.fits', { aside }, '2026-03-21'), { name: 'Fault' }, 'nothing lies there')
      await t.rejects(store.saveProduct('...', bytes, '2026-03-21'), { code: 'bad-input' })
      await t.rejects(store.saveProduct('x.fits', bytes, '../..'), { code: 'bad-input' })
      await store.close()
      const again = await openIn(t, folder)
      t.strictSame(await again.store.exposures({ limit: 10 }), [], 'nor is it taken for one at the next start')
    })

    t.test('masters stand in a library of their own', async t => {
      const folder = t.testdir()
      const { store } = await openIn(t, folder)
      t.strictSame(await store.masters(), [], 'which is empty at first')
      const bytes = encodeFits(frameOf({ type: 'f32' }), [])
      const first = await store.saveMaster('dark 10s.fits', bytes)
      const aside = await store.productAside('dark 10s.fits')
      writeFileSync(aside, bytes)
      const second = await store.saveMaster('dark 10s.fits', { aside })
      t.strictSame([first, second], ['calibration/dark 10s.fits', 'calibration/dark 10s-2.fits'])
      writeFileSync(path.join(folder, 'archive', 'calibration', 'notes.txt'), 'not an image')
      const held = await store.masters()
      t.strictSame(
        held.map(({ path, bytes }) => [path, bytes]),
        [second, first].map(path => [path, bytes.length]),
      )
      t.ok(held.every(({ changedMs }) => changedMs > 0))
      await store.removeMaster(second)
      t.equal((await store.masters()).length, 1)
      await t.rejects(store.removeMaster(second), { code: 'not-found' })
      await t.rejects(store.removeMaster('stacks/2026-03-21/x.fits'), { code: 'bad-input' })
      await t.rejects(store.removeMaster('calibration/../x.fits'), { code: 'bad-input' })
      await store.close()
      const again = await openIn(t, folder)
      t.strictSame(await again.store.exposures({ limit: 10 }), [], 'and are no exposures at the next start')
      t.equal((await again.store.masters()).length, 1)
    })

    t.test('a full disk is refused before the shutter opens, with bytes needed and free', async t => {
      const { store } = await openIn(t, t.testdir(), { reserveBytes: 1e6 })
      const { freeBytes, totalBytes, reserveBytes } = await store.space()
      t.ok(freeBytes > 0 && totalBytes >= freeBytes && reserveBytes === 1e6)
      await store.demandSpace(1000, 2)
      const refusal = await store.demandSpace(freeBytes, 10).catch((error: unknown) => error)
      t.ok(refusal instanceof Fault)
      t.match(refusal, { code: 'disk-full', detail: { neededBytes: freeBytes * 10, freeBytes: Number } })
      t.match((refusal as Fault).message, String(freeBytes * 10))
      await t.rejects(store.demandSpace(freeBytes - 500_000, 0), { code: 'disk-full' }, 'the reserve is not touched')
    })

    t.test('events keep their order over restarts, and only the newest stay', async t => {
      const folder = t.testdir()
      const { store } = await openIn(t, folder, { eventBound: 100 })
      t.equal(await store.newestCursor(), 0)
      const event = (seq: number) => ({
        node: 'pier',
        boot: store.boot,
        seq,
        kind: 'frame-archived',
        atMs: 5.5,
        body: { seq },
      })
      const cursors: number[] = []
      for (let seq = 1; seq <= 260; seq++) cursors.push(await store.appendEvent(event(seq)))
      t.strictSame(
        cursors,
        cursors.toSorted((a, b) => a - b),
      )
      t.equal(await store.appendEvent(event(260)), cursors[259], 'the same event is stored once')
      const newest = await store.newestCursor()
      t.equal(newest, cursors[259])
      const stored = await store.eventsAfter(0, 1000)
      t.ok(stored.length >= 100 && stored.length < 164, `${stored.length} stay`)
      t.strictSame(stored.at(-1), { ...event(260), cursor: newest })
      t.strictSame(
        (await store.eventsAfter(cursors[250], 3)).map(({ seq }) => seq),
        [252, 253, 254],
      )
      await t.rejects(store.appendEvent({ ...event(999), body: { text: 'x'.repeat(70_000) } }), { code: 'bad-input' })
      await store.close()

      const again = await openIn(t, folder)
      t.equal(again.store.boot, store.boot + 1, 'starts are counted')
      t.equal(await again.store.newestCursor(), newest)
      t.ok((await again.store.appendEvent({ ...event(1), boot: again.store.boot })) > newest)
    })

    t.test('small states survive, and one that is not understood is put aside', async t => {
      const folder = t.testdir()
      const latch = z.object({ closed: z.boolean(), reason: z.string().optional() })
      const first = await openIn(t, folder)
      const kept = await first.store.keep('safety/latch', latch, { closed: false })
      t.strictSame(kept.read(), { closed: false })
      await kept.write({ closed: true, reason: 'rain' })
      t.strictSame(kept.read(), { closed: true, reason: 'rain' })
      kept.read().closed = false
      t.equal(kept.read().closed, true, 'what was read is a copy')
      await t.rejects(kept.write({ closed: 1 } as never), { code: 'bad-input' })
      await t.rejects(first.store.keep('Safety', latch, { closed: false }), { code: 'bad-input' })
      await first.store.close()

      const second = await openIn(t, folder)
      t.strictSame((await second.store.keep('safety/latch', latch, { closed: false })).read(), {
        closed: true,
        reason: 'rain',
      })
      await second.store.close()

      const third = await openIn(t, folder)
      const other = await third.store.keep('safety/latch', z.object({ open: z.number() }), { open: 1 })
      t.strictSame(other.read(), { open: 1 })
      t.ok(third.lines.some(({ level, facts }) => level === 'error' && facts?.name === 'safety/latch'))
    })

    t.test('all small states are read at once, and replaced at once or not at all', async t => {
      const { store } = await openIn(t, t.testdir())
      t.same(await store.keptAll(), {})
      await store.replaceKept({ 'a/one': '1', 'b/two': '[2]' })
      t.same(await store.keptAll(), { 'a/one': '1', 'b/two': '[2]' })
      await t.rejects(store.replaceKept({ 'c/new': '3', 'c/huge': 'x'.repeat(300_000) }), { code: 'bad-input' })
      t.same(await store.keptAll(), { 'a/one': '1', 'b/two': '[2]' }, 'what cannot be kept whole changes nothing')
      await store.replaceKept({ 'a/one': '"other"' })
      t.same(await store.keptAll(), { 'a/one': '"other"' })
      t.equal((await store.keep('a/one', z.string(), 'standard')).read(), 'other')
    })

    t.test('after a restart files and rows match one to one', async t => {
      const folder = t.testdir()
      const { store, archive } = await openIn(t, folder)
      const kept = []
      for (const n of [1, 2, 3]) kept.push(await store.archive(frameOf({}, { gain: n }), orderOf(id(n)), []))
      await store.close()
      unlinkSync(path.join(archive, kept[0].path))
      renameSync(path.join(archive, kept[1].path), path.join(archive, 'moved by hand.fit'))
      writeFileSync(path.join(archive, 'broken.fits'), 'SIMPLE  =                    T')
      writeFileSync(path.join(archive, '2026-03-21', 'foreign.FTS'), encodeFits(frameOf({}), []))
      writeFileSync(path.join(archive, 'notes.txt'), 'windy')
      writeFileSync(path.join(archive, '.incoming', 'half.fits'), 'SIMPLE')
      mkdirSync(path.join(archive, '.incoming', 'by hand'))
      writeFileSync(path.join(archive, 'back\\slash.fits'), encodeFits(frameOf({}), []))

      const again = await openIn(t, folder)
      const { report } = again.store
      t.match(report, { leftovers: 2, moved: 1, adopted: 1, dropped: 1 })
      t.strictSame(report.unreadable.map(({ path }) => path).toSorted(), ['back\\slash.fits', 'broken.fits'])
      const rows = await again.store.exposures({ limit: 10 })
      t.equal(rows.length, 3)
      t.strictSame(await again.store.exposure(id(3)), kept[2], 'the one nobody touched')
      const moved = { ...kept[1], path: 'moved by hand.fit' }
      t.strictSame(await again.store.exposure(id(2)), moved, 'a moved file is known by its header and keeps its row')
      t.ok(existsSync(path.join(archive, 'broken.fits')), 'what cannot be read is left alone')
      t.notOk(existsSync(path.join(archive, '.incoming', 'half.fits')))
      t.ok(again.lines.some(({ level, message }) => level === 'warn' && message.includes('its file is gone')))
    })

    t.test('a damaged database is put aside, and the rows come back from the files', async t => {
      const folder = t.testdir()
      const { store } = await openIn(t, folder)
      const kept = await store.archive(frameOf({}), orderOf(id(1)), [])
      await store.close()
      writeFileSync(path.join(folder, 'pierside.sqlite'), 'not a database '.repeat(1000))
      const again = await openIn(t, folder)
      t.strictSame(await again.store.exposure(id(1)), { ...kept, ours: false })
      t.ok(readdirSync(folder).some(name => name.startsWith('pierside.sqlite.damaged')))
      t.ok(again.lines.some(({ level }) => level === 'error'))
    })

    t.test('a second agent on the same folder is refused, and opens as soon as the first has gone', async t => {
      const folder = t.testdir()
      const { store } = await openIn(t, folder)
      const { log } = collectedLog(clock)
      const other = { folder, thread: false, clock, log, template: standardTemplate, longitudeDeg: 0, reserveBytes: 0 }
      await t.rejects(openStore(other), { code: 'busy' })
      await store.close()
      const second = await openStore(other)
      t.equal(second.boot, store.boot + 1)
      await second.close()
      await t.rejects(second.nights(), { code: 'aborted' })
    })

    t.test('a wrong template or longitude is refused at once', async t => {
      await t.rejects(openIn(t, t.testdir(), { template: '{nigth}/{object}' }), { code: 'bad-input', fix: /\{night\}/ })
      await t.rejects(openIn(t, t.testdir(), { longitudeDeg: 1000 }), { code: 'bad-input' })
    })

    t.test('closing is idempotent and waits for what is being written', async t => {
      const { store, archive } = await openIn(t, t.testdir())
      const writing = store.archive(frameOf({ width: 1000, height: 1000 }), orderOf(id(1)), [])
      await Promise.all([store.close(), store.close()])
      t.ok(existsSync(path.join(archive, (await writing).path)))
      await t.rejects(store.nights(), { code: 'aborted' })
    })
  })
}
