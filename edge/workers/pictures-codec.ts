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
