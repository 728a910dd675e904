// Last byte to safe file: what the archive adds to writing and syncing the same bytes. Alternated, so that both meet
// the same disk and the same neighbours; prints one JSON line.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openStore } from '../../edge/store/open-store.js'
import { collectedLog, frameOf, orderOf } from '../support/store-frames.js'

const gate = 1.5
const rounds = 11
const width = 4_944
const height = 3_334 // 33 MB of u16: a 16-megapixel camera

const folder = mkdtempSync(path.resolve('.archive-bench-'))
const clock = systemClock()
const store = await openStore({
  folder,
  thread: true,
  clock,
  log: collectedLog(clock).log,
  template: standardTemplate,
  longitudeDeg: 0,
  reserveBytes: 0,
})
const frame = frameOf({ width, height })
const bytes = new Uint8Array(frame.memory.buffer)

const bareMs = (): number => {
  const file = path.join(folder, 'bare')
  const start = clock.monotonicMs()
  const handle = openSync(file, 'w')
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
  fsyncSync(handle)
  closeSync(handle)
  const took = clock.monotonicMs() - start
  unlinkSync(file)
  return took
}
const archiveMs = async (round: number): Promise<number> => {
  const id = `bench-${String(round).padStart(3, '0')}`
  const start = clock.monotonicMs()
  await store.archive(frame, orderOf(id), [])
  const took = clock.monotonicMs() - start
  await store.remove(id)
  return took
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

const bare: number[] = []
const archived: number[] = []
try {
  for (let round = 0; round < rounds + 2; round++) {
    const one = bareMs()
    const other = await archiveMs(round)
    // The first rounds warm the compiler and the disk's cache.
    if (round >= 2) {
      bare.push(one)
      archived.push(other)
    }
  }
} finally {
  await store.close()
  rmSync(folder, { recursive: true })
}
const value = median(archived)
const yardstick = median(bare)
const ratio = value / yardstick
const round = (number: number) => Math.round(number * 100) / 100
const pass = ratio <= gate
const numbers = { value: round(value), unit: 'ms', yardstick: round(yardstick), ratio: round(ratio), gate, pass }
process.stdout.write(`${JSON.stringify({ name: 'archive-33MB', ...numbers })}\n`)
process.exitCode = pass ? 0 : 1
