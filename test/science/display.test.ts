// From samples to what a person sees: statistics, colour, size and stretch, on skies whose truth is known and on real
// ones.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { inColour } from '../../edge/science/debayer.js'
import { downscale } from '../../edge/science/downscale.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { medianInPlace } from '../../edge/science/order-statistic.js'
import type { BayerPattern, Image, Samples, SampleType } from '../../edge/science/samples.js'
import { ScienceError } from '../../edge/science/science-error.js'
import { renderPicture, type ScreenPicture } from '../../edge/science/stretch.js'
import { type Display, midtonesTransfer } from '../../edge/science/tones.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { makeEasel } from '../../edge/workers/easel.js'
import { sharedData } from '../support/shared-data.js'

const easel = makeEasel()
const hand = easel(4096)
const debayerFull = (image: Image): Image => {
  const { width, height } = image
  return inColour(hand, image, { x: 0, y: 0, width, height })
}
const smaller = (image: Image, maxWidth: number): Image => downscale(hand, image, maxWidth)
const asinhStretch = (image: Image, balance: Display['balance'] = 'sky'): ScreenPicture =>
  renderPicture(hand, image, { stretch: 'asinh', balance }, image.width)
const autoStretch = (image: Image, balance: Display['balance'] = 'sky'): ScreenPicture =>
  renderPicture(hand, image, { stretch: 'auto', balance }, image.width)

const medianOf = (data: Samples) => medianInPlace(Float64Array.from(data), data.length)

const noData = sharedData ? false : 'the real frames are not beside the repository'
const patterns: readonly BayerPattern[] = ['rggb', 'bggr', 'grbg', 'gbrg']

function plane(samples: Samples, width: number, more: Partial<Image> = {}): Image {
  const types: Record<string, SampleType> = {
    Uint8Array: 'u8',
    Uint16Array: 'u16',
    Int16Array: 'i16',
    Int32Array: 'i32',
    Float32Array: 'f32',
  }
  const type = types[samples.constructor.name] ?? 'f64'
  return { width, height: samples.length / width, planes: 1, type, samples, topDown: true, ...more }
}

function near(
  t: { ok(fact: boolean, words: string): unknown },
  found: number,
  wanted: number,
  tolerance: number,
  words?: string,
): void {
  t.ok(Math.abs(found - wanted) <= tolerance, `${words ?? 'near'}: ${found} is within ${tolerance} of ${wanted}`)
}

/** A mosaic of a scene, seen through `pattern` named from the top of the picture. */
function mosaicOf(
  width: number,
  height: number,
  pattern: BayerPattern,
  scene: (x: number, y: number, colour: number) => number,
  topDown = true,
): Image {
  const samples = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = 'rgb'.indexOf(pattern[(y & 1) * 2 + (x & 1)])
      samples[(topDown ? y : height - 1 - y) * width + x] = scene(x, y, colour)
    }
  }
  return plane(samples, width, { bayer: pattern, topDown })
}

t.test('a coloured sky keeps its colour through any mosaic, either way up', async t => {
  const sky = [300, 200, 100]
  for (const pattern of patterns) {
    for (const [height, topDown] of [
      [6, true],
      [6, false],
      [7, true],
      [7, false],
    ] as const) {
      const mosaic = mosaicOf(9, height, pattern, (_x, _y, colour) => sky[colour], topDown)
      for (const colour of [debayerFull(mosaic), smaller(mosaic, mosaic.width >> 1)]) {
        const size = colour.width * colour.height
        const name = `${pattern}, ${height} rows, ${topDown ? 'top-down' : 'bottom-up'}, ${colour.width} px wide`
        t.match(colour, { planes: 3, type: 'f32', topDown: true, bayer: undefined })
        t.ok(
          colour.samples.every((value, i) => value === sky[Math.floor(i / size)]),
          name,
        )
      }
    }
  }
})

t.test('bilinear colour follows a slope exactly and keeps every measured pixel', async t => {
  const scene = (x: number, y: number, colour: number): number => 100 * colour + 3 * x + 5 * y
  for (const pattern of patterns) {
    const mosaic = mosaicOf(12, 10, pattern, scene)
    const colour = debayerFull(mosaic)
    let wrong = 0
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < 10; y++) {
        for (let x = 0; x < 12; x++) {
          const value = colour.samples[(c * 10 + y) * 12 + x]
          const inside = x > 0 && y > 0 && x < 11 && y < 9
          const measured = 'rgb'.indexOf(pattern[(y & 1) * 2 + (x & 1)]) === c
          if ((inside || measured) && value !== scene(x, y, c)) wrong++
        }
      }
    }
    t.equal(wrong, 0, pattern)
  }
})

t.test('a superpixel is its own four samples and nothing else', async t => {
  const half = smaller(plane(Uint16Array.of(10, 20, 50, 60, 30, 40, 70, 80), 4, { bayer: 'grbg' }), 2)
  t.match(half, { width: 2, height: 1 })
  t.same([...half.samples], [20, 60, 25, 65, 30, 70])
})

t.test('a missing pixel leaves its neighbours their colour', async t => {
  const mosaic = mosaicOf(8, 8, 'rggb', (_x, _y, colour) => 100 * (colour + 1))
  mosaic.samples[3 * 8 + 3] = Number.NaN // blue
  mosaic.samples[4 * 8 + 3] = Number.NaN // green
  const missing = (image: Image): number => image.samples.filter(Number.isNaN).length
  const full = debayerFull(mosaic)
  t.equal(missing(full), 2, 'only the two themselves')
  t.ok(full.samples.every((value, i) => Number.isNaN(value) || value === 100 * (Math.floor(i / 64) + 1)))
  t.equal(missing(smaller(mosaic, mosaic.width >> 1)), 1, 'of two greens one is enough')
})

t.test('an image without a mosaic is not made colour of', async t => {
  t.throws(() => debayerFull(plane(new Uint16Array(4), 2)), ScienceError)
  t.throws(() => debayerFull(plane(new Uint16Array(3), 3, { bayer: 'rggb' })), ScienceError)
})

t.test('a smaller picture is the area average of the larger one', async t => {
  const random = seededRandom(3)
  for (const [width, height, maxWidth] of [
    [13, 9, 5],
    [40, 30, 10],
    [7, 50, 3],
    [100, 1, 33],
    [16, 16, 15],
    [5, 4, 9],
  ]) {
    const samples = Float32Array.from({ length: width * height }, () => random.next() * 1000)
    if (width > 9) samples[17] = Number.NaN
    const small = smaller(plane(samples, width), maxWidth)
    t.equal(small.width, Math.min(width, maxWidth))
    const overlap = (i: number, j: number, scale: number): number =>
      Math.max(0, Math.min(i + 1, (j + 1) * scale) - Math.max(i, j * scale))
    let worst = 0
    for (let v = 0; v < small.height; v++) {
      for (let u = 0; u < small.width; u++) {
        let sum = 0
        let weight = 0
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const share = overlap(x, u, width / small.width) * overlap(y, v, height / small.height)
            if (Number.isNaN(samples[y * width + x])) continue
            sum += share * samples[y * width + x]
            weight += share
          }
        }
        worst = Math.max(worst, Math.abs(small.samples[v * small.width + u] - sum / weight))
      }
    }
    t.ok(worst < 1e-3, `${width}×${height} to ${small.width}×${small.height}: off by ${worst}`)
  }
  t.ok(
    Number.isNaN(smaller(plane(Float32Array.of(Number.NaN, Number.NaN, 1, 1), 4), 2).samples[0]),
    'no data stays no data',
  )
  t.throws(() => smaller(plane(new Uint8Array(4), 2), 0), ScienceError)
})

t.test('rows stored from the bottom are shown from the top', async t => {
  t.same([...smaller(plane(Uint8Array.of(1, 2, 3, 4), 2, { topDown: false }), 2).samples], [3, 4, 1, 2])
  const turned = asinhStretch(plane(Float32Array.of(0, 0, 9, 9), 2, { topDown: false }))
  t.same([...turned.data], [255, 255, 0, 0])
  for (const pattern of patterns) {
    const scene = (_x: number, y: number, colour: number): number => 100 * colour + y
    for (const maxWidth of [4, 8]) {
      const up = smaller(mosaicOf(8, 6, pattern, scene, true), maxWidth)
      const down = smaller(mosaicOf(8, 6, pattern, scene, false), maxWidth)
      t.same(down.samples, up.samples, `${pattern} at ${maxWidth} px`)
    }
  }
})

t.test('asinh goes from black at percentile 1 to white at 99.5', async t => {
  const ramp = Uint16Array.from({ length: 1001 }, (_, i) => 1000 + i)
  const { data, channels } = asinhStretch(plane(ramp, 1001))
  t.equal(channels, 1)
  for (const i of [0, 9, 10, 11, 50, 200, 600, 994, 995, 1000]) {
    const x = Math.min(1, Math.max(0, (i - 10) / 985))
    near(t, data[i], (255 * Math.asinh(10 * x)) / Math.asinh(10), 0.56, `step ${i}`)
  }
  t.same([...asinhStretch(plane(new Uint16Array(4).fill(7), 2)).data], [0, 0, 0, 0], 'an empty frame is black')
  const torn = asinhStretch(plane(Float32Array.of(Number.NaN, 5, 6, 7), 2))
  t.equal(torn.data[0], 0, 'and so is a pixel without data')
  t.same([...asinhStretch(plane(new Float32Array(4).fill(Number.NaN), 2)).data], [0, 0, 0, 0])
})

t.test('the auto-stretch puts the sky at a quarter whatever its brightness', async t => {
  near(t, midtonesTransfer(0.2, 0.2), 0.5, 1e-12, 'the midtones are what becomes the middle')
  t.same([midtonesTransfer(0.3, 0), midtonesTransfer(0.3, 1)], [0, 1])
  for (const [level, noise] of [
    [200, 5],
    [900, 30],
    [30_000, 150],
    [-3, 2],
  ]) {
    const random = seededRandom(level)
    const sky = Float32Array.from({ length: 10_000 }, () => level + noise * random.normal())
    sky[5050] = level + 400 * noise
    sky[77] = Number.NaN
    const { data } = autoStretch(plane(sky, 100))
    near(t, medianOf(data), 64, 1, `sky of ${level} ADU`)
    t.equal(data[5050], 255, 'a star stays white')
    t.equal(data[77], 0)
  }
  t.same([...autoStretch(plane(new Uint16Array(4), 2)).data], [0, 0, 0, 0])
  t.same([...autoStretch(plane(Uint8Array.of(0, 0, 0, 9), 2)).data], [0, 0, 0, 255])
})

function channel(picture: ScreenPicture, index: number): Uint8Array {
  return picture.data.filter((_, i) => i % 3 === index)
}

t.test('the background of a raw colour sky is grey, that of a balanced one keeps its tint', async t => {
  const random = seededRandom(4)
  const size = 4096
  const samples = new Float32Array(3 * size)
  for (const [colour, level] of [400, 900, 600].entries()) {
    for (let i = 0; i < size; i++) samples[colour * size + i] = level + 0.05 * level * random.normal()
    for (let i = 0; i < 80; i++) samples[colour * size + i * 50] = level * 20
  }
  const picture: Image = { width: 64, height: 64, planes: 3, type: 'f32', samples, topDown: true }
  for (const stretch of [asinhStretch, autoStretch]) {
    const medians = (balance: 'sky' | 'none'): number[] =>
      [0, 1, 2].map(c => medianOf(channel(stretch(picture, balance), c)))
    const neutral = medians('sky')
    t.ok(Math.max(...neutral) - Math.min(...neutral) <= 2, `${stretch.name}: ${neutral}`)
    const linked = medians('none')
    t.ok(linked[1] > linked[2] + 3 && linked[2] > linked[0] + 3, `${stretch.name}, linked: ${linked}`)
  }
  t.throws(() => autoStretch({ ...picture, planes: 2 }), ScienceError)
})

t.test('real frames become pictures that show stars on a grey sky', { skip: noData }, async t => {
  const mono = readFitsImage(readFileSync(path.join(sharedData!, 'hatp32', 'HATP-32171220013343.FITS')))
  const colour = readFitsImage(readFileSync(path.join(sharedData!, 'm27-bayer', 'Light_1069.fits')))
  for (const stretch of ['asinh', 'auto'] as const) {
    const preview = renderPicture(hand, mono, { stretch }, 720)
    t.match(preview, { width: 650, height: 500, channels: 1 }, 'never enlarged')
    const median = medianOf(preview.data)
    const max = preview.data.reduce((most, value) => Math.max(most, value), 0)
    t.ok(median > 25 && median < 120 && max === 255, `${stretch}: sky at ${median}`)
    const thumbnail = renderPicture(hand, colour, { stretch }, 220)
    t.match(thumbnail, { width: 220, height: 165, channels: 3 })
    for (const picture of [thumbnail, renderPicture(hand, colour, { stretch }, 720)]) {
      t.equal(picture.data.length, picture.width * picture.height * 3)
      const sky = [0, 1, 2].map(c => medianOf(channel(picture, c)))
      t.ok(Math.max(...sky) - Math.min(...sky) <= 3, `${stretch}, ${picture.width} px: sky ${sky} is grey`)
      t.ok(sky[1] > 20 && sky[1] < 160, 'neither black nor washed out')
    }
  }
})
