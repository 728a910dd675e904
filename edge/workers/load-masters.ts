// Masters from their files into the kernels' memory, packed as calibration reads them, and the list of pixels that
// cannot be trusted.
import { basename } from 'node:path'
import { Fault } from '../ports/fault.js'
import type { FrameSize, MasterPlaces, PackedMasters } from '../science/calibration.js'
import { numberOf } from '../science/fits-header.js'
import { type MasterKind, masterKeywords } from '../science/master-cards.js'
import { cellLevels, countUsable, uselessWords } from '../science/masters.js'
import { type Glance, oddInDark, oddInFlat } from '../science/odd-pixels.js'
import { packBad, packDark, packFlat, packNothing } from '../science/pack-masters.js'
import { decodeToFloat } from '../science/stored-samples.js'
import type { Hand } from '../science/strip-step.js'
import { type FrameFile, openFrameFile, readRows, rowsBytes } from './frame-file.js'

export interface MasterFile {
  readonly kind: MasterKind
  /** Absolute path. */
  readonly file: string
  /** See ChosenMaster. */
  readonly scale?: number
}

/** What the frames are that the masters shall serve. */
export interface Served {
  readonly bayer: boolean
  readonly topDown: boolean
}

/** Read at a time; scratch of 64 bytes for each pixel of a row holds them, whatever their samples. */
const rowsAtATime = 8
/** Floats of other programs may run from 0 to 1. */
const fullScaleAdu = 65_535

/**
 * Packs masters into their places. A bias alone serves as a dark; bad pixels are those of a map, those that stand out
 * of the dark or the flat, and what lies beyond the packed ranges.
 * @param hand  its scratch holds 64 · width bytes
 * @param plane  byte offset of one f32 for each sample of the places, overwritten
 * @throws Fault `bad-input` naming the file that is no master for frames of this size
 */
export function loadMasters(
  hand: Hand,
  places: MasterPlaces,
  files: readonly MasterFile[],
  served: Served,
  plane: number,
): PackedMasters {
  const { width, height, planes } = places
  const { views } = hand
  const samples = views.f32.subarray(plane >> 2, (plane >> 2) + width * height * planes)
  const isCell = served.bayer && planes === 1
  const master = (kind: MasterKind) => files.find(file => file.kind === kind)
  const read = (file: MasterFile) => readInto(hand, places, file, served.topDown, plane)
  const bad: number[] = []
  /** Sample numbers that `find` says of each plane. */
  const add = (find: (values: Float32Array, glance: Glance) => readonly number[]) => {
    for (let first = 0; first < samples.length; first += width * height) {
      const glance: Glance = (from, count, step, reach, share) =>
        hand.kernels.firstOdd(plane + 4 * (first + from), count, step, reach, share)
      for (const sample of find(samples.subarray(first, first + width * height), glance)) bad.push(first + sample)
    }
  }
  /** Bad pixels are filled from their neighbours; what masters say of them would only make steps coarser. */
  const leaveOut = () => {
    for (const sample of bad) samples[sample] = Number.NaN
  }
  let packed: PackedMasters = { ...packNothing(views, places), spacing: isCell ? 2 : 1 }

  const bias = master('bias')
  const dark = master('dark') ?? bias
  if (dark) {
    const noiseAdu = readDark(samples, dark, bias, read)
    add((values, glance) => {
      const { hot, cold } = oddInDark(values, width, height, noiseAdu, glance)
      return [...hot, ...cold]
    })
    leaveOut()
    const { dark: form, beyond } = packDark(hand, places, plane)
    packed = { ...packed, dark: form }
    for (const sample of beyond) bad.push(sample)
  }
  const flat = master('flat')
  if (flat) {
    read(flat)
    const levels: number[][] = []
    for (let first = 0; first < samples.length; first += width * height) {
      levels.push(cellLevels(samples.subarray(first, first + width * height), width, height, isCell))
    }
    add((values, glance) => oddInFlat(values, width, height, isCell, glance))
    leaveOut()
    packed = { ...packed, flat: packFlat(hand, places, plane, levels) }
  }
  const map = master('bad')
  if (map) {
    read(map)
    add(values => Array.from(values.keys()).filter(sample => values[sample] !== 0))
  }
  return { ...packed, ...packBad(views, places, bad, packed.spacing) }
}

/** @returns temporal noise of one frame, ADU; 0 when it is not known */
function readDark(
  samples: Float32Array,
  dark: MasterFile,
  bias: MasterFile | undefined,
  read: (file: MasterFile) => number,
): number {
  if (dark.scale === undefined || !bias || bias === dark) return read(dark)
  read(bias)
  const floor = samples.slice()
  const noiseAdu = read(dark)
  for (let i = 0; i < samples.length; i++) samples[i] = floor[i] + dark.scale * (samples[i] - floor[i])
  return noiseAdu
}

/** All of a master into the plane, rows in the order of the frames. @returns the noise its header tells, else 0 */
function readInto(hand: Hand, places: MasterPlaces, { kind, file }: MasterFile, topDown: boolean, plane: number) {
  const wrong = (what: string, cause?: unknown) => {
    const fix = 'Choose another, or forget this one'
    return new Fault('bad-input', `the ${kind} ${basename(file)} ${what}`, fix, { cause })
  }
  let opened: FrameFile | undefined
  try {
    opened = openFrameFile(file)
    const { width, height, planes } = opened.raw
    if (width !== places.width || height !== places.height || planes !== places.planes) {
      throw wrong(`has ${sizeOf(opened.raw)}, the frames have ${sizeOf(places)}`)
    }
    decodeRows(hand, opened, places, topDown, plane)
    const count = width * height * planes
    const samples = hand.views.f32.subarray(plane >> 2, (plane >> 2) + count)
    const useless = uselessWords(kind, countUsable(kind, samples), count)
    if (useless) throw wrong(useless)
    if (kind === 'dark' || kind === 'bias') fromUnitScale(samples)
    return numberOf(opened.cards, masterKeywords.noise) ?? 0
  } catch (error) {
    if (error instanceof Fault) throw error
    throw wrong(`cannot be read: ${(error as Error).message}`, error)
  } finally {
    opened?.close()
  }
}

const sizeOf = ({ width, height, planes }: FrameSize) => `${width}×${height} px${planes > 1 ? ` × ${planes}` : ''}`

function decodeRows(hand: Hand, file: FrameFile, places: MasterPlaces, topDown: boolean, plane: number): void {
  const { width, height, planes } = places
  const { raw } = file
  for (let row = 0; row < height * planes; row += rowsAtATime) {
    const rows = Math.min(rowsAtATime, height * planes - row)
    const { form, offset } = readRows(hand, raw, row, rows, hand.scratch)
    for (let i = row; i < row + rows; i++) {
      const top = Math.floor(i / height) * height
      const place = file.topDown === topDown ? i : top + height - 1 - (i - top)
      decodeToFloat(hand, form, offset + rowsBytes(raw, i), plane + 4 * width * place, width)
    }
  }
}

/** Other programs write floats from 0 to 1: a dark that nowhere comes above 1 ADU is one of those. */
function fromUnitScale(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) if (samples[i] > 1) return
  for (let i = 0; i < samples.length; i++) samples[i] *= fullScaleAdu
}
