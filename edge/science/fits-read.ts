// FITS images as cameras and archives really write them, into memory. FITS Standard 4.0, sections 3 to 5 and 7.1.
import { bayerNamed, flipBayer, shiftBayer } from './bayer.js'
import { swap16, swapSamples } from './byte-order.js'
import {
  blockBytes,
  type Card,
  cardBytes,
  cardValue,
  flagOf,
  maxHeaderBlocks,
  numberOf,
  parseCards,
  textOf,
} from './fits-header.js'
import { type BayerPattern, bytesPerSample, type Image, type Samples, type SampleType, viewSamples } from './samples.js'
import { ScienceError } from './science-error.js'

export interface FitsHeader {
  /** Of the image; where it lies in an extension, the primary header's cards follow its own. */
  readonly cards: readonly Card[]
  /** What the samples become in memory. */
  readonly type: SampleType
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  readonly bitpix: 8 | 16 | 32 | -32 | -64
  readonly bzero: number
  readonly bscale: number
  /** Stored value that means "no data"; only for integers. */
  readonly blank?: number
  readonly dataOffset: number // bytes from the start of the file
  readonly dataBytes: number // without padding
  /** Without ROWORDER rows count as top-down: that is how camera drivers write. */
  readonly topDown: boolean
  readonly bayer?: BayerPattern
}

/** Larger images are refused before any memory is asked for. */
const maxImageBytes = 2 ** 31

const maxUnits = 100 // header-data units looked through for an image
const stripBytes = 65536 // small enough to stay in the cache between copying and swapping

const layout = /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BZERO|BSCALE|BLANK|END|LONGSTRN)$/
const sums = /^(CHECKSUM|DATASUM)$/

/** Cards that say how one HDU is laid out, or prove it whole: never inherited, and written anew for every file. */
export function isStructural(keyword: string): boolean {
  return layout.test(keyword) || sums.test(keyword)
}

/**
 * Finds and reads the header of the file's image: the primary one, or the first IMAGE extension where that is empty.
 * @param bytes the file, or as much of its beginning as holds the image's header
 * @throws ScienceError naming the card that is wrong or what is missing
 */
export function readFitsHeader(bytes: Uint8Array): FitsHeader {
  let primary: readonly Card[] = []
  let start = 0
  for (let unit = 0; unit < maxUnits; unit++) {
    if (unit > 0 && start >= bytes.length) break
    const { cards, dataOffset } = readCards(bytes, start, unit)
    const first = cards[0]?.keyword
    if (unit === 0 && first !== 'SIMPLE') throw new ScienceError('this is no FITS file: its first card is not SIMPLE')
    if (unit > 0 && first !== 'XTENSION') break
    if (flagOf(cards, 'ZIMAGE')) {
      const method = textOf(cards, 'ZCMPTYPE') ?? 'tile'
      throw new ScienceError(
        `this FITS image is compressed (${method}, .fz), which cannot be read yet: unpack it first`,
      )
    }
    const axes = axesOf(cards)
    const isImage = unit === 0 || textOf(cards, 'XTENSION') === 'IMAGE'
    if (isImage && axes.length > 0 && axes.every(size => size > 0)) {
      return describe(unit === 0 ? cards : inherit(cards, primary), axes, dataOffset)
    }
    if (unit === 0) primary = cards
    start = dataOffset + padded(unitBytes(cards, axes))
  }
  throw new ScienceError('this FITS file holds no image: its primary array is empty and no IMAGE extension follows')
}

/**
 * Reads the file's image: samples in native byte order, every value as the file means it.
 * 16-bit with BZERO 32768 is u16, without BZERO i16; any other scaling gives f32 (from 32-bit integers f64, which loses
 * nothing), with BLANK as NaN there.
 * @param into where the samples shall live, at offset 0 and aligned to 8; without it, new memory
 * @throws ScienceError naming the card that is wrong, or the bytes that are missing
 */
export function readFitsImage(
  bytes: Uint8Array,
  into: (byteLength: number) => ArrayBufferLike = byteLength => new ArrayBuffer(byteLength),
): Image & { readonly cards: readonly Card[] } {
  const header = readFitsHeader(bytes)
  const { width, height, planes, type, dataOffset, dataBytes, topDown, bayer, cards } = header
  const present = Math.max(0, bytes.length - dataOffset)
  if (present < dataBytes) {
    throw new ScienceError(
      `this FITS file is cut short: ${width}×${height}×${planes} needs ${dataBytes} bytes, ${present} are there`,
    )
  }
  const count = width * height * planes
  const buffer = into(count * bytesPerSample[type])
  const samples = viewSamples(type, buffer, 0, count)
  decodeSamples(header, bytes.subarray(dataOffset, dataOffset + dataBytes), samples)
  return { width, height, planes, type, samples, topDown, cards, ...(bayer ? { bayer } : {}) }
}

/**
 * Decodes whole samples of an image's data unit.
 * @param data big-endian, as stored; may be a piece of the unit
 * @param samples as many, of `header.type`; overwritten. May lie over `data` where the two have the same size
 */
export function decodeSamples(header: FitsHeader, data: Uint8Array, samples: Samples): void {
  const { bitpix, type } = header
  const size = Math.abs(bitpix) / 8
  const target = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  if (!isScaled(header)) {
    const flip = type === 'u16' ? 0x8000 : 0
    for (let start = 0; start < data.length; start += stripBytes) {
      const strip = data.subarray(start, start + stripBytes)
      const place = target.subarray(start, start + strip.length)
      place.set(strip)
      if (size === 2) swap16(place, flip)
      else swapSamples(place, size)
    }
    return
  }
  const storedType = storedTypes[bitpix]
  const strip = new Uint8Array(stripBytes)
  const stored = viewSamples(storedType, strip.buffer, 0, stripBytes / size)
  const { bzero, bscale, blank } = header
  for (let start = 0; start < data.length; start += stripBytes) {
    const piece = data.subarray(start, start + stripBytes)
    strip.set(piece)
    swapSamples(strip.subarray(0, piece.length), size)
    const first = start / size
    const count = piece.length / size
    for (let i = 0; i < count; i++) samples[first + i] = stored[i] === blank ? Number.NaN : bzero + bscale * stored[i]
  }
}

const storedTypes = { 8: 'u8', 16: 'i16', 32: 'i32', [-32]: 'f32', [-64]: 'f64' } as const

function isScaled({ bitpix, type }: FitsHeader): boolean {
  return storedTypes[bitpix] !== type && type !== 'u16'
}

/** The cards from `start` to END, and where the data begin. */
function readCards(bytes: Uint8Array, start: number, unit: number): { cards: Card[]; dataOffset: number } {
  const limit = Math.min(bytes.length, start + maxHeaderBlocks * blockBytes)
  for (let at = start; at + 8 <= limit; at += cardBytes) {
    if (bytes[at] !== 0x45 || bytes[at + 1] !== 0x4e || bytes[at + 2] !== 0x44) continue
    let blank = true
    for (let i = 3; i < 8; i++) if (bytes[at + i] !== 0x20 && bytes[at + i] !== 0) blank = false
    if (!blank) continue
    return { cards: parseCards(bytes.subarray(start, at)), dataOffset: start + padded(at + cardBytes - start) }
  }
  const which = unit === 0 ? 'the FITS header' : `the header of FITS extension ${unit}`
  throw new ScienceError(`${which} has no END card within ${limit - start} bytes`)
}

function padded(byteCount: number): number {
  return Math.ceil(byteCount / blockBytes) * blockBytes
}

function whole(cards: readonly Card[], keyword: string, least: number, most: number): number {
  const value = numberOf(cards, keyword)
  if (value === undefined || !Number.isInteger(value) || value < least || value > most) {
    const found = cards.find(card => card.keyword === keyword)
    const said = found ? `is ${found.value ?? 'unreadable'}` : 'is missing'
    throw new ScienceError(`FITS card ${keyword} ${said}; a whole number from ${least} to ${most} is needed`)
  }
  return value
}

function axesOf(cards: readonly Card[]): number[] {
  const count = whole(cards, 'NAXIS', 0, 999)
  const axes: number[] = []
  for (let axis = 1; axis <= count; axis++) axes.push(whole(cards, `NAXIS${axis}`, 0, maxImageBytes))
  return axes
}

/** Size of a data unit (equation 2 of §4.4.1.2). */
function unitBytes(cards: readonly Card[], axes: readonly number[]): number {
  if (axes.length === 0) return 0
  const elements = axes.reduce((product, size) => product * size, 1)
  const parameters = numberOf(cards, 'PCOUNT') ?? 0
  const groups = numberOf(cards, 'GCOUNT') ?? 1
  const size = (Math.abs(whole(cards, 'BITPIX', -64, 64)) / 8) * groups * (parameters + elements)
  if (!(size >= 0) || size > Number.MAX_SAFE_INTEGER)
    throw new ScienceError(`a FITS extension says it has ${size} bytes`)
  return size
}

function inherit(own: readonly Card[], primary: readonly Card[]): Card[] {
  const named = new Set(own.map(card => card.keyword))
  return [...own, ...primary.filter(card => !isStructural(card.keyword) && !named.has(card.keyword))]
}

function describe(cards: readonly Card[], axes: readonly number[], dataOffset: number): FitsHeader {
  const bitpix = whole(cards, 'BITPIX', -64, 64)
  if (bitpix !== 8 && bitpix !== 16 && bitpix !== 32 && bitpix !== -32 && bitpix !== -64) {
    throw new ScienceError(`FITS card BITPIX is ${bitpix}; 8, 16, 32, -32 and -64 can be read`)
  }
  if (axes.length < 2 || axes.slice(3).some(size => size !== 1)) {
    throw new ScienceError(`FITS card NAXIS: an image of ${axes.join('×')} is neither a plane nor a stack of planes`)
  }
  const [width, height, planes = 1] = axes
  const dataBytes = (width * height * planes * Math.abs(bitpix)) / 8
  const bzero = scaleOf(cards, 'BZERO', 0)
  const bscale = scaleOf(cards, 'BSCALE', 1)
  const type = typeOf(bitpix, bzero, bscale)
  if (width * height * planes * bytesPerSample[type] > maxImageBytes || dataBytes > maxImageBytes) {
    throw new ScienceError(`a FITS image of ${width}×${height}×${planes} is more than ${maxImageBytes} bytes`)
  }
  const blank = bitpix > 0 ? numberOf(cards, 'BLANK') : undefined
  const topDown = textOf(cards, 'ROWORDER')?.toUpperCase() !== 'BOTTOM-UP'
  const bayer = planes === 1 ? bayerOf(cards, height, topDown) : undefined
  const optional = { ...(blank === undefined ? {} : { blank }), ...(bayer ? { bayer } : {}) }
  return { cards, type, width, height, planes, bitpix, bzero, bscale, dataOffset, dataBytes, topDown, ...optional }
}

function scaleOf(cards: readonly Card[], keyword: 'BZERO' | 'BSCALE', standard: number): number {
  const value = numberOf(cards, keyword)
  const wrong =
    (value === undefined && cards.some(card => card.keyword === keyword)) || (keyword === 'BSCALE' && value === 0)
  if (wrong)
    throw new ScienceError(`FITS card ${keyword} is ${cardValue(cards, keyword) ?? 'unreadable'}, which is no scale`)
  return value ?? standard
}

function typeOf(bitpix: FitsHeader['bitpix'], bzero: number, bscale: number): SampleType {
  if (bscale === 1 && bzero === 0) return storedTypes[bitpix]
  if (bscale === 1 && bzero === 32768 && bitpix === 16) return 'u16'
  return bitpix === 32 || bitpix === -64 ? 'f64' : 'f32'
}

/** BAYERPAT counts from the first stored pixel, moved on by XBAYROFF and YBAYROFF; the result counts as shown. */
function bayerOf(cards: readonly Card[], height: number, topDown: boolean): BayerPattern | undefined {
  const named = bayerNamed(textOf(cards, 'BAYERPAT')) ?? bayerNamed(textOf(cards, 'COLORTYP'))
  if (!named) return undefined
  const x = Math.round(numberOf(cards, 'XBAYROFF') ?? numberOf(cards, 'BAYOFFX') ?? 0)
  const y = Math.round(numberOf(cards, 'YBAYROFF') ?? numberOf(cards, 'BAYOFFY') ?? 0)
  const stored = shiftBayer(named, x, y)
  return topDown ? stored : flipBayer(stored, height)
}
