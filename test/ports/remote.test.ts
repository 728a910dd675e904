// Calls into a thread: what goes wrong there arrives whole here, and nobody waits for ever.
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import { callsTo, callsWithin } from '../../edge/ports/remote.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { strangeMethods } from '../support/served-thread.js'
import { memoryOf } from '../support/store-frames.js'

const clock = systemClock()
const notices: unknown[] = []
const startThread = () => new Worker(new URL('../support/served-thread.js', import.meta.url))
const onNotice = (notice: string, value: unknown) => void notices.push([notice, value])
// Timers of the clock do not keep a process alive, and neither does an idle thread.
const awake = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(awake))
const shared = (length: number) => new Int32Array(new SharedArrayBuffer(length * 4))

t.test('calls into a thread', async t => {
  const calls = callsTo<typeof strangeMethods>(startThread(), { clock, name: 'the thread', maxPending: 4, onNotice })
  t.teardown(() => calls.close())

  t.equal(await calls.ask('add', { a: 2, b: 3 }), 5)
  t.strictSame(notices, [['ready', { thread: true }]], 'it may speak unasked')

  await t.test('shared memory is worked on where it lies, other memory is moved or copied', async t => {
    const numbers = shared(3)
    await calls.ask('grow', numbers)
    t.strictSame([...numbers], [1, 1, 1])
    const copied = new Int32Array(3)
    await calls.ask('grow', copied)
    t.strictSame([...copied], [0, 0, 0])
    const moved = new Int32Array(3)
    await calls.ask('grow', moved, { transfer: [moved.buffer] })
    t.equal(moved.length, 0)
    t.strictSame(await calls.ask('fresh', 5), new Uint8Array(5).fill(7))
  })

  await t.test('a fault crosses with code, words, fix, detail and cause', async t => {
    const fault = await calls.ask('refuse', undefined).catch((error: unknown) => error)
    t.ok(fault instanceof Fault)
    t.match(fault, {
      code: 'limit',
      message: 'the mount cannot go below 10°',
      fix: 'Choose a higher target',
      detail: { minAltDeg: 10 },
      cause: { message: /deep down/ },
    })
    await t.rejects(calls.ask('stumble', undefined), { code: 'broken', message: /no such thing/ })
    await t.rejects(calls.ask('unsendable', undefined), { code: 'broken' })
    await t.rejects(calls.ask('toString' as never, undefined as never), { code: 'unsupported' })
    await t.rejects(calls.ask('add', (() => {}) as never), { code: 'broken' }, 'what cannot be sent is refused here')
    t.equal(calls.pending(), 0)
  })

  await t.test('an abort lets the caller go at once, and the thread hears of it', async t => {
    const control = new AbortController()
    const memory = memoryOf(8)
    const waiting = calls.ask('wait', undefined, { signal: control.signal, holding: [memory] })
    t.equal(memory.holders(), 2)
    control.abort(new Fault('aborted', 'the cat walked over the keyboard', 'Put the cat out'))
    await t.rejects(waiting, { code: 'aborted', message: /cat/ })
    t.equal(await calls.ask('add', { a: 1, b: 1 }), 2, 'the thread answers again')
    t.equal(memory.holders(), 1, 'the memory is let go when the thread has answered, not before')

    const seen = shared(2)
    const busy = new AbortController()
    const spinning = calls.ask('spin', seen, { signal: busy.signal })
    while (Atomics.load(seen, 0) === 0) await clock.sleep(1)
    const next = new AbortController()
    const behind = calls.ask('grow', seen, { signal: next.signal })
    // First: once the loop has stopped, nothing keeps the thread from the next call but its own abort.
    next.abort()
    busy.abort()
    await t.rejects(spinning, { code: 'aborted' })
    await t.rejects(behind, { code: 'aborted' })
    await calls.ask('add', { a: 1, b: 1 })
    t.equal(seen[0], 2, 'a loop without a pause stops too, and what stood behind it was never begun')
    await t.rejects(calls.ask('add', { a: 1, b: 1 }, { signal: busy.signal }), { code: 'aborted' })
  })

  await t.test('a silent thread is not waited for longer than the deadline, nor by more than the bound', async t => {
    await t.rejects(calls.ask('wait', undefined, { deadlineMs: 20 }), { code: 'timeout', message: /the thread: wait/ })
    while (calls.pending() > 0) await clock.sleep(1)
    const control = new AbortController()
    const waiting = [1, 2, 3, 4].map(() => calls.ask('wait', undefined, { signal: control.signal }))
    await t.rejects(calls.ask('add', { a: 1, b: 1 }), { code: 'busy' })
    control.abort()
    for (const call of waiting) await t.rejects(call, { code: 'aborted' })
    while (calls.pending() > 0) await clock.sleep(1)
    t.equal(await calls.ask('add', { a: 1, b: 1 }), 2)
  })

  await t.test('when the thread dies, every call that waits is told, and so is the owner', async t => {
    const lost: Fault[] = []
    calls.onLost(fault => lost.push(fault))
    const memory = memoryOf(8)
    const waiting = calls.ask('wait', undefined, { holding: [memory] })
    const fatal = calls.ask('assertion', undefined)
    await t.rejects(waiting, { code: 'broken', message: /one is not two/ })
    await t.rejects(fatal, { code: 'broken' })
    t.equal(memory.holders(), 1)
    t.equal(lost.length, 1)
    await t.rejects(calls.ask('add', { a: 1, b: 1 }), { code: 'broken' })
    calls.onLost(fault => lost.push(fault))
    t.equal(lost.length, 2, 'who asks later is told at once')
  })
})

t.test('closing ends the thread, and is not a loss', async t => {
  const calls = callsTo<typeof strangeMethods>(startThread(), { clock, name: 'the thread' })
  calls.onLost(() => t.fail('nobody is told'))
  const waiting = calls.ask('wait', undefined)
  const rejected = t.rejects(waiting, { code: 'aborted' })
  await Promise.all([calls.close(), calls.close()])
  await rejected
  await t.rejects(calls.ask('add', { a: 1, b: 1 }), { code: 'aborted' })
})

t.test('without a thread the calls go one after the other, and simulated time waits for them', async t => {
  const simulated = simulatedClock(0)
  const order: string[] = []
  const calls = callsWithin(
    {
      async slow(name: string) {
        order.push(`${name} begins`)
        await clock.sleep(5)
        order.push(`${name} ends`)
        return simulated.now()
      },
      refuse: strangeMethods.refuse,
      stumble: strangeMethods.stumble,
      assertion: strangeMethods.assertion,
    },
    { clock: simulated, name: 'within', maxPending: 3 },
  )
  const both = Promise.all([calls.ask('slow', 'a'), calls.ask('slow', 'b')])
  await simulated.advance(1000)
  t.strictSame(await both, [0, 0], 'no simulated time passed meanwhile')
  t.strictSame(order, ['a begins', 'a ends', 'b begins', 'b ends'])

  await t.rejects(calls.ask('refuse', undefined), { code: 'limit', detail: { minAltDeg: 10 } })
  await t.rejects(calls.ask('stumble', undefined), { code: 'broken' })
  await t.rejects(calls.ask('assertion', undefined), { code: 'ERR_ASSERTION' }, 'a bug stays a bug')
  await t.rejects(calls.ask('slow', 'c', { signal: AbortSignal.abort() }), { code: 'aborted' })
  const memory = memoryOf(8)
  const three = ['d', 'e', 'f'].map(name => calls.ask('slow', name, { holding: [memory] }))
  t.equal(memory.holders(), 4)
  await t.rejects(calls.ask('slow', 'g'), { code: 'busy' })
  await Promise.all(three)
  t.equal(memory.holders(), 1)
  await calls.close()
  await t.rejects(calls.ask('slow', 'h'), { code: 'aborted' })
})
