// One list of what is plugged in, at `plugged`: who uses it, what would drive it; told when something comes or goes.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Json, JsonObject } from '../ports/json.js'
import type { Log } from '../ports/log.js'
import type { LookAround, PluggedThing } from '../ports/plugged.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'
import { lookAgain } from './look-again.js'

export interface PluggedParts {
  readonly look: LookAround
  /** Calls back when something has come or gone; gives what ends that. */
  readonly watch?: (changed: () => void) => () => void
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /** As under `devices:`. */
  readonly devices: Readonly<Record<string, JsonObject>>
  /** Something came: whoever waits for his device may try at once. */
  onCame(): void
}

const everyMs = 10_000
/** A box with more is not a pier's; the state stays small enough for every face. */
const mostThings = 200

export function reportPlugged({ look, watch, feed, clock, log, devices, onCame }: PluggedParts): () => void {
  let before: readonly PluggedThing[] | undefined
  const stop = lookAgain(
    { clock, log },
    {
      what: 'looking what is plugged in',
      everyMs,
      look,
      wake: watch,
      tell(all) {
        const things = all.slice(0, mostThings)
        feed.set('plugged', {
          things: things.map(thing => ({ ...thing, usedBy: userOf(thing, devices) })) as unknown as Json,
          count: things.length,
        })
        const came = things.filter(({ id }) => before && !before.some(one => one.id === id))
        const gone = before?.filter(({ id }) => !things.some(one => one.id === id)) ?? []
        before = things
        for (const { name, place } of came) void feed.event('plugged-in', { name, place })
        for (const { name, place } of gone) void feed.event('unplugged', { name, place })
        if (came.length > 0) onCame()
      },
    },
  )
  return () => {
    stop()
    feed.drop('plugged')
  }
}

/** The device whose entry names it, by what lasts or by what its own entry would say. */
function userOf({ lasting, entry, ways = [] }: PluggedThing, devices: PluggedParts['devices']): string | undefined {
  const same = (options: JsonObject) =>
    Object.values(options).includes(lasting) ||
    [entry, ...ways.map(way => way.entry)].some(
      one => one !== undefined && Object.entries(one).every(([key, value]) => options[key] === value),
    )
  return Object.keys(devices).find(name => same(devices[name]))
}

export interface AddParts {
  readonly feed: Feed
  /** Changes settings, as `config-merge` does. */
  merge(changes: Record<string, unknown>): Promise<{ restarted: string[]; needsRestart: string[] }>
  /** Names under `devices:`. */
  taken(): readonly string[]
  /** Names under `links:`, each with whether it is the same as a wanted one. */
  links(wanted: JsonObject): readonly { readonly name: string; readonly same: boolean }[]
}

export function pluggedAction({ feed, merge, taken, links }: AddParts): Action {
  return action({
    name: 'plugged-add',
    summary: 'Makes a device of something that is plugged in, under a name that lasts',
    input: z.strictObject({
      id: z.string().max(200).describe('Of the thing, as the state plugged lists it'),
      as: z
        .string()
        .max(40)
        .optional()
        .describe('As what, where it can be several things; the first of them when absent'),
      name: deviceName.optional().describe('Name of the device; made of what it calls itself when absent'),
    }),
    output: z.object({ name: z.string() }),
    role: 'administrator',
    claims: () => [{ name: 'config' }],
    settles: { kind: 'deed', deadlineMs: 60_000 },
    async run({ input: { id, as, name: wished } }) {
      const things = (feed.get('plugged')?.value.things ?? []) as unknown as readonly (PluggedThing & {
        usedBy?: string
      })[]
      const thing = things.find(one => one.id === id)
      if (!thing) throw new Fault('not-found', `nothing with the id "${id}" is plugged in`, 'Look at the list again')
      if (thing.usedBy) throw new Fault('busy', `${thing.name} is the device "${thing.usedBy}" already`, 'Use that one')
      const entry = entryFor(thing, as)
      if (!entry) {
        const how = `Use my equipment and choose: ${thing.drivenBy ?? 'what it is'}`
        throw new Fault('unsupported', `${thing.name} needs a choice before it is a device`, how)
      }
      const name = wished ?? freeName(thing.name, taken())
      if (taken().includes(name)) throw new Fault('bad-input', `a device is called "${name}" already`, 'Choose another')
      const { over } = thing
      if (!over) await merge({ devices: { [name]: entry } })
      else {
        const lines = links(over)
        const like = lines.find(({ same }) => same)?.name
        const names = lines.map(one => one.name)
        const link = like ?? freeName(over.driver, names)
        const made = like === undefined ? { links: { [link]: over } } : {}
        await merge({ ...made, devices: { [name]: { ...entry, link } } })
      }
      return { name }
    },
  })
}

function entryFor({ name, entry, entryAs, ways = [] }: PluggedThing, as: string | undefined) {
  if (as === undefined || as === entryAs) return entry
  const way = ways.find(one => one.as === as)
  if (way) return way.entry
  const all = [entryAs, ...ways.map(one => one.as)].filter(Boolean).join(', ')
  throw new Fault('bad-input', `${name} cannot be a ${as}`, all ? `It can be a ${all}` : 'Leave it out')
}

function freeName(said: string, taken: readonly string[]): string {
  const plain =
    said
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'device'
  let free = plain
  for (let count = 2; taken.includes(free); count++) free = `${plain}-${count}`
  return free
}
