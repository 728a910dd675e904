// Warping, averaging and the measured gain against known truth, and live stacks of made and of real frames.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { skyLevel } from '../../edge/science/background.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { makeLiveStack } from '../../edge/science/live-stack.js'
import { closeFrame, makeNoiseMeter, measuredGain, meterRows } from '../../edge/science/noise-meter.js'
import { medianInPlace, spreadInPlace } from '../../edge/science/order-statistic.js'
import type { Image } from '../../edge/science/samples.js'
import { identity, invert, moveX, moveY, type Similarity } from '../../edge/science/similarity.js'
import {
  addRowsToStack,
  addToStack,
  coverage,
  emptyStack,
  maxFrames,
  snrGain,
  stackImage,
} from '../../edge/science/stack.js'
import { resampledVariance, warp, warpRows } from '../../edge/science/warp.js'
import { sharedData } from '../support/shared-data.js'
import { expose, makeField, type Pose, seeded } from '../support/star-field.js'
import { starsOf } from '../support/star-room.js'

const realFrames = sharedData ?? ''
const skip = sharedData === undefined && '../shared/data is absent'
const nan = Number.NaN

const turned = (turnDeg: number, scale: number, tx: number, ty: number): Similarity => {
  const turn = (turnDeg * Math.PI) / 180
  return { a: scale * Math.cos(turn), b: scale * Math.sin(turn), tx, ty, mirrored: false }
}

t.test('shifts by whole pixels copy bit for bit, whatever the samples', async t => {
  const { uniform } = seeded(3)
  for (const source of [
    Uint16Array.from({ length: 35 }, () => 65536 * uniform()),
    Int16Array.from({ length: 35 }, () => 65536 * uniform() - 32768),
    Float32Array.from({ length: 35 }, uniform),
  ]) {
    const out = new Float32Array(35)
    warp(source, 7, 5, identity, out)
    t.same([...out], [...source])
    for (const [tx, ty] of [
      [2, -1],
      [-3, 2],
      [0, 4],
      [7, 0],
      [-20, 60],
    ]) {
      warp(source, 7, 5, { ...identity, tx, ty }, out)
      const expected = Array.from(out, (_, i) => {
        const [x, y] = [(i % 7) - tx, Math.floor(i / 7) - ty]
        return x >= 0 && y >= 0 && x < 7 && y < 5 ? source[y * 7 + x] : nan
      })
      t.same([...out], expected, `by ${tx}, ${ty}`)
    }
    warp(source, 7, 5, { a: -1, b: 0, tx: 6, ty: 4, mirrored: false }, out)
    t.same([...out], [...source].reverse(), 'a flip about the centre too')
    warp(source, 7, 5, { a: -1, b: 0, tx: 0, ty: 4, mirrored: true }, out)
    t.same(
      [...out],
      [28, 21, 14, 7, 0].flatMap(row => [...source.subarray(row, row + 7)]),
      'and a mirror',
    )
  }
})

t.test('between pixels values lie on the line between them', async t => {
  const out = new Float32Array(6)
  warp(Uint8Array.of(0, 4, 8, 40, 44, 48), 3, 2, { ...identity, tx: -0.25, ty: 0 }, out)
  t.same([...out], [1, 5, nan, 41, 45, nan])
  warp(Uint8Array.of(0, 4, 8, 40, 44, 48), 3, 2, { ...identity, tx: 0, ty: 0.5 }, out)
  t.same([...out], [nan, nan, nan, 20, 24, 28])

  const [width, height] = [60, 40]
  const ramp = Float32Array.from({ length: width * height }, (_, i) => 3 * (i % width) - 2 * Math.floor(i / width))
  for (const transform of [turned(10, 1, 5, -3), turned(180, 1, 58.7, 39.2), turned(-77, 0.97, 3, 50)]) {
    const plane = new Float32Array(width * height)
    warp(ramp, width, height, transform, plane)
    const back = invert(transform)
    let held = 0
    for (let i = 0; i < plane.length; i++) {
      const [x, y] = [i % width, Math.floor(i / width)]
      const [sx, sy] = [moveX(back, x, y), moveY(back, x, y)]
      const inside = sx >= 0 && sy >= 0 && sx <= width - 1 && sy <= height - 1
      if (inside !== !Number.isNaN(plane[i])) t.fail(`pixel ${x}, ${y}`)
      if (!inside) continue
      held++
      if (Math.abs(plane[i] - (3 * sx - 2 * sy)) > 1e-4) t.fail(`pixel ${x}, ${y} is ${plane[i]}`)
    }
    t.ok(held > 500, `${held} pixels of a ramp stay on it`)
    const strip = new Float32Array(width * 7)
    warpRows(ramp, width, height, transform, 20, 7, strip)
    t.same([...strip], [...plane.subarray(20 * width, 27 * width)], 'a strip is a part of the whole')
  }
})

t.test('missing pixels spoil only what they take part in', async t => {
  const source = Float32Array.of(1, nan, 3, 4, 5, 6, 7, 8, 9)
  const out = new Float32Array(9)
  warp(source, 3, 3, { ...identity, ty: 0.5 }, out)
  t.same([...out], [nan, nan, nan, 2.5, nan, 4.5, 5.5, 6.5, 7.5])
  t.throws(() => warp(source, 3, 2, identity, out), { name: 'ScienceError', message: /3 × 2 px/ })
  t.throws(() => warp(source, 3, 3, { a: 0, b: 0, tx: 0, ty: 0, mirrored: false }, out), {
    name: 'ScienceError',
    message: /inverse/,
  })
})

t.test('a stack is the mean of what has data', async t => {
  const stack = emptyStack(2, 2, 1)
  t.same([...stackImage(stack, true).samples], [nan, nan, nan, nan])
  t.equal(addToStack(stack, [Float32Array.of(1, nan, 3, nan)]), 2)
  t.equal(addToStack(stack, [Float32Array.of(2, 8, 3, nan)]), 3)
  t.equal(addToStack(stack, [Float32Array.of(6, 9, 3, nan)]), 3)
  t.same([...stack.mean], [3, 8.5, 3, nan])
  t.same([...stack.count], [3, 2, 3, 0])
  t.equal(coverage(stack, 3), 0.5)
  t.match(stackImage(stack, false), {
    width: 2,
    height: 2,
    planes: 1,
    type: 'f32',
    topDown: false,
    samples: stack.mean,
  })

  const colour = emptyStack(2, 1, 3)
  addToStack(colour, [Float32Array.of(1, 1), Float32Array.of(2, nan), Float32Array.of(3, 3)])
  t.same([...colour.mean], [1, nan, 2, nan, 3, nan], 'a pixel joins with all its colours or not at all')
  t.equal(addRowsToStack(emptyStack(2, 3, 1), [Float32Array.of(1, 2)], 2, 1), 2)
  t.throws(() => addToStack(colour, [Float32Array.of(1, 1)]), { name: 'ScienceError' })
  t.throws(() => addRowsToStack(colour, [], 0, 2), { name: 'ScienceError' })
  t.throws(() => emptyStack(0, 5, 1), { name: 'ScienceError' })
  stack.count[0] = maxFrames
  t.throws(() => addToStack(stack, [Float32Array.of(1, 1, 1, 1)]), { message: /65535 frames/ })
  t.equal(snrGain(25), 5)
})

t.test('a thousand equal frames leave their bits alone, unequal ones their mean', async t => {
  const frame = Float32Array.of(0.1, 1234.5678, 65535)
  const stack = emptyStack(3, 1, 1)
  const noisy = emptyStack(1, 1, 1)
  const { gaussian } = seeded(5)
  let sum = 0
  for (let n = 0; n < 1000; n++) {
    addToStack(stack, [frame])
    const value = Math.fround(30_000 + 20 * gaussian())
    sum += value
    addToStack(noisy, [Float32Array.of(value)])
  }
  t.same([...stack.mean], [...frame])
  t.ok(Math.abs(noisy.mean[0] - sum / 1000) < 0.01, 'rounding stays far below the noise of 0.6 ADU')
})

t.test('resampled noise is known from the transform', async t => {
  t.equal(resampledVariance({ ...identity, tx: 7, ty: -3 }, 500, 400, 4), 1)
  const { gaussian } = seeded(8)
  const [width, height] = [600, 600]
  const source = Float32Array.from({ length: width * height }, gaussian)
  const out = new Float32Array(width * height)
  for (const transform of [
    turned(0, 1, 0.5, 0.5),
    turned(0, 1, 0.2, 0),
    turned(0.3, 1, 1, 2),
    turned(30, 0.97, 100, -80),
  ]) {
    warp(source, width, height, transform, out)
    let squares = 0
    let count = 0
    for (let y = 0; y + 4 <= height; y += 4) {
      for (let x = 0; x + 8 <= width; x += 8) {
        let difference = 0
        for (let j = y; j < y + 4; j++) {
          for (let i = x; i < x + 8; i++) difference += (i < x + 4 ? out[j * width + i] : -out[j * width + i]) / 16
        }
        if (Number.isNaN(difference)) continue
        squares += difference ** 2
        count++
      }
    }
    const expected = resampledVariance(transform, width, height, 4)
    const seen = squares / count / (2 / 16)
    t.ok(
      Math.abs(seen / expected - 1) < 0.06,
      `${seen.toFixed(3)} of the variance is left, expected ${expected.toFixed(3)}`,
    )
  }
})

/** Gain measured over frames of one sky: white noise, a faint grain fixed on the sky, a pattern fixed on the sensor. */
function gainOver(
  frames: number,
  pose: (n: number) => Similarity,
  noise: (n: number) => number,
  grain = 0,
  pattern = 0,
) {
  const [width, height] = [480, 360]
  const random = seeded(17)
  const sensor = Float32Array.from({ length: width * height }, () => pattern * random.gaussian())
  const meter = makeNoiseMeter(width, height, [{ x: 100, y: 100, hfdPx: 3, saturated: false }])
  const stack = emptyStack(width, height, 1)
  const out = new Float32Array(width * height)
  let single: Float32Array | undefined
  for (let n = 0; n < frames; n++) {
    const toReference = pose(n)
    const frame = Float32Array.from(sensor, (value, i) => {
      const [x, y] = [i % width, Math.floor(i / width)]
      // Waves some ten pixels long stand for stars too faint to be found.
      let sky = 0
      if (grain > 0) {
        const [u, v] = [moveX(toReference, x, y), moveY(toReference, x, y)]
        sky = grain * (Math.sin(0.61 * u) * Math.sin(0.53 * v) + Math.sin(0.37 * u + 0.71 * v))
      }
      return 1000 + 3 * n + sky + value + noise(n) * random.gaussian()
    })
    single ??= frame
    warp(frame, width, height, toReference, out)
    addToStack(stack, [out])
    meterRows(meter, [out], 0, height)
    closeFrame(meter, toReference)
  }
  // What a ruler laid on the picture would say: scatter of neighbouring pixels.
  const scatter = (plane: Float32Array) => {
    const steps = Float32Array.from({ length: 60_000 }, (_, i) => plane[50_100 + i] - plane[50_101 + i]).filter(
      Number.isFinite,
    )
    return spreadInPlace(steps, steps.length, 0)
  }
  return { gain: measuredGain(meter) ?? 0, naive: scatter(single ?? out) / scatter(stack.mean) }
}

const near = (value: number, truth: number, share: number) => Math.abs(value / truth - 1) < share

t.test('the measured gain is √n for equal noise, however the frames lie', async t => {
  const still = () => identity
  const drift = (n: number) => (n === 0 ? identity : turned(0, 1, 1.37 * n, -0.61 * n))
  const turning = (n: number) => (n === 0 ? identity : turned(0.05 * n, 1, 0.4 * n, 0.3 * n))
  for (const n of [4, 9, 16, 25]) {
    const { gain } = gainOver(n, still, () => 10)
    t.ok(near(gain, Math.sqrt(n), 0.05), `${n} frames: ${gain.toFixed(3)}, truth ${Math.sqrt(n)}`)
  }
  for (const [name, pose] of Object.entries({ drift, turning })) {
    const { gain, naive } = gainOver(25, pose, () => 10)
    t.ok(near(gain, 5, 0.05), `${name}: ${gain.toFixed(3)}, truth 5`)
    t.ok(naive > 6, `pixel scatter would have claimed ${naive.toFixed(2)}, which is the resampling's`)
  }
})

t.test('the measured gain sees worse frames and moving patterns, and does not take faint stars for noise', async t => {
  const drift = (n: number) => turned(0, 1, 2.3 * n, -1.6 * n)
  const clouds = gainOver(16, drift, n => (n % 4 === 3 ? 30 : 10))
  // Variance of the mean: 12 frames of 10² and 4 of 30² over 16².
  t.ok(near(clouds.gain, 10 / Math.sqrt((12 * 100 + 4 * 900) / 256), 0.08), `clouds: ${clouds.gain.toFixed(2)}`)
  const grainy = gainOver(25, drift, () => 10, 6)
  t.ok(near(grainy.gain, 5, 0.06), `grain on the sky: ${grainy.gain.toFixed(2)}`)
  const walk = (n: number) => turned(0, 1, 7 * n, -3 * n)
  const walking = gainOver(16, walk, () => 5, 0, 10)
  t.ok(near(walking.gain, 4, 0.06), `a pattern the sky walks over averages out: ${walking.gain.toFixed(2)}`)
  const jumping = gainOver(
    16,
    n => turned(0, 1, (n % 2) * 30, 0),
    () => 5,
    0,
    10,
  )
  // In two places only the pattern's variance of 10² is halved, the white noise's 5² falls to a sixteenth.
  const truth = Math.sqrt(125 / (25 / 16 + 100 / 2))
  t.ok(
    jumping.gain < 1.1 * truth,
    `one that moved once does not: ${jumping.gain.toFixed(2)}, truth ${truth.toFixed(2)}`,
  )
})

t.test('the gain is not measured where it cannot be', async t => {
  const meter = makeNoiseMeter(64, 64, [])
  const strip = [new Float32Array(64 * 64)]
  for (let n = 0; n < 3; n++) {
    meterRows(meter, strip, 0, 64)
    closeFrame(meter, identity)
  }
  t.equal(measuredGain(meter), undefined, 'of three frames')
  meterRows(meter, strip, 0, 64)
  closeFrame(meter, identity)
  t.equal(measuredGain(meter), undefined, 'of frames without any noise')
  t.throws(() => meterRows(meter, strip, 2, 4), { name: 'ScienceError' })
  const crowded = makeNoiseMeter(
    200,
    200,
    Array.from({ length: 400 }, (_, i) => ({
      x: 10 * (i % 20),
      y: 10 * Math.floor(i / 20),
      hfdPx: 3,
      saturated: false,
    })),
  )
  t.ok(
    crowded.loud.every(loud => loud === 1),
    'no sky is left between these stars',
  )
})

t.test('the sky of a plane is one number, stars or not', async t => {
  const image = expose(makeField({ count: 800, seed: 2 }))
  t.ok(Math.abs(skyLevel(image.samples) - 500) < 2)
  t.ok(Number.isNaN(skyLevel(Float32Array.of(nan, nan))))
})

t.test('a live stack takes what fits, refuses the rest with a reason, and goes on', async t => {
  const field = makeField({
    width: 500,
    height: 400,
    count: 120,
    faintest: 4_000,
    apartPx: 15,
    hotPixels: 60,
    seed: 33,
  })
  const stranger = makeField({ width: 500, height: 400, count: 120, faintest: 4_000, seed: 34 })
  const stack = makeLiveStack({ maxShiftPx: 100 })
  t.equal(stack.image(), undefined)
  const cloudy = stack.add(expose(makeField({ width: 500, height: 400, count: 0 })))
  t.match(cloudy, {
    accepted: false,
    reason: 'too-few-stars',
    stars: 0,
    words: /reference needs 6 stars, this frame has 0/,
  })

  t.match(stack.add(expose(field)), { accepted: true, first: true, offsetPx: [0, 0], rmsPx: 0 })
  const reference = expose(field).samples
  t.same([...(stack.image()?.samples ?? [])], [...reference], 'one frame is its own stack, bit for bit')

  const poses: Pose[] = [
    { dx: 3.4, dy: -2.2 },
    { dx: 7, dy: -5.5, turnDeg: 0.2 },
    { dx: -20.3, dy: 11, turnDeg: 180 },
  ]
  for (const [n, pose] of poses.entries()) {
    const added = stack.add(expose({ ...field, sky: 420 + 20 * n }, pose, { seed: 2 + n }))
    if (!added.accepted) return t.fail(added.words)
    t.ok(Math.hypot(added.offsetPx[0] - (pose.dx ?? 0), added.offsetPx[1] - (pose.dy ?? 0)) < 0.03, `${added.offsetPx}`)
    t.ok(Math.abs(added.skyOffsetAdu[0] + 20 + 20 * n) < 1, 'a brighter sky is brought to the first one’s')
  }
  const before = stack.image()?.samples.slice()
  t.match(stack.add(expose(stranger)), { accepted: false, reason: 'no-match' })
  t.match(stack.add(expose(field, { dx: 90, dy: 60 })), {
    accepted: false,
    reason: 'moved-too-far',
    words: /moved 108 px/,
  })
  t.match(stack.add(expose(field, {}, { transparency: 0.001 })), { accepted: false, reason: 'too-few-stars' })
  t.match(stack.add(expose({ ...field, width: 400, height: 500 })), {
    accepted: false,
    reason: 'other-size',
    words: /400 × 500/,
  })
  t.match(stack.add({ ...expose(field), bayer: 'rggb' }), {
    accepted: false,
    reason: 'other-kind',
    words: /RGGB.*mono/,
  })
  t.same(stack.image()?.samples, before, 'the refused left no trace')
  t.equal(stack.accepted, 4)
  t.same(stack.refused, { 'too-few-stars': 2, 'no-match': 1, 'moved-too-far': 1, 'other-size': 1, 'other-kind': 1 })
  t.equal(stack.snrGain(), 2)
  t.ok(near(stack.measuredGain() ?? 0, 2, 0.12), `measured ${stack.measuredGain()?.toFixed(2)}`)
  t.ok(stack.add(expose(field, { dx: 1.5 }, { seed: 9 })).accepted)

  const image = stack.image()
  if (!image) return t.fail('no image')
  const { stars } = starsOf(image)
  const bright = field.stars.filter(({ x, y, flux }) => flux > 8_000 && x > 40 && y > 40 && x < 460 && y < 360)
  t.ok(bright.length > 20)
  for (const { x, y } of bright) {
    t.ok(
      stars.some(star => Math.hypot(star.x - x, star.y - y) < 0.1),
      'stars stand where they stood on the first frame',
    )
  }
})

t.test('Bayer frames stack in colour', async t => {
  const field = makeField({ width: 500, height: 400, count: 120, faintest: 8_000, fwhmPx: 3.4, apartPx: 15, seed: 35 })
  const tint = [0.5, 1, 0.7] as const
  const stack = makeLiveStack()
  const shot = (dx: number, dy: number, seed: number): Image => expose(field, { dx, dy }, { seed, bayer: 'grbg', tint })
  for (let n = 0; n < 6; n++) {
    const added = stack.add(shot(1.7 * n, -2.1 * n, n + 1))
    if (!added.accepted) return t.fail(added.words)
    t.ok(Math.hypot(added.offsetPx[0] - 1.7 * n, added.offsetPx[1] + 2.1 * n) < 0.06, `${added.offsetPx}`)
  }
  const image = stack.image()
  t.match(image, { planes: 3, width: 500, height: 400, type: 'f32', bayer: undefined })
  if (!image) return
  const planes = [0, 1, 2].map(plane =>
    Float32Array.from(image.samples.subarray(plane * 200_000, (plane + 1) * 200_000)),
  )
  for (const [plane, level] of [0.5, 1, 0.7].entries()) {
    t.ok(Math.abs(skyLevel(planes[plane]) - (100 + 400 * level)) < 2, 'the sky keeps its colour')
  }
  const brightest = [...field.stars]
    .filter(star => star.x > 30 && star.y > 30 && star.x < 450 && star.y < 350)
    .sort((a, b) => b.flux - a.flux)[1]
  const light = (plane: Float32Array) => {
    const sky = skyLevel(plane)
    let sum = 0
    for (let v = Math.round(brightest.y) - 4; v <= brightest.y + 4; v++) {
      for (let u = Math.round(brightest.x) - 4; u <= brightest.x + 4; u++) sum += plane[v * 500 + u] - sky
    }
    return sum
  }
  const [red, green, blue] = planes.map(light)
  t.ok(
    near(red / green, 0.5, 0.08) && near(blue / green, 0.7, 0.08),
    `a star too: ${(red / green).toFixed(2)} : 1 : ${(blue / green).toFixed(2)}`,
  )
  const gain = stack.measuredGain() ?? 0
  t.ok(
    gain > 0.85 * Math.sqrt(6) && gain < 1.05 * Math.sqrt(6),
    `gain ${gain.toFixed(2)} of ${Math.sqrt(6).toFixed(2)}`,
  )
})

t.test('25 real frames: none refused, the sky at least three times quieter', { skip }, async t => {
  const folder = path.join(realFrames, 'hatp32')
  const stack = makeLiveStack()
  let first: Image | undefined
  for (const name of readdirSync(folder).slice(0, 25)) {
    const image = readFitsImage(readFileSync(path.join(folder, name)))
    first ??= image
    const added = stack.add(image)
    t.ok(added.accepted, added.accepted ? `${added.matched} stars` : added.words)
  }
  const gain = stack.measuredGain() ?? 0
  t.ok(gain >= 3 && gain < 5.6, `measured gain ${gain.toFixed(2)} of ${stack.snrGain()}`)

  const image = stack.image()
  if (!image || !first) return t.fail('no image')
  const count = stack.coverage()
  const stars = starsOf(first, { maxStars: 5000 }).stars
  const dark = new Uint8Array(image.width * image.height).fill(1)
  for (const { x, y, hfdPx } of stars) {
    for (let v = Math.max(0, Math.round(y - 4 * hfdPx)); v < Math.min(image.height, y + 4 * hfdPx); v++) {
      for (let u = Math.max(0, Math.round(x - 4 * hfdPx)); u < Math.min(image.width, x + 4 * hfdPx); u++)
        dark[v * image.width + u] = 0
    }
  }
  const scatter = (samples: Image['samples']) => {
    const steps: number[] = []
    for (let i = 0; i < dark.length - 1; i++) {
      if (dark[i] && dark[i + 1] && count?.[i] === 25 && count[i + 1] === 25) steps.push(samples[i] - samples[i + 1])
    }
    let adu = Number.POSITIVE_INFINITY
    for (let round = 0; round < 8; round++) {
      const kept: number[] = steps.filter(step => Math.abs(step) < 3 * adu)
      adu = Math.sqrt(kept.reduce((sum, step) => sum + step * step, 0) / kept.length)
    }
    return { pixels: steps.length, adu }
  }
  const [single, stacked] = [scatter(first.samples), scatter(image.samples)]
  t.ok(single.pixels > 20_000)
  t.ok(single.adu / stacked.adu >= 3, `and as the eye sees it, ${(single.adu / stacked.adu).toFixed(2)} times`)
})

t.test('real RGGB frames stack in colour', { skip }, async t => {
  const folder = path.join(realFrames, 'm27-bayer')
  const stack = makeLiveStack()
  for (const name of readdirSync(folder)) {
    const added = stack.add(readFitsImage(readFileSync(path.join(folder, name))))
    t.ok(added.accepted, added.accepted ? `${added.offsetPx}` : added.words)
  }
  const image = stack.image()
  t.match(image, { planes: 3, width: 1304, height: 976 })
  const centre = (plane: number) => {
    const values: number[] = []
    for (let y = 400; y < 560; y++) {
      for (let x = 560; x < 740; x++) values.push(image?.samples[(plane * 976 + y) * 1304 + x] ?? nan)
    }
    return medianInPlace(Float64Array.from(values), values.length)
  }
  t.notOk([0, 1, 2].map(centre).some(Number.isNaN), 'the centre has data in all colours')
})
