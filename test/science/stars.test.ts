// Star finding and measuring: seeded fields whose truth is known, shapes with textbook answers, and real frames.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { medianInPlace, selectInPlace } from '../../edge/science/order-statistic.js'
import type { Image, Samples } from '../../edge/science/samples.js'
import { finishSkyMesh, skyMeshStrip } from '../../edge/science/sky-mesh.js'
import { makeStarRoom } from '../../edge/science/star-room.js'
import type { Star } from '../../edge/science/stars.js'
import { sharedData } from '../support/shared-data.js'
import {
  expose,
  type Field,
  makeField,
  type Pose,
  posed,
  type Shot,
  seeded,
  type TrueStar,
} from '../support/star-field.js'
import { findStars, starsOf } from '../support/star-room.js'

const realFrames = sharedData ?? ''
const skip = sharedData === undefined && '../shared/data is absent'

const python = '/usr/bin/python3'
const script = path.resolve('test/support/bench-stars.py')
const noPhotutils = spawnSync(python, ['-c', 'import photutils']).status !== 0 && 'python3-photutils is not installed'

const median = (numbers: readonly number[]) => medianInPlace(Float64Array.from(numbers), numbers.length)

function nearest<T extends { x: number; y: number }>(
  list: readonly T[],
  x: number,
  y: number,
  withinPx: number,
): T | undefined {
  let best: T | undefined
  let least = withinPx
  for (const item of list) {
    const apart = Math.hypot(item.x - x, item.y - y)
    if (apart < least) [best, least] = [item, apart]
  }
  return best
}

/** True stars of a frame at least 12 px from its border, with no neighbour of a tenth of their light within 4 FWHM. */
function lonelyStars(field: Field, pose: Pose, brighterThan: number): TrueStar[] {
  const all = field.stars.map(star => {
    const [x, y] = posed(field, pose, star.x, star.y)
    return { x, y, flux: star.flux }
  })
  return all.filter(
    star =>
      star.flux >= brighterThan &&
      Math.min(star.x, star.y, field.width - 1 - star.x, field.height - 1 - star.y) >= 12 &&
      !all.some(
        other =>
          other !== star &&
          other.flux > 0.1 * star.flux &&
          Math.hypot(other.x - star.x, other.y - star.y) < 4 * field.fwhmPx,
      ),
  )
}

function look(field: Field, shot: Shot = {}, brighterThan = 0) {
  const stars = findStars(expose(field, {}, shot).samples, field.width, field.height, { maxStars: 5000 })
  const truth = lonelyStars(field, {}, brighterThan)
  const pairs = truth.map(star => ({ star, seen: nearest(stars.stars, star.x, star.y, 2) }))
  const found = pairs.filter((pair): pair is { star: TrueStar; seen: Star } => pair.seen !== undefined)
  return { ...stars, truth, seen: found }
}

t.test('ranks and medians are those of sorting', async t => {
  const { uniform } = seeded(4)
  for (let count = 1; count < 60; count++) {
    const values = Float32Array.from({ length: count }, () => Math.floor(uniform() * 12))
    const sorted = values.slice().sort()
    const k = Math.floor(uniform() * count)
    t.equal(selectInPlace(values.slice(), count, k), sorted[k])
    t.equal(medianInPlace(values.slice(), count), (sorted[(count - 1) >> 1] + sorted[count >> 1]) / 2)
  }
  t.ok(Number.isNaN(medianInPlace(new Float32Array(1), 0)), 'nothing has no median')
})

t.test('the sky is measured under stars, on a slope, and where half the frame holds no data', async t => {
  const field = makeField({ count: 600, seed: 3 })
  const { samples, width, height } = expose(field, {}, { seed: 3 })
  const flat = meshOf(samples, width, height)
  t.ok(Math.abs(flat.levelAdu - 500) < 2, `level ${flat.levelAdu}`)
  t.ok(Math.abs(flat.noiseAdu - Math.sqrt(409)) < 1, `noise ${flat.noiseAdu}`)

  const slope = Float32Array.from(samples, (value, i) => (i % width < 400 ? Number.NaN : value + (i % width)))
  const sloped = meshOf(slope, width, height)
  const last = sloped.levels[sloped.columns - 1]
  t.ok(Math.abs(last - (500 + 784)) < 5, `the right edge, 32 px wide, reads ${last}`)
  t.notOk(sloped.levels.some(Number.isNaN), 'cells without data borrow from their neighbours')
  t.ok(Number.isNaN(meshOf(new Float32Array(100).fill(Number.NaN), 10, 10).levelAdu))
})

/** The finished mesh of a plane. */
function meshOf(samples: Samples, width: number, height: number) {
  const { hand, plane, places } = makeStarRoom(kernelModule()).frame({ width, height, kind: 'mono' })
  hand.views.f32.set(samples, plane >> 2)
  const order = { places, plane, sigma: 5 }
  for (let strip = 0; strip < places.rows; strip++) skyMeshStrip(hand, order, strip)
  const sky = finishSkyMesh(hand.views, order)
  const first = places.level >> 2
  const levels = [...hand.views.f32.subarray(first, first + places.columns * places.rows)]
  return { ...sky, levels, columns: places.columns }
}

t.test('bright stars are found and nothing else, among 2500 hot pixels and 300 cosmic rays', async t => {
  const field = makeField({ width: 2328, height: 1760, count: 1000, beta: 3, hotPixels: 2500, seed: 8 })
  const { stars, truth, seen } = look(field, { cosmics: 300 }, 6_000)
  const recall = seen.length / truth.length
  t.ok(recall >= 0.99, `${seen.length} of ${truth.length} bright stars`)
  const false_ = stars.filter(star => !nearest(field.stars, star.x, star.y, 4))
  t.ok(false_.length <= 0.01 * stars.length, `${false_.length} of ${stars.length} are none`)
})

t.test('two satellite trails cost few stars and make few', async t => {
  const field = makeField({ width: 1600, height: 1200, count: 800, beta: 3, seed: 5 })
  const { stars, truth, seen } = look(field, { trails: 2 }, 6_000)
  t.ok(seen.length / truth.length > 0.95, `${seen.length} of ${truth.length} bright stars`)
  const false_ = stars.filter(star => !nearest(field.stars, star.x, star.y, 5))
  t.ok(false_.length <= 0.01 * stars.length, `${false_.length} of ${stars.length} are none`)
})

t.test('centres are right to hundredths of a pixel, down to stars of 1.5 px', async t => {
  for (const fwhmPx of [1.5, 2.8, 5]) {
    const field = makeField({ fwhmPx, faintest: 30_000, apartPx: 8 * fwhmPx, count: 120 })
    const { seen } = look(field)
    t.ok(seen.length > 60)
    const errors = seen.map(({ star, seen }) => Math.hypot(star.x - seen.x, star.y - seen.y) / Math.SQRT2)
    t.ok(median(errors) < 0.012, `${fwhmPx} px wide: ${median(errors).toFixed(4)} px on each axis`)
    t.ok(Math.max(...errors) < 0.06, `${fwhmPx} px wide: at worst ${Math.max(...errors).toFixed(3)} px`)
  }
})

t.test('HFD and FWHM are true for Gaussian and Moffat stars', async t => {
  // A Moffat profile's half-flux diameter over its FWHM: √(2^(1/(β−1)) − 1) / √(2^(1/β) − 1).
  for (const beta of [undefined, 4.765, 3]) {
    const ratio = beta ? Math.sqrt(2 ** (1 / (beta - 1)) - 1) / Math.sqrt(2 ** (1 / beta) - 1) : 1
    for (const fwhmPx of [2, 3, 5, 9]) {
      const field = makeField({ fwhmPx, beta, faintest: 1e5, brightest: 4e5, apartPx: 12 * fwhmPx, count: 30, seed: 2 })
      const { stars, medianHfdPx } = look(field)
      const pixel = Math.hypot(fwhmPx, Math.sqrt((8 * Math.LN2) / 12)) // a pixel's own width is in every image
      const hfd = (medianHfdPx ?? 0) / (ratio * pixel)
      const fwhm = median(stars.map(star => star.fwhmPx)) / pixel
      t.ok(Math.abs(hfd - 1) < 0.03, `β ${beta}, FWHM ${fwhmPx}: HFD ${hfd.toFixed(3)} of the truth`)
      t.ok(Math.abs(fwhm - 1) < 0.03, `β ${beta}, FWHM ${fwhmPx}: FWHM ${fwhm.toFixed(3)} of the truth`)
    }
  }
})

t.test('flux, sky and signal to noise are those of the light that fell', async t => {
  const field = makeField({ faintest: 20_000, apartPx: 25, count: 100, seed: 6 })
  const { seen, backgroundAdu, noiseAdu } = look(field)
  t.ok(Math.abs(median(seen.map(({ star, seen }) => seen.fluxAdu / star.flux)) - 1) < 0.01)
  t.ok(Math.abs(backgroundAdu - 500) < 1)
  const { star, seen: one } = seen[0]
  t.ok(Math.abs(one.snr / (star.flux / (noiseAdu * Math.sqrt(Math.PI) * one.hfdPx)) - 1) < 0.05)
})

t.test('trailed stars are stars, and their direction is told', async t => {
  const [width, height] = [300, 200]
  const { gaussian } = seeded(1)
  const plane = Float32Array.from({ length: width * height }, () => 100 + 2 * gaussian())
  const turn = (30 * Math.PI) / 180
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 5; column++) {
      for (let y = -12; y <= 12; y++) {
        for (let x = -12; x <= 12; x++) {
          const along = x * Math.cos(turn) + y * Math.sin(turn)
          const across = -x * Math.sin(turn) + y * Math.cos(turn)
          const i = (40 + 60 * row + y) * width + 30 + 60 * column + x
          plane[i] += 900 * Math.exp(-(along ** 2) / (2 * 9) - across ** 2 / (2 * 2.25))
        }
      }
    }
  }
  const { stars } = findStars(plane, width, height)
  t.equal(stars.length, 15)
  for (const star of stars) {
    t.ok(Math.abs(star.angleRad - turn) < 0.03, 'it points 30° down from the right')
    t.ok(Math.abs(star.eccentricity - Math.sqrt(3) / 2) < 0.03, 'axes two to one')
  }
})

t.test('an out-of-focus ring is one star as wide as the ring', async t => {
  const [width, height, radius] = [400, 300, 14]
  const { gaussian } = seeded(9)
  const plane = Float32Array.from({ length: width * height }, () => 200 + 5 * gaussian())
  const centres = [
    [80.3, 70.7],
    [250.5, 90.2],
    [150.8, 210.1],
    [320.4, 220.9],
  ]
  for (const [cx, cy] of centres) {
    for (let i = 0; i < plane.length; i++) {
      const r = Math.hypot((i % width) - cx, Math.floor(i / width) - cy)
      plane[i] += 150 * Math.exp(-((r - radius) ** 2) / (2 * 2.5 ** 2))
    }
  }
  const { stars } = findStars(plane, width, height)
  t.equal(stars.length, 4)
  for (const [cx, cy] of centres) {
    const star = nearest(stars, cx, cy, 3)
    t.ok(star && Math.hypot(star.x - cx, star.y - cy) < 0.5, 'its centre is the middle of the ring')
    t.ok(star && Math.abs(star.hfdPx - 2 * radius) < 2, `HFD ${star?.hfdPx.toFixed(1)} px`)
  }
})

t.test('a clipped star is one star, marked, at the middle of its flat top', async t => {
  const field = makeField({
    full: 4095,
    faintest: 3_000,
    brightest: 2_000_000,
    apartPx: 20,
    count: 200,
    seed: 12,
    fwhmPx: 2.2,
  })
  const { seen, stars } = look(field)
  const clipped = seen.filter(({ seen }) => seen.saturated)
  t.ok(clipped.length >= 6, `${clipped.length} clipped`)
  for (const { star, seen } of clipped) t.ok(Math.hypot(star.x - seen.x, star.y - seen.y) < 0.15)
  t.notOk(
    seen.some(({ star, seen }) => star.flux < 8_000 && seen.saturated),
    'faint stars are not',
  )
  t.equal(
    stars.filter(star => star.saturated).length,
    findStars(expose(field).samples, 800, 600, { saturationAdu: 4095 }).stars.filter(star => star.saturated).length,
    'told or recognised, the same stars',
  )
})

t.test('a frame of noise, of nothing, of one value, or without data has no stars', async t => {
  const noise = makeField({ count: 0, hotPixels: 500 })
  t.equal(findStars(expose(noise, {}, { cosmics: 50 }).samples, 800, 600).stars.length, 0)
  t.equal(findStars(new Uint16Array(64), 8, 8).stars.length, 0)
  t.equal(findStars(new Uint16Array(10_000).fill(65535), 100, 100).medianHfdPx, undefined)
  t.equal(findStars(new Float32Array(10_000).fill(Number.NaN), 100, 100).stars.length, 0)
  t.equal(findStars(new Uint8Array(1), 1, 1).stars.length, 0)
})

t.test('stars of a region have the coordinates of the whole frame', async t => {
  const field = makeField({ faintest: 20_000, seed: 7 })
  const image = expose(field)
  const whole = starsOf(image).stars
  const region = { x: 201, y: 151, width: 300, height: 200 }
  const part = starsOf(image, { region }).stars
  t.ok(part.length > 20)
  for (const star of part) {
    t.ok(star.x >= 201 && star.x < 501 && star.y >= 151 && star.y < 351)
    const same = nearest(whole, star.x, star.y, 1)
    t.ok(same && Math.hypot(same.x - star.x, same.y - star.y) < 0.1)
  }
  t.equal(starsOf(image, { maxStars: 7 }).stars.length, 7, 'as many as asked for')
  t.same(starsOf(image, { maxStars: 7 }).stars, whole.slice(0, 7), 'the brightest')
})

t.test('a Bayer frame gives star places in its own pixels, whatever the colour of the sky', async t => {
  const field = makeField({ faintest: 20_000, apartPx: 30, count: 100, fwhmPx: 3.2, hotPixels: 300, seed: 15 })
  const image = expose(field, {}, { bayer: 'rggb', tint: [0.5, 1, 0.55] })
  const { stars, medianHfdPx } = starsOf(image)
  const found = lonelyStars(field, {}, 0).map(star => ({ star, seen: nearest(stars, star.x, star.y, 2) }))
  const errors = found.flatMap(({ star, seen }) => (seen ? Math.hypot(star.x - seen.x, star.y - seen.y) : []))
  t.ok(errors.length / found.length > 0.98, `${errors.length} of ${found.length}`)
  t.ok(median(errors) < 0.06, `centres within ${median(errors).toFixed(3)} px`)
  const hfd = (medianHfdPx ?? 0) / Math.hypot(3.2, Math.sqrt((8 * Math.LN2) / 12))
  t.ok(Math.abs(hfd - 1) < 0.06, `HFD ${hfd.toFixed(3)} of the truth`)
  t.equal(
    nearest(
      stars.filter(star => star.hfdPx < 1.5),
      0,
      0,
      1e9,
    ),
    undefined,
    'no hot pixel passes',
  )

  const odd: Image = { ...image, width: 5, height: 3, samples: new Uint16Array(15) }
  t.equal(starsOf(odd).found, 0, 'a last row and column without partners are left out')
  t.throws(() => starsOf({ ...odd, planes: 2, samples: new Uint16Array(30) }), { name: 'ScienceError' })
  t.throws(() => starsOf({ ...odd, planes: 3 }), { name: 'ScienceError', message: /15 samples do not fill/ })
  t.throws(() => starsOf(odd, { region: { x: 3, y: 0, width: 3, height: 1 } }), /region 3/)
})

t.test('the light of three colours is their mean', async t => {
  const field = makeField({ faintest: 20_000, apartPx: 30, count: 60, seed: 16 })
  const { samples, ...image } = expose(field)
  const colours = new Float32Array(3 * samples.length)
  for (const [plane, share] of [0.5, 1.5, 1].entries()) {
    for (let i = 0; i < samples.length; i++) colours[plane * samples.length + i] = share * samples[i]
  }
  const mono = starsOf({ ...image, samples })
  const colour = starsOf({ ...image, planes: 3, type: 'f32', samples: colours })
  t.equal(colour.found, mono.found)
  t.ok(Math.abs(colour.stars[0].x - mono.stars[0].x) < 1e-3)
})

t.test('real frames: undersampled, clipped at 4095, and RGGB', { skip }, async t => {
  const read = (folder: string) =>
    readdirSync(path.join(realFrames, folder)).map(name =>
      readFitsImage(readFileSync(path.join(realFrames, folder, name))),
    )
  for (const image of read('hatp32').slice(0, 4)) {
    const { stars, medianHfdPx = 0, noiseAdu } = starsOf(image)
    t.ok(stars.length >= 300, `${stars.length} stars`)
    t.ok(medianHfdPx > 1.8 && medianHfdPx < 3, `HFD ${medianHfdPx.toFixed(2)} px`)
    t.ok(noiseAdu > 1 && noiseAdu < 3, `sky noise ${noiseAdu.toFixed(2)} ADU`)
    t.ok(stars.filter(star => star.saturated).length >= 5, 'the brightest are marked')
  }
  for (const image of read('m27-bayer')) {
    const { stars, medianHfdPx = 0 } = starsOf(image)
    t.ok(stars.length >= 200, `${stars.length} stars`)
    t.ok(medianHfdPx > 2 && medianHfdPx < 5, `HFD ${medianHfdPx.toFixed(2)} px`)
  }
})

t.test('light and width of real stars are those that photutils finds', { skip: skip || noPhotutils }, t => {
  const folder = path.join(realFrames, 'hatp32')
  const list = path.join(t.testdir({}), 'stars.json')
  const ratios = { flux: [] as number[], fwhm: [] as number[] }
  for (const name of [1, 11, 21, 36].map(i => readdirSync(folder).sort()[i])) {
    const file = path.join(folder, name)
    const { stars } = starsOf(readFitsImage(readFileSync(file)), { maxStars: 5000 })
    const alone = stars.filter(
      star =>
        !star.saturated &&
        star.snr > 200 &&
        !stars.some(other => other !== star && Math.hypot(other.x - star.x, other.y - star.y) < 6 * star.fwhmPx),
    )
    writeFileSync(list, JSON.stringify(alone.map(({ x, y, fwhmPx, fluxAdu }) => [x, y, fwhmPx, fluxAdu])))
    const said = JSON.parse(
      execFileSync(python, [script, 'agree', file, list], { stdio: ['ignore', 'pipe', 'pipe'] }).toString(),
    )
    ratios.flux.push(...said.flux)
    ratios.fwhm.push(...said.fwhm)
  }
  t.ok(ratios.flux.length > 100, `${ratios.flux.length} stars with nobody near`)
  for (const what of ['flux', 'fwhm'] as const) {
    const ratio = median(ratios[what])
    t.ok(Math.abs(ratio - 1) < 0.02, `${what} is ${ratio.toFixed(4)} of theirs`)
  }
  t.end()
})
