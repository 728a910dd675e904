// What frames tell: on numbers made up for the case, and on frames that the sky maker painted with dew, cloud and a
// focus that drifts, measured like any others.
import t from 'tap'
import {
  type FrameNumbers,
  noTrend,
  standingOf,
  type TrendState,
  type TrendWord,
  trendWords,
  withFrame,
} from '../../edge/rules/frame-trend.js'
import { renderSky, type SkyOrder, skyScratch } from '../../edge/science/sky-maker.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { findStars } from '../support/star-room.js'

interface Sky {
  readonly light?: number
  readonly size?: number
  readonly background?: number
  readonly kind?: string
}

/** A minute apart, with the scatter of real frames. */
function numbers(skies: readonly Sky[], seed = 1, everyMs = 60_000): FrameNumbers[] {
  const random = seededRandom(seed)
  return skies.map(({ light = 1, size = 1, background = 1, kind = 'M 31' }, i) => ({
    kind,
    atMs: 1_000_000 + i * everyMs,
    stars: Math.round(300 * light ** 0.8 * (1 + 0.04 * random.normal())),
    hfdPx: light > 0.01 ? 3 * size * (1 + 0.03 * random.normal()) : undefined,
    fluxAdu: light > 0.03 ? 50_000 * light * (1 + 0.03 * random.normal()) : undefined,
    backgroundAdu: 900 * background,
  }))
}

/** The word after each frame. */
function wordsOf(frames: readonly FrameNumbers[]): (TrendWord | undefined)[] {
  let state: TrendState = noTrend
  return frames.map(frame => {
    state = withFrame(state, frame)
    return state.word
  })
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const distinct = (words: readonly (TrendWord | undefined)[]) =>
  words.filter((word, i) => i === 0 || word !== words[i - 1])

t.test('a quiet night says nothing, whatever its scatter', async t => {
  for (let seed = 1; seed < 20; seed++) {
    // A target that sets, seeing that wanders, a Moon that rises.
    const skies = times(120, i => ({
      light: 1 - i / 700,
      size: 1 + 0.06 * Math.sin(i / 9) + i / 1500,
      background: 1 + i / 60,
    }))
    t.same(distinct(wordsOf(numbers(skies, seed))), [undefined], `night ${seed}`)
  }
})

t.test('a cloud that comes is said after two frames, and its end too', async t => {
  const words = wordsOf(
    numbers([
      ...times(15, () => ({})),
      ...times(10, () => ({ light: 0.3, background: 1.2 })),
      ...times(10, () => ({})),
    ]),
  )
  t.same(distinct(words), [undefined, 'cloud', undefined])
  t.ok(words.indexOf('cloud') <= 18, 'within a few frames')
  t.equal(words.at(-1), undefined)
  const shut = wordsOf(numbers([...times(8, () => ({})), ...times(5, () => ({ light: 0 }))]))
  t.equal(shut.at(-1), 'cloud', 'a sky without any star as well')
})

t.test('clouds that come and go are one word, not many', async t => {
  const skies = times(60, i => ({ light: i < 12 ? 1 : i % 6 < 4 ? 0.35 : 0.75 }))
  t.same(distinct(wordsOf(numbers(skies))), [undefined, 'cloud'])
  const slow = times(60, i => ({
    light: i < 12 ? 1 : Math.max(0.2, 1 - (i - 12) / 40 + 0.2 * Math.sin(i * 1.7)),
    size: 1.05,
  }))
  t.equal(wordsOf(numbers(slow)).at(-1), 'cloud', 'restless light is cloud, however slowly it goes')
})

t.test('dew is light that goes slowly and spreads', async t => {
  const skies = times(60, i => ({
    light: i < 12 ? 1 : Math.max(0.1, 1 - (i - 12) / 45),
    size: 1 + Math.max(0, i - 12) / 200,
  }))
  const words = wordsOf(numbers(skies))
  t.same(distinct(words), [undefined, 'dew'])
  t.match(trendWords.dew, /heater/, 'and a person knows what to do')
})

t.test('stars that grow in full light are out of focus', async t => {
  const skies = times(50, i => ({ size: 1 + Math.max(0, i - 12) / 80 }))
  const words = wordsOf(numbers(skies))
  t.same(distinct(words), [undefined, 'focus-drift'])
  const mended = wordsOf(numbers([...skies, ...times(8, () => ({}))]))
  t.equal(mended.at(-1), undefined, 'and are in focus again once somebody has focused')
  const soft = wordsOf(numbers(times(60, i => ({ size: 1.12 + 0.09 * Math.sin(i) }))))
  t.same(distinct(soft), [undefined], 'seeing that wanders is not a drift')
})

t.test('other frames begin anew', async t => {
  const dark = { light: 0.3, kind: 'M 31, Ha' }
  t.same(distinct(wordsOf(numbers([...times(10, () => ({})), ...times(10, () => dark)]))), [undefined])
  const gap = numbers([...times(10, () => ({})), ...times(10, () => ({ light: 0.3 }))]).map((frame, i) =>
    i < 10 ? frame : { ...frame, atMs: frame.atMs + 3_600_000 },
  )
  t.same(distinct(wordsOf(gap)), [undefined], 'and so do those of an hour later')
  t.equal(standingOf(numbers(times(3, () => ({})))), undefined, 'three frames tell nothing')
  t.equal(standingOf(numbers(times(9, () => ({ light: 0 })))), undefined, 'nor do frames that never had a star')
})

const sensor: SkyOrder['sensor'] = {
  width: 640,
  height: 480,
  seed: 5,
  vignetting: 0.1,
  dustSpecks: 0,
  unevenness: 0.005,
  pixelMicrons: 3.76,
  maxAdu: 65535,
  fullWellElectrons: 50_000,
  hotShare: 0.0003,
  darkElectronsPerSecond: 0.01,
}
const order: SkyOrder = {
  sensor,
  window: { x: 0, y: 0, width: 640, height: 480, binning: 1 },
  exposureSeconds: 30,
  shutterOpen: true,
  aims: [{ raDeg: 295, decDeg: 22, rotationDeg: 0, share: 1 }],
  starSeed: 3,
  limitMagnitude: 17,
  focalLengthMm: 500,
  apertureMm: 100,
  obstruction: 0.3,
  seeingArcsec: 3.6,
  defocusMicrons: 0,
  haloFraction: 0.02,
  transparency: 0.8,
  haze: { cover: 0, seed: 8, driftX: 0, driftY: 0 },
  skyMagnitude: 20.5,
  gradient: { perDeg: 0.05, towardDeg: 0 },
  filter: { stars: 1, sky: 1, nanometres: 550 },
  panelElectronsPerSecond: 0,
  sensorCelsius: -10,
  electronsPerAdu: 0.25,
  readNoiseElectrons: 1.6,
  biasAdu: 400,
  satellites: 0,
  cosmics: 1,
  noiseSeed: 9,
}
const scratch = skyScratch()

function painted(change: (i: number) => Partial<SkyOrder>, count = 24): FrameNumbers[] {
  const out = new Uint16Array(640 * 480)
  return times(count, i => {
    renderSky({ ...order, noiseSeed: 100 + i, ...change(i) }, out, scratch)
    const { found, medianHfdPx, stars, backgroundAdu } = findStars(out, 640, 480)
    const fluxAdu = stars[14]?.fluxAdu
    return { kind: 'painted', atMs: 90_000 * i, stars: found, hfdPx: medianHfdPx, fluxAdu, backgroundAdu }
  })
}

t.test('painted frames are told apart', async t => {
  const after = (i: number) => Math.max(0, i - 6)
  t.same(distinct(wordsOf(painted(i => ({ seeingArcsec: 3.6 + 0.2 * Math.sin(i) })))), [undefined], 'a fair night')
  const dew = (i: number) => Math.min(0.8, after(i) / 22)
  const dewy = painted(i => ({ haloFraction: 0.02 + 0.5 * dew(i), transparency: 0.8 * (1 - 0.9 * dew(i)) }))
  t.same(distinct(wordsOf(dewy)), [undefined, 'dew'], JSON.stringify(standingOf(dewy)))
  const cloudy = painted(i => ({
    haze: { cover: i < 8 ? 0 : 0.8, seed: 8, driftX: i * 1.1, driftY: i * 0.4 },
    haloFraction: i < 8 ? 0.02 : 0.12,
  }))
  t.same(distinct(wordsOf(cloudy)), [undefined, 'cloud'], JSON.stringify(standingOf(cloudy)))
  const drifting = painted(i => ({ defocusMicrons: after(i) * 0.8 }))
  t.same(distinct(wordsOf(drifting)), [undefined, 'focus-drift'], JSON.stringify(standingOf(drifting)))
})
