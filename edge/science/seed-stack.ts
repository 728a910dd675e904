// The first frames of a stack, folded in again once there are enough of them to tell which is wrong.
import { mostSamples } from '../kernels/seed.js'
import { blocksOf, writeFloors } from './block-floors.js'
import { ScienceError } from './science-error.js'
import { type StackPlaces, stripRows } from './stack-places.js'
import type { Hand, Step } from './strip-step.js'
import {
  type Area,
  type FrameKind,
  type PixelBox,
  planesOf,
  type WarpOrder,
  warpScratchBytes,
  warpTile,
} from './warp-tile.js'

/** One of the first frames, as it was folded, with the part of it that the region needs. */
export interface SeedFrame extends WarpOrder {
  readonly box: PixelBox // covers `sourceBox` of the region
  readonly weight: number // 1 … 64
  readonly noiseAdu: readonly number[] // of a single pixel, per plane, after `scale`
  readonly starSlack?: number // see `starSlackFor`
}

export interface SeedOrder {
  /** Of the stack: x a multiple of 64, y too, to be told apart from its neighbours as a whole frame's strips are. */
  readonly region: Area
  readonly frames: readonly SeedFrame[] // 3 … 7
  readonly kappa: number
  readonly stack: StackPlaces
}

const tilePx = 512

/** Strips of `seedTile` that fill a region. */
export function seedTilesOf({ width, height }: Area): number {
  return Math.ceil(width / tilePx) * Math.ceil(height / stripRows)
}

/** Scratch memory that a thread needs for `seedTile`. */
export function seedScratchBytes(frame: FrameKind): number {
  return scratchOf(frame, 0).bytes
}

function scratchOf(frame: FrameKind, start: number) {
  const planes = planesOf(frame)
  const pixels = stripRows * tilePx
  const samples = start + warpScratchBytes(frame)
  const medians = samples + 4 * pixels * planes * mostSamples
  const floors = medians + 4 * pixels * planes
  const aside = floors + 4 * blocksOf(tilePx) * mostSamples
  const votes = aside + 4 * 4 * blocksOf(tilePx)
  const weights = votes + 2 * pixels
  return { warp: start, samples, medians, floors, aside, votes, weights, bytes: weights + 4 * mostSamples - start }
}

/**
 * Makes mean, M2 and weight of one 512 × 64 px tile of the region anew from the frames: at each pixel their median,
 * what is further than kappa · max(noise, 1.4826 MAD) from it rejected, the weighted mean of the rest. What was there
 * is overwritten. Every pixel ends with the same bits however the stack is cut into regions and tiles.
 * @throws ScienceError when there are too many frames, or frame and stack do not fit
 */
export const seedTile: Step<SeedOrder> = (hand, order, strip) => {
  const { region, frames, stack } = order
  const { kernels, views } = hand
  if (frames.length < 1 || frames.length > mostSamples) {
    throw new ScienceError(`a stack is not begun with ${frames.length} frames`)
  }
  const { frame } = frames[0]
  if (planesOf(frame) !== stack.planes)
    throw new ScienceError(`${planesOf(frame)} planes, the stack has ${stack.planes}`)
  const across = Math.ceil(region.width / tilePx)
  const x = region.x + (strip % across) * tilePx
  const y = region.y + Math.floor(strip / across) * stripRows
  const width = Math.min(tilePx, region.x + region.width - x)
  const height = Math.min(stripRows, region.y + region.height - y)
  const area = { x, y, width, height }
  const scratch = scratchOf(frame, hand.scratch)
  const plane = 4 * stripRows * tilePx
  const step = plane * stack.planes
  for (const [k, one] of frames.entries()) {
    warpColumns(hand, one, area, scratch.samples + k * step, plane, scratch.warp)
    views.f32[scratch.weights / 4 + k] = one.weight
  }
  views.u16.fill(0, scratch.votes / 2, scratch.votes / 2 + stripRows * tilePx)
  for (let p = 0; p < stack.planes; p++) vote(hand, order, p, area, scratch)
  for (let p = 0; p < stack.planes; p++) {
    const at = y * stack.width + x
    const to = at + p * stack.width * stack.height
    kernels.seedMean(
      ...([scratch.samples + p * plane, step, frames.length, scratch.medians + p * plane] as const),
      ...([width, height, tilePx, scratch.votes, scratch.weights] as const),
      ...([stack.mean + 4 * to, stack.m2 + 4 * to, stack.weight + 2 * at, stack.width] as const),
    )
  }
}

/** A mosaic by 64 columns: at any angle the colours of so many fit into the memory for them. */
function warpColumns(hand: Hand, one: SeedFrame, area: Area, out: number, outPlane: number, scratch: number): void {
  const columns = one.frame.bayer === undefined ? area.width : 64
  for (let done = 0; done < area.width; done += columns) {
    const part = { ...area, x: area.x + done, width: Math.min(columns, area.width - done) }
    warpTile(hand, one, one.box, part, out + 4 * done, outPlane, tilePx, scratch)
  }
}

function vote(
  hand: Hand,
  { frames, kappa, stack }: SeedOrder,
  p: number,
  { width, height }: Area,
  scratch: ReturnType<typeof scratchOf>,
): void {
  const plane = 4 * stripRows * tilePx
  const step = plane * stack.planes
  const samples = scratch.samples + p * plane
  const median = scratch.medians + p * plane
  const floorStep = 4 * blocksOf(tilePx)
  hand.kernels.seedMedian(samples, step, frames.length, median, height * tilePx)
  for (const [k, { noiseAdu, starSlack }] of frames.entries()) {
    writeFloors(hand, {
      ...{ x: samples + k * step, xStride: tilePx, mean: median, stride: tilePx, width, height },
      ...{ noiseAdu: noiseAdu[p], starSlack, floors: scratch.floors + k * floorStep, aside: scratch.aside },
    })
  }
  hand.kernels.seedVotes(
    ...([samples, step, frames.length, median, width, height, tilePx] as const),
    ...([scratch.floors, floorStep, tilePx / 4, kappa * kappa, scratch.votes] as const),
  )
}
