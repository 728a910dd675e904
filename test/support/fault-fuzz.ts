// One harness for every protocol of ours: at each place where its device can break off, go mad, fall silent or become
// slow, what stands on it must say so, leave the others alone, come back by itself and leave nothing behind. A protocol
// joins with a row in fuzz-rows.ts.
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../edge/ports/clock.js'
import { collectGarbage } from '../../edge/ports/collect-garbage.js'
import { Fault } from '../../edge/ports/fault.js'
import { createLog } from '../../edge/spine/log.js'
import { type Opened, type Supervised, supervise } from '../../edge/spine/supervisor.js'
import { type FaultKind, faultKinds, wireTraffic } from './faulty-wire.js'
import { type LeapingClock, leapingClock, leapMs } from './leaping-clock.js'

/** What a driver made of its device, as far as this harness wants to know. */
export interface Proof {
  /** When it last heard something, by the clock, ms; NaN before that. */
  heardMs(): number
  /** What it heard last is what the device says when nothing is wrong with it. */
  sound(): boolean
}

/** One device that can be broken, and the driver before it. */
export interface Rig {
  /** Places where it can break: bytes of one exchange, transfers or the like. Known once it has been used. */
  readonly points: number
  breakAt(kind: FaultKind, point: number): void
  heal(): void
  /** A slow one goes on by one place. */
  tick?(): void
  /** Pours so much garbage out, bytes; absent where nothing can pour. */
  flood?(bytes: number): Promise<void>
  open(clock: Clock, lost: (fault: Fault) => void, signal: AbortSignal): Promise<Opened<Proof>>
  close(): Promise<void>
}

export interface FuzzRow {
  readonly name: string
  readonly skip?: string | false
  /** Makes one, sound. */
  rig(clock: Clock, seed: number): Promise<Rig>
  /** What it may do wrong; all that there is when absent. */
  readonly kinds?: readonly FaultKind[]
  /** So many at once; fewer where each costs a process or a thread. */
  readonly atOnce?: number
  /** Each fault is tried at every so many places, each at others: with 4 every place has one. */
  readonly stride?: number
  /** Faults that its driver need not notice by itself: whoever reads the state sees how old it is. */
  readonly unnoticed?: readonly FaultKind[]
  /** Real time in which what it does arrives, ms. */
  readonly arriveMs?: number
  /** How long it stays broken, ms: longer than its driver's own patience. */
  readonly brokenMs?: number
}

export interface Case {
  readonly kind: FaultKind
  readonly point: number
}

/** How long they are broken when the row does not say, and how long they have to come back, ms. */
const brokenMs = 45_000
const backMs = 20_000
/** What speaks by itself or is asked does so at least this often here, ms. */
const lookMs = 4_000
/** What is sound has been heard within this, ms. */
const freshMs = 15_000
/** Whoever is told to stop has stopped within this, ms. */
const stopMs = 1_000
const floodBytes = 24 * 1024 * 1024
/** What a driver may keep of it, with what the test itself keeps, bytes. */
const keptBytes = 6 * 1024 * 1024

/** Faults and places of a row; all of them with PIERSIDE_FUZZ=every, for which tap needs `--timeout=0`. */
export function casesOf({ kinds = faultKinds, ...row }: FuzzRow, points: number): Case[] {
  const stride = process.env['PIERSIDE_FUZZ'] === 'every' ? 1 : (row.stride ?? 1)
  return Array.from({ length: points }, (_, point) => point).flatMap(point =>
    kinds.filter((_, nth) => (point + nth) % stride === 0).map(kind => ({ kind, point })),
  )
}

const words = ({ kind, point }: Case) => `${kind} at ${point}`

/**
 * How many places a sound device shows while it is opened and for one look more. Throws when its driver does not become
 * ready.
 */
export async function soundPoints(row: FuzzRow): Promise<number> {
  const clock = leapingClock(wireTraffic, row.arriveMs)
  const rig = await row.rig(clock, 0)
  const top = ladder(row.name, rig, clock)
  const sound = () => top.condition === 'ready' && top.current().sound()
  try {
    while (!sound() && clock.monotonicMs() < backMs) await clock.leap(leapMs)
    if (!sound()) throw top.fault ?? new Error(`${row.name} is ${top.condition}, and not sound`)
    await clock.leap(lookMs)
    return rig.points
  } finally {
    await top.close()
    await rig.close()
  }
}

function ladder(name: string, rig: Rig, clock: Clock): Supervised<Proof> {
  const log = createLog(clock, () => {})
  return supervise({ name, clock, log, open: (lost, signal) => rig.open(clock, lost, signal) })
}

/**
 * Breaks one device for each case, all at once and beside a sound one, and mends them again.
 * @returns what was not as it should be, in words
 */
export async function fuzzAtOnce(row: FuzzRow, cases: readonly Case[], neighbour: FuzzRow): Promise<string[]> {
  const wrong: string[] = []
  const before = handles()
  const clock = leapingClock(wireTraffic, row.arriveMs)
  const beside = await neighbour.rig(clock, 0)
  const other = ladder('the neighbour', beside, clock)
  await clock.leap(lookMs)
  let trouble = 0
  other.onChange(() => trouble++)

  const rigs = await Promise.all(cases.map((_, nth) => row.rig(clock, nth + 1)))
  clock.onLeap(() => {
    for (const rig of rigs) rig.tick?.()
  })
  for (const [nth, { kind, point }] of cases.entries()) rigs[nth].breakAt(kind, point)
  const tops = rigs.map((rig, nth) => ladder(words(cases[nth]), rig, clock))
  const judge = (top: Supervised<Proof>, nth: number) => {
    const age = top.condition === 'ready' ? clock.now() - top.current().heardMs() : 0
    if (age > (row.brokenMs ?? brokenMs) - 5_000 && !row.unnoticed?.includes(cases[nth].kind))
      wrong.push(`${words(cases[nth])}: ready, and silent for ${age} ms`)
    if (top.fault && /report it/.test(top.fault.fix)) wrong.push(`${words(cases[nth])}: a bug: ${top.fault.message}`)
  }
  await clock.leap(row.brokenMs ?? brokenMs)
  tops.forEach(judge)
  if (other.condition !== 'ready' || trouble > 0) wrong.push(`the neighbour was ${other.condition}, ${trouble} changes`)
  else if (clock.now() - other.current().heardMs() > freshMs) wrong.push('the neighbour was not asked any more')

  for (const rig of rigs) rig.heal()
  await clock.leap(backMs)
  for (const [nth, top] of tops.entries()) {
    judge(top, nth)
    const back = top.condition === 'ready' && top.current()
    if (!back) wrong.push(`${words(cases[nth])}: not back, ${top.condition}: ${top.fault?.message}`)
    else if (!back.sound()) wrong.push(`${words(cases[nth])}: back, and not sound`)
    else if (clock.now() - back.heardMs() > freshMs) wrong.push(`${words(cases[nth])}: back, and deaf`)
  }
  wrong.push(
    ...(await stopped(
      clock,
      [...tops, other].map(top => top.close()),
    )),
  )
  await Promise.all([...rigs, beside].map(rig => rig.close()))
  wrong.push(...(await left(before, clock)))
  return wrong
}

/** Opens one device for each place where it may fall silent, and calls it off. @returns what was not as it should be */
export async function stopAtOnce(row: FuzzRow, points: readonly number[]): Promise<string[]> {
  const wrong: string[] = []
  const before = handles()
  const clock = leapingClock(wireTraffic, row.arriveMs)
  const reason = new Fault('aborted', 'called off', 'Nothing to do')
  const controls = points.map(() => new AbortController())
  const rigs = await Promise.all(points.map((_, nth) => row.rig(clock, nth + 1)))
  for (const [nth, point] of points.entries()) rigs[nth].breakAt('silence', point)
  let calledOff = false
  const opening = rigs.map(async (rig, nth) => {
    try {
      const { close } = await rig.open(clock, () => {}, controls[nth].signal)
      // What was open before it was called off is closed instead.
      await close()
    } catch (error) {
      // It may have been given up just before.
      if (error !== reason && (calledOff || !(error instanceof Fault)))
        wrong.push(`silence at ${points[nth]}, called off: ${error}`)
    }
  })
  await clock.leap(0)
  calledOff = true
  for (const control of controls) control.abort(reason)
  wrong.push(...(await stopped(clock, opening)))
  await Promise.all(rigs.map(rig => rig.close()))
  wrong.push(...(await left(before, clock)))
  return wrong
}

/** Lets a device pour out garbage without end. @returns what was not as it should be */
export async function flooded(row: FuzzRow): Promise<string[]> {
  const clock = leapingClock(wireTraffic, row.arriveMs)
  const rig = await row.rig(clock, 1)
  const top = ladder(row.name, rig, clock)
  await clock.leap(lookMs)
  collectGarbage()
  const before = memory()
  await rig.flood?.(floodBytes)
  collectGarbage()
  const kept = memory() - before
  const wrong = await stopped(clock, [top.close()])
  await rig.close()
  return kept > keptBytes ? [...wrong, `it keeps ${kept} of ${floodBytes} bytes of garbage`] : wrong
}

/** Lets time pass until all have settled. */
async function stopped(clock: LeapingClock, work: readonly Promise<unknown>[]): Promise<string[]> {
  const fromMs = clock.monotonicMs()
  let open = work.length
  const failures: string[] = []
  for (const one of work) {
    one
      .catch(error => failures.push(`stopping failed: ${error}`))
      .finally(() => {
        open--
      })
  }
  // A stop that needs no time but the machine's has settled before the first leap.
  for (let tries = 0; tries < 40 && open > 0; tries++) await sleep(5)
  while (open > 0 && clock.monotonicMs() - fromMs < 10 * stopMs) await clock.leap(leapMs)
  const tookMs = clock.monotonicMs() - fromMs
  if (open > 0) failures.push(`${open} of ${work.length} do not stop`)
  else if (tookMs > stopMs) failures.push(`stopping took ${tookMs} ms`)
  return failures
}

/** Open descriptors of this process. */
const handles = () => readdirSync('/proc/self/fd').length

const memory = () => {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function left(before: number, clock: LeapingClock): Promise<string[]> {
  // The kernel and the loop have a moment to close what was told to close.
  for (let tries = 0; tries < 100 && (handles() > before || clock.timers > 0); tries++) await sleep(20)
  const wrong: string[] = []
  if (handles() > before) wrong.push(`${handles() - before} descriptors are left open`)
  if (clock.timers > 0) wrong.push(`${clock.timers} timers are left running`)
  return wrong
}
