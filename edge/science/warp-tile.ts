// One tile of the reference's grid out of a calibrated frame, or out of the box of it that the tile needs.
import type { BayerPattern } from './samples.js'
import { ScienceError } from './science-error.js'
import { invert, moveX, moveY, type Similarity } from './similarity.js'
import type { Hand } from './strip-step.js'

/** What a calibrated frame is; `bayer` names the pattern from its first stored pixel on. */
export interface FrameKind {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number // as it is stored: 1 for mono and mosaics, 3 for colour
  readonly bayer?: BayerPattern
}

/** A rectangle of pixels; whole numbers. */
export interface Area {
  readonly x: number // px
  readonly y: number // px
  readonly width: number // px
  readonly height: number // px
}

/** Part of a calibrated frame in kernel memory: f32, NaN where there is no data. */
export interface PixelBox extends Area {
  readonly offset: number // byte offset of the box's first pixel
  readonly plane: number // bytes from one of its planes to the next
  readonly stride: number // px from one of its rows to the next
}

export interface WarpOrder {
  readonly frame: FrameKind
  readonly transform: Similarity // frame → reference
  readonly kernel: 'bilinear' | 'cubic'
  /** What becomes of a value in each plane: value · scale + offset, for transparency and sky. */
  readonly scale: readonly number[]
  readonly offset: readonly number[] // ADU
}

/** Planes of the picture: a mosaic has three. */
export function planesOf({ planes, bayer }: FrameKind): number {
  return bayer === undefined ? planes : 3
}

/** A whole calibrated frame, its planes one after the other. */
export function wholeFrame(offset: number, { width, height }: FrameKind): PixelBox {
  return { x: 0, y: 0, width, height, offset, plane: 4 * width * height, stride: width }
}

const reachPx = 2 // of the cubic on either side
const colourReachPx = 1 // of making colour

/**
 * The part of a frame that an area of the reference's grid is made from; `undefined` when the frame does not reach it.
 * @throws ScienceError when the transform has no inverse
 */
export function sourceBox(transform: Similarity, area: Area, frame: FrameKind): Area | undefined {
  const back = inverse(transform)
  const right = area.x + area.width - 1
  const bottom = area.y + area.height - 1
  const corners = [
    [area.x, area.y],
    [right, area.y],
    [area.x, bottom],
    [right, bottom],
  ] as const
  const xs = corners.map(([x, y]) => moveX(back, x, y))
  const ys = corners.map(([x, y]) => moveY(back, x, y))
  const reach = reachPx + (frame.bayer === undefined ? 0 : colourReachPx)
  const x = Math.max(0, Math.floor(Math.min(...xs)) - reach)
  const y = Math.max(0, Math.floor(Math.min(...ys)) - reach)
  const width = Math.min(frame.width, Math.floor(Math.max(...xs)) + reach + 2) - x
  const height = Math.min(frame.height, Math.floor(Math.max(...ys)) + reach + 2) - y
  return width > 0 && height > 0 ? { x, y, width, height } : undefined
}

function inverse(transform: Similarity): Similarity {
  const back = invert(transform)
  if (![back.a, back.b, back.tx, back.ty].every(Number.isFinite)) {
    throw new ScienceError(`transform ${Object.values(transform).join(', ')} has no inverse`)
  }
  return back
}

const narrowestPx = 64

/**
 * Tiles are as wide as their sources stay in few rows: whole rows where it can be, for memory reads them fastest,
 * squares with their sources cached at large angles. Three planes of a mosaic and the colours made aside stay in the
 * cache of a core.
 */
export function tileWidthFor({ a, b }: Similarity, frame: FrameKind): number {
  const slope = Math.abs(b) / Math.hypot(a, b)
  const widest = widestTilePx(frame)
  for (const width of [widest, 1024, 512, 256, 128]) if (width <= widest && slope * width <= 16) return width
  return narrowestPx
}

/** A multiple of 64. */
export function widestTilePx({ width, bayer }: FrameKind): number {
  return bayer === undefined ? Math.ceil(width / 64) * 64 : 512
}

const boxPixels = 40_000 // of colour made aside: a tile of 64 × 64 px at any angle and twice the scale
const mapBytes = 64

/** Memory that `warpTile` needs aside. */
export function warpScratchBytes({ bayer }: FrameKind): number {
  return mapBytes + (bayer === undefined ? 0 : 3 * 4 * boxPixels)
}

/**
 * Warps an area of the reference's grid into `out`: f32, planes `outPlane` bytes apart, `outStride` pixels from row to
 * row; NaN where the frame has no data. The bits do not hang on the area or the box.
 * @param box  covers `sourceBox` of the area
 * @param area  x a multiple of 64; for a mosaic at most 64 × 64 px or as wide as `tileWidthFor` and `widestTilePx` say
 * @param scratch  byte offset of `warpScratchBytes`
 * @throws ScienceError when the transform has no inverse, or magnifies so that the sources of a row fit no box
 */
export function warpTile(
  hand: Hand,
  order: WarpOrder,
  box: PixelBox,
  area: Area,
  out: number,
  outPlane: number,
  outStride: number,
  scratch: number,
): void {
  writeMap(hand, inverse(order.transform), scratch)
  if (order.frame.bayer !== undefined) {
    warpMosaic(hand, order, box, area, out, outPlane, outStride, scratch)
    return
  }
  const planes = Array.from({ length: order.frame.planes }, (_, plane) => box.offset + plane * box.plane)
  warpPlanes(hand, order, { ...box, planes }, area, out, outPlane, outStride, scratch)
}

function warpMosaic(
  hand: Hand,
  order: WarpOrder,
  box: PixelBox,
  area: Area,
  out: number,
  outPlane: number,
  outStride: number,
  scratch: number,
): void {
  const { transform, frame } = order
  const colours = scratch + mapBytes
  const red = (frame.bayer ?? '').indexOf('r')
  for (let done = 0, rows = area.height; done < area.height; done += rows) {
    rows = Math.min(rows, area.height - done)
    let part = { ...area, y: area.y + done, height: rows }
    let needed = sourceBox(transform, part, frame)
    while (needed && needed.width * needed.height > boxPixels) {
      if (rows === 1) throw new ScienceError(`${area.width} px of a row lie on ${needed.width} × ${needed.height} px`)
      rows = rows >> 1
      part = { ...part, height: rows }
      needed = sourceBox(transform, part, frame)
    }
    const made = needed ?? { x: 0, y: 0, width: 0, height: 0 }
    const { x, y, width, height } = made
    const plane = 4 * boxPixels
    const source = originOf(box)
    hand.kernels.debayerBox(
      ...([source, box.stride, frame.width, frame.height, x, y, width, height, red] as const),
      ...([colours, plane, width] as const),
    )
    const planes = [colours, colours + plane, colours + 2 * plane]
    warpPlanes(
      hand,
      order,
      { ...made, stride: width, planes },
      part,
      out + 4 * done * outStride,
      outPlane,
      outStride,
      scratch,
    )
  }
}

function warpPlanes(
  { kernels }: Hand,
  { frame, kernel, scale, offset }: WarpOrder,
  source: Area & { readonly stride: number; readonly planes: readonly number[] },
  area: Area,
  out: number,
  outPlane: number,
  outStride: number,
  map: number,
): void {
  const warp = kernel === 'cubic' ? kernels.warpCubic : kernels.warpLinear
  for (const [plane, first] of source.planes.entries()) {
    const origin = first - 4 * (source.y * source.stride + source.x)
    warp(
      ...([origin, source.stride, frame.width, frame.height] as const),
      ...([out + plane * outPlane, outStride, area.x, area.y, area.width, area.height] as const),
      ...([map, scale[plane], offset[plane]] as const),
    )
  }
}

/** Where the frame's pixel (0, 0) would be. */
function originOf({ offset, x, y, stride }: PixelBox): number {
  return offset - 4 * (y * stride + x)
}

function writeMap({ views }: Hand, back: Similarity, at: number): void {
  const sign = back.mirrored ? -1 : 1
  views.f64.set([sign * back.a, -back.b, back.tx, sign * back.b, back.a, back.ty], at >> 3)
}
