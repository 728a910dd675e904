// Images into FITS files of one HDU, strip by strip so that a large frame needs no second copy in memory: encode rows,
// sum them, write them, and put the header with its checksums in front last. FITS Standard 4.0.
import { storedBayer } from './bayer.js'
import { swap16, swapSamples } from './byte-order.js'
import { addToSum, checksumText, onesSum, zeroChecksum } from './fits-checksum.js'
import { blockBytes, type Card, formatCard, formatCards, textOf } from './fits-header.js'
import { isStructural, readUnits } from './fits-layout.js'
import { bytesPerSample, type Image, type SampleType } from './samples.js'
import { ScienceError } from './science-error.js'

const bitpixOf: Readonly<Record<SampleType, number>> = { u8: 8, u16: 16, i16: 16, i32: 32, f32: -32, f64: -64 }

/** What a header needs to know of an image. */
export type ImageShape = Pick<Image, 'width' | 'height' | 'planes' | 'type' | 'topDown' | 'bayer'>

/** Length of an image's data unit, padding included. */
export function dataUnitBytes(image: ImageShape): number {
  return Math.ceil((sampleCount(image) * bytesPerSample[image.type]) / blockBytes) * blockBytes
}

/**
 * The header of an image, a multiple of 2880 bytes, with DATASUM and a CHECKSUM that holds for the whole HDU.
 * What describes the layout (SIMPLE … BZERO, ROWORDER, BAYERPAT with its offsets) is written from the image; such cards
 * among `cards` are left out. Its length does not depend on `datasum`, so a file can leave room for it with 0.
 * @param datasum `addToSum` over the data unit, padding included or not (zeros add nothing)
 * @throws ScienceError naming a card FITS has no form for
 */
export function fitsHeader(image: ImageShape, cards: readonly Card[], datasum: number): Uint8Array {
  return summed([...layoutCards(image), ...meaningCards(image), ...keptCards(image, cards)], datasum)
}

/** What is known of packed tiles when they are all there. */
export interface Heap {
  readonly heapBytes: number
  /** Bytes of the longest tile. */
  readonly longest: number
  /** Of table and heap. */
  readonly datasum: number
}

/**
 * The headers of a file that holds one image packed by Rice row by row (§10): an empty primary one, and that of the
 * table, whose data follow. Together a multiple of 2880 bytes that does not depend on the heap.
 * @throws ScienceError naming a card FITS has no form for
 */
export function packedHeader(image: ImageShape, cards: readonly Card[], heap: Heap): Uint8Array {
  const primary = summed(
    [
      { keyword: 'SIMPLE', value: true, comment: 'conforms to FITS standard' },
      { keyword: 'BITPIX', value: 8 },
      { keyword: 'NAXIS', value: 0, comment: 'the image follows, packed' },
      { keyword: 'EXTEND', value: true },
    ],
    0,
  )
  // In the order of the image's own header: funpack takes them as they come.
  const original = layoutCards(image).map(card => ({ ...card, keyword: `Z${card.keyword}` }))
  const table = summed(
    [...tableCards(image, heap), ...original, ...meaningCards(image), ...keptCards(image, cards)],
    heap.datasum,
  )
  const headers = new Uint8Array(primary.length + table.length)
  headers.set(primary)
  headers.set(table, primary.length)
  return headers
}

function tableCards(image: ImageShape, { heapBytes, longest }: Heap): Card[] {
  return [
    { keyword: 'XTENSION', value: 'BINTABLE', comment: 'binary table extension' },
    { keyword: 'BITPIX', value: 8 },
    { keyword: 'NAXIS', value: 2 },
    { keyword: 'NAXIS1', value: 8, comment: 'bytes of a row' },
    { keyword: 'NAXIS2', value: image.height * image.planes, comment: 'rows: packed tiles' },
    { keyword: 'PCOUNT', value: heapBytes, comment: 'bytes of the heap' },
    { keyword: 'GCOUNT', value: 1 },
    { keyword: 'TFIELDS', value: 1 },
    { keyword: 'TTYPE1', value: 'COMPRESSED_DATA' },
    { keyword: 'TFORM1', value: `1PB(${longest})`, comment: 'arrays of bytes' },
    { keyword: 'ZIMAGE', value: true, comment: 'this table is a packed image' },
    { keyword: 'ZTILE1', value: image.width, comment: 'px' },
    { keyword: 'ZTILE2', value: 1, comment: 'px' },
    ...(image.planes > 1 ? [{ keyword: 'ZTILE3', value: 1, comment: 'planes' }] : []),
    { keyword: 'ZCMPTYPE', value: 'RICE_1' },
    { keyword: 'ZNAME1', value: 'BLOCKSIZE', comment: 'samples that share a code' },
    { keyword: 'ZVAL1', value: 32 },
    { keyword: 'ZNAME2', value: 'BYTEPIX', comment: 'bytes per sample' },
    { keyword: 'ZVAL2', value: bytesPerSample[image.type] },
    { keyword: 'EXTNAME', value: 'COMPRESSED_IMAGE' },
  ]
}

/** With DATASUM, and the CHECKSUM that holds for both. */
function summed(cards: readonly Card[], datasum: number): Uint8Array {
  const sums = (checksum: string): Card[] => [
    { keyword: 'CHECKSUM', value: checksum, comment: 'HDU checksum' },
    { keyword: 'DATASUM', value: String(datasum), comment: 'data unit checksum' },
  ]
  const sum = onesSum(addToSum(0, formatCards([...cards, ...sums(zeroChecksum)])), datasum)
  return formatCards([...cards, ...sums(checksumText(sum))])
}

function keptCards(image: ImageShape, cards: readonly Card[]): Card[] {
  const kept = cards.filter(card => isKept(card, image))
  return kept.some(isLong) ? [longStrings, ...kept] : kept
}

/**
 * Samples `fromSample` to `fromSample + count` in file order, big-endian, into `out`.
 * @param out at least `count` samples long; overwritten. Fastest when it starts on a multiple of 4 bytes
 * @returns the part of `out` that was written. Its length is a multiple of 4 when count is (or its last strip), as
 *   `addToSum` wants it
 */
export function encodeRows(image: Image, fromSample: number, count: number, out: Uint8Array): Uint8Array {
  const { samples, type } = image
  const size = bytesPerSample[type]
  if (fromSample < 0 || fromSample + count > samples.length || out.length < count * size) {
    throw new ScienceError(
      `samples ${fromSample} to ${fromSample + count} of ${samples.length} do not fit ${out.length} bytes of a strip`,
    )
  }
  const strip = out.subarray(0, count * size)
  strip.set(new Uint8Array(samples.buffer, samples.byteOffset + fromSample * size, count * size))
  if (size === 2) swap16(strip, type === 'u16' ? 0x0080 : 0)
  else swapSamples(strip, size)
  return strip
}

/** A whole file in memory, for small images and tests; a large one is better written strip by strip. */
export function encodeFits(image: Image, cards: readonly Card[]): Uint8Array {
  checkLength(image)
  const headerBytes = fitsHeader(image, cards, 0).length
  const file = new Uint8Array(headerBytes + dataUnitBytes(image))
  const stripSamples = 16384
  let datasum = 0
  for (let from = 0; from < image.samples.length; from += stripSamples) {
    const count = Math.min(stripSamples, image.samples.length - from)
    const place = file.subarray(headerBytes + from * bytesPerSample[image.type])
    datasum = addToSum(datasum, encodeRows(image, from, count, place))
  }
  file.set(fitsHeader(image, cards, datasum))
  return file
}

/** @throws ScienceError when there are not exactly planes × height × width samples */
export function checkLength(image: Image): void {
  const needed = sampleCount(image)
  if (image.samples.length === needed) return
  const { width, height, planes, samples } = image
  throw new ScienceError(`an image of ${width}×${height}×${planes} needs ${needed} samples and has ${samples.length}`)
}

/**
 * Whether a file is whole: its length to the byte, and DATASUM and CHECKSUM of every header-data unit.
 * @returns what is wrong, or `undefined` when nothing is
 */
export function findDamage(file: Uint8Array): string | undefined {
  try {
    let start = 0
    for (const { cards, dataOffset, dataBytes } of readUnits(file)) {
      const end = dataOffset + Math.ceil(dataBytes / blockBytes) * blockBytes
      if (file.length < end) return `the file has ${file.length} bytes, its header says ${end}`
      const written = textOf(cards, 'DATASUM')
      if (written === undefined || textOf(cards, 'CHECKSUM') === undefined) return 'the file has no checksums'
      const datasum = addToSum(0, file.subarray(dataOffset, end))
      if (written !== String(datasum)) return `DATASUM is ${written}, the data sum up to ${datasum}`
      const sum = onesSum(addToSum(0, file.subarray(start, dataOffset)), datasum)
      if (sum !== 0xffffffff) return 'CHECKSUM does not hold: the header has changed'
      start = end
    }
    return undefined
  } catch (error) {
    if (error instanceof ScienceError) return error.message
    throw error
  }
}

function sampleCount({ width, height, planes }: ImageShape): number {
  return width * height * planes
}

function layoutCards(image: ImageShape): Card[] {
  const { width, height, planes, type } = image
  const cards: Card[] = [
    { keyword: 'SIMPLE', value: true, comment: 'conforms to FITS standard' },
    { keyword: 'BITPIX', value: bitpixOf[type], comment: 'bits per sample; negative for floats' },
    { keyword: 'NAXIS', value: planes === 1 ? 2 : 3, comment: 'number of axes' },
    { keyword: 'NAXIS1', value: width, comment: 'px, columns' },
    { keyword: 'NAXIS2', value: height, comment: 'px, rows' },
  ]
  if (planes !== 1) cards.push({ keyword: 'NAXIS3', value: planes, comment: 'colour planes' })
  cards.push({ keyword: 'EXTEND', value: true })
  return cards
}

/** What the samples mean: scale, rows and colours. */
function meaningCards(image: ImageShape): Card[] {
  const { planes, type, topDown } = image
  const cards: Card[] = []
  if (type === 'u16') {
    cards.push({ keyword: 'BZERO', value: 32768, comment: 'samples are unsigned' }, { keyword: 'BSCALE', value: 1 })
  }
  const order = topDown ? 'TOP-DOWN' : 'BOTTOM-UP'
  cards.push({ keyword: 'ROWORDER', value: order, comment: 'first row stored is the top or bottom one' })
  const bayer = storedBayer(image)
  if (bayer && planes === 1) {
    cards.push(
      { keyword: 'BAYERPAT', value: bayer.toUpperCase(), comment: 'colours from the first pixel stored' },
      { keyword: 'XBAYROFF', value: 0, comment: 'px' },
      { keyword: 'YBAYROFF', value: 0, comment: 'px' },
    )
  }
  return cards
}

const bayerCards = new Set(['BAYERPAT', 'COLORTYP', 'XBAYROFF', 'YBAYROFF', 'BAYOFFX', 'BAYOFFY'])

// FITS 4.0 has CONTINUE without this card; fitsverify still wants it.
const longStrings: Card = { keyword: 'LONGSTRN', value: 'OGIP 1.0', comment: 'strings may go on in CONTINUE cards' }

function isLong(card: Card): boolean {
  return typeof card.value === 'string' && formatCard(card).some(line => line.startsWith('CONTINUE'))
}

function isKept({ keyword }: Card, image: ImageShape): boolean {
  if (keyword === 'BLANK') return !image.type.startsWith('f') // §4.4.2.5: for integers only
  if (keyword === 'ROWORDER' || isStructural(keyword)) return false
  // A pattern we have no name for (X-Trans) stays as the source said it; a colour image has none any more.
  return !bayerCards.has(keyword) || (image.bayer === undefined && image.planes === 1)
}
