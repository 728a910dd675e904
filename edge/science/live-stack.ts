// A live stack from its first usable frame on: what is taken, what is refused and why, and the picture so far.
import { skyLevel } from './background.js'
import { bilinearRows } from './debayer.js'
import { closeFrame, makeNoiseMeter, measuredGain, meterBlockPx, meterRows, type NoiseMeter } from './noise-meter.js'
import { makeReference, type Reference } from './reference.js'
import { type RegistrationRefusal, register } from './register.js'
import type { Image, Samples } from './samples.js'
import { identity, type Similarity } from './similarity.js'
import { addRowsToStack, emptyStack, type Stack, snrGain, stackImage } from './stack.js'
import { type Star, starsOf } from './stars.js'
import { warpRows } from './warp.js'

export interface LiveStackOptions {
  readonly maxShiftPx?: number // 300 unless told
  readonly minStars?: number // of reference and frames, and of pairs between them; 6 unless told, never below 4
  readonly sigma?: number // star detection, 5 unless told
  readonly saturationAdu?: number
}

export type StackRefusal = RegistrationRefusal | 'other-size' | 'other-kind'

export type Addition =
  | {
      readonly accepted: true
      readonly first: boolean // it is the reference
      readonly transform: Similarity // frame → reference
      readonly offsetPx: readonly [number, number] // how far the sky moved at the centre since the reference
      readonly matched: number // star pairs
      readonly rmsPx: number
      readonly stars: number
      readonly medianHfdPx: number | undefined
      readonly skyOffsetAdu: readonly number[] // added to each plane to bring its sky to the reference's
    }
  | {
      readonly accepted: false
      readonly reason: StackRefusal
      readonly words: string
      readonly stars: number | undefined // undefined when they were not looked for
    }

export interface LiveStack {
  /**
   * Registers a frame and folds it in, or says why not; a refused frame leaves no trace but its count. The image is
   * not changed.
   */
  add(image: Image): Addition
  readonly accepted: number
  readonly refused: Readonly<Record<StackRefusal, number>>
  /**
   * The mean so far, f32, NaN where no frame has data, its sky that of the reference; `undefined` before the first.
   * Shares memory.
   */
  image(): Image | undefined
  /** Frames behind each pixel; shares memory. */
  coverage(): Uint16Array | undefined
  /** √ of the frames accepted. */
  snrGain(): number
  /** See NoiseMeter; `undefined` below four frames. */
  measuredGain(): number | undefined
}

const stripRows = 64 // stays in the cache between warping, averaging and metering; a multiple of the meter's blocks
const defaultMinStars = 6

/**
 * An empty live stack. All frames must have the first one's size, planes, Bayer pattern and row order; Bayer frames
 * are stacked in colour at full size (bilinear), their stars found on superpixels.
 *
 * Memory, held: 4 bytes a pixel and plane for the mean, 2 a pixel for the count, 1 for the noise meter; colour from
 * Bayer 12 a pixel more as scratch. While a frame is added: 5 bytes a pixel for finding stars (1.3 for Bayer). At 16
 * megapixels that is 115 + 80 MB in mono and 440 + 25 MB in colour. No I/O, no clock: the same frames in the same
 * order give the same bits.
 */
export function makeLiveStack(options: LiveStackOptions = {}): LiveStack {
  const minStars = Math.max(4, options.minStars ?? defaultMinStars)
  const refused: Record<StackRefusal, number> = {
    'too-few-stars': 0,
    'no-match': 0,
    'moved-too-far': 0,
    'other-size': 0,
    'other-kind': 0,
  }
  let begun: Begun | undefined
  let accepted = 0

  function add(image: Image): Addition {
    const unfit = begun && unlike(begun.kind, image)
    if (unfit) return refuse(unfit.reason, unfit.words, undefined)
    const { stars, medianHfdPx } = starsOf(image, { sigma: options.sigma, saturationAdu: options.saturationAdu })
    if (!begun && stars.length < minStars) {
      return refuse(
        'too-few-stars',
        `a reference needs ${minStars} stars, this frame has ${stars.length}`,
        stars.length,
      )
    }
    const first = begun === undefined
    begun ??= begin(image, stars)
    const { width, height } = image
    const { maxShiftPx } = options
    const found = first
      ? { ok: true as const, transform: identity, offsetPx: [0, 0] as const, matched: stars.length, rmsPx: 0 }
      : register(begun.reference, stars, { width, height, maxShiftPx, minInliers: minStars })
    if (!found.ok) return refuse(found.reason, found.words, stars.length)
    const skyOffsetAdu = fold(begun, image, found.transform)
    accepted++
    const { transform, offsetPx, matched, rmsPx } = found
    return {
      accepted: true,
      first,
      transform,
      offsetPx,
      matched,
      rmsPx,
      stars: stars.length,
      medianHfdPx,
      skyOffsetAdu,
    }
  }

  function refuse(reason: StackRefusal, words: string, stars: number | undefined): Addition {
    refused[reason]++
    return { accepted: false, reason, words, stars }
  }

  return {
    add,
    get accepted() {
      return accepted
    },
    refused,
    image: () => begun && stackImage(begun.stack, begun.kind.topDown),
    coverage: () => begun?.stack.count,
    snrGain: () => snrGain(accepted),
    measuredGain: () => begun && measuredGain(begun.meter),
  }
}

type Kind = Pick<Image, 'width' | 'height' | 'planes' | 'bayer' | 'topDown'>

interface Begun {
  readonly kind: Kind
  readonly reference: Reference
  readonly stack: Stack
  readonly meter: NoiseMeter
  readonly strips: readonly Float32Array[] // one per plane
  readonly colours: readonly Float32Array[] // whole planes of a debayered frame; none for others
  readonly skyAdu: number[] // of the reference, per plane; filled by its own folding
}

function begin(image: Image, stars: readonly Star[]): Begun {
  const { width, height, bayer, topDown } = image
  const planes = bayer === undefined ? image.planes : 3
  const arrays = (count: number, length: number) => Array.from({ length: count }, () => new Float32Array(length))
  return {
    kind: { width, height, planes: image.planes, bayer, topDown },
    reference: makeReference(stars),
    stack: emptyStack(width, height, planes),
    meter: makeNoiseMeter(width, height, stars),
    strips: arrays(planes, stripRows * width),
    colours: bayer === undefined ? [] : arrays(planes, width * height),
    skyAdu: [],
  }
}

function unlike(kind: Kind, image: Image): { reason: StackRefusal; words: string } | undefined {
  if (image.width !== kind.width || image.height !== kind.height) {
    const words = `${image.width} × ${image.height} px, the stack has ${kind.width} × ${kind.height} px`
    return { reason: 'other-size', words }
  }
  const describe = ({ planes, bayer, topDown }: Kind) =>
    `${planes === 1 ? (bayer?.toUpperCase() ?? 'mono') : `${planes} planes`}, ${topDown ? 'top-down' : 'bottom-up'}`
  if (describe(image) === describe(kind)) return undefined
  return { reason: 'other-kind', words: `${describe(image)}, the stack is ${describe(kind)}` }
}

/** Warps, levels and adds a frame strip by strip; returns what was added to the sky of each plane. */
function fold(begun: Begun, image: Image, transform: Similarity): number[] {
  const { stack, meter, strips, skyAdu } = begun
  const { width, height } = image
  const planes = planesOf(image, begun.colours)
  const offsets = planes.map((plane, index) => {
    const sky = skyLevel(plane)
    skyAdu[index] ??= sky
    return Number.isFinite(skyAdu[index] - sky) ? skyAdu[index] - sky : 0
  })
  for (let firstRow = 0; firstRow < height; firstRow += stripRows) {
    const rows = Math.min(stripRows, height - firstRow)
    for (const [index, plane] of planes.entries()) {
      const strip = strips[index]
      warpRows(plane, width, height, transform, firstRow, rows, strip)
      const offset = offsets[index]
      if (offset !== 0) for (let i = 0; i < rows * width; i++) strip[i] += offset
    }
    addRowsToStack(stack, strips, firstRow, rows)
    meterRows(meter, strips, firstRow, rows - (rows % meterBlockPx))
  }
  closeFrame(meter, transform)
  return offsets
}

/** The frame's planes: its own samples, or for Bayer the colours made into `scratch`. */
function planesOf(image: Image, scratch: readonly Float32Array[]): Samples[] {
  const { width, height, planes, samples } = image
  if (scratch.length === 0) {
    return Array.from({ length: planes }, (_, plane) =>
      samples.subarray(plane * width * height, (plane + 1) * width * height),
    )
  }
  const rows = bilinearRows(image)
  for (let y = 0; y < height; y++)
    rows.read(
      y,
      scratch.map(plane => plane.subarray(y * width, (y + 1) * width)),
    )
  return [...scratch]
}
