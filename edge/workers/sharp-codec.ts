// JPEG and PNG by sharp, which is loaded when the first picture is made: it works on its own threads, so the event loop
// may call it too.
import { createRequire } from 'node:module'
import type { Sharp } from 'sharp'
import type { Codec } from './pictures-codec.js'

/** @throws Error where its binary does not fit the machine */
export async function sharpCodec(): Promise<Codec> {
  // Not by import(): to learn the names of its parts Node would read all of them once more, a tenth of a second.
  const make = createRequire(import.meta.url)('sharp') as typeof import('sharp')['default']
  // One thread a picture and no cache: the stack needs the other cores and the memory more.
  make.concurrency(1)
  make.cache(false)
  const fileOf = (picture: Sharp, as: 'jpeg' | 'png', quality: number) =>
    (as === 'jpeg' ? picture.jpeg({ quality }) : picture.png({ compressionLevel: 3 })).toBuffer()
  return {
    name: 'sharp',
    encode({ width, height, channels, data }, as, quality) {
      const raw = make(data, { raw: { width, height, channels } })
      // Without the colour space a gray picture would be written with three channels.
      return fileOf(channels === 1 ? raw.toColourspace('b-w') : raw, as, quality)
    },
    convert(picture, { as, quality = 80, maxWidth }) {
      const read = make(picture)
      const sized = maxWidth === undefined ? read : read.resize({ width: maxWidth, withoutEnlargement: true })
      return fileOf(sized, as, quality)
    },
    async decode(picture) {
      const raw = make(picture).toColourspace('srgb').removeAlpha().raw()
      const { data, info } = await raw.toBuffer({ resolveWithObject: true })
      return { width: info.width, height: info.height, channels: 3, data }
    },
  }
}
