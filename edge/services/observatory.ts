// The observatory as a whole: one sentence on what goes on now, what the disk still holds, lamps of boxes and links.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Json, JsonObject } from '../ports/json.js'
import type { Log } from '../ports/log.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'

/** What a link tells of itself: the supervisor's view, without its inside. */
export interface LinkLamp {
  readonly name: string
  readonly driver: string
  readonly supervised: Lamp
  /** What runs behind a link and is started again when it dies. */
  parts?(): readonly object[]
}
/** A box in the same way; what stands behind it is handed out elsewhere, behind the interlocks. */
export interface BoxLamp extends LinkLamp {
  readonly link: string | undefined
  readonly ports: readonly string[]
}
export interface Lamp {
  readonly condition: string
  readonly fault: Fault | undefined
  readonly attempts: number
  readonly resets: number
  readonly lastReset: string | undefined
  readonly sinceMs: number
  retry(): void
  distrust(fault: Fault): void
  onChange(listener: () => void): () => void
}

export interface ObservatoryParts {
  readonly boxes: readonly BoxLamp[]
  readonly links: readonly LinkLamp[]
  readonly store: Pick<Store, 'space'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /** Fields that stay as they are while this configuration holds. */
  readonly facts: JsonObject
  /** What the Expose form starts with. */
  readonly exposureSeconds: number
  night(): string
}

const storageMs = 30_000
/** A frame takes a little longer than its exposure: about what reading out costs. */
const readoutSeconds = 1
const clockMs = 60_000
const partsMs = 5_000

export function observatoryActions({ boxes, links }: Pick<ObservatoryParts, 'boxes' | 'links'>): Action[] {
  return [
    action({
      name: 'device-reconnect',
      summary: 'Opens a device anew, from the foot of the ladder',
      input: z.strictObject({ device: z.string().describe('Name of the device or link') }),
      output: z.object({}),
      role: 'observer',
      // What works is not opened anew under whoever uses it; what does not, always.
      claims({ device }) {
        const box = boxes.find(({ name, supervised }) => name === device && supervised.condition === 'ready')
        return (box?.ports ?? []).map(port => ({ name: port === 'mount' ? port : `${port}/${device}` }))
      },
      settles: { kind: 'deed', deadlineMs: 5_000 },
      async run({ input }) {
        const box = boxes.find(({ name }) => name === input.device)
        const link = links.find(({ name }) => name === (box?.link ?? input.device))
        if (!box && !link) throw new Fault('not-found', `nothing is called "${input.device}"`, 'See the Devices page')
        link?.supervised.retry()
        if (box?.supervised.condition === 'ready')
          box.supervised.distrust(new Fault('aborted', 'opened anew on request', 'Wait a moment'))
        else box?.supervised.retry()
        return {}
      },
    }),
  ]
}

/** Starts the reports; the returned function ends them. */
export function reportObservatory(parts: ObservatoryParts): () => void {
  const { feed, clock, boxes, links } = parts
  const stops: (() => void)[] = []

  for (const box of boxes) {
    const { name, driver, link, ports, supervised } = box
    let before = supervised.condition
    let resets = supervised.resets
    const lamp = () => {
      const { condition, fault } = supervised
      const switchedOff = condition === 'ready' ? undefined : channelOff(feed, name)
      feed.set(`device/${name}`, { ...lampFields(supervised), driver, link, ports: [...ports], switchedOff })
      if (supervised.resets > resets) void feed.event('device-reset', { device: name, how: supervised.lastReset })
      resets = supervised.resets
      if (condition === before) return
      const lost = before === 'ready'
      before = condition
      if (condition === 'ready') void feed.event('device-ready', { device: name })
      else if (lost) void feed.event('device-lost', { device: name, reason: fault?.message, switchedOff })
    }
    lamp()
    const switched = feed.listen({
      state({ kind }) {
        if (kind !== 'power' || supervised.condition === 'ready') return
        if (feed.get(`device/${name}`)?.value.switchedOff !== channelOff(feed, name)) lamp()
      },
    })
    stops.push(supervised.onChange(lamp), switched, () => feed.drop(`device/${name}`))
  }
  for (const { name, driver, supervised, parts: running } of links) {
    const parts = () => ({ parts: (running?.() ?? []).map(part => ({ ...part })) })
    const lamp = () => feed.set(`link/${name}`, { ...lampFields(supervised), driver, ...parts() })
    lamp()
    const again = clock.every(partsMs, () => feed.patch(`link/${name}`, parts()))
    stops.push(
      supervised.onChange(lamp),
      () => again.cancel(),
      () => feed.drop(`link/${name}`),
    )
  }

  const say = () =>
    feed.set('observatory', { ...parts.facts, night: parts.night(), sentence: sentence(feed, parts.facts.camera) })
  say()
  const kinds = new Set(['camera', 'mount', 'stack', 'focus', 'device'])
  stops.push(feed.listen({ state: ({ kind }) => kinds.has(kind) && say() }))
  const nightly = clock.every(clockMs, say)
  stops.push(() => nightly.cancel(), ...reportStorage(parts))
  return () => {
    for (const stop of stops) stop()
  }
}

/** The channel that a device has its power from, when it is off: then it is no wonder that the device is not there. */
function channelOff(feed: Feed, device: string): string | undefined {
  const off = feed
    .states('power')
    .find(({ value: { on, goingOff, feeds } }) => (on === false || goingOff) && [feeds ?? []].flat().includes(device))
  return off?.path.slice('power/'.length)
}

const lampFields = ({ condition, fault, attempts, resets, sinceMs }: Lamp): JsonObject => ({
  condition,
  reason: fault?.message,
  fix: fault?.fix,
  attempts,
  resets,
  sinceMs,
})

function reportStorage({ store, feed, clock, log, facts, exposureSeconds }: ObservatoryParts): (() => void)[] {
  // Of the last frame; until there is one, of what the main camera gives with the standards of the form.
  let frameBytes = 0
  let secondsEach = exposureSeconds + readoutSeconds
  const main = `camera/${facts.camera}`
  const report = async () => {
    try {
      const { freeBytes, totalBytes, reserveBytes } = await store.space()
      const room = Math.max(0, freeBytes - reserveBytes)
      const framesLeft = frameBytes > 0 ? Math.floor(room / frameBytes) : undefined
      const hoursLeft = framesLeft === undefined ? undefined : Math.round((framesLeft * secondsEach) / 360) / 10
      const low = room < 20 * Math.max(frameBytes, 50e6)
      feed.set('storage', { freeBytes, totalBytes, framesLeft, hoursLeft, frameBytes: frameBytes || undefined, low })
    } catch (error) {
      log.warn(`the space on the disk is not known: ${asFault(error, 'store').message}`)
    }
  }
  void report()
  const again = clock.every(storageMs, () => void report())
  const deaf = feed.listen({
    state({ path, value }) {
      if (path !== main || frameBytes > 0 || !value.widthPx) return
      frameBytes = Number(value.widthPx) * Number(value.heightPx) * 2
      void report()
    },
    event({ kind, body }) {
      if (kind !== 'frame-archived' && kind !== 'frame-removed') return
      if (kind === 'frame-archived') {
        frameBytes = Number(body.bytes)
        secondsEach = Number(body.exposureSeconds) + readoutSeconds
      }
      void report()
    },
  })
  return [() => again.cancel(), deaf, () => feed.drop('storage')]
}

/** What an owner would be told on the telephone. */
function sentence(feed: Feed, main: Json | undefined): string {
  const stack = feed.get('stack/main')?.value
  const focus = feed.get('focus/main')?.value
  const cameras = feed.states('camera').map(({ value }) => value)
  const mounts = feed.states('mount').map(({ value }) => value)
  const devices = feed.states('device').map(({ path, value }) => ({ name: path.slice('device/'.length), value }))
  const off = devices.filter(({ value }) => value.switchedOff !== undefined).map(({ name }) => name)
  const away = devices.filter(({ name, value }) => value.condition === 'unavailable' && !off.includes(name))
  const parts: string[] = []
  if (stack?.running) parts.push(stackWords(stack))
  else if (focus?.running) parts.push('Focusing')
  else {
    const exposing = cameras.find(({ exposing }) => exposing)
    if (exposing) parts.push(exposureWords(exposing))
  }
  const mount = mounts[0]
  if (mount?.condition === 'ready') {
    if (mount.slewing) parts.push(mount.target ? `slewing to ${mount.target}` : 'slewing')
    else if (mount.parked) parts.push('the mount is parked')
    else parts.push(mount.tracking ? 'the mount tracks' : 'the mount stands still')
  }
  if (parts.length === 0 || (!stack?.running && !focus?.running && !cameras.some(({ exposing }) => exposing))) {
    const ready = main === undefined ? cameras : [feed.get(`camera/${main}`)?.value]
    if (ready.some(camera => camera?.condition === 'ready')) parts.unshift('Ready')
    else if (!off.includes(String(main))) parts.unshift('No camera is ready')
  }
  if (off.length > 0) parts.push(`switched off: ${off.join(', ')}`)
  if (away.length > 0) parts.push(`not there: ${away.map(({ name }) => name).join(', ')}`)
  const [first, ...rest] = parts
  return `${[first[0].toUpperCase() + first.slice(1), ...rest].join('; ')}.`
}

function stackWords(stack: JsonObject): string {
  const what = stack.object ? `Stacking ${stack.object}` : 'Stacking'
  if (stack.waitingSinceMs !== undefined) return `${what}: waiting for stars`
  const of: Json | undefined = stack.framesTarget
  return `${what}: ${stack.framesAccepted ?? 0}${of ? ` of ${of}` : ''} frames`
}

function exposureWords({ exposureSeconds, object, number, total }: JsonObject): string {
  const run = Number(total) === 1 ? '' : `, frame ${number}${total ? ` of ${total}` : ''}`
  return `Exposing ${exposureSeconds} s${object ? ` of ${object}` : ''}${run}`
}
