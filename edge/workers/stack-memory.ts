// The memory of a stack: everything laid out once, when the first frame says how large they are.
import { kernelMemory, makeLayout } from '../kernels/memory.js'
import { skyCellPx } from '../kernels/sky-mesh.js'
import { Fault } from '../ports/fault.js'
import { layOutMasters, type MasterPlaces } from '../science/calibration.js'
import { foldScratchBytes } from '../science/fold.js'
import { meterBands, meterBlockPx, meterScratchBytes } from '../science/noise-meter.js'
import { planeSkyScratchBytes } from '../science/plane-sky.js'
import { seedScratchBytes } from '../science/seed-stack.js'
import { layOutStack, type StackMode, type StackPlaces } from '../science/stack-places.js'
import { layOutStars, type StarPlaces, starScratchBytes } from '../science/star-places.js'
import { pictureScratchBytes } from '../science/stretch.js'
import { type FrameKind, planesOf } from '../science/warp-tile.js'
import { rawScratchBytes } from './crew-steps.js'
import type { RawFile } from './frame-file.js'

export interface StackMemory {
  readonly memory: WebAssembly.Memory
  /** That a thread reads and calibrates at a time: those of a strip of the sky mesh. */
  readonly rowsPerStrip: number
  readonly masters: MasterPlaces
  /** Byte offset of the calibrated frame. */
  readonly plane: number
  readonly stars: StarPlaces
  /** For the stars of the stack itself, between frames: a mono frame's own, and the light of colour lies in `plane`. */
  readonly stackStars: StarPlaces
  readonly stack: StackPlaces
  /** Byte offset of the noise meter's blocks, f32. */
  readonly meter: number
  /** Of the first frames while they are folded in again, `boxBytes` of it: over `plane`, which nobody needs then. */
  readonly boxes: number
  readonly boxBytes: number
  /** One place a thread. */
  readonly scratch: readonly number[]
}

/**
 * Pages are taken from the machine when they are first written: masters that are not there cost nothing.
 * @throws Fault `bad-input` when the frame is too large for the bound
 */
export function layOutStackMemory(
  raw: RawFile,
  frame: FrameKind,
  mode: StackMode,
  threads: number,
  limitBytes: number,
): StackMemory {
  const { width, height, planes } = frame
  const layout = makeLayout()
  const masters = layOutMasters(layout, { width, height, planes })
  const boxBytes = mode === 'reject' ? boxesBytes(frame) : 0
  const plane = layout.take(Math.max(4 * width * height * planes, boxBytes))
  const kind = frame.bayer ? 'bayer' : planes === 3 ? 'colour' : 'mono'
  const stars = layOutStars(layout, { width, height, kind })
  const rowsPerStrip = skyCellPx * stars.scale
  const stackStars = kind === 'mono' ? stars : layOutStars(layout, { width, height, kind: 'colour' }, plane)
  const stack = layOutStack(layout, { width, height, planes: planesOf(frame), mode })
  const meter = layout.take(4 * Math.floor(width / meterBlockPx) * meterBands(height))
  const reading = rawScratchBytes(raw) + 4 * width * rowsPerStrip
  const most = Math.max(
    ...[reading, foldScratchBytes(frame), seedScratchBytes(frame), planeSkyScratchBytes, starScratchBytes],
    ...[meterScratchBytes(frame), pictureScratchBytes(width)],
  )
  const scratch = Array.from({ length: threads }, () => layout.take(most))
  if (layout.bytes > limitBytes) {
    const needed = Math.ceil(layout.bytes / 2 ** 20)
    const words = `a stack of ${width} × ${height} px${frame.bayer ? ' in colour' : ''} needs ${needed} MB of memory`
    const limit = Math.floor(limitBytes / 2 ** 20)
    const fix = `memory.stack_mb allows ${limit}; raise it, use more binning, or combine by mean`
    throw new Fault('bad-input', words, fix)
  }
  const memory = kernelMemory(layout.bytes)
  return { memory, rowsPerStrip, masters, plane, stars, stackStars, stack, meter, boxes: plane, boxBytes, scratch }
}

/** With so many frames it is told which of the first ones hold a satellite, even where two of them cross. */
export const seedFrames = 5

/** Rows of a region as wide as the frame, and width and height of those that frames turned far need. */
export const straightRows = 128
export const turnedPx = 512

function boxesBytes({ width, planes }: FrameKind): number {
  const straight = width * (straightRows + 32)
  // Turned by 45° and magnified by a fifth, with what the warp reaches.
  const turned = (1.75 * turnedPx + 16) ** 2
  return Math.ceil(seedFrames * planes * 4 * Math.max(straight, turned))
}
