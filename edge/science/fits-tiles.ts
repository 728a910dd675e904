// Images packed tile by tile (`.fz`), into memory: Rice, gzip, and floats that were made integers with or without
// dither. FITS Standard 4.0, §10; the arithmetic is cfitsio's, so that floats agree with it to the bit.
import { plainKernels } from '../kernels/kernels.js'
import { viewsOf } from '../kernels/memory.js'
import { swapSamples } from './byte-order.js'
import type { FitsHeader } from './fits-layout.js'
import type { Column, Packing } from './fits-packing.js'
import { bytesPerSample, type Samples, viewSamples } from './samples.js'
import { ScienceError } from './science-error.js'
import {
  decodeSamples,
  isUnsigned,
  nativeForm,
  type StoredForm,
  type StoredType,
  storedBytes,
} from './stored-samples.js'
import type { Hand } from './strip-step.js'

/** Opens one gzip stream; throws whatever it likes where that is damaged or gives more than `mostBytes`. */
export type Inflate = (gzipped: Uint8Array, mostBytes: number) => Uint8Array

export interface Unpacker {
  /** With `tileScratchBytes` of scratch. */
  readonly hand: Hand
  /** Without it, gzipped tiles are refused. */
  readonly inflate?: Inflate
}

/** Ones that take another program: `funpack` does both. */
const foreign: ReadonlySet<string> = new Set(['HCOMPRESS_1', 'PLIO_1'])

/**
 * No code makes more samples of one byte; what claims to is a lie, found out before memory is asked for. A block of 32
 * equal samples takes Rice 3 bits; deflate makes at most 1032 bytes of one.
 */
const mostPerByte: Readonly<Record<string, number>> = { RICE_1: 88, GZIP_1: 1032, GZIP_2: 1032 }

/** The method, when it is none of ours but cfitsio's `funpack` knows it. */
export function foreignPacking({ packing }: FitsHeader): string | undefined {
  return packing && foreign.has(packing.method) ? packing.method : undefined
}

/** Bytes of scratch that unpacking one tile takes. */
export function tileScratchBytes(header: FitsHeader): number {
  const { packing } = header
  if (!packing) return 0
  // What is packed, what comes out of Rice, and what becomes of it.
  return tileSamples(packing) * (2 * packing.bytePix + bytesPerSample[header.type] + 1) + 1024
}

/** Without WebAssembly, in memory of its own. */
export function plainUnpacker(scratchBytes: number, inflate?: Inflate): Unpacker {
  const buffer = new ArrayBuffer(Math.ceil(scratchBytes / 8) * 8)
  const hand = { kernels: plainKernels(buffer), views: viewsOf(buffer), scratch: 0 }
  return { hand, ...(inflate ? { inflate } : {}) }
}

/**
 * Looks whether the table can be what it says: every tile within the heap, none of nothing, no more samples than such
 * bytes can hold.
 * @param data the data unit: table and heap
 * @throws ScienceError naming what is wrong
 */
export function checkTiles(header: FitsHeader, data: Uint8Array): void {
  const packing = packingIn(header)
  const { rows, rowBytes, heapOffset, method } = packing
  const perByte = mostPerByte[method] ?? 1
  if (foreign.has(method)) throw new ScienceError(`FITS card ZCMPTYPE is ${method}, which takes funpack to be unpacked`)
  if (data.length < rows * rowBytes || data.length < heapOffset) {
    throw new ScienceError(`this FITS table of ${rows} tiles is cut short: ${data.length} bytes are there`)
  }
  let total = 0
  for (let tile = 0; tile < rows; tile++) {
    const { bytes, column } = tileBytes(packing, data, tile)
    total += bytes.length
    const most = (column === packing.gzipped ? 1032 : perByte) * bytes.length
    if (most < tileSamples(packing) && most < samplesOf(packing, tile).count) {
      throw new ScienceError(`tile ${tile + 1} of this FITS image has only ${bytes.length} bytes`)
    }
  }
  if (total > data.length) throw new ScienceError('the tiles of this FITS image lie over each other')
}

/** The part of the data unit that holds these tiles' bytes, as offsets into it. The table itself must be in `data`. */
export function tilesSpan(
  header: FitsHeader,
  data: Uint8Array,
  firstTile: number,
  tiles: number,
): { from: number; to: number } {
  let [from, to] = [data.length, 0]
  for (let tile = firstTile; tile < firstTile + tiles; tile++) {
    const { bytes } = tileBytes(packingIn(header), data, tile)
    const start = bytes.byteOffset - data.byteOffset
    from = Math.min(from, start)
    to = Math.max(to, start + bytes.length)
  }
  return { from, to }
}

/**
 * Unpacks some tiles to where they belong.
 * @param data the data unit: table and heap
 * @param samples of the whole image, of `header.type`, plane after plane; only the tiles' own are written
 * @throws ScienceError naming the tile that is damaged
 */
export function unpackTiles(
  header: FitsHeader,
  data: Uint8Array,
  samples: Samples,
  unpacker: Unpacker,
  firstTile: number,
  tiles: number,
): void {
  const packing = packingIn(header)
  const [width, height] = packing.axes
  const places = placesIn(unpacker.hand, packing)
  const random = /^dither/.test(packing.quantised) ? randomNumbers() : undefined
  const own = viewSamples(header.type, unpacker.hand.views.u8.buffer, places.samples, tileSamples(packing))
  for (let tile = firstTile; tile < firstTile + tiles; tile++) {
    const { origin, size, count } = samplesOf(packing, tile)
    const start = origin[0] + width * (origin[1] + height * origin[2])
    const inRow = size[0] === width && (size[1] === height || size[2] === 1)
    if (inRow && !header.interleaved) {
      unpackTile(header, data, tile, samples.subarray(start, start + count), unpacker, random)
      continue
    }
    const part = own.subarray(0, count)
    unpackTile(header, data, tile, part, unpacker, random)
    for (let row = 0; row < size[1] * size[2]; row++) {
      const place = start + width * ((row % size[1]) + height * Math.floor(row / size[1]))
      const line = part.subarray(row * size[0], (row + 1) * size[0])
      if (header.interleaved) scatter(line, samples, place, header.planes)
      else samples.set(line, place)
    }
  }
}

function scatter(line: Samples, samples: Samples, place: number, planes: number): void {
  const pixels = samples.length / planes
  for (let i = 0; i < line.length; i++) {
    const at = place + i
    samples[(at % planes) * pixels + Math.floor(at / planes)] = line[i]
  }
}

/** One tile's samples, in its own order, into `out`. */
function unpackTile(
  header: FitsHeader,
  data: Uint8Array,
  tile: number,
  out: Samples,
  unpacker: Unpacker,
  random: Float32Array | undefined,
): void {
  const packing = packingIn(header)
  const { bytes, column } = tileBytes(packing, data, tile)
  const { form, type } = header
  const content =
    column === packing.packed && packing.method !== 'NOCOMPRESS'
      ? openTile(packing, bytes, tile, out.length, form, unpacker)
      : { bytes: column === packing.gzipped ? inflated(bytes, tile, out.length, unpacker) : bytes, form: inFile(form) }
  if (content.bytes.length !== out.length * storedBytes[content.form.type]) {
    throw new ScienceError(`tile ${tile + 1} of this FITS image unpacks to ${content.bytes.length} bytes, not its size`)
  }
  if (packing.quantised !== 'no' && column === packing.packed) unquantise(packing, data, tile, content, out, random)
  else decodeSamples(content.form, type, content.bytes, out)
}

interface Content {
  readonly bytes: Uint8Array
  readonly form: StoredForm
}

function openTile(
  packing: Packing,
  bytes: Uint8Array,
  tile: number,
  count: number,
  form: StoredForm,
  unpacker: Unpacker,
): Content {
  const { method, blockSize, bytePix } = packing
  if (method === 'RICE_1') {
    const { kernels, views } = unpacker.hand
    const { packed, unpacked, samples } = placesIn(unpacker.hand, packing)
    const used = Math.min(bytes.length, unpacked - packed)
    views.u8.set(bytes.subarray(0, used), packed)
    const unsigned = bytePix === 2 && isUnsigned(form)
    if (kernels.riceDecode(packed, used, unpacked, count, blockSize, bytePix, unsigned ? 0x8000 : 0) < 0) {
      throw new ScienceError(`tile ${tile + 1} of this FITS image is no whole Rice code`)
    }
    const content = views.u8.subarray(unpacked, samples).subarray(0, count * bytePix)
    if (unsigned) return { bytes: content, form: nativeForm('u16') }
    const type: StoredType = bytePix === 1 ? 'u8' : bytePix === 2 ? 'i16' : 'i32'
    return { bytes: content, form: { ...form, type, bigEndian: false } }
  }
  const opened = inflated(bytes, tile, count, unpacker)
  const size = opened.length / count
  if (method === 'GZIP_2') unshuffle(opened, size)
  if (form.type === 'f32' || form.type === 'f64') {
    if (packing.quantised === 'no') return { bytes: opened, form: inFile(form) }
  }
  const type = ({ 1: 'u8', 2: 'i16', 4: 'i32', 8: 'i64' } as const)[size as 1 | 2 | 4 | 8]
  if (!type) throw new ScienceError(`tile ${tile + 1} of this FITS image unpacks to ${opened.length} bytes`)
  return { bytes: opened, form: { ...form, type, bigEndian: true } }
}

function inFile(form: StoredForm): StoredForm {
  return { ...form, bigEndian: true }
}

function inflated(bytes: Uint8Array, tile: number, count: number, { inflate }: Unpacker): Uint8Array {
  if (!inflate) throw new ScienceError('this FITS image is packed by gzip, which cannot be opened here')
  try {
    const { buffer, byteOffset, byteLength } = inflate(bytes, count * 8)
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    throw new ScienceError(`tile ${tile + 1} of this FITS image is no whole gzip stream`, { cause: error })
  }
}

/** GZIP_2 puts all first bytes first, then all second ones (§10.4.2). */
function unshuffle(bytes: Uint8Array, size: number): void {
  const shuffled = new Uint8Array(bytes)
  const count = bytes.length / size
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) bytes[i * size + byte] = shuffled[byte * count + i]
  }
}

const noData = -2147483647
const exactZero = -2147483646 // SUBTRACTIVE_DITHER_2 keeps zeros as they were
const randomCount = 10_000

/** Integers back to the floats they stand for (§10.2). */
function unquantise(
  packing: Packing,
  data: Uint8Array,
  tile: number,
  content: Content,
  out: Samples,
  random: Float32Array | undefined,
): void {
  const { quantised, seed, everyScale, everyZero, everyBlank } = packing
  const row = new DataView(data.buffer, data.byteOffset + tile * packing.rowBytes, packing.rowBytes)
  const scale = packing.scale ? row.getFloat64(packing.scale.offset) : (everyScale ?? 1)
  const zero = packing.zero ? row.getFloat64(packing.zero.offset) : (everyZero ?? 0)
  const blank = packing.blank ? row.getInt32(packing.blank.offset) : (everyBlank ?? noData)
  const { bytes, form } = content
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  if (form.type !== 'i32') throw new ScienceError(`tile ${tile + 1} of this FITS image is not of 32-bit integers`)
  if (form.bigEndian) swapSamples(aligned, 4)
  const stored = new Int32Array(aligned.buffer, aligned.byteOffset, out.length)
  let round = (tile + seed - 1) % randomCount
  let next = random ? Math.floor(random[round] * 500) : 0
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]
    if (value === blank) out[i] = Number.NaN
    else if (quantised === 'dither-2' && value === exactZero) out[i] = 0
    else out[i] = (random ? value - random[next] + 0.5 : value) * scale + zero
    if (!random) continue
    next++
    if (next < randomCount) continue
    round = (round + 1) % randomCount
    next = Math.floor(random[round] * 500)
  }
}

/** The numbers that dither is made of: Park and Miller's, the same for everybody (§10.2, appendix I). */
function randomNumbers(): Float32Array {
  const numbers = new Float32Array(randomCount)
  let seed = 1
  for (let i = 0; i < randomCount; i++) {
    seed = (16_807 * seed) % 2_147_483_647
    numbers[i] = seed / 2_147_483_647
  }
  return numbers
}

/** Where in the scratch a tile is packed, unpacked, and made samples of. */
function placesIn({ scratch }: Hand, packing: Packing): { packed: number; unpacked: number; samples: number } {
  const count = tileSamples(packing)
  const unpacked = align(scratch + count * (packing.bytePix + 1) + 64)
  return { packed: scratch, unpacked, samples: align(unpacked + count * packing.bytePix) }
}

function align(offset: number): number {
  return Math.ceil(offset / 64) * 64
}

function tileSamples({ tile }: Packing): number {
  return tile[0] * tile[1] * tile[2]
}

/** Where a tile begins, and how far it goes: those at the ends are smaller. */
function samplesOf({ axes, tile }: Packing, index: number): { origin: number[]; size: number[]; count: number } {
  let rest = index
  const origin: number[] = []
  for (const [axis, length] of axes.entries()) {
    const across = Math.ceil(length / tile[axis])
    origin.push((rest % across) * tile[axis])
    rest = Math.floor(rest / across)
  }
  const size = origin.map((from, axis) => Math.min(tile[axis], axes[axis] - from))
  return { origin, size, count: size[0] * size[1] * size[2] }
}

/** The bytes a tile's row points at, in the first of the columns that has some. */
function tileBytes(packing: Packing, data: Uint8Array, tile: number): { bytes: Uint8Array; column: Column } {
  const heap = data.subarray(packing.heapOffset)
  const row = new DataView(data.buffer, data.byteOffset + tile * packing.rowBytes, packing.rowBytes)
  for (const column of [packing.packed, packing.gzipped, packing.unpacked]) {
    if (!column) continue
    const { offset, size, descriptor } = column
    const half = (at: number) => (descriptor === 8 ? Number(row.getBigInt64(at)) : row.getInt32(at))
    const length = half(offset) * size
    if (length === 0) continue
    const from = half(offset + descriptor)
    if (length < 0 || from < 0 || from + length > heap.length) {
      const place = `lies at ${from} and has ${length} bytes; the heap (PCOUNT) has ${heap.length}`
      throw new ScienceError(`tile ${tile + 1} of this FITS image ${place}`)
    }
    return { bytes: heap.subarray(from, from + length), column }
  }
  throw new ScienceError(`tile ${tile + 1} of this FITS image is empty`)
}

function packingIn({ packing }: FitsHeader): Packing {
  if (!packing) throw new ScienceError('this FITS image is not packed')
  return packing
}
