// What a table of compressed tiles says of itself. FITS Standard 4.0, §10.1: the image is cut into tiles, each tile is
// one row of a binary table, and the packed bytes lie in the heap behind it.
import { type Card, cardValue, numberOf, textOf, wholeCard } from './fits-header.js'
import { ScienceError } from './science-error.js'

/** How packed tiles are laid out; plain data. */
export interface Packing {
  readonly method: PackingMethod
  /** Of the image as stored, three of them. */
  readonly axes: readonly number[]
  /** Size of a tile along each axis; those at the ends may be smaller. */
  readonly tile: readonly number[]
  readonly rows: number
  readonly rowBytes: number
  /** Bytes from the start of the data unit. */
  readonly heapOffset: number
  readonly packed?: Column
  /** Floats that would not be quantised, gzipped as they are. */
  readonly gzipped?: Column
  /** Tiles that would not shrink. */
  readonly unpacked?: Column
  readonly scale?: Column
  readonly zero?: Column
  readonly blank?: Column
  /** Of all tiles, where there is no column. */
  readonly everyScale?: number
  readonly everyZero?: number
  readonly everyBlank?: number
  readonly quantised: 'no' | 'plain' | 'dither-1' | 'dither-2'
  /** ZDITHER0, 1 … 10000. */
  readonly seed: number
  readonly blockSize: number // Rice: samples that share a code
  readonly bytePix: number // Rice: bytes per sample
}

export interface Column {
  readonly offset: number // bytes into the row
  /** Bytes of one element: of the value, or of what a descriptor points at. */
  readonly size: number
  /** 4-byte (P) or 8-byte (Q) descriptor halves; 0 for a value in the row itself. */
  readonly descriptor: 0 | 4 | 8
}

const methods = ['RICE_1', 'GZIP_1', 'GZIP_2', 'NOCOMPRESS', 'HCOMPRESS_1', 'PLIO_1'] as const
export type PackingMethod = (typeof methods)[number]

const mostBytes = 2 ** 31
const mostInTile = 2 ** 25 // samples; a whole frame of 32 megapixels

/** @throws ScienceError naming the card that is wrong */
export function packingOf(cards: readonly Card[]): Packing {
  const said = textOf(cards, 'ZCMPTYPE')
  const method = methods.find(one => one === (said === 'RICE_ONE' ? 'RICE_1' : said))
  if (!method) throw new ScienceError(`FITS card ZCMPTYPE is ${said ?? 'missing'}; known are ${methods.join(', ')}`)
  if (cardValue(cards, 'ZMASKCMP') !== undefined) throw new ScienceError('FITS card ZMASKCMP: masks cannot be read')
  const rowBytes = wholeCard(cards, 'NAXIS1', 1, mostBytes)
  const rows = wholeCard(cards, 'NAXIS2', 1, mostBytes)
  const heapBytes = wholeCard(cards, 'PCOUNT', 0, mostBytes)
  const heapOffset = wholeCard(cards, 'THEAP', rows * rowBytes, rows * rowBytes + heapBytes, rows * rowBytes)
  const { axes, tile } = tilesOf(cards)
  const tiles = axes.reduce((product, size, axis) => product * Math.ceil(size / tile[axis]), 1)
  if (tiles !== rows) throw new ScienceError(`FITS card NAXIS2 is ${rows}, but ZTILE1 … cut the image into ${tiles}`)
  return {
    ...{ method, axes, tile, rows, rowBytes, heapOffset },
    ...columnsOf(cards, rowBytes),
    ...everyTile(cards),
    quantised: quantisingOf(cards),
    seed: wholeCard(cards, 'ZDITHER0', 1, 10_000, 1),
    blockSize: parameter(cards, 'BLOCKSIZE', [16, 32], 32),
    bytePix: parameter(cards, 'BYTEPIX', [1, 2, 4], 4),
  }
}

/** The cards of the image that was packed: what the table says of itself is gone. */
export function unpackedCards(cards: readonly Card[]): Card[] {
  const kept: Card[] = [{ keyword: 'SIMPLE', value: true }]
  for (const card of cards) {
    const { keyword } = card
    const original = /^Z(BITPIX|NAXIS\d*)$/.exec(keyword)
    if (original) kept.push({ ...card, keyword: original[1] })
    else if (keyword === 'EXTNAME' && card.value === 'COMPRESSED_IMAGE') continue
    else if (!tableCard.test(keyword)) kept.push(card)
  }
  return kept
}

const tableCard = new RegExp(
  '^(XTENSION|BITPIX|NAXIS\\d*|PCOUNT|GCOUNT|TFIELDS|THEAP|CHECKSUM|DATASUM|' +
    'T(TYPE|FORM|UNIT|NULL|SCAL|ZERO|DISP|DIM)\\d+|' +
    'Z(IMAGE|TILE\\d+|CMPTYPE|NAME\\d+|VAL\\d+|QUANTIZ|DITHER0|MASKCMP|SCALE|ZERO|BLANK|' +
    'SIMPLE|TENSION|EXTEND|BLOCKED|PCOUNT|GCOUNT|HECKSUM|DATASUM))$',
)

function tilesOf(cards: readonly Card[]): { axes: number[]; tile: number[] } {
  const count = wholeCard(cards, 'ZNAXIS', 1, 999)
  const axes: number[] = []
  const tile: number[] = []
  for (let axis = 1; axis <= Math.max(3, count); axis++) {
    const size = axis <= count ? wholeCard(cards, `ZNAXIS${axis}`, 1, mostBytes) : 1
    if (axis > 3 && size !== 1) throw new ScienceError(`FITS card ZNAXIS${axis} is ${size}; three axes can be read`)
    if (axis > 3) continue
    axes.push(size)
    tile.push(Math.min(size, wholeCard(cards, `ZTILE${axis}`, 1, mostBytes, axis === 1 ? size : 1)))
  }
  const samples = tile.reduce((product, size) => product * size, 1)
  if (samples > mostInTile) throw new ScienceError(`FITS cards ZTILE1 …: tiles of ${samples} samples are too large`)
  return { axes, tile }
}

const names: Readonly<Record<string, 'packed' | 'gzipped' | 'unpacked' | 'scale' | 'zero' | 'blank'>> = {
  COMPRESSED_DATA: 'packed',
  GZIP_COMPRESSED_DATA: 'gzipped',
  UNCOMPRESSED_DATA: 'unpacked',
  ZSCALE: 'scale',
  ZZERO: 'zero',
  ZBLANK: 'blank',
}

const elementBytes: Readonly<Record<string, number>> = {
  ...{ L: 1, B: 1, I: 2, J: 4, K: 8, A: 1, E: 4, D: 8, C: 8, M: 16 },
}

function columnsOf(cards: readonly Card[], rowBytes: number): Partial<Record<(typeof names)[string], Column>> {
  const found: Partial<Record<(typeof names)[string], Column>> = {}
  const fields = wholeCard(cards, 'TFIELDS', 1, 999)
  let offset = 0
  for (let field = 1; field <= fields; field++) {
    const form = textOf(cards, `TFORM${field}`) ?? ''
    const [, times, letter, pointed] = /^(\d{0,9})([LXBIJKAEDCMPQ])([LBIJKAEDCM]?)/.exec(form) ?? []
    const wrong = (why: string) => new ScienceError(`FITS card TFORM${field} is "${form}", ${why}`)
    if (letter === undefined) throw wrong('which is no form of a column')
    const count = times === '' ? 1 : Number(times)
    const descriptor = letter === 'P' ? 4 : letter === 'Q' ? 8 : 0
    const size = elementBytes[descriptor ? (pointed ?? '') : letter] ?? 1
    const name = names[textOf(cards, `TTYPE${field}`) ?? '']
    if (name) {
      const isValue = name === 'scale' || name === 'zero' || name === 'blank'
      const fits = isValue ? letter === (name === 'blank' ? 'J' : 'D') : descriptor > 0
      if (!fits || count !== 1) throw wrong(`which does not suit ${textOf(cards, `TTYPE${field}`)}`)
      found[name] = { offset, size, descriptor }
    }
    offset += letter === 'X' ? Math.ceil(count / 8) : count * (descriptor ? 2 * descriptor : size)
    if (offset > rowBytes) throw wrong(`which does not fit a row of NAXIS1 = ${rowBytes} bytes`)
  }
  if (!found.packed && !found.unpacked) {
    throw new ScienceError('FITS card TTYPE1: this packed image has no column COMPRESSED_DATA')
  }
  return found
}

function everyTile(cards: readonly Card[]): Pick<Packing, 'everyScale' | 'everyZero' | 'everyBlank'> {
  const [scale, zero, blank] = ['ZSCALE', 'ZZERO', 'ZBLANK'].map(keyword => numberOf(cards, keyword))
  return {
    ...(scale === undefined ? {} : { everyScale: scale }),
    ...(zero === undefined ? {} : { everyZero: zero }),
    ...(blank === undefined ? {} : { everyBlank: blank }),
  }
}

/** Floats become integers by ZSCALE and ZZERO, with or without noise that is taken off again (§10.2). */
function quantisingOf(cards: readonly Card[]): Packing['quantised'] {
  const said = textOf(cards, 'ZQUANTIZ')
  const scaled =
    numberOf(cards, 'ZSCALE') !== undefined ||
    cards.some(card => card.value === 'ZSCALE' && /^TTYPE/.test(card.keyword))
  if (!scaled || (numberOf(cards, 'ZBITPIX') ?? 0) > 0) return 'no'
  if (said === undefined || said === 'NO_DITHER') return 'plain'
  if (said === 'SUBTRACTIVE_DITHER_1') return 'dither-1'
  if (said === 'SUBTRACTIVE_DITHER_2') return 'dither-2'
  throw new ScienceError(`FITS card ZQUANTIZ is ${said}, which is no known way`)
}

/** ZNAMEn and ZVALn. */
function parameter(cards: readonly Card[], name: string, known: readonly number[], standard: number): number {
  const named = cards.find(card => /^ZNAME\d+$/.test(card.keyword) && card.value === name)
  if (!named) return standard
  const keyword = `ZVAL${named.keyword.slice(5)}`
  const value = numberOf(cards, keyword)
  if (value !== undefined && known.includes(value)) return value
  throw new ScienceError(`FITS card ${keyword} is ${value ?? 'unreadable'}; ${name} is one of ${known.join(', ')}`)
}
