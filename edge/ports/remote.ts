// Calls into a thread and back: typed, bounded, abortable, with Faults crossing whole. The store and the pixel workers
// live behind it, and the same methods can run in process, in order, where a test wants a night again exactly.
import type { MessagePort, TransferListItem, Worker } from 'node:worker_threads'
import type { Clock } from './clock.js'
import { collectGarbage } from './collect-garbage.js'
import { asFault, Fault, type FaultCode, reasonOf } from './fault.js'
import type { Lent } from './frame.js'
import { afterRest } from './rest.js'

/** What a served method gets beside its input. */
export interface ServedCall {
  /** Fires while the method waits for something; a method that computes without waiting asks `aborted()` instead. */
  readonly signal: AbortSignal
  /** Reads shared memory, so it tells the truth in the middle of a loop. */
  aborted(): boolean
  /** Moves this buffer with the answer instead of copying it; the thread must not use it afterwards. */
  transfer(buffer: TransferListItem): void
}

/** Methods by name; each takes one structured-cloneable input. SharedArrayBuffers cross by reference. */
export type Served = { readonly [method: string]: (input: never, call: ServedCall) => unknown }

export interface How {
  /** Its abort rejects the call at once; the thread hears of it and may stop early. */
  readonly signal?: AbortSignal
  /** Instead of the calls' own deadline. */
  readonly deadlineMs?: number
  readonly transfer?: readonly TransferListItem[]
  /** Memory the thread works on: held until the thread has answered or died, however early the caller was let go. */
  readonly holding?: readonly Lent[]
}

export type Said<F extends Served[string]> = Awaited<ReturnType<F>>

export interface Calls<M extends Served> {
  /** Rejects with Faults only: the method's own, the signal's reason, `timeout`, `busy` beyond the bound, `broken`. */
  ask<K extends keyof M & string>(method: K, input: Parameters<M[K]>[0], how?: How): Promise<Said<M[K]>>
  /** Called once when the thread dies without having been asked to; at once if it already has. */
  onLost(listener: (fault: Fault) => void): () => void
  pending(): number
  /** Ends the thread; what still waits is rejected with `aborted`. Idempotent. */
  close(): Promise<void>
}

export interface CallsOptions {
  readonly clock: Clock
  /** For messages: `the store`, `pixel worker 1`. */
  readonly name: string
  /** Calls beyond this many unanswered ones are refused with `busy`. */
  readonly maxPending?: number
  readonly deadlineMs?: number
  /** What the thread tells without being asked. */
  onNotice?(notice: string, value: unknown): void
}

interface SentFault {
  readonly code: FaultCode
  readonly message: string
  readonly fix: string
  readonly detail?: Record<string, unknown>
  readonly cause?: string
}

type ToThread =
  | { readonly flags: Int32Array }
  | { readonly call: number; readonly slot: number; readonly method: string; readonly input: unknown }
  | { readonly abort: number; readonly reason: SentFault }
  | { readonly collect: true }

type FromThread =
  | { readonly answer: number; readonly value?: unknown; readonly fault?: SentFault }
  | { readonly notice: string; readonly value: unknown }

interface Pending {
  readonly slot: number
  readonly method: string
  readonly holding: readonly Lent[]
  settle(value: unknown): void
  reject(fault: Fault): void
}

const standardPending = 256
const standardDeadlineMs = 120_000
/** So long after its start and after the last call that lent it memory, a thread is asked to let go of what it can. */
const letGoMs = 40_000

/**
 * The near side of a thread that runs `serveCalls`. The thread does not keep the process alive while nothing is asked.
 * Every call has a deadline; simulated time does not move while one is unanswered.
 */
export function callsTo<M extends Served>(worker: Worker, options: CallsOptions): Calls<M> {
  const { clock, name, maxPending = standardPending, deadlineMs = standardDeadlineMs } = options
  const pending = new Map<number, Pending>()
  const flags = new Int32Array(new SharedArrayBuffer(maxPending * 4))
  const freeSlots = Array.from({ length: maxPending }, (_, slot) => slot)
  const listeners = new Set<(fault: Fault) => void>()
  let calls = 0
  let closing: Promise<void> | undefined
  let died: unknown
  let lost: Fault | undefined
  const rest = afterRest(
    clock,
    letGoMs,
    () => pending.size > 0,
    () => worker.postMessage({ collect: true } satisfies ToThread),
  )

  const take = (id: number): Pending | undefined => {
    const call = pending.get(id)
    if (!call) return undefined
    pending.delete(id)
    freeSlots.push(call.slot)
    for (const memory of call.holding) memory.release()
    if (pending.size === 0) worker.unref()
    return call
  }
  const over = (fault: Fault) => {
    lost = fault
    rest.cancel()
    for (const id of [...pending.keys()]) take(id)?.reject(fault)
    if (!closing) for (const listener of [...listeners]) listener(fault)
  }
  worker.on('message', (message: FromThread) => {
    if ('notice' in message) options.onNotice?.(message.notice, message.value)
    else if (message.fault) take(message.answer)?.reject(received(message.fault))
    else take(message.answer)?.settle(message.value)
  })
  worker.on('messageerror', error => {
    died = error
    void worker.terminate()
  })
  worker.on('error', error => {
    died = error
  })
  worker.on('exit', code => over(closing ? closed(name) : threadDied(name, code, died)))
  worker.unref()
  worker.postMessage({ flags } satisfies ToThread)
  rest.used()

  const send = (method: string, input: unknown, how: How): { id: number; work: Promise<unknown> } => {
    const id = ++calls
    const slot = freeSlots.pop()!
    Atomics.store(flags, slot, 0)
    const work = new Promise<unknown>((settle, reject) => {
      try {
        worker.postMessage({ call: id, slot, method, input } satisfies ToThread, how.transfer ?? [])
      } catch (error) {
        freeSlots.push(slot)
        reject(asFault(error, `${name}: the input of ${method} cannot be sent`))
        return
      }
      const holding = how.holding ?? []
      for (const memory of holding) memory.hold()
      if (holding.length > 0) rest.used()
      pending.set(id, { slot, method, holding, settle, reject })
      worker.ref()
    })
    return { id, work: clock.outside(work) }
  }
  const abort = (id: number, reason: Fault) => {
    const call = pending.get(id)
    if (!call) return
    Atomics.store(flags, call.slot, 1)
    worker.postMessage({ abort: id, reason: sent(reason) } satisfies ToThread)
  }

  return {
    async ask<K extends keyof M & string>(method: K, input: Parameters<M[K]>[0], how: How = {}): Promise<Said<M[K]>> {
      if (lost) throw lost
      if (closing) throw closed(name)
      if (how.signal?.aborted) throw reasonOf(how.signal)
      if (pending.size >= maxPending) {
        throw new Fault('busy', `${name}: ${pending.size} calls wait already`, 'Wait a moment, then try again')
      }
      const { id, work } = send(method, input, how)
      const deadline = clock.deadline(how.deadlineMs ?? deadlineMs, `${name}: ${method}`, how.signal)
      const stop = () => abort(id, reasonOf(deadline.signal))
      deadline.signal.addEventListener('abort', stop, { once: true })
      try {
        return (await deadline.race(work)) as Said<M[K]>
      } finally {
        deadline.signal.removeEventListener('abort', stop)
        deadline.cancel()
      }
    },
    onLost(listener) {
      if (lost && !closing) listener(lost)
      else listeners.add(listener)
      return () => listeners.delete(listener)
    },
    pending: () => pending.size,
    close() {
      rest.cancel()
      closing ??= worker.terminate().then(() => {})
      return closing
    },
  }
}

/**
 * The far side: answers what `callsTo` asks, in the order asked; methods that wait overlap. A failed assertion ends the
 * thread, as it would end the process.
 * @param port `parentPort` of the thread
 * @returns how the thread says something unasked; values must be structured-cloneable
 */
export function serveCalls(port: MessagePort, methods: Served): { notify(notice: string, value: unknown): void } {
  const running = new Map<number, AbortController>()
  let flags: Int32Array = new Int32Array(0)

  const answer = async (id: number, slot: number, method: string, input: unknown) => {
    const control = new AbortController()
    const transfers: TransferListItem[] = []
    const aborted = () => Atomics.load(flags, slot) !== 0
    running.set(id, control)
    try {
      if (aborted()) throw reasonOf(control.signal)
      const call: ServedCall = { signal: control.signal, aborted, transfer: buffer => transfers.push(buffer) }
      const value = await found(methods, method)(input as never, call)
      port.postMessage({ answer: id, value } satisfies FromThread, transfers)
    } catch (error) {
      // Thrown outside any promise, so that nothing can swallow it: the thread dies, and the near side says so.
      if (isAssertion(error)) queueMicrotask(() => raise(error))
      else port.postMessage({ answer: id, fault: sent(asFault(error, method)) } satisfies FromThread)
    } finally {
      running.delete(id)
    }
  }
  port.on('message', (message: ToThread) => {
    if ('flags' in message) flags = message.flags
    else if ('collect' in message) collectGarbage()
    else if ('abort' in message) running.get(message.abort)?.abort(received(message.reason))
    else void answer(message.call, message.slot, message.method, message.input)
  })
  return { notify: (notice, value) => port.postMessage({ notice, value } satisfies FromThread) }
}

/** The same calls without a thread: one after the other, in the order asked, in the caller's memory. */
export function callsWithin<M extends Served>(methods: M, options: CallsOptions): Calls<M> {
  const { clock, name, maxPending = standardPending } = options
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let closing: Promise<void> | undefined

  const run = async (method: string, input: unknown, how: How): Promise<unknown> => {
    const signal = how.signal ?? new AbortController().signal
    if (signal.aborted) throw reasonOf(signal)
    try {
      return await found(methods, method)(input as never, { signal, aborted: () => signal.aborted, transfer() {} })
    } catch (error) {
      throw isAssertion(error) ? error : asFault(error, method)
    }
  }
  return {
    async ask<K extends keyof M & string>(method: K, input: Parameters<M[K]>[0], how: How = {}): Promise<Said<M[K]>> {
      if (closing) throw closed(name)
      if (waiting >= maxPending) {
        throw new Fault('busy', `${name}: ${waiting} calls wait already`, 'Wait a moment, then try again')
      }
      waiting++
      for (const memory of how.holding ?? []) memory.hold()
      const work = last.then(() => run(method, input, how))
      const over = () => {
        waiting--
        for (const memory of how.holding ?? []) memory.release()
      }
      last = work.then(over, over)
      return (await clock.outside(work)) as Said<M[K]>
    },
    onLost: () => () => {},
    pending: () => waiting,
    close() {
      closing ??= last.then(() => {})
      return closing
    },
  }
}

function found(methods: Served, method: string): Served[string] {
  const served = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (!served) throw new Fault('unsupported', `no method is called "${method}" here`, 'This is a bug: report it')
  return served
}

function sent(fault: Fault): SentFault {
  const cause = fault.cause instanceof Error ? (fault.cause.stack ?? fault.cause.message) : undefined
  // Detail is for other programs' tables, so whatever JSON cannot say of it is no loss.
  const detail = fault.detail && (JSON.parse(JSON.stringify(fault.detail)) as Record<string, unknown>)
  return { code: fault.code, message: fault.message, fix: fault.fix, detail, cause }
}

function received({ code, message, fix, detail, cause }: SentFault): Fault {
  return new Fault(code, message, fix, { detail, ...(cause === undefined ? {} : { cause: new Error(cause) }) })
}

function isAssertion(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'ERR_ASSERTION'
}

function raise(error: unknown): never {
  throw error
}

function closed(name: string): Fault {
  return new Fault('aborted', `${name} is closed`, 'The agent is stopping; start it again')
}

function threadDied(name: string, code: number, died: unknown): Fault {
  const words = died instanceof Error ? died.message : `it left with code ${code}`
  return new Fault(
    'broken',
    `the thread of ${name} ended: ${words}`,
    'Restart the agent; if it recurs, report the log',
    {
      cause: died,
    },
  )
}
