// Pictures as video devices give them, by their four-letter names in <linux/videodev2.h>, made into samples.
import { bayerNamed } from './bayer.js'
import type { BayerPattern } from './samples.js'

export interface VideoFormat {
  readonly fourcc: string
  /** Of a sample. */
  readonly bits: number
  readonly planes: 1 | 3
  readonly bayer?: BayerPattern
  /** Each picture is a JPEG, and its lines are those of its RGB. */
  readonly jpeg?: true
  /** In words for a header. */
  readonly words: string
  /** Bytes of a line of `width` px without what is added to it. */
  lineBytes(width: number): number
  /**
   * Adds `width` pixels of one line to `into`.
   * @param line at least `lineBytes(width)` long
   * @param at  of the line's first sample in each plane
   * @param planeSize samples from one plane to the next
   */
  add(line: Uint8Array, into: Samples, place: { at: number; width: number; planeSize: number }): void
}

type Samples = Uint8Array | Uint16Array | Int32Array | Float32Array
type Add = VideoFormat['add']

const addBytes: Add = (line, into, { at, width }) => {
  for (let x = 0; x < width; x++) into[at + x] += line[x]
}
/** Two bytes a sample, the low one first; of 10, 12 and 14 bits the upper bits are zero. */
const addWords: Add = (line, into, { at, width }) => {
  for (let x = 0; x < width; x++) into[at + x] += line[2 * x] | (line[2 * x + 1] << 8)
}
/** MIPI CSI-2: four samples in five bytes, the last with the two low bits of each. */
const addPacked10: Add = (line, into, { at, width }) => {
  for (let x = 0; x < width; x++) {
    const group = (x >> 2) * 5
    into[at + x] += (line[group + (x & 3)] << 2) | ((line[group + 4] >> (2 * (x & 3))) & 3)
  }
}
/** MIPI CSI-2: two samples in three bytes, the last with the four low bits of each. */
const addPacked12: Add = (line, into, { at, width }) => {
  for (let x = 0; x < width; x++) {
    const group = (x >> 1) * 3
    into[at + x] += (line[group + (x & 1)] << 4) | ((line[group + 2] >> (4 * (x & 1))) & 15)
  }
}
/** 4:2:2 of ITU-R BT.601, 16–235: two pixels share their colour. @param luma where Y stands in its pair, 0 or 1 */
const addYuv =
  (luma: 0 | 1): Add =>
  (line, into, { at, width, planeSize }) => {
    const chroma = 1 - luma
    for (let x = 0; x < width; x++) {
      const pair = (x >> 1) * 4
      const y = 1.164384 * (line[2 * x + luma] - 16)
      const u = line[pair + chroma] - 128
      const v = line[pair + chroma + 2] - 128
      into[at + x] += byte(y + 1.596027 * v)
      into[at + planeSize + x] += byte(y - 0.391762 * u - 0.812968 * v)
      into[at + 2 * planeSize + x] += byte(y + 2.017232 * u)
    }
  }
const addColours =
  (red: 0 | 2): Add =>
  (line, into, { at, width, planeSize }) => {
    for (let x = 0; x < width; x++) {
      into[at + x] += line[3 * x + red]
      into[at + planeSize + x] += line[3 * x + 1]
      into[at + 2 * planeSize + x] += line[3 * x + 2 - red]
    }
  }
const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value)))

const twoBytes = (width: number) => 2 * width
const packed10 = (width: number) => Math.ceil(width / 4) * 5
const packed12 = (width: number) => Math.ceil(width / 2) * 3

function mosaics(bits: number, names: Readonly<Record<string, string>>, add: Add, lineBytes: VideoFormat['lineBytes']) {
  return Object.entries(names).map(([pattern, fourcc]): VideoFormat => {
    return { fourcc, bits, planes: 1, bayer: bayerNamed(pattern), words: `raw Bayer, ${bits} bit`, lineBytes, add }
  })
}

function grey(fourcc: string, bits: number, add: Add, lineBytes: VideoFormat['lineBytes']): VideoFormat {
  return { fourcc, bits, planes: 1, words: `grey, ${bits} bit`, lineBytes, add }
}

function colour(fourcc: string, words: string, add: Add, lineBytes: VideoFormat['lineBytes']): VideoFormat {
  return { fourcc, bits: 8, planes: 3, words, lineBytes, add }
}

/** The best first: raw before grey before colour that was made in the camera, many bits before few. */
export const videoFormats: readonly VideoFormat[] = [
  ...mosaics(16, { rggb: 'RG16', bggr: 'BYR2', grbg: 'GR16', gbrg: 'GB16' }, addWords, twoBytes),
  ...mosaics(14, { rggb: 'RG14', bggr: 'BG14', grbg: 'GR14', gbrg: 'GB14' }, addWords, twoBytes),
  ...mosaics(12, { rggb: 'RG12', bggr: 'BG12', grbg: 'BA12', gbrg: 'GB12' }, addWords, twoBytes),
  ...mosaics(12, { rggb: 'pRCC', bggr: 'pBCC', grbg: 'pgCC', gbrg: 'pGCC' }, addPacked12, packed12),
  ...mosaics(10, { rggb: 'RG10', bggr: 'BG10', grbg: 'BA10', gbrg: 'GB10' }, addWords, twoBytes),
  ...mosaics(10, { rggb: 'pRAA', bggr: 'pBAA', grbg: 'pgAA', gbrg: 'pGAA' }, addPacked10, packed10),
  grey('Y16 ', 16, addWords, twoBytes),
  grey('Y12 ', 12, addWords, twoBytes),
  grey('Y10 ', 10, addWords, twoBytes),
  ...mosaics(8, { rggb: 'RGGB', bggr: 'BA81', grbg: 'GRBG', gbrg: 'GBRG' }, addBytes, width => width),
  grey('GREY', 8, addBytes, width => width),
  colour('RGB3', 'colour made by the camera, RGB', addColours(0), width => 3 * width),
  colour('BGR3', 'colour made by the camera, RGB', addColours(2), width => 3 * width),
  colour('YUYV', 'colour made by the camera, YUV 4:2:2', addYuv(0), twoBytes),
  colour('UYVY', 'colour made by the camera, YUV 4:2:2', addYuv(1), twoBytes),
  {
    ...colour('MJPG', 'colour made by the camera, JPEG with its losses', addColours(0), width => 3 * width),
    jpeg: true,
  },
]
