// A calibrated frame folded into the stack, strip by strip: warped into scratch memory, judged there against the mean,
// and added.
import { nominalWeight } from '../kernels/fold.js'
import { blocksOf, writeFloors } from './block-floors.js'
import { ScienceError } from './science-error.js'
import { type StackMode, type StackPlaces, stripRows } from './stack-places.js'
import type { Hand, Step } from './strip-step.js'
import {
  type Area,
  type FrameKind,
  type PixelBox,
  planesOf,
  tileWidthFor,
  type WarpOrder,
  warpScratchBytes,
  warpTile,
  widestTilePx,
} from './warp-tile.js'

export interface FoldOrder extends WarpOrder {
  readonly box: PixelBox // the whole calibrated frame
  readonly mode: StackMode
  /** 1 … 64; 16 for a frame of usual worth. */
  readonly weight: number
  /** Rejected is what lies further from the mean than so many standard deviations; Infinity takes all. */
  readonly kappa: number
  /** Of a single pixel of this frame, per plane, after `scale`, in ADU. */
  readonly noiseAdu: readonly number[]
  /** See `starSlackFor`. */
  readonly starSlack?: number
  readonly stack: StackPlaces
}

/** Frames behind a pixel before it rejects: with fewer nobody knows which of them is wrong. */
const fewestToReject = 3

interface Scratch {
  readonly warp: number
  readonly tile: number // planes × 64 rows of a tile's width
  readonly floors: number // one f32 a block and plane
  readonly aside: number // four f32 a block
  readonly bytes: number
}

function scratchOf(frame: FrameKind, start: number): Scratch {
  const planes = planesOf(frame)
  const widest = widestTilePx(frame)
  const blocks = 4 * blocksOf(widest)
  const tile = start + warpScratchBytes(frame)
  const floors = tile + 4 * planes * stripRows * widest
  const aside = floors + planes * blocks
  return { warp: start, tile, floors, aside, bytes: aside + 4 * blocks - start }
}

/** Scratch memory that a thread needs for `foldStrip`. */
export function foldScratchBytes(frame: FrameKind): number {
  return scratchOf(frame, 0).bytes
}

/**
 * Folds the frame into 64 rows of the stack, from row 64 · `strip` on. Changes mean, M2 and weight of these rows, and
 * says at `stack.rejected` how many of their pixels were rejected. Every pixel ends with the same bits in whatever
 * order strips come.
 * @throws ScienceError when frame and stack do not fit, a weight is none, or the transform has no inverse
 */
export const foldStrip: Step<FoldOrder> = (hand, order, strip) => {
  const { stack, frame, weight } = order
  const planes = planesOf(frame)
  if (planes !== stack.planes) throw new ScienceError(`${planes} planes do not fit a stack of ${stack.planes}`)
  if (!(Number.isInteger(weight) && weight >= 1 && weight <= 64)) throw new ScienceError(`${weight} is no weight`)
  const scratch = scratchOf(frame, hand.scratch)
  const y = strip * stripRows
  const height = Math.min(stripRows, stack.height - y)
  const step = tileWidthFor(order.transform, frame)
  let rejected = 0
  for (let x = 0; x < stack.width; x += step) {
    const area = { x, y, width: Math.min(step, stack.width - x), height }
    warpTile(hand, order, order.box, area, scratch.tile, 4 * stripRows * step, step, scratch.warp)
    rejected += foldTile(hand, order, area, step, scratch)
  }
  hand.views.u32[stack.rejected / 4 + strip] = rejected
}

function foldTile(hand: Hand, order: FoldOrder, area: Area, tileStride: number, scratch: Scratch): number {
  const { kernels, views } = hand
  const { stack, weight, kappa, noiseAdu, starSlack } = order
  const first = area.y * stack.width + area.x
  const plane = 4 * stack.width * stack.height
  const x = [scratch.tile, 4 * stripRows * tileStride, tileStride] as const
  const size = [stack.width, area.width, area.height, stack.planes] as const
  const mean = stack.mean + 4 * first
  const weights = stack.weight + 2 * first
  if (order.mode !== 'reject') {
    kernels.foldMean(...x, mean, plane, weights, ...size, weight)
    return 0
  }
  const floorPlane = 4 * blocksOf(tileStride)
  for (let p = 0; p < stack.planes; p++) {
    const floors = scratch.floors + p * floorPlane
    if (kappa === Number.POSITIVE_INFINITY) {
      views.f32.fill(0, floors / 4, (floors + floorPlane) / 4)
      continue
    }
    writeFloors(hand, {
      ...{ x: scratch.tile + p * x[1], xStride: tileStride, mean: mean + p * plane, stride: stack.width },
      ...{ width: area.width, height: area.height, noiseAdu: noiseAdu[p], starSlack, floors, aside: scratch.aside },
    })
  }
  return kernels.foldReject(
    ...([...x, mean, stack.m2 + 4 * first, plane, weights, ...size] as const),
    ...([scratch.floors, floorPlane, tileStride / 4, weight, kappa * kappa, fewestToReject * nominalWeight] as const),
  )
}
