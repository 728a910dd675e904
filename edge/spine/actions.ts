// The table of everything that can be asked for, and the one way to ask: right, input, claims, run.
import assert from 'node:assert/strict'
import { type Action, type Actions, type Answer, roles, type Who } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { JsonObject } from '../ports/json.js'
import type { Claims, Lease } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import { nearest } from '../ports/nearest.js'
import type { Random } from '../ports/random.js'
import { complaints } from '../ports/schema.js'

export interface ActionParts {
  readonly claims: Claims
  readonly feed: Feed
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Why nothing may be asked for now but what is `beforeSetUp`; undefined when all may. */
  closed?(): Fault | undefined
}

/** Ended activities that stay readable in the feed. */
const remembered = 20
/** For activities to end when all is stopped: longer than any of them needs to let its device go. */
const stopMs = 15_000

interface Running {
  readonly control: AbortController
  readonly done: Promise<unknown>
}

export interface ActionTable extends Actions {
  /** Puts rows on the table; what is returned takes them away again. A name that is taken is a bug. */
  offer(rows: readonly Action[]): () => void
  /** Ids of the activities that run now. */
  running(): string[]
  /** Aborts every activity and settles when all have ended; one that does not is named in the log and left behind. */
  stop(reason: Error): Promise<void>
}

export function createActions(parts: ActionParts): ActionTable {
  const { claims, feed, clock, random, log } = parts
  const byName = new Map<string, Action>()
  /** Taken off the table, to come back when their devices do. */
  const away = new Set<string>()
  const running = new Map<string, Running>()
  const ended: string[] = []

  const find = (name: string) => {
    const row = byName.get(name)
    if (row) return row
    if (away.has(name)) {
      throw new Fault(
        'offline',
        `${name} is not there while the devices are opened anew`,
        'Wait a moment, then try again',
      )
    }
    const near = nearest(name, [...byName.keys()])
    throw new Fault(
      'not-found',
      `there is no action "${name}"`,
      `Did you mean "${near}"? GET /api/openapi.json lists all`,
    )
  }

  const deed = async (row: Action, input: never, who: Who, lease: Lease, deadlineMs: number): Promise<Answer> => {
    const deadline = clock.deadline(deadlineMs, row.name, lease.signal)
    try {
      const output = (await deadline.race(row.run({ input, who, lease, signal: deadline.signal }))) as JsonObject
      return { output, done: Promise.resolve(output) }
    } finally {
      deadline.cancel()
      lease.release()
    }
  }

  const activity = (row: Action, input: never, who: Who, lease: Lease, resumes: boolean): Answer => {
    const id = `${row.name}-${random.id()}`
    const path = `activity/${id}`
    const control = new AbortController()
    const pass = () => control.abort(lease.signal.reason)
    lease.signal.addEventListener('abort', pass, { once: true })
    feed.set(path, { action: row.name, who: who.name, status: 'running', startedMs: clock.now(), resumes })
    const report = { id, progress: (fields: JsonObject) => feed.patch(path, fields) }
    // Asynchronous even where a row throws at once: the lease is let go all the same.
    const run = async () => row.run({ input, who, lease, signal: control.signal, activity: report })
    const done = run()
      .then(
        output => {
          feed.patch(path, { status: 'done', endedMs: clock.now() })
          return output as JsonObject
        },
        error => {
          const fault = asFault(error, row.name)
          const status = fault.code === 'aborted' ? 'aborted' : 'failed'
          feed.patch(path, { status, endedMs: clock.now(), error: fault.message, code: fault.code, fix: fault.fix })
          if (status === 'failed') log.warn(`${row.name} failed: ${fault.message}`)
          throw fault
        },
      )
      .finally(() => {
        lease.signal.removeEventListener('abort', pass)
        running.delete(id)
        lease.release()
        ended.push(path)
        while (ended.length > remembered) feed.drop(ended.shift()!)
      })
    // Nobody has to wait for an activity: its end stands in the feed.
    done.catch(() => undefined)
    running.set(id, { control, done })
    return { output: { id }, done }
  }

  return {
    get table() {
      return [...byName.values()]
    },
    offer(rows) {
      for (const row of rows) {
        assert(!byName.has(row.name), `two actions share the name ${row.name}`)
        byName.set(row.name, row)
        away.delete(row.name)
      }
      return () => {
        for (const { name } of rows) {
          byName.delete(name)
          away.add(name)
        }
      }
    },
    running: () => [...running.keys()],
    find,
    async ask(name, input, who) {
      const row = find(name)
      const closed = row.beforeSetUp ? undefined : parts.closed?.()
      if (closed) throw closed
      if (roles.indexOf(who.role) < roles.indexOf(row.role)) {
        throw new Fault(
          'forbidden',
          `${name} is for the role ${row.role}; ${who.name} is ${who.role}`,
          `Ask an administrator for a token with the role ${row.role}`,
        )
      }
      const parsed = row.input.safeParse(input ?? {})
      if (!parsed.success) {
        throw new Fault(
          'bad-input',
          `${name}: ${complaints(parsed.error).join('; ')}`,
          'Correct the value and ask again',
        )
      }
      row.check?.(parsed.data)
      const wanted = row.claims(parsed.data)
      const lease = claims.take(wanted, { who: who.name, action: name })
      log.debug(`${who.name} asks for ${name}`)
      try {
        return row.settles.kind === 'deed'
          ? await deed(row, parsed.data as never, who, lease, row.settles.deadlineMs)
          : activity(row, parsed.data as never, who, lease, row.settles.resumes)
      } catch (error) {
        throw asFault(error, name)
      }
    },
    async abort(id, reason) {
      const one = running.get(id)
      if (!one) throw new Fault('not-found', `no activity "${id}" is running`, 'It may have ended already')
      one.control.abort(reason)
      // How it ended stands in the feed.
      await Promise.allSettled([one.done])
    },
    bindings(row) {
      if (!row.on) return [{ input: {} }]
      const parts = row.on.split('/')
      return feed.states(parts[0]).flatMap(({ path }) => {
        const input = bind(parts, path.split('/'))
        return input ? [{ path, input }] : []
      })
    },
    async stop(reason) {
      const all = [...running.values()]
      for (const { control } of all) control.abort(reason)
      const deadline = clock.deadline(stopMs, 'activities to end')
      try {
        await deadline.race(Promise.allSettled(all.map(({ done }) => done)))
      } catch (error) {
        log.error(`${[...running.keys()].join(', ')} did not end: ${asFault(error, 'actions').message}`)
      } finally {
        deadline.cancel()
      }
    },
  }
}

/** What the `{field}` parts of a pattern stand for in a path; undefined if it does not match. */
function bind(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined
  const input: Record<string, string> = {}
  for (const [at, part] of pattern.entries()) {
    if (part.startsWith('{')) input[part.slice(1, -1)] = path[at]
    else if (part !== path[at]) return undefined
  }
  return input
}
