// Processes that are killed, disks that are full, folders that cannot be written: what was told to anybody is on disk,
// whole, and rows and files match one to one.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import { findDamage } from '../../edge/science/fits-write.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { type OpenStore, openStore } from '../../edge/store/open-store.js'
import { compiled } from '../support/compiled.js'
import { collectedLog, fitsverify, frameOf, noFitsverify, orderOf } from '../support/store-frames.js'

const clock = systemClock()
const open = async (t: Test, folder: string): Promise<OpenStore> => {
  const { log } = collectedLog(clock)
  const settings = { thread: false, clock, log, template: standardTemplate, longitudeDeg: 0, reserveBytes: 0 }
  const store = await openStore({ folder, ...settings })
  t.teardown(() => store.close())
  return store
}
const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => statSync(path.join(folder, name)).isFile())

t.test('killed twenty times at any moment: nothing that was told is lost, nothing half-written is seen', async t => {
  const folder = t.testdir({ built: {}, data: {} })
  const built = compiled(path.join(folder, 'built'), 'test/support/archive-loop.ts', 'edge/store/thread.ts')
  const loop = path.join(built, 'test/support/archive-loop.js')
  const data = path.join(folder, 'data')
  const random = seededRandom(20)
  const told = new Map<string, { path: string; cursor: number }>()
  const removed = new Set<string>()
  const perhaps = new Set<string>()
  let cursor = 0
  let mended = 0

  for (let kill = 1; kill <= 20; kill++) {
    const mode = kill % 2 ? 'thread' : 'within'
    const child = spawn(process.execPath, [loop, data, mode], { stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(child, 'exit')
    const lines = createInterface({ input: child.stdout })
    let doomed = false
    for await (const line of lines) {
      const said = JSON.parse(line)
      // From the first word on, at any moment of the next frames.
      if (!doomed) setTimeout(() => child.kill('SIGKILL'), random.next() * 150)
      doomed = true
      if (said.boot) {
        t.equal(said.boot, kill, `start ${kill}`)
        mended += said.report.leftovers + said.report.adopted + said.report.removed
      }
      if (said.id) {
        told.set(said.id, said)
        t.ok(said.cursor > cursor, 'cursors rise')
        cursor = said.cursor
      }
      if (said.going) perhaps.add(said.going)
      if (said.removed) removed.add(said.removed)
    }
    const [code, signal] = await gone
    t.strictSame([code, signal], [null, 'SIGKILL'])
  }

  const store = await open(t, data)
  const archive = path.join(data, 'archive')
  const rows = await store.exposures({ limit: 1000 })
  const files = filesUnder(archive)
  t.ok(told.size >= 5, `${told.size} frames were told of`)
  t.ok(mended > 0, `death found ${mended} files half-way`)
  t.strictSame(files.toSorted(), rows.map(({ path }) => path).toSorted(), 'rows and files match one to one')
  for (const row of rows) {
    t.equal(findDamage(readFileSync(path.join(archive, row.path))), undefined, row.id)
    t.equal(statSync(path.join(archive, row.path)).size, row.bytes)
  }
  const present = new Set(rows.map(({ id }) => id))
  for (const id of told.keys()) {
    if (removed.has(id)) t.notOk(present.has(id), `${id} was removed and stays so`)
    else if (!perhaps.has(id)) t.ok(present.has(id), `${id} was told of and is there`)
  }
  t.ok((await store.newestCursor()) >= cursor)
  const events = await store.eventsAfter(0, 5000)
  const known = new Map(events.map(({ cursor, body }) => [cursor, body]))
  for (const { path, cursor } of told.values()) t.match(known.get(cursor), { path })
  t.equal(new Set(events.map(({ boot, seq }) => `${boot}/${seq}`)).size, events.length)
  if (noFitsverify) return
  for (const verdict of fitsverify(files.map(name => path.join(archive, name)))) t.match(verdict, /^verification OK/)
})

/** A small disk of memory; only root may make one. */
const noMount = process.getuid?.() === 0 && process.platform === 'linux' ? false : 'only root can mount a small disk'
const mount = (t: Test, folder: string, options: string) => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  t.teardown(() => execFileSync('umount', ['-l', folder]))
}
/** Somebody else's file takes what is left. */
const fillUp = (disk: string) => {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(path.join(disk, 'others'), Buffer.alloc(bavail * bsize))
}
/** Not the runner's own folder for a test, which it clears before anything can be unmounted. */
const ownFolder = (t: Test): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-disk-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

t.test('on a full disk a frame is refused whole, with bytes needed and free', { skip: noMount }, async t => {
  const disk = ownFolder(t)
  mount(t, disk, 'size=8m')
  const store = await open(t, disk)
  const frame = frameOf({ width: 1200, height: 1000 })
  const kept: string[] = []
  let refusal: unknown
  for (let number = 1; number <= 9 && !refusal; number++) {
    try {
      kept.push((await store.archive(frame, orderOf(`e${number}`, { number }), [])).path)
    } catch (error) {
      refusal = error
    }
  }
  t.ok(kept.length >= 1 && refusal instanceof Fault)
  t.match(refusal, { code: 'disk-full', detail: { neededBytes: Number, freeBytes: Number } })
  t.ok((refusal as Fault).message.includes(String((refusal as Fault).detail?.freeBytes)))
  t.equal(frame.memory.holders(), 1)
  t.strictSame(filesUnder(path.join(disk, 'archive')).toSorted(), kept.toSorted(), 'nothing of it is left')
  await t.rejects(store.demandSpace(2.4e6, 4), { code: 'disk-full' }, 'the next would be refused before the shutter')
  fillUp(disk)
  await t.rejects(store.amend('e1', { object: 'M 42' }), { code: 'disk-full' }, 'not a byte is left')
  await store.remove('e1')
  t.equal(await store.exposure('e1'), undefined, 'and yet an owner can make room')
  rmSync(path.join(disk, 'others'))
  const again = await store.archive(frame, orderOf('e99'), [])
  t.ok(again, 'with room again it goes on')
  await store.close()
  const reopened = await open(t, disk)
  t.match(reopened.report, { leftovers: 0, adopted: 0, dropped: 0 })
})

t.test('a disk that turned read-only is named, and the frame is not half there', { skip: noMount }, async t => {
  const folder = ownFolder(t)
  const store = await open(t, folder)
  await store.archive(frameOf({}), orderOf('e1'), [])
  const incoming = path.join(folder, 'archive', '.incoming')
  mount(t, incoming, 'ro,size=1m')
  await t.rejects(store.archive(frameOf({}), orderOf('e2'), []), { code: 'broken', fix: /writable/ })
  t.equal(await store.exposure('e2'), undefined)
  t.ok(await store.exposure('e1'), 'what is there is still served')
})

t.test('an archive whose disk was pulled out is missed, not begun anew on the disk below', async t => {
  const folder = ownFolder(t)
  const store = await open(t, folder)
  await store.archive(frameOf({}), orderOf('e1'), [])
  rmSync(path.join(folder, 'archive'), { recursive: true })
  for (const asked of [store.demandSpace(1000, 1), store.space(), store.archive(frameOf({}), orderOf('e2'), [])]) {
    await t.rejects(asked as Promise<void>, { name: 'Fault', code: 'broken' })
  }
  await t.rejects(store.demandSpace(1000, 1), { message: /folder of the files is gone/, fix: /back/ })
  t.same(
    readdirSync(folder).filter(name => name === 'archive'),
    [],
  )
})

t.test('a data folder that cannot be written is refused at the start', async t => {
  const locked = ownFolder(t)
  if (noMount) {
    chmodSync(locked, 0o555)
    t.teardown(() => chmodSync(locked, 0o755))
  } else mount(t, locked, 'ro,size=1m')
  await t.rejects(open(t, locked), { code: 'broken' })
  await t.rejects(open(t, path.join(locked, 'deeper')), { code: 'broken' })
})
