// A frame on the shelf, opened so that any thread can read strips of it straight into the kernels' memory.
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { RawSamples } from '../science/calibration.js'
import type { Card } from '../science/fits-header.js'
import { type FitsHeader, findImage, isStraight } from '../science/fits-layout.js'
import type { BayerPattern } from '../science/samples.js'
import { ScienceError } from '../science/science-error.js'
import { nativeForm, type StoredForm, storedBytes } from '../science/stored-samples.js'
import type { Hand } from '../science/strip-step.js'
import { readWholeImage } from './whole-image.js'

/** Where samples stand in an open file; plain data, and the descriptor is good in every thread of the process. */
export interface RawFile {
  /** For messages. */
  readonly name: string
  readonly descriptor: number
  readonly dataOffset: number // bytes
  readonly form: StoredForm
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
}

export interface FrameFile {
  readonly raw: RawFile
  readonly cards: readonly Card[]
  readonly bayer?: BayerPattern
  readonly topDown: boolean
  /** Idempotent: the number may be another file's by then. */
  close(): void
}

/**
 * Packed files and those with interleaved colours are unpacked into a file without a name, which the system forgets
 * when it is closed.
 * @param file absolute path
 * @throws ScienceError for what is no FITS image, the file system's own errors
 */
export function openFrameFile(file: string): FrameFile {
  const descriptor = openSync(file, 'r')
  let straight: FrameFile | undefined
  try {
    const header = headerOf(descriptor)
    const { width, height, planes, bayer, topDown, cards, form, dataOffset, dataBytes } = header
    const about = { cards, topDown, ...(bayer ? { bayer } : {}) }
    if (!isStraight(header)) return { ...about, ...unpacked(file) }
    const present = fstatSync(descriptor).size - dataOffset
    if (present < dataBytes) {
      throw new ScienceError(`this FITS file is cut short: ${dataBytes} bytes are needed, ${present} are there`)
    }
    const raw = { name: basename(file), descriptor, dataOffset, form, width, height, planes }
    straight = { ...about, raw, close: closer(descriptor) }
    return straight
  } finally {
    if (!straight) closeSync(descriptor)
  }
}

function closer(descriptor: number): () => void {
  let open = true
  return () => {
    if (open) closeSync(descriptor)
    open = false
  }
}

function headerOf(descriptor: number): FitsHeader {
  const asking = findImage(fstatSync(descriptor).size)
  let ask = asking.next()
  while (!ask.done) {
    const { position, length } = ask.value
    const bytes = new Uint8Array(length)
    ask = asking.next(bytes.subarray(0, readSync(descriptor, bytes, 0, length, position)))
  }
  return ask.value
}

function unpacked(file: string): Pick<FrameFile, 'raw' | 'close'> {
  const { samples, type, width, height, planes } = readWholeImage(file)
  // Beside the frames: the system's own folder for such things may lie in memory.
  const folder = mkdtempSync(join(dirname(file), '.unpacked-'))
  const aside = join(folder, 'samples')
  const descriptor = openSync(aside, 'wx+')
  rmSync(folder, { recursive: true })
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done)
  const raw = { name: basename(file), descriptor, dataOffset: 0, form: nativeForm(type), width, height, planes }
  return { raw, close: closer(descriptor) }
}

/** Scratch that `readRows` needs for so many rows, bytes. */
export function rowsBytes({ width, form }: RawFile, rows: number): number {
  return rows * width * storedBytes[form.type]
}

/**
 * Rows of the file into kernel memory, as calibration takes them. Rows are counted through all planes.
 * @param at  byte offset of free memory, a multiple of 8, `rowsBytes` long; written
 * @returns where they lie, as if the whole frame lay there: each sample at the offset that its number gives
 * @throws ScienceError when the file has become shorter, the file system's own errors
 */
export function readRows({ views }: Hand, raw: RawFile, firstRow: number, rows: number, at: number): RawSamples {
  const { form, width, descriptor, dataOffset } = raw
  const size = storedBytes[form.type]
  const before = firstRow * width * size
  const place = views.u8.subarray(at, at + rowsBytes(raw, rows))
  for (let done = 0; done < place.length; ) {
    const got = readSync(descriptor, place, done, place.length - done, dataOffset + before + done)
    if (got === 0) throw new ScienceError(`${raw.name} has become shorter while it was read`)
    done += got
  }
  return { form, offset: at - before }
}
