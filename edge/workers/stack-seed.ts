// The first frames of a stack, read again when there are enough of them to tell which hold a satellite: region by
// region, so that only small parts of them are in memory at a time.
import type { PackedMasters } from '../science/calibration.js'
import { type SeedFrame, seedTilesOf } from '../science/seed-stack.js'
import type { Similarity } from '../science/similarity.js'
import { type Area, type FrameKind, type PixelBox, sourceBox, type WarpOrder } from '../science/warp-tile.js'
import type { Crew } from './crew.js'
import type { BoxOrder } from './crew-steps.js'
import type { FrameFile } from './frame-file.js'
import { type StackMemory, straightRows, turnedPx } from './stack-memory.js'

/** A frame that went in, with all that its folding took. */
export interface FirstFrame
  extends Pick<SeedFrame, 'transform' | 'scale' | 'offset' | 'weight' | 'noiseAdu' | 'starSlack'> {
  readonly file: FrameFile
}

export interface SeedWith {
  readonly frame: FrameKind
  readonly kernel: WarpOrder['kernel']
  readonly kappa: number
  readonly masters: PackedMasters
}

/**
 * Makes the stack anew from its first frames, without what is in one of them alone.
 * @throws what reading the files throws; the stack is then half made, and of no use
 */
export function seedStack(crew: Crew, memory: StackMemory, frames: readonly FirstFrame[], how: SeedWith): void {
  const { stack, boxBytes } = memory
  const transforms = frames.map(({ transform }) => transform)
  for (const region of regionsOf(how.frame, transforms, boxBytes)) {
    const boxes = boxesFor(region, how.frame, transforms, memory.boxes)
    crew.run('developBox', ...boxWork(memory, how, frames, boxes))
    const seeds = frames.map(({ transform, scale, offset, weight, noiseAdu, starSlack }, i): SeedFrame => {
      const warp = { frame: how.frame, kernel: how.kernel, transform, scale, offset }
      return { ...warp, weight, noiseAdu, starSlack, box: boxes[i] }
    })
    crew.run('seedTile', { region, frames: seeds, kappa: how.kappa, stack }, seedTilesOf(region))
  }
}

/** The largest regions whose boxes fit the memory: as wide as the frame where all lie straight, else squares. */
function regionsOf(frame: FrameKind, transforms: readonly Similarity[], boxBytes: number): Area[] {
  const sizes = [
    ...[straightRows, straightRows / 2].map(height => ({ width: frame.width, height })),
    ...[turnedPx, turnedPx / 2, turnedPx / 4, turnedPx / 8].map(side => ({ width: side, height: side })),
  ]
  for (const size of sizes) {
    const regions = cut(frame, size)
    if (regions.every(region => bytesOf(boxesFor(region, frame, transforms, 0), frame) <= boxBytes)) return regions
  }
  return cut(frame, sizes[sizes.length - 1])
}

function cut({ width, height }: FrameKind, size: { width: number; height: number }): Area[] {
  const regions: Area[] = []
  for (let y = 0; y < height; y += size.height) {
    for (let x = 0; x < width; x += size.width) {
      regions.push({ x, y, width: Math.min(size.width, width - x), height: Math.min(size.height, height - y) })
    }
  }
  return regions
}

/** One box a frame, one behind the other from `start` on; without pixels where the frame does not reach the region. */
function boxesFor(region: Area, frame: FrameKind, transforms: readonly Similarity[], start: number): PixelBox[] {
  let offset = start
  return transforms.map(transform => {
    const area = sourceBox(transform, region, frame) ?? { x: 0, y: 0, width: 0, height: 0 }
    const plane = 4 * area.width * area.height
    const box = { ...area, offset, plane, stride: area.width }
    offset += plane * frame.planes
    return box
  })
}

const bytesOf = (boxes: readonly PixelBox[], { planes }: FrameKind): number =>
  boxes.reduce((sum, { plane }) => sum + plane * planes, 0)

/** The strips of all frames that the boxes are cut from, as one step for the crew. */
function boxWork(
  { masters: places, rowsPerStrip }: StackMemory,
  { frame, masters }: SeedWith,
  frames: readonly FirstFrame[],
  boxes: readonly PixelBox[],
): [BoxOrder, number] {
  const work = boxes.flatMap(({ y, width, height }, of) => {
    if (width === 0) return []
    // Rows are counted through all planes, and strips are those of whole frames, so that bad pixels are mended alike.
    const strips = Array.from({ length: frame.planes }, (_, plane) => {
      const first = Math.floor((plane * frame.height + y) / rowsPerStrip)
      const last = Math.floor((plane * frame.height + y + height - 1) / rowsPerStrip)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
    return [...new Set(strips.flat())].map(strip => ({ of, strip }))
  })
  return [{ places, masters, rowsPerStrip, raws: frames.map(({ file }) => file.raw), boxes, work }, work.length]
}
