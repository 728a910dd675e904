// Pictures as files: small enough, true enough, by sharp and without it, looked at by decoders that are neither.
import jpegJs from 'jpeg-js'
import t, { type Test } from 'tap'
import { jpegSize } from '../../edge/science/jpeg-quality.js'
import type { Image } from '../../edge/science/samples.js'
import { renderPicture, type ScreenPicture } from '../../edge/science/stretch.js'
import { makeEasel } from '../../edge/workers/easel.js'
import {
  type Codec,
  chooseCodec,
  convertPicture,
  decodePicture,
  encodePicture,
  encodeWithin,
  pictureCodec,
} from '../../edge/workers/pictures-codec.js'
import { sharpCodec } from '../../edge/workers/sharp-codec.js'
import { pngPixels } from '../support/png-pixels.js'
import { expose, makeField } from '../support/star-field.js'

const easel = makeEasel()
const field = makeField({ width: 1440, height: 1080, count: 700, seed: 3, hotPixels: 300 })
const mono = expose(field, {}, { seed: 1, cosmics: 20 })
const mosaic = expose(field, {}, { seed: 2, cosmics: 20, bayer: 'rggb', tint: [0.6, 1, 0.7] })
const small = expose(makeField({ width: 650, height: 500, count: 120, seed: 5 }), {}, { seed: 6 })
const picture = (image: Image, width = 720): ScreenPicture =>
  renderPicture(easel(image.width), image, { stretch: 'auto' }, width)

const noSharp = () => chooseCodec(() => Promise.reject(new Error('Could not load the "sharp" module\nusing …')))

function psnr({ width, height, channels, data }: ScreenPicture, jpeg: Uint8Array): number {
  const seen = jpegJs.decode(jpeg, { useTArray: true, formatAsRGBA: false })
  let squares = 0
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) squares += (seen.data[3 * i + c] - data[channels * i + (channels === 3 ? c : 0)]) ** 2
  }
  return 10 * Math.log10((255 ** 2 * 3 * width * height) / squares)
}

async function holds(t: Test, codec: Codec) {
  for (const [name, image] of [
    ['mono', mono],
    ['colour', mosaic],
    ['small', small],
  ] as const) {
    const shown = picture(image)
    const file = await encodeWithin(shown, 60_000, codec)
    t.ok(file.bytes.length <= 60_000, `${name}: ${file.bytes.length} bytes`)
    t.same(jpegSize(file.bytes), { width: shown.width, height: shown.height })
    const decibel = psnr(shown, file.bytes)
    t.ok(decibel >= 30, `${name}: ${decibel.toFixed(1)} dB`)
    const read = await decodePicture(file.bytes, codec)
    t.match(read, { width: shown.width, height: shown.height, channels: 3 })
    const seen = jpegJs.decode(file.bytes, { useTArray: true, formatAsRGBA: false }).data
    // Decoders differ in how they spread the colour that pixels share.
    const off = read.data.reduce((sum, value, at) => sum + Math.abs(value - seen[at]), 0) / seen.length
    t.ok(off < 1, `${name}: read back as another decoder does, but for ${off.toFixed(3)} in the mean`)
    const part = picture(image, 100)
    t.same(pngPixels(await codec.encode(part, 'png', 100)), part, `${name}: a PNG loses nothing`)
  }
}

t.test('a preview of 720 px is small and true, a tile is exact', async t => holds(t, await sharpCodec()))

t.test('and so they are where sharp cannot be loaded', async t => {
  const codec = await noSharp()
  t.match(codec, { name: 'jpeg-js', instead: 'Could not load the "sharp" module' })
  await holds(t, codec)
})

t.test('the better codec is taken where it is', async t => {
  t.match(await pictureCodec(), { name: 'sharp', instead: undefined })
  const { type, bytes } = await encodePicture(picture(small), 'jpeg', 80)
  t.equal(type, 'image/jpeg')
  t.equal(jpegSize(bytes)?.width, 650)
})

t.test('pictures are made smaller and what is none is refused, by either codec', async t => {
  const shown = picture(mosaic)
  for (const codec of [await sharpCodec(), await noSharp()]) {
    const file = await codec.encode(shown, 'jpeg', 90)
    const half = await convertPicture(file, { as: 'jpeg', quality: 70, maxWidth: 360 }, codec)
    t.same(jpegSize(half), { width: 360, height: 270 }, codec.name)
    const png = pngPixels(await convertPicture(file, { as: 'png', maxWidth: 5000 }, codec))
    t.match(png, { width: 720, height: 540 }, 'never enlarged')
    const nonsense = { name: 'Fault', code: 'bad-input', message: /7 bytes are no picture/ }
    await t.rejects(convertPicture(new Uint8Array(7), { as: 'jpeg' }, codec), nonsense)
  }
})

t.test('noise that nothing can pack is still a file', async t => {
  const data = Uint8Array.from({ length: 3 * 720 * 540 }, (_, i) => (i * 2654435761) >>> 13)
  const file = await encodeWithin({ width: 720, height: 540, channels: 3, data }, 60_000)
  t.ok(file.bytes.length > 20_000 && file.bytes.length < 120_000, `${file.bytes.length} bytes at the coarsest`)
})
