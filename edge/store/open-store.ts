// The Store as the rest of the house holds it: over a thread of its own, or in process and in order.
import { Worker } from 'node:worker_threads'
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import { type Calls, callsTo, callsWithin } from '../ports/remote.js'
import { complaints, type Schema } from '../ports/schema.js'
import type { FrameFormat, Kept, Store } from '../ports/store.js'
import type { CoreOptions } from './core.js'
import { type StoreMethods, storeMethods } from './methods.js'
import type { ShelfReport } from './reconcile.js'
import type { ThreadLine } from './thread.js'

/** What a store is, wherever it runs. */
export interface StoreSettings {
  /** The data folder, made if need be: the database, and `archive/` with the files. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  /** See naming.ts. */
  readonly template: string
  readonly longitudeDeg: number // east positive
  /** Never written into: a run that would is refused before it starts. */
  readonly reserveBytes: number
  /** See StoreHabits. */
  readonly compress?: FrameFormat
  /** Name and version, for the header's SWCREATE. */
  readonly software?: string
  /** See CoreOptions. */
  readonly version?: string
  /** Events kept; 20 000 unless told. */
  readonly eventBound?: number
}

export interface StoreOptions extends StoreSettings {
  /** False: in process, in the order asked. */
  readonly thread: boolean
  /** The thread died: nothing can be kept any more until the agent starts again. */
  onLost?(fault: Fault): void
}

export interface OpenStore extends Store {
  /** What the start had to put right. */
  readonly report: ShelfReport
}

/** A large archive of somebody else's is read at the first start, header by header. */
const openingMs = 30 * 60_000

/** @throws Fault `bad-input` for a wrong template, `busy` while another agent has the folder, `broken` */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const log = options.log.named('store')
  const calls = options.thread ? storeThread(options.clock, log) : storeWithin(options.clock, log)
  if (options.onLost) calls.onLost(options.onLost)
  try {
    const store = await openStoreOver(calls, { ...options, log })
    let closing: Promise<void> | undefined
    return {
      ...store,
      close() {
        closing ??= store.close().finally(() => calls.close())
        return closing
      },
    }
  } catch (error) {
    await calls.close()
    throw error
  }
}

/** A thread that can open one store at a time; what it logs goes to `log`. */
export function storeThread(clock: Clock, log: Log): Calls<StoreMethods> {
  return callsTo<StoreMethods>(new Worker(new URL('./thread.js', import.meta.url), { name: 'store' }), {
    clock,
    name: 'the store',
    onNotice(notice, value) {
      if (notice !== 'log') return
      const { level, message, facts } = value as ThreadLine
      log[level](message, facts)
    },
  })
}

/** The same without a thread. */
export function storeWithin(clock: Clock, log: Log): Calls<StoreMethods> {
  return callsWithin(storeMethods(log), { clock, name: 'the store' })
}

/** As `openStore`, over calls that outlive the store: closing it leaves them open. */
export async function openStoreOver(calls: Calls<StoreMethods>, settings: StoreSettings): Promise<OpenStore> {
  const { clock, log, folder, template, longitudeDeg, reserveBytes, compress } = settings
  const { software = 'Pierside', version = 'unknown', eventBound = 20_000 } = settings
  const options: CoreOptions = { folder, template, longitudeDeg, reserveBytes, compress, eventBound, software, version }
  const { boot, report } = await calls.ask('open', { options, nowMs: clock.now() }, { deadlineMs: openingMs })
  return storeOver(calls, clock, log, boot, report)
}

function storeOver(calls: Calls<StoreMethods>, clock: Clock, log: Log, boot: number, report: ShelfReport): OpenStore {
  const keeping = new Map<string, Promise<Kept<unknown>>>()
  let closing: Promise<void> | undefined

  return {
    boot,
    report,
    adopt: ({ template, longitudeDeg, reserveBytes, compress }) =>
      calls.ask('adopt', { template, longitudeDeg, reserveBytes, compress }),
    demandSpace: (bytes, frames) => calls.ask('demandSpace', { bytes, frames }),
    space: () => calls.ask('space', undefined),
    archive({ memory, ...frame }, order, cards) {
      return calls.ask('archive', { frame, order, cards, nowMs: clock.now() }, { holding: [memory] })
    },
    productAside: name => calls.ask('productAside', name),
    saveProduct: (name, content, night) => calls.ask('saveProduct', { name, content, night }),
    saveMaster: (name, content) => calls.ask('saveMaster', { name, content }),
    products: night => calls.ask('products', night),
    masters: () => calls.ask('masters', undefined),
    removeMaster: path => calls.ask('removeMaster', path),
    exposure: id => calls.ask('exposure', id),
    exposureAt: path => calls.ask('exposureAt', path),
    exposures: query => calls.ask('exposures', query),
    nights: () => calls.ask('nights', undefined),
    amend: (id, fields) => calls.ask('amend', { id, fields }),
    measured: (id, measured, thumbnail) => calls.ask('measured', { id, measured, thumbnail }),
    thumbnail: id => calls.ask('thumbnail', id),
    remove: id => calls.ask('remove', id),
    locate: path => calls.ask('locate', path),
    appendEvent: event => calls.ask('appendEvent', event),
    eventsAfter: (cursor, limit) => calls.ask('eventsAfter', { cursor, limit }),
    newestCursor: () => calls.ask('newestCursor', undefined),
    keep<T>(name: string, schema: Schema<T>, standard: T): Promise<Kept<T>> {
      // Two holders of one name would overwrite each other's state unseen: they share it.
      const known = keeping.get(name) ?? keptOver(calls, clock, log, name, schema, standard)
      keeping.set(name, known)
      known.catch(() => keeping.delete(name))
      return known as Promise<Kept<T>>
    },
    keptAll: () => calls.ask('keptAll', undefined),
    replaceKept: rows => calls.ask('keptReplace', { rows, nowMs: clock.now() }),
    close() {
      closing ??= calls.ask('close', undefined)
      return closing
    },
  }
}

async function keptOver<T>(
  calls: Calls<StoreMethods>,
  clock: Clock,
  log: Log,
  name: string,
  schema: Schema<T>,
  standard: T,
): Promise<Kept<T>> {
  if (!/^[a-z0-9_-]+\/[a-z0-9_/-]+$/.test(name)) {
    throw new Fault('bad-input', `state cannot be kept as "${name}"`, 'Name it service/thing')
  }
  const stored = await calls.ask('keptRead', name)
  let value = standard
  if (stored !== undefined) {
    const parsed = schema.safeParse(parsedJson(stored))
    if (parsed.success) value = parsed.data
    else {
      const reason = complaints(parsed.error).join('; ')
      await calls.ask('keptAside', { name, reason, nowMs: clock.now() })
      log.error('a stored state was not understood: it is put aside and the standard one used', { name, reason })
    }
  }
  return {
    read: () => structuredClone(value),
    async write(wanted) {
      const text = JSON.stringify(wanted) ?? 'null'
      // Checked as it will be read again: what JSON cannot say (NaN, a Map) must not come to light at the next start.
      const parsed = schema.safeParse(JSON.parse(text))
      if (!parsed.success) {
        const reason = complaints(parsed.error).join('; ')
        throw new Fault('bad-input', `the state "${name}" cannot be kept: ${reason}`, 'This is a bug: report it')
      }
      await calls.ask('keptWrite', { name, text, nowMs: clock.now() })
      value = parsed.data
    },
  }
}

/** `undefined` for text that is no JSON, which no schema of ours takes for a state. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
