// The measured gain of a stack against known truth: equal and unequal noise, moving frames, patterns.
import t from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, viewsOf } from '../../edge/kernels/memory.js'
import {
  addToMeter,
  makeNoiseMeter,
  measuredGain,
  meterBand,
  meterBands,
  meterScratchBytes,
} from '../../edge/science/noise-meter.js'
import { resampledVariance } from '../../edge/science/resampled-variance.js'
import { identity, moveX, moveY, type Similarity } from '../../edge/science/similarity.js'
import { type FrameKind, wholeFrame } from '../../edge/science/warp-tile.js'
import { seeded } from '../support/star-field.js'

const turned = (turnDeg: number, scale: number, tx: number, ty: number): Similarity => {
  const turn = (turnDeg * Math.PI) / 180
  return { ...identity, a: scale * Math.cos(turn), b: scale * Math.sin(turn), tx, ty }
}

const module = kernelModule()

/** Block means of a frame as the crew makes them. */
function blocksOf(samples: Float32Array, frame: FrameKind, transform: Similarity, kernel: 'bilinear' | 'cubic') {
  const { width, height } = frame
  const layout = makeLayout()
  const plane = layout.take(4 * width * height)
  const columns = Math.floor(width / 4)
  const blocks = layout.take(4 * columns * meterBands(height))
  const scratch = layout.take(meterScratchBytes(frame))
  const memory = kernelMemory(layout.bytes)
  const hand = { kernels: simdKernels(module, memory), views: viewsOf(memory.buffer), scratch }
  hand.views.f32.set(samples, plane >> 2)
  const order = {
    frame,
    transform,
    kernel,
    scale: [1],
    offset: [0],
    box: wholeFrame(plane, frame),
    width,
    height,
    blocks,
  }
  for (let band = 0; band < meterBands(height); band++) meterBand(hand, order, band)
  return hand.views.f32.slice(blocks >> 2, (blocks >> 2) + columns * meterBands(height))
}

t.test('resampled noise is known from the transform', async t => {
  t.equal(resampledVariance({ ...identity, tx: 7, ty: -3 }, 500, 400, 4, 'bilinear'), 1)
  t.equal(resampledVariance({ ...identity, tx: 7, ty: -3 }, 500, 400, 4, 'cubic'), 1)
  const { gaussian } = seeded(8)
  const frame = { width: 600, height: 440, planes: 1 }
  const { width, height } = frame
  const columns = width / 4
  const source = Float32Array.from({ length: width * height }, gaussian)
  for (const kernel of ['bilinear', 'cubic'] as const) {
    for (const transform of [
      turned(0, 1, 0.5, 0.5),
      turned(0, 1, 0.2, 0),
      turned(0.3, 1, 1, 2),
      turned(30, 0.97, 100, -80),
    ]) {
      const blocks = blocksOf(source, frame, transform, kernel)
      let squares = 0
      let count = 0
      for (let i = 0; i + 1 < blocks.length; i += 2) {
        const difference = blocks[i] - blocks[i + 1]
        if (Number.isNaN(difference) || i % columns === columns - 1) continue
        squares += difference ** 2
        count++
      }
      const expected = resampledVariance(transform, width, height, 4, kernel)
      const seen = squares / count / (2 / 16)
      t.ok(
        Math.abs(seen / expected - 1) < 0.08,
        `${kernel}: ${seen.toFixed(3)} of the variance is left, expected ${expected.toFixed(3)}`,
      )
    }
  }
})

/** Gain measured over frames of one sky: white noise, a faint grain fixed on the sky, a pattern fixed on the sensor. */
function gainOver(
  frames: number,
  pose: (n: number) => Similarity,
  noise: (n: number) => number,
  { grain = 0, pattern = 0, weight = (_: number): number => 16 } = {},
) {
  const frame = { width: 480, height: 360, planes: 1 }
  const { width, height } = frame
  const random = seeded(17)
  const sensor = Float32Array.from({ length: width * height }, () => pattern * random.gaussian())
  const meter = makeNoiseMeter(width, height, [{ x: 100, y: 100, hfdPx: 3, saturated: false }])
  for (let n = 0; n < frames; n++) {
    const toReference = pose(n)
    const samples = Float32Array.from(sensor, (value, i) => {
      const [x, y] = [i % width, Math.floor(i / width)]
      // Waves some ten pixels long stand for stars too faint to be found.
      let sky = 0
      if (grain > 0) {
        const [u, v] = [moveX(toReference, x, y), moveY(toReference, x, y)]
        sky = grain * (Math.sin(0.61 * u) * Math.sin(0.53 * v) + Math.sin(0.37 * u + 0.71 * v))
      }
      return 1000 + 3 * n + sky + value + noise(n) * random.gaussian()
    })
    addToMeter(meter, blocksOf(samples, frame, toReference, 'bilinear'), weight(n), toReference, 'bilinear')
  }
  return measuredGain(meter) ?? 0
}

const near = (value: number, truth: number, share: number) => Math.abs(value / truth - 1) < share

t.test('the measured gain is √n for equal noise, however the frames lie', async t => {
  const still = () => identity
  const drift = (n: number) => (n === 0 ? identity : turned(0, 1, 1.37 * n, -0.61 * n))
  const turning = (n: number) => (n === 0 ? identity : turned(0.05 * n, 1, 0.4 * n, 0.3 * n))
  for (const n of [4, 9, 16, 25]) {
    const gain = gainOver(n, still, () => 10)
    t.ok(near(gain, Math.sqrt(n), 0.06), `${n} frames: ${gain.toFixed(3)}, truth ${Math.sqrt(n)}`)
  }
  for (const [name, pose] of Object.entries({ drift, turning })) {
    const gain = gainOver(25, pose, () => 10)
    t.ok(near(gain, 5, 0.06), `${name}: ${gain.toFixed(3)}, truth 5`)
  }
})

t.test('the measured gain sees worse frames and moving patterns, and does not take faint stars for noise', async t => {
  const drift = (n: number) => turned(0, 1, 2.3 * n, -1.6 * n)
  const cloudy = (n: number) => (n % 4 === 3 ? 30 : 10)
  const clouds = gainOver(16, drift, cloudy)
  // Variance of the mean: 12 frames of 10² and 4 of 30² over 16².
  t.ok(near(clouds, 10 / Math.sqrt((12 * 100 + 4 * 900) / 256), 0.1), `clouds: ${clouds.toFixed(2)}`)
  const weighed = gainOver(16, drift, cloudy, { weight: n => (n % 4 === 3 ? 2 : 18) })
  // With nine times the weight the twelve good ones make nearly all of it.
  const best = Math.sqrt(12 + 4 / 9)
  t.ok(near(weighed, best, 0.1), `weighed: ${weighed.toFixed(2)}, truth ${best.toFixed(2)}`)
  const grainy = gainOver(25, drift, () => 10, { grain: 6 })
  t.ok(near(grainy, 5, 0.07), `grain on the sky: ${grainy.toFixed(2)}`)
  const walk = (n: number) => turned(0, 1, 7 * n, -3 * n)
  const walking = gainOver(16, walk, () => 5, { pattern: 10 })
  t.ok(near(walking, 4, 0.07), `a pattern the sky walks over averages out: ${walking.toFixed(2)}`)
  const jumping = gainOver(
    16,
    n => turned(0, 1, (n % 2) * 30, 0),
    () => 5,
    { pattern: 10 },
  )
  // In two places only the pattern's variance of 10² is halved, the white noise's 5² falls to a sixteenth.
  const truth = Math.sqrt(125 / (25 / 16 + 100 / 2))
  t.ok(jumping < 1.1 * truth, `one that moved once does not: ${jumping.toFixed(2)}, truth ${truth.toFixed(2)}`)
})

t.test('the gain is not measured where it cannot be', async t => {
  const meter = makeNoiseMeter(64, 64, [])
  const blocks = new Float32Array(16 * 16)
  for (let n = 0; n < 3; n++) addToMeter(meter, blocks, 16, identity, 'bilinear')
  t.equal(measuredGain(meter), undefined, 'of three frames')
  addToMeter(meter, blocks, 16, identity, 'bilinear')
  t.equal(measuredGain(meter), undefined, 'of frames without any noise')
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
