// A FITS file that lies on the shelf without a row: what its header says of the exposure.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import type { FrameType } from '../ports/frame.js'
import type { Exposure } from '../ports/store.js'
import { dateObsMs } from '../science/fits-date.js'
import { type Card, numberOf, textOf } from '../science/fits-header.js'
import { type FitsHeader, findImage } from '../science/fits-layout.js'
import { nightDate } from '../science/night-date.js'
import { ScienceError } from '../science/science-error.js'
import { ownKeywords } from './frame-cards.js'

/** A file that got no row, and why; it stays where it is. */
export interface Unreadable {
  readonly path: string
  readonly reason: string
}

export function isFits(name: string): boolean {
  return /\.(fits|fit|fts)(\.fz)?$/i.test(name)
}

/** What an exposure's id may look like: it becomes a file name while the frame is written. */
export function isExposureId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$/.test(id)
}

/**
 * Reads the header only.
 * @param taken whether an id belongs to another exposure already
 * @throws ScienceError for a file that is no whole FITS image; the file system's own errors
 */
export function readFound(
  root: string,
  relative: string,
  longitudeDeg: number,
  taken: (id: string) => boolean,
): Exposure {
  const { header, bytes, modifiedMs } = headOf(path.join(root, relative))
  const { cards } = header
  const startedMs = dateObsMs(cards) ?? modifiedMs
  const camera = textOf(cards, ownKeywords.camera) ?? 'unknown'
  const optional = withoutAbsent({
    object: textOf(cards, 'OBJECT'),
    filter: textOf(cards, 'FILTER'),
    activity: textOf(cards, ownKeywords.activity),
    gain: numberOf(cards, 'GAIN'),
    offset: numberOf(cards, 'OFFSET'),
    sensorCelsius: numberOf(cards, 'CCD-TEMP'),
  })
  return {
    id: idOf(cards, startedMs, camera, taken),
    camera,
    frameType: frameTypeOf(cards),
    number: wholeOf(cards, ownKeywords.number, 1),
    total: wholeOf(cards, ownKeywords.total, 1),
    ...optional,
    path: relative,
    bytes,
    startedMs,
    exposureSeconds: Math.max(0, numberOf(cards, 'EXPTIME') ?? numberOf(cards, 'EXPOSURE') ?? 0),
    binning: Math.max(1, wholeOf(cards, 'XBINNING', 1)),
    width: header.width,
    height: header.height,
    night: nightDate(startedMs, longitudeDeg),
    ours: false,
  }
}

function headOf(file: string): { header: FitsHeader; bytes: number; modifiedMs: number } {
  const handle = openSync(file, 'r')
  try {
    const { size, mtimeMs } = fstatSync(handle)
    const header = imageHeader(handle, size)
    const needed = header.dataOffset + header.dataBytes
    if (size < needed) throw new ScienceError(`the file has ${size} bytes, its header says at least ${needed}`)
    return { header, bytes: size, modifiedMs: Math.round(mtimeMs) }
  } finally {
    closeSync(handle)
  }
}

function imageHeader(handle: number, size: number): FitsHeader {
  const search = findImage(size)
  let wanted = search.next()
  while (!wanted.done) {
    const { position, length } = wanted.value
    const piece = new Uint8Array(length)
    let read = 0
    for (let got = -1; got !== 0 && read < length; read += got) {
      got = readSync(handle, piece, read, length - read, position + read)
    }
    wanted = search.next(piece.subarray(0, read))
  }
  return wanted.value
}

/** The id it was archived under, else one made like it: from the shutter's time and the camera. */
function idOf(cards: readonly Card[], startedMs: number, camera: string, taken: (id: string) => boolean): string {
  const said = textOf(cards, ownKeywords.id)
  if (said !== undefined && isExposureId(said) && !taken(said)) return said
  const stamp = new Date(startedMs).toISOString().replace(/[-:.]/g, '')
  const name = camera.toLowerCase().replace(/[^a-z0-9_-]+/g, '-') || 'unknown'
  const id = `${stamp}-${name}`.slice(0, 70)
  for (let copy = 1; ; copy++) {
    const wanted = copy === 1 ? id : `${id}-${copy}`
    if (!taken(wanted)) return wanted
  }
}

function frameTypeOf(cards: readonly Card[]): FrameType {
  const said = (textOf(cards, 'IMAGETYP') ?? textOf(cards, 'FRAME') ?? '').toLowerCase()
  if (said.includes('flat')) return 'flat'
  if (said.includes('dark')) return 'dark'
  return said.includes('bias') || said.includes('zero') || said.includes('offset') ? 'bias' : 'light'
}

function wholeOf(cards: readonly Card[], keyword: string, standard: number): number {
  const value = numberOf(cards, keyword)
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : standard
}

function withoutAbsent<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
