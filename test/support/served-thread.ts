// A thread that does what tests of calls ask of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { Fault } from '../../edge/ports/fault.js'
import { type ServedCall, serveCalls } from '../../edge/ports/remote.js'

export const strangeMethods = {
  add: ({ a, b }: { a: number; b: number }): number => a + b,
  /** Adds one to each, where it lies. */
  grow(numbers: Int32Array): void {
    for (let i = 0; i < numbers.length; i++) numbers[i]++
  },
  fresh(size: number, { transfer }: ServedCall): Uint8Array {
    const bytes = new Uint8Array(size).fill(7)
    transfer(bytes.buffer)
    return bytes
  },
  refuse: (_: undefined): never => {
    throw new Fault('limit', 'the mount cannot go below 10°', 'Choose a higher target', {
      cause: new Error('deep down'),
      detail: { minAltDeg: 10 },
    })
  },
  stumble: (_: undefined): never => {
    throw new TypeError('no such thing')
  },
  unsendable:
    (_: undefined): unknown =>
    () => {},
  async wait(_: undefined, { signal }: ServedCall): Promise<never> {
    if (!signal.aborted) await once(signal, 'abort')
    throw signal.reason
  },
  /** Computes without waiting until told to stop; answers how it heard of it. */
  spin(seen: Int32Array, { aborted }: ServedCall): string {
    Atomics.store(seen, 0, 1)
    while (!aborted()) Atomics.add(seen, 1, 1)
    Atomics.store(seen, 0, 2)
    return 'stopped'
  },
  assertion: (_: undefined): void => assert.equal(1, 2, 'one is not two'),
}

if (parentPort) {
  const served = serveCalls(parentPort, strangeMethods)
  served.notify('ready', { thread: true })
}
