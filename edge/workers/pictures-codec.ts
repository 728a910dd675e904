// JPEG and PNG, the one place where sharp is touched. It works on its own threads, so the event loop may call it too.
import sharp from 'sharp'
import { Fault } from '../ports/fault.js'
import type { Conversion, EncodedPicture } from '../ports/pixels.js'
import type { ScreenPicture } from '../science/stretch.js'

// One thread a picture and no cache: the stack needs the other cores and the memory more.
sharp.concurrency(1)
sharp.cache(false)

/** A stretched picture as a file. Gray stays gray. @param quality JPEG only, 1–100 */
export async function encodePicture(
  { width, height, channels, data }: ScreenPicture,
  as: 'jpeg' | 'png',
  quality: number,
): Promise<EncodedPicture> {
  const raw = sharp(data, { raw: { width, height, channels } })
  // Without the colour space a gray picture would be written with three channels.
  const picture = channels === 1 ? raw.toColourspace('b-w') : raw
  const file = as === 'jpeg' ? picture.jpeg({ quality }) : picture.png({ compressionLevel: 3 })
  return { bytes: await file.toBuffer(), type: `image/${as}`, width, height }
}

/** Finer than the eye tells from the picture itself. */
const bestQuality = 88
/** Below it, blocks show more than stars do. */
const leastQuality = 10
const mostTries = 5

/** A JPEG of at most so many bytes, as good as that allows; the coarsest there is where even that is too large. */
export async function encodeWithin(picture: ScreenPicture, mostBytes: number): Promise<EncodedPicture> {
  let fits: EncodedPicture | undefined
  let [low, high] = [leastQuality, bestQuality]
  let quality = bestQuality
  for (let tries = 0; tries < mostTries && low <= high; tries++) {
    const file = await encodePicture(picture, 'jpeg', quality)
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
  return fits ?? encodePicture(picture, 'jpeg', leastQuality)
}

/** See Pixels.convert. @throws Fault `bad-input` for bytes that are no picture */
export async function convertPicture(
  picture: Uint8Array,
  { as, quality = 80, maxWidth }: Conversion,
): Promise<Uint8Array> {
  const read = sharp(picture)
  const sized = maxWidth === undefined ? read : read.resize({ width: maxWidth, withoutEnlargement: true })
  try {
    return await (as === 'jpeg' ? sized.jpeg({ quality }) : sized.png({ compressionLevel: 3 })).toBuffer()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('bad-input', `these ${picture.length} bytes are no picture: ${why}`, 'Take it again', { cause })
  }
}
