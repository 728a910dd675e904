// Pictures into files and back. Sharp does it where it can be loaded, plain JavaScript elsewhere: whoever asks need not
// know which.
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import type { Conversion, EncodedPicture } from '../ports/pixels.js'
import type { ScreenPicture } from '../science/stretch.js'
import { sharpCodec } from './sharp-codec.js'

export interface Codec {
  readonly name: 'sharp' | 'jpeg-js'
  /** Why it is not the better one. */
  readonly instead?: string
  /** Gray stays gray where the format has it. @param quality JPEG only, 1–100 */
  encode(picture: ScreenPicture, as: 'jpeg' | 'png', quality: number): Promise<Uint8Array>
  /** @throws Error for bytes that are no picture */
  convert(picture: Uint8Array, to: Conversion): Promise<Uint8Array>
  /** In three channels. @throws Error as above */
  decode(picture: Uint8Array): Promise<ScreenPicture>
}

/** @param load  of the better one; when it fails the plain one is taken, and says why */
export async function chooseCodec(load: () => Promise<Codec>): Promise<Codec> {
  try {
    return await load()
  } catch (error) {
    const { plainCodec } = await import('./plain-codec.js')
    return { ...plainCodec(), instead: (error instanceof Error ? error.message : String(error)).split('\n')[0] }
  }
}

/** The one this process has; found out when first asked for, since sharp brings 20 MB along. */
export const pictureCodec: () => Promise<Codec> = once(() => chooseCodec(sharpCodec))

/** Tells the owner when this machine makes pictures the slow way. */
export async function warnOfPlainCodec(log: Log): Promise<void> {
  const { name, instead } = await pictureCodec()
  if (instead) log.warn(`pictures are made by ${name}, several times slower: sharp is not here (${instead})`)
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** A stretched picture as a file. Gray stays gray. @param quality JPEG only, 1–100 */
export async function encodePicture(
  picture: ScreenPicture,
  as: 'jpeg' | 'png',
  quality: number,
): Promise<EncodedPicture> {
  return encodeBy(await pictureCodec(), picture, as, quality)
}

async function encodeBy(codec: Codec, picture: ScreenPicture, as: 'jpeg' | 'png', quality: number) {
  const bytes = await codec.encode(picture, as, quality)
  return { bytes, type: `image/${as}` as const, width: picture.width, height: picture.height }
}

/** Finer than the eye tells from the picture itself. */
const bestQuality = 88
/** Below it, blocks show more than stars do. */
const leastQuality = 10
const mostTries = 5

/** A JPEG of at most so many bytes, as good as that allows; the coarsest there is where even that is too large. */
export async function encodeWithin(picture: ScreenPicture, mostBytes: number, codec?: Codec): Promise<EncodedPicture> {
  const used = codec ?? (await pictureCodec())
  let fits: EncodedPicture | undefined
  let [low, high] = [leastQuality, bestQuality]
  let quality = bestQuality
  for (let tries = 0; tries < mostTries && low <= high; tries++) {
    const file = await encodeBy(used, picture, 'jpeg', quality)
    const share = file.bytes.length / mostBytes
    if (share <= 1) {
      fits = file
      low = quality + 1
      if (share > 0.93) break
    } else high = quality - 1
    // Bytes grow about as 1 / (100 − quality) does.
    const aimed = Math.round(100 - (100 - quality) * share * 1.03)
    quality = Math.min(high, Math.max(low, aimed))
  }
  return fits ?? encodeBy(used, picture, 'jpeg', leastQuality)
}

/** See Pixels.convert. @throws Fault `bad-input` for bytes that are no picture */
export async function convertPicture(picture: Uint8Array, to: Conversion, codec?: Codec): Promise<Uint8Array> {
  const used = codec ?? (await pictureCodec())
  return readable(picture, () => used.convert(picture, to))
}

/** A picture in three channels. @throws Fault as above */
export async function decodePicture(picture: Uint8Array, codec?: Codec): Promise<ScreenPicture> {
  const used = codec ?? (await pictureCodec())
  return readable(picture, () => used.decode(picture))
}

async function readable<T>(picture: Uint8Array, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('bad-input', `these ${picture.length} bytes are no picture: ${why}`, 'Take it again', { cause })
  }
}
