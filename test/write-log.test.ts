// The tool with which power cuts are tried has to be right itself: what was flushed is always there, what was not only
// sometimes, and never anything else.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { seededRandom } from '../edge/spine/seeded-random.js'
import { powerCuts, readWriteLog } from './support/write-log.js'

const skip = hasQemuIo() ? false : 'qemu-io is not installed (qemu-utils)'
const mebi = 1 << 20

t.test('a disk after a power cut holds what was flushed, and of the rest only some', { skip }, t => {
  const folder = t.testdir({})
  const [disk, log, partition] = ['disk', 'log', 'partition'].map(name => path.join(folder, name))
  writeFileSync(disk, '')
  writeFileSync(log, '')
  truncateSync(disk, 4 * mebi)
  writeFileSync(partition, '')
  truncateSync(partition, 2 * mebi)
  const orders = [
    // Partly outside of the partition, which begins at 1 MiB.
    ...['write -P 1 1020k 8k', 'write -P 2 1100k 64k', 'flush', 'write -P 3 1200k 64k', 'write -P 4 1100k 64k'],
    ...['write -f -P 5 1300k 4k', 'flush', 'write -P 6 2M 128k'],
  ]
  const options = `driver=blklogwrites,file.driver=file,file.filename=${disk},log.driver=file,log.filename=${log}`
  execFileSync('qemu-io', ['--image-opts', options, ...orders.flatMap(order => ['-c', order])])

  const writes = readWriteLog(log)
  const flushes = writes.flatMap(({ kind }, index) => (kind === 'flush' ? [index] : []))
  t.equal(writes.filter(({ kind }) => kind === 'write').length, 6)
  t.ok(flushes.length >= 2)

  const seen = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const into = path.join(folder, 'cut')
    const own = path.join(folder, 'own')
    copyFileSync(partition, own)
    const cuts = powerCuts({ log, writes, partition: own, from: mebi, bytes: 2 * mebi, random: seededRandom(seed) })
    const second = writes.findLastIndex(({ kind, from }) => kind === 'write' && from === 1100 * 1024)
    cuts.at(second + 1, into)
    const there = readFileSync(into)
    t.ok(
      there.subarray(0, 4096).every(byte => byte === 1),
      'what reaches over the edge is there with its own part',
    )
    for (let block = 0; block < 16; block++) {
      const [older, newer] = [76 * 1024 + block * 4096, 176 * 1024 + block * 4096].map(at => there[at])
      if ((older !== 2 && older !== 4) || (newer !== 0 && newer !== 3)) t.fail(`a block of ${older} and ${newer}`)
      seen.add(`${older} ${newer}`)
    }
    cuts.at(writes.length, into)
    const last = readFileSync(into)
    t.ok(
      last.subarray(76 * 1024, 140 * 1024).every(byte => byte === 4),
      'after its flush it is there',
    )
    t.ok(last.subarray(276 * 1024, 280 * 1024).every(byte => byte === 5))
    cuts.close()
  }
  t.same([...seen].sort(), ['2 0', '2 3', '4 0', '4 3'], 'blocks are torn apart in every way')
  t.end()
})

t.test('a log that ends within an entry is read up to there; another file is none', { skip }, t => {
  const folder = t.testdir({ other: 'x'.repeat(512), disk: '', log: '' })
  const [disk, log] = ['disk', 'log'].map(name => path.join(folder, name))
  truncateSync(disk, mebi)
  const options = `driver=blklogwrites,file.driver=file,file.filename=${disk},log.driver=file,log.filename=${log}`
  execFileSync('qemu-io', ['--image-opts', options, '-c', 'write 0 4k', '-c', 'write 8k 64k'])
  const whole = readWriteLog(log)
  const { at } = whole.findLast(({ bytes }) => bytes === 64 * 1024)!
  truncateSync(log, at + 100)
  t.same(
    readWriteLog(log),
    whole.slice(
      0,
      whole.findIndex(write => write.at === at),
    ),
  )
  t.throws(() => readWriteLog(path.join(folder, 'other')), /is no log of writes/)
  t.end()
})

function hasQemuIo(): boolean {
  try {
    execFileSync('qemu-io', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
