// The raw picture inside a DNG file, as camera programs write it through libtiff: one sample a pixel, uncompressed, in
// strips. What is read is bounded everywhere, since a file may be cut short or be something else. TIFF 6.0 (Adobe,
// 1992), DNG 1.6 (Adobe, 2021), Exif 2.3.
import { bayerNamed } from './bayer.js'
import type { BayerPattern } from './samples.js'
import { ScienceError } from './science-error.js'

export interface Dng {
  readonly width: number
  readonly height: number
  /** 8 or 16 bits of storage a sample; how many mean something, `whiteLevel` says. */
  readonly sampleBytes: 1 | 2
  readonly bayer?: BayerPattern
  readonly whiteLevel?: number
  /** The mean of its four, ADU. */
  readonly blackLevel?: number
  readonly exposureSeconds?: number
  /** ISO 100 is gain 1. */
  readonly iso?: number
  /** `UniqueCameraModel`, or `Model`. */
  readonly model?: string
  /** Where the rows lie in the file, in order; together exactly the picture. */
  readonly strips: readonly { readonly offset: number; readonly byteLength: number }[]
}

const tags = {
  ...{ width: 256, height: 257, bits: 258, compression: 259, photometric: 262, model: 272, stripOffsets: 273 },
  ...{ samplesPerPixel: 277, stripBytes: 279, subDirectories: 330, cfaPattern: 33422, exposureTime: 33434 },
  ...{ iso: 34855, exif: 34665, uniqueModel: 50708, blackLevel: 50714, whiteLevel: 50717 },
} as const

/** BlackIsZero, CFA, LinearRaw. */
const rawKinds = new Set([1, 32803, 34892])
/** Bytes of the types of TIFF 6.0 §2 by their numbers, and of 13, a directory (TIFF technical note 1). */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]
const mostEntries = 512
const mostDirectories = 16
/** A side of a sensor; far more than any has. */
const mostPixels = 65_535
const mostValues = 70_000

type Directory = ReadonlyMap<number, readonly number[]>

/** @throws ScienceError for what is no such file, or ends before it should */
export function readDng(file: Uint8Array): Dng {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 8 || view.getUint16(0, true) !== 0x4949 || view.getUint16(2, true) !== 42) {
    throw new ScienceError('it is no little-endian TIFF file')
  }
  const directories = readDirectories(view)
  const raw = directories
    .filter(one => rawKinds.has(first(one, tags.photometric) ?? -1) && (first(one, tags.samplesPerPixel) ?? 1) === 1)
    .sort((a, b) => (first(b, tags.width) ?? 0) - (first(a, tags.width) ?? 0))[0]
  if (!raw) throw new ScienceError('it holds no raw picture')
  const facts = (tag: number) => directories.map(one => first(one, tag)).find(value => value !== undefined)
  const black = raw.get(tags.blackLevel)
  const shape = shapeOf(raw)
  return {
    ...shape,
    bayer: bayerOf(raw),
    whiteLevel: first(raw, tags.whiteLevel),
    blackLevel: black?.length ? black.reduce((sum, one) => sum + one, 0) / black.length : undefined,
    exposureSeconds: facts(tags.exposureTime),
    iso: facts(tags.iso),
    model: words(directories, tags.uniqueModel) ?? words(directories, tags.model),
    strips: stripsOf(raw, shape, file.length),
  }
}

function shapeOf(raw: Directory): Pick<Dng, 'width' | 'height' | 'sampleBytes'> {
  const [width = 0, height = 0] = [first(raw, tags.width), first(raw, tags.height)]
  const bits = first(raw, tags.bits)
  const compression = first(raw, tags.compression) ?? 1
  if (!(width > 0 && height > 0 && width <= mostPixels && height <= mostPixels)) {
    throw new ScienceError(`a picture of ${width}×${height} px cannot be`)
  }
  if (bits !== 8 && bits !== 16) throw new ScienceError(`samples of ${bits} bits are not read here`)
  if (compression !== 1) throw new ScienceError(`its picture is compressed (${compression})`)
  return { width, height, sampleBytes: bits === 8 ? 1 : 2 }
}

function stripsOf(raw: Directory, shape: Pick<Dng, 'width' | 'height' | 'sampleBytes'>, fileBytes: number) {
  const offsets = raw.get(tags.stripOffsets) ?? []
  const lengths = raw.get(tags.stripBytes) ?? []
  const strips = offsets.map((offset, at) => ({ offset, byteLength: lengths[at] ?? 0 }))
  const outside = strips.find(({ offset, byteLength }) => offset + byteLength > fileBytes)
  if (outside) throw new ScienceError('it ends before its picture does')
  const whole = strips.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const wanted = shape.width * shape.height * shape.sampleBytes
  if (whole !== wanted) throw new ScienceError(`it holds ${whole} bytes of a picture of ${wanted}`)
  return strips
}

/** Colours by number: 0 red, 1 green, 2 blue. */
function bayerOf(raw: Directory): BayerPattern | undefined {
  const numbers = raw.get(tags.cfaPattern)
  return numbers?.length === 4 ? bayerNamed(numbers.map(colour => 'rgb'[colour] ?? '?').join('')) : undefined
}

/** All directories: the chain, what hangs below it, and Exif's; each once. */
function readDirectories(view: DataView): Directory[] {
  const waiting = [view.getUint32(4, true)]
  const seen = new Set<number>()
  const all: Directory[] = []
  for (let at = waiting.shift(); at !== undefined && all.length < mostDirectories; at = waiting.shift()) {
    if (at === 0 || seen.has(at)) continue
    seen.add(at)
    const { directory, next } = readDirectory(view, at)
    all.push(directory)
    waiting.push(...(directory.get(tags.subDirectories) ?? []), ...(directory.get(tags.exif) ?? []), next)
  }
  return all
}

function readDirectory(view: DataView, at: number): { directory: Directory; next: number } {
  const count = at + 2 <= view.byteLength ? view.getUint16(at, true) : 0
  const end = at + 2 + count * 12
  if (count === 0 || count > mostEntries || end + 4 > view.byteLength)
    throw new ScienceError('its directory is cut short')
  const directory = new Map<number, readonly number[]>()
  for (let entry = at + 2; entry < end; entry += 12) {
    directory.set(view.getUint16(entry, true), readValues(view, entry))
  }
  return { directory, next: view.getUint32(end, true) }
}

/** A type that is not known has no values: whoever needs them will miss them. */
function readValues(view: DataView, entry: number): number[] {
  const type = view.getUint16(entry + 2, true)
  const count = view.getUint32(entry + 4, true)
  const bytes = typeBytes[type] ?? 0
  if (bytes === 0 || count > mostValues) return []
  const at = bytes * count <= 4 ? entry + 8 : view.getUint32(entry + 8, true)
  if (at + bytes * count > view.byteLength) throw new ScienceError('its directory points beyond its end')
  return Array.from({ length: count }, (_, index) => readValue(view, type, at + index * bytes))
}

function readValue(view: DataView, type: number, at: number): number {
  switch (type) {
    case 3:
      return view.getUint16(at, true)
    case 4:
    case 13:
      return view.getUint32(at, true)
    case 5:
      return view.getUint32(at, true) / view.getUint32(at + 4, true)
    case 6:
      return view.getInt8(at)
    case 8:
      return view.getInt16(at, true)
    case 9:
      return view.getInt32(at, true)
    case 10:
      return view.getInt32(at, true) / view.getInt32(at + 4, true)
    case 11:
      return view.getFloat32(at, true)
    case 12:
      return view.getFloat64(at, true)
    default:
      return view.getUint8(at)
  }
}

const first = (directory: Directory, tag: number): number | undefined => directory.get(tag)?.[0]

function words(directories: readonly Directory[], tag: number): string | undefined {
  const letters = directories.map(one => one.get(tag)).find(value => value !== undefined)
  return letters && String.fromCharCode(...letters.slice(0, 64).filter(letter => letter >= 32 && letter < 127)).trim()
}
