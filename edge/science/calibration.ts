// Raw frames made true: (raw − dark) / flat, and pixels that cannot be trusted filled from their neighbours of the same
// colour. Masters lie packed in 16 bits, for their bytes are half of what this step moves.
import type { Layout } from '../kernels/memory.js'
import { decodeToFloat, type StoredForm, storedBytes } from './stored-samples.js'
import type { Hand } from './strip-step.js'

/** Where raw samples lie, and as what. */
export interface RawSamples {
  readonly form: StoredForm
  /** Byte offset of sample 0; a multiple of the sample's size unless big-endian. */
  readonly offset: number
}

export interface FrameSize {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
}

/** Memory for one set of masters: byte offsets. */
export interface MasterPlaces extends FrameSize {
  /** u16 for each sample. */
  readonly dark: number
  readonly flat: number
  /** One row each that changes nothing. */
  readonly noDark: number
  readonly noFlat: number
  /** u32 sample numbers, ascending, and for each a u8 that says which of its neighbours are good. */
  readonly bad: number
  readonly goodAround: number
  readonly mostBad: number
}

/** What lies in the places; plain data. */
export interface PackedMasters {
  /** ADU = zero + step · value; no value is off by more than half a step. */
  readonly dark?: { readonly zero: number; readonly step: number }
  /** Inverse flat = step · value. */
  readonly flat?: { readonly step: number }
  readonly bad: number
  /** Distance to the next pixel of the same colour: 2 under a Bayer pattern, else 1. */
  readonly spacing: 1 | 2
}

export interface CalibrateOrder {
  readonly raw: RawSamples
  readonly places: MasterPlaces
  readonly masters: PackedMasters
  /**
   * Byte offset of width · height · planes f32, written; planes one after the other. May be `raw.offset` where samples
   * have four bytes.
   */
  readonly plane: number
  /** Rows are counted through all planes: strip 0 begins at row 0 of plane 0. */
  readonly rowsPerStrip: number
}

/** Of all samples; a map with more says that something else is wrong with its dark. */
const mostBadShare = 0.01

/** 4 bytes and a little for each sample of the frame; pages cost nothing until masters are loaded. */
export function layOutMasters(layout: Layout, { width, height, planes }: FrameSize): MasterPlaces {
  const samples = width * height * planes
  const mostBad = Math.ceil(samples * mostBadShare)
  return {
    ...{ width, height, planes, mostBad },
    dark: layout.take(2 * samples),
    flat: layout.take(2 * samples),
    noDark: layout.take(2 * width),
    noFlat: layout.take(2 * width),
    bad: layout.take(4 * mostBad),
    goodAround: layout.take(mostBad),
  }
}

/** The row that stands for an absent flat holds 16384 everywhere, which is 1 at this step. */
export const noFlatStep = 1 / 16_384

/** Strips in a frame, for `Crew.run`. */
export function calibrateStrips({ height, planes }: FrameSize, rowsPerStrip: number): number {
  return Math.ceil((height * planes) / rowsPerStrip)
}

/** Rows of a strip, counted through all planes. */
export function rowsOf(
  { places, rowsPerStrip }: Pick<CalibrateOrder, 'places' | 'rowsPerStrip'>,
  strip: number,
): { first: number; end: number } {
  const first = strip * rowsPerStrip
  return { first, end: Math.min(first + rowsPerStrip, places.height * places.planes) }
}

/**
 * Rows `first` … `end` − 1 of the plane, f32 ADU; without masters the raw samples as numbers. Bad pixels stay as they
 * are.
 */
export function calibrateRows(hand: Hand, order: CalibrateOrder, first: number, end: number): void {
  const { width } = order.places
  for (let row = first; row < end; row++) {
    calibrateSamples(hand, order, row * width, width, order.plane + 4 * row * width)
  }
}

/**
 * Fills the bad pixels of a strip whose rows are all calibrated: each becomes the median of its good neighbours of the
 * same colour within the strip, NaN when it has none.
 */
export function repairStrip(hand: Hand, order: Omit<CalibrateOrder, 'raw'>, strip: number): void {
  const { first, end } = rowsOf(order, strip)
  repair(hand, order, first * order.places.width, end * order.places.width)
}

/** @param count samples from number `from` on, all in one row */
function calibrateSamples(hand: Hand, order: CalibrateOrder, from: number, count: number, to: number): void {
  const { raw, places, masters } = order
  const { kernels } = hand
  const dark = masters.dark ? places.dark + 2 * from : places.noDark
  const flat = masters.flat ? places.flat + 2 * from : places.noFlat
  const step = masters.dark?.step ?? 0
  const zero = masters.dark?.zero ?? 0
  const gain = masters.flat?.step ?? noFlatStep
  const { type, bigEndian, bzero, bscale, blank } = raw.form
  // FITS has unsigned words as signed ones with BZERO 32768.
  const bare = type === 'f32' && !bigEndian && bzero === 0 && bscale === 1
  if (!masters.dark && !masters.flat && !bare) {
    decodeToFloat(hand, raw.form, raw.offset + storedBytes[type] * from, to, count)
    return
  }
  const unsigned = type === 'u16' ? bzero === 0 : type === 'i16' && bzero === 32_768
  if (unsigned && bscale === 1 && blank === undefined) {
    const offset = raw.offset + 2 * from
    kernels.calibrateU16(offset, bigEndian ? 1 : 0, bzero, to, count, dark, step, zero, flat, gain)
    return
  }
  const offset = raw.offset + storedBytes[type] * from
  if (!bare) decodeToFloat(hand, raw.form, offset, to, count)
  kernels.calibrateF32(bare ? offset : to, to, count, dark, step, zero, flat, gain)
}

/** The eight neighbours of a pixel, in the order of the bits of `goodAround`. */
export const around = [
  ...[-1, 0, 1].map(x => ({ x, y: -1 })),
  ...[-1, 1].map(x => ({ x, y: 0 })),
  ...[-1, 0, 1].map(x => ({ x, y: 1 })),
]

/** Fills the bad pixels among samples `from` … `end` − 1 of the plane, which are whole rows. */
function repair({ views }: Hand, order: Omit<CalibrateOrder, 'raw'>, from: number, end: number): void {
  const { places, masters, plane } = order
  const list = views.u32.subarray(places.bad >> 2, (places.bad >> 2) + masters.bad)
  const near = new Float64Array(8)
  for (let i = firstAtLeast(list, from); i < list.length && list[i] < end; i++) {
    const good = views.u8[places.goodAround + i]
    let count = 0
    for (let bit = 0; bit < 8; bit++) {
      if ((good & (1 << bit)) === 0) continue
      const sample = list[i] + masters.spacing * (around[bit].y * places.width + around[bit].x)
      // Other strips belong to other threads, which may not be there yet.
      if (sample < from || sample >= end) continue
      const value = views.f32[(plane >> 2) + sample]
      if (!Number.isNaN(value)) insert(near, count++, value)
    }
    views.f32[(plane >> 2) + list[i]] = middle(near, count)
  }
}

/** Index of the first value not below `least` in an ascending list. */
function firstAtLeast(list: Uint32Array, least: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const half = (low + high) >> 1
    if (list[half] < least) low = half + 1
    else high = half
  }
  return low
}

/** Into the sorted first `count` values. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let i = count
  for (; i > 0 && sorted[i - 1] > value; i--) sorted[i] = sorted[i - 1]
  sorted[i] = value
}

/** The median; the mean of the middle two of an even number; NaN of none. */
function middle(sorted: Float64Array, count: number): number {
  if (count === 0) return Number.NaN
  return (sorted[(count - 1) >> 1] + sorted[count >> 1]) / 2
}
