// Newer and older agents on one data folder: forward by migrations, back by the copy that was kept before.
import { copyFileSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { z } from '../../edge/ports/schema.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { migrations } from '../../edge/store/migrations.data.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openMigrated } from '../../edge/store/open-database.js'
import { openStore } from '../../edge/store/open-store.js'
import { openDatabase } from '../../edge/store/sqlite.js'
import { collectedLog, frameOf, orderOf } from '../support/store-frames.js'

const clock = systemClock()
const open = (folder: string, log = collectedLog(clock).log) => {
  const settings = { thread: false, clock, log, template: standardTemplate, longitudeDeg: 0, reserveBytes: 0 }
  return openStore({ folder, version: '0.1.0', ...settings })
}
const event = (seq: number) => ({ node: 'pier', boot: 1, seq, kind: 'told', atMs: 1, body: {} })
const newerSteps = [...migrations, 'ALTER TABLE exposure ADD COLUMN colour TEXT; CREATE TABLE later (x TEXT) STRICT']

/** A folder that an agent of today has used, and then one of tomorrow. */
async function usedByNewer(t: Test) {
  const folder = t.testdir({ data: {} })
  const data = path.join(folder, 'data')
  const file = path.join(data, 'pierside.sqlite')
  const store = await open(data)
  const first = await store.archive(frameOf({}), orderOf('one'), [])
  await store.appendEvent(event(1))
  await (await store.keep('thing/state', z.number(), 0)).write(7)
  await store.close()

  const { log } = collectedLog(clock)
  const { database, wentBack } = openMigrated(file, '0.2.0', log, newerSteps)
  t.equal(wentBack, undefined)
  database.exec(`UPDATE kept SET value = '8'; INSERT INTO later VALUES ('only the newer one knows')`)
  const insert = database.prepare(
    'INSERT INTO event (node, boot, seq, kind, at_ms, body) VALUES (:n, 1, :s, :n, 1, :n)',
  )
  for (const s of [2, 3, 4]) insert.run({ n: 'x', s })
  database.close()
  // A frame that was taken meanwhile.
  const archive = path.join(data, 'archive')
  copyFileSync(path.join(archive, first.path), path.join(archive, path.dirname(first.path), 'second.fits'))
  return { data, file, first }
}

t.test('before a newer agent changes the database it keeps a copy, called by its version', async t => {
  const { data, file } = await usedByNewer(t)
  t.same(readdirSync(path.join(data, 'backups')), ['before-0.2.0'])
  const copy = openDatabase(path.join(data, 'backups/before-0.2.0/pierside.sqlite'))
  t.equal(copy.version(), migrations.length)
  t.equal(copy.prepare<{ n: number }>('SELECT count(*) AS n FROM exposure').get()?.n, 1)
  copy.close()
  const newer = openDatabase(file)
  t.equal(newer.version(), newerSteps.length)
  newer.close()
})

t.test('an older agent that comes back loses nothing: its copy, the shelf, and the newer database aside', async t => {
  const { data, file, first } = await usedByNewer(t)
  const { log, lines } = collectedLog(clock)
  const store = await open(data, log)
  t.equal(store.report.wentBack, `${file}.newer-1`)
  t.ok(lines.some(({ message }) => message.includes('of a newer version')))
  const paths = (await store.exposures({ limit: 10 })).map(one => one.path).sort()
  t.same(paths, [first.path, path.join(path.dirname(first.path), 'second.fits')].sort())
  t.equal((await store.keep('thing/state', z.number(), 0)).read(), 7, 'as it was before')
  t.ok((await store.appendEvent(event(9))) > 4, 'no cursor is given twice')
  t.equal(store.boot, 2)
  await store.close()

  const aside = openDatabase(`${file}.newer-1`)
  t.equal(aside.prepare<{ x: string }>('SELECT x FROM later').get()?.x, 'only the newer one knows')
  aside.close()

  const again = await open(data)
  t.equal(again.report.wentBack, undefined, 'once')
  await again.close()
  const { database } = openMigrated(file, '0.2.0', log, newerSteps)
  t.equal(database.version(), newerSteps.length, 'and forward again')
  database.close()
})

t.test('without a copy nothing is touched, and it says what to do', async t => {
  const { data, file } = await usedByNewer(t)
  renameSync(path.join(data, 'backups'), path.join(data, 'elsewhere'))
  await t.rejects(open(data), { code: 'broken', message: /this agent knows up to/, fix: /Install the newer agent/ })
  t.notOk(existsSync(`${file}.newer-1`))
})

t.test('where no copy can be made the database stays as it is', async t => {
  const data = path.join(t.testdir({ data: {} }), 'data')
  await (await open(data)).close()
  writeFileSync(path.join(data, 'backups'), 'in the way')
  const file = path.join(data, 'pierside.sqlite')
  t.throws(() => openMigrated(file, '0.2.0', collectedLog(clock).log, newerSteps))
  const database = openDatabase(file)
  t.equal(database.version(), migrations.length)
  database.close()
})

t.test('a power cut between two renames is made good at the next start', async t => {
  const { data, file, first } = await usedByNewer(t)
  // As it is left between putting the newer one aside and the copy in its place.
  copyFileSync(path.join(data, 'backups/before-0.2.0/pierside.sqlite'), `${file}.back`)
  renameSync(file, `${file}.newer-1`)
  const store = await open(data)
  t.equal((await store.exposures({ limit: 10 })).filter(one => one.path === first.path && one.ours).length, 1)
  await store.close()
  // And just before.
  const { database } = openMigrated(file, '0.2.0', collectedLog(clock).log, newerSteps)
  database.close()
  copyFileSync(path.join(data, 'backups/before-0.2.0/pierside.sqlite'), `${file}.back`)
  const later = await open(data)
  t.equal(later.report.wentBack, `${file}.newer-2`)
  t.notOk(existsSync(`${file}.back`))
  await later.close()
})

t.test('the copies of the last three updates are kept', async t => {
  const data = path.join(t.testdir({ data: {} }), 'data')
  await (await open(data)).close()
  const file = path.join(data, 'pierside.sqlite')
  const steps = [...migrations]
  for (const version of ['0.2.0', '0.3.0', '0.4.0', '0.5.0']) {
    steps.push(`CREATE TABLE of_${steps.length} (x TEXT) STRICT`)
    openMigrated(file, version, collectedLog(clock).log, steps).database.close()
    await new Promise(settle => setTimeout(settle, 20))
  }
  t.same(readdirSync(path.join(data, 'backups')), ['before-0.3.0', 'before-0.4.0', 'before-0.5.0'])
})
