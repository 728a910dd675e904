// Star finding for callers without threads of their own: one thread's kernels and memory, grown to the largest frame
// seen.
import { type Kernels, plainKernels, simdKernels } from '../kernels/kernels.js'
import { kernelMemory, makeLayout, type Views, viewsOf } from '../kernels/memory.js'
import { collectStars } from './collect-stars.js'
import { checkRegion, type Region } from './region.js'
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'
import { finishSkyMesh, lightStrip, skyMeshStrip } from './sky-mesh.js'
import { layOutStars, type StarOrder, type StarPlaces, type StarSizes, starScratchBytes } from './star-places.js'
import { gatherSpots, measureChunk, peaksStrip } from './star-steps.js'
import type { StarOptions, Stars } from './stars.js'
import type { Hand } from './strip-step.js'

/** A frame's place in a room: fill `plane` (or decode into it through `hand`), then ask for its stars. */
export interface RoomFrame {
  readonly hand: Hand
  readonly raw: number // byte offset of a frame of 16-bit words, for what is to be decoded
  readonly plane: number // byte offset of the frame, f32
  readonly places: StarPlaces
}

/** Kernel memory of one thread. What it gives out is valid until it is asked for another size. */
export interface StarRoom {
  frame(sizes: StarSizes): RoomFrame
}

/** @param module the compiled kernels; without them the plain ones are used, which are slow */
export function makeStarRoom(module?: WebAssembly.Module): StarRoom {
  let kept: { readonly kernels: Kernels; readonly views: Views; readonly bytes: number } | undefined
  let last: RoomFrame | undefined
  return {
    frame(sizes) {
      const { width, height, kind } = sizes
      const { places: old } = last ?? {}
      if (last && old?.width === width && old.height === height && old.kind === kind) return last
      const layout = makeLayout()
      const pixels = width * height * (kind === 'colour' ? 3 : 1)
      const places = layOutStars(layout, sizes)
      const scratch = layout.take(starScratchBytes)
      const raw = layout.take(2 * pixels)
      const plane = layout.take(4 * pixels)
      if (!kept || kept.bytes < layout.bytes) kept = openMemory(module, layout.bytes)
      last = { hand: { kernels: kept.kernels, views: kept.views, scratch }, raw, plane, places }
      return last
    },
  }
}

function openMemory(module: WebAssembly.Module | undefined, bytes: number) {
  const memory = kernelMemory(bytes)
  const kernels = module ? simdKernels(module, memory) : plainKernels(memory.buffer)
  return { kernels, views: viewsOf(memory.buffer), bytes }
}

/**
 * Stars of a frame that stands in a room's memory, all steps on this thread.
 * @param fill  called for each strip of 64 rows of light before it is looked at, to decode just what is then in the
 *   cache; rows of the frame from `top` on
 */
export function starsInRoom(
  { hand, plane, places }: Omit<RoomFrame, 'raw'>,
  options: StarOptions = {},
  fill?: (top: number, rows: number) => void,
): Stars {
  const order: StarOrder = { places, plane, sigma: options.sigma ?? 5 }
  const stripRows = 64 * places.scale
  for (let strip = 0; strip < places.rows; strip++) {
    fill?.(strip * stripRows, Math.min(stripRows, places.height - strip * stripRows))
    lightStrip(hand, order, strip)
    skyMeshStrip(hand, order, strip)
  }
  finishSkyMesh(hand.views, order)
  for (let strip = 0; strip < places.rows; strip++) peaksStrip(hand, order, strip)
  const chunks = gatherSpots(hand, order)
  for (let chunk = 0; chunk < chunks; chunk++) measureChunk(hand, order, chunk)
  return collectStars(hand.views, order, options)
}

/**
 * Stars of a picture of any kind, coordinates and sizes in its own pixels.
 * @param image  ADU, NaN = no data; not changed
 * @throws ScienceError when the samples do not fill the picture, it has neither 1 nor 3 planes, or the region, in whole
 *   pixels, leaves it
 */
export function starsOf(room: StarRoom, image: Image, options: StarOptions = {}): Stars {
  const { width, height, planes, samples, bayer } = image
  if (samples.length !== width * height * planes) {
    throw new ScienceError(`${samples.length} samples do not fill ${planes} × ${height} × ${width}`)
  }
  if (planes !== 1 && planes !== 3) throw new ScienceError(`a picture of ${planes} planes has no known luminance`)
  const kind = planes === 3 ? 'colour' : bayer ? 'bayer' : 'mono'
  const region = cut(options.region ?? { x: 0, y: 0, width, height }, kind, image)
  const frame = room.frame({ width: region.width, height: region.height, kind })
  const { f32 } = frame.hand.views
  const stars = starsInRoom(frame, options, (top, rows) => {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = top; y < top + rows; y++) {
        const from = (plane * height + region.y + y) * width + region.x
        const to = (frame.plane >> 2) + (plane * region.height + y) * region.width
        f32.set(samples.subarray(from, from + region.width), to)
      }
    }
  })
  const moved = stars.stars.map(star => ({ ...star, x: star.x + region.x, y: star.y + region.y }))
  return { ...stars, stars: moved }
}

/** The region itself, or its whole superpixels. */
function cut(region: Region, kind: StarSizes['kind'], image: Image): Region {
  checkRegion(region, image.width, image.height)
  if (kind !== 'bayer') return region
  const [x, y] = [region.x & ~1, region.y & ~1]
  return { x, y, width: region.x + region.width - x, height: region.y + region.height - y }
}
