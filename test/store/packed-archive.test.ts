// An archive that packs its frames: nothing is lost, and files are found again by what stands in them.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { findDamage } from '../../edge/science/fits-write.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { type OpenStore, openStore } from '../../edge/store/open-store.js'
import { collectedLog, fitsverify, frameOf, noFitsverify, orderOf } from '../support/store-frames.js'

const clock = systemClock()
const habits = { template: standardTemplate, longitudeDeg: 0, reserveBytes: 0 }

function open(folder: string): Promise<OpenStore> {
  const { log } = collectedLog(clock)
  return openStore({ folder, thread: false, clock, log, ...habits, compress: 'rice' })
}

t.test('frames of integers are packed, others kept as they are', { skip: noFitsverify }, async t => {
  const folder = t.testdir({})
  const store = await open(folder)
  const files: string[] = []
  for (const [type, planes] of [
    ['u16', 1],
    ['i16', 3],
    ['u8', 1],
    ['f32', 1],
  ] as const) {
    const frame = frameOf({ type, planes, width: 640, height: 480 })
    const { path: relative, bytes } = await store.archive(frame, orderOf(`${type}-${planes}`), [])
    t.match(relative, type === 'f32' ? /[^z]$/ : /\.fits\.fz$/, relative)
    const file = readFileSync(path.join(folder, 'archive', relative))
    t.equal(file.length, bytes)
    t.equal(findDamage(file), undefined, 'whole')
    t.same(
      Buffer.from(readFitsImage(file).samples.buffer),
      Buffer.from(frame.samples.buffer as ArrayBuffer),
      'as it was',
    )
    if (type !== 'f32') t.ok(bytes < frame.memory.byteLength, `${bytes} bytes of ${frame.memory.byteLength}`)
    files.push(path.join(folder, 'archive', relative))
  }
  for (const verdict of fitsverify(files)) t.match(verdict, /verification OK/)
  await store.adopt({ ...habits, compress: 'none' })
  const plain = await store.archive(frameOf({}), orderOf('plain'), [])
  t.match(plain.path, /\.fits$/, 'until told otherwise')
  await store.close()

  for (const name of readdirSync(folder)) if (/sqlite/.test(name)) rmSync(path.join(folder, name))
  const again = await open(folder)
  t.teardown(() => again.close())
  t.equal(again.report.adopted, 5, 'without a database the files tell all')
  t.match(await again.exposure('u16-1'), { width: 640, height: 480, camera: 'main', object: 'M 31' })
})
