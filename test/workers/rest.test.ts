// What an idle agent gives back: threads, warm buffers, and shared memory that several threads have known.
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { collectGarbage } from '../../edge/ports/collect-garbage.js'
import { callsTo } from '../../edge/ports/remote.js'
import { afterRest } from '../../edge/ports/rest.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { patiently } from '../support/agent-client.js'
import type { strangeMethods } from '../support/served-thread.js'
import { collectedLog, memoryOf } from '../support/store-frames.js'

const frameBytes = 64 * 2 ** 20
const signal = new AbortController().signal
const heldBytes = () => process.memoryUsage().arrayBuffers

t.test('what has not been used for a minute rests, and nothing rests that is at work', async t => {
  const clock = simulatedClock(0)
  let busy = false
  const rested: number[] = []
  const rest = afterRest(
    clock,
    60_000,
    () => busy,
    () => rested.push(clock.now()),
  )
  await clock.advance(100_000)
  t.same(rested, [], 'what was never used has nothing to give back')
  rest.used() // 100 s
  await clock.advance(50_000)
  rest.used() // 150 s
  busy = true
  await clock.advance(100_000)
  t.same(rested, [])
  busy = false
  await clock.advance(200_000)
  t.same(rested, [270_000], 'once, at the second look')
  rest.used()
  rest.cancel()
  await clock.advance(200_000)
  t.same(rested, [270_000])
})

t.test('a collection reaches what has grown old, on every Node', async t => {
  let old: object[] = Array.from({ length: 500_000 }, (_, index) => ({ index }))
  collectGarbage()
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  t.equal(old.length, 500_000)
  old = []
  collectGarbage()
  t.ok(before - process.memoryUsage().heapUsed > 10e6)
})

t.test('the memory of the last frame is kept warm for a while and given back then', async t => {
  const clock = simulatedClock(0)
  const { log } = collectedLog(clock)
  const pixels = openPixels({ archive: '.', memoryBytes: 2 * frameBytes, clock, log })
  t.teardown(() => pixels.close())
  const before = heldBytes()
  const first = async () => {
    const memory = await pixels.lend(frameBytes, signal)
    new Uint8Array(memory.buffer).fill(1)
    memory.release()
  }
  await first()
  const again = async () => {
    const memory = await pixels.lend(frameBytes, signal)
    const warm = new Uint8Array(memory.buffer)[0]
    memory.release()
    return warm
  }
  await clock.advance(40_000)
  t.equal(await again(), 1, 'the next frame gets the same memory')
  await clock.advance(46_000)
  await patiently(async () => {
    if (heldBytes() > before + frameBytes / 2) throw new Error(`${heldBytes() - before} bytes are still held`)
  }, 5_000)
  t.equal(await again(), 0, 'a frame after the rest gets fresh memory')
})

t.test('a thread lets go of the memory it was lent, so that it can be freed', async t => {
  const clock = simulatedClock(0)
  const worker = new Worker(new URL('../support/served-thread.js', import.meta.url))
  const calls = callsTo<typeof strangeMethods>(worker, { clock, name: 'the thread' })
  t.teardown(() => calls.close())
  // What the test before has left must not be freed while we count.
  collectGarbage()
  const before = heldBytes()
  const lendOnce = async () => {
    const memory = memoryOf(frameBytes)
    await calls.ask('grow', new Int32Array(memory.buffer, 0, 16), { holding: [memory] })
  }
  await lendOnce()
  // Nobody here holds it any more; whether the thread still knows it now is up to its own collector.
  collectGarbage()
  await clock.advance(41_000)
  await calls.ask('add', { a: 1, b: 1 })
  await patiently(async () => {
    collectGarbage()
    if (heldBytes() > before + frameBytes / 2) throw new Error(`${heldBytes() - before} bytes are still held`)
  }, 5_000)
  t.pass('it is free')
})
