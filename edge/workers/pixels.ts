// The pixel workers as services see them: frames lent, work sent to threads, results come back.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../ports/clock.js'
import { collectGarbage } from '../ports/collect-garbage.js'
import type { Viewable } from '../ports/display.js'
import { Fault, reasonOf } from '../ports/fault.js'
import type { Frame } from '../ports/frame.js'
import type { Log } from '../ports/log.js'
import type { FrameSource, PixelStack, Pixels } from '../ports/pixels.js'
import { type Calls, callsTo, callsWithin } from '../ports/remote.js'
import { afterRest } from '../ports/rest.js'
import type { Image } from '../science/samples.js'
import { smallHeapMb } from './crew.js'
import { lendingPool } from './lending.js'
import { convertPicture, decodePicture, encodePicture } from './pictures-codec.js'
import type { Looked, PixelMethods, PixelSetting, pixelMethods } from './pixel-methods.js'
import type { WorkSource } from './pixel-work.js'

export interface PixelsOptions {
  /** Folder that paths of frames start from. */
  readonly archive: string
  /** Bound on frames in memory, bytes. */
  readonly memoryBytes: number
  /** Bound on the memory of one stack, bytes; 1 GB unless told. */
  readonly stackMemoryBytes?: number
  /** That share a frame of a stack; all processors but one unless told, four at most. One without threads. */
  readonly stackThreads?: number
  readonly clock: Clock
  readonly log: Log
  /** In this process, one after the other, so that a simulated night comes out the same again; on threads without. */
  readonly within?: typeof pixelMethods
}

/** Threads and memory unused for so long are given back: most of a day nobody exposes. */
const restMs = 45_000
/** For a hundred frames from a slow card. */
const combineMs = 15 * 60_000

/** Threads start when first needed: one for stacks, one for everything else, so that a tap is not behind a fold. */
export function openPixels(options: PixelsOptions): Pixels {
  const { clock, memoryBytes } = options
  const pool = lendingPool(memoryBytes)
  const poolRest = afterRest(
    clock,
    restMs,
    () => pool.lentBytes() > 0,
    () => {
      pool.cool()
      if (!options.within) collectGarbage()
    },
  )
  // The start leaves much behind, too.
  poolRest.used()
  const general = lazyThread(options, 'pixel worker', restMs)
  // Without threads there is one line for everything, or what ends first would depend on the machine.
  const stacking = options.within ? general : lazyThread(options, 'stacker')
  // A hundred darks take their time; nobody's preview waits for them.
  const combining = options.within ? general : lazyThread(options, 'master maker', restMs)

  return {
    lend(byteLength, signal) {
      poolRest.used()
      return pool.lend(byteLength, signal)
    },
    measure: async (source, signal) =>
      general.calls().ask('measure', { source: sendable(source) }, { signal, holding: held(source) }),
    focus: async (frame, region, signal) =>
      general.calls().ask('focus', { image: bare(frame), region }, { signal, holding: [frame.memory] }),
    render: async (path, view, signal) => general.calls().ask('render', { path, view }, { signal }),
    look: path => viewableOver(() => general.calls(), { path }),
    header: async path => general.calls().ask('header', { path }),
    async convert(picture, to, signal) {
      if (signal.aborted) throw reasonOf(signal)
      return clock.outside(convertPicture(picture, to))
    },
    encodeJpeg: async (data, width, height, quality) =>
      (await clock.outside(encodePicture({ width, height, channels: 3, data }, 'jpeg', quality))).bytes,
    decodeJpeg: jpeg => clock.outside(decodePicture(jpeg)),
    checkMaster: async (path, kind, signal) => combining.calls().ask('checkMaster', { path, kind }, { signal }),
    makeMaster: async (order, signal) => combining.calls().ask('makeMaster', order, { signal, deadlineMs: combineMs }),
    async stack(settings) {
      const calls = stacking.enter()
      try {
        const id = await calls.ask('stackOpen', settings)
        return stackOver(calls, id, stacking.leave)
      } catch (error) {
        await stacking.leave()
        throw error
      }
    },
    async close() {
      poolRest.cancel()
      await Promise.all([general.close(), stacking.close(), combining.close()])
    },
  }
}

function stackOver(calls: Calls<PixelMethods>, id: number, leave: () => Promise<void>): PixelStack {
  return {
    add: (path, frame, signal) => calls.ask('stackAdd', { id, path, frame }, { signal }),
    ...viewableOver(() => calls, { stack: id }),
    gain: () => calls.ask('stackGain', { id }),
    save: (aside, cards) => calls.ask('stackSave', { id, aside, cards }),
    async close() {
      try {
        await calls.ask('stackClose', { id })
      } finally {
        await leave()
      }
    },
  }
}

function viewableOver(calls: () => Calls<PixelMethods>, of: Looked): Viewable {
  return {
    preview: async (display, maxWidth, signal) => calls().ask('preview', { of, display, maxWidth }, { signal }),
    tile: async (display, at, signal) => calls().ask('tile', { of, display, at }, { signal }),
    histogram: async (balance, signal) => calls().ask('histogram', { of, balance }, { signal }),
    stars: async signal => calls().ask('stars', { of }, { signal }),
    statistics: async (region, signal) => calls().ask('statistics', { of, region }, { signal }),
  }
}

/**
 * A thread that starts at its first call, starts anew after it died, and ends when the last stack has left it.
 * @param restMs ends it also when it was not asked anything for so long; not for threads that hold stacks
 */
function lazyThread(options: PixelsOptions, name: string, restMs?: number) {
  const { archive, clock, log, within, stackMemoryBytes = 2 ** 30 } = options
  const holdsStacks = restMs === undefined
  const spare = Math.min(4, Math.max(1, availableParallelism() - 1))
  const stackThreads = within ? 1 : (options.stackThreads ?? spare)
  const setting: PixelSetting = { archive, stackThreads, stackMemoryBytes }
  let running: Calls<PixelMethods> | undefined
  let stacks = 0
  let closed = false
  const start = (): Calls<PixelMethods> => {
    if (within) return callsWithin(within(setting), { clock, name })
    const resourceLimits = holdsStacks ? { maxYoungGenerationSizeMb: smallHeapMb } : {}
    const worker = new Worker(new URL('./pixel-thread.js', import.meta.url), { workerData: setting, resourceLimits })
    const calls = callsTo<PixelMethods>(worker, { clock, name })
    calls.onLost(fault => {
      log.error(fault.message)
      if (running === calls) running = undefined
    })
    return calls
  }
  const end = async () => {
    rest?.cancel()
    const last = running
    running = undefined
    await last?.close()
  }
  const busy = () => running !== undefined && running.pending() > 0
  const rest = !within && restMs !== undefined ? afterRest(clock, restMs, busy, () => void end()) : undefined
  const calls = () => {
    if (closed) throw new Fault('aborted', `the ${name} is closed`, 'The agent is stopping; start it again')
    rest?.used()
    running ??= start()
    return running
  }
  return {
    calls,
    /** For a stack, until it leaves. */
    enter() {
      const mine = calls()
      stacks++
      return mine
    },
    /** The memory of stacks is given back by ending the thread that held them. */
    async leave() {
      if (--stacks === 0 && !within) await end()
    },
    close() {
      closed = true
      return end()
    },
  }
}

/** Without the functions of lent memory, which cannot cross; the samples cross by reference. */
function bare({ width, height, planes, type, samples, bayer, topDown }: Frame): Image {
  return { width, height, planes, type, samples, bayer, topDown }
}

const sendable = (source: FrameSource): WorkSource => ('frame' in source ? { image: bare(source.frame) } : source)
const held = (source: FrameSource) => ('frame' in source ? [source.frame.memory] : [])
