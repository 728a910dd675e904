// Registration on star lists with known truth: however the sky lies on a frame, whatever stands among its stars. What
// is accepted is right; what cannot be right is refused, in words.
import t from 'tap'
import { type Anchor, makeReference } from '../../edge/science/reference.js'
import { register } from '../../edge/science/register.js'
import { compose, identity, type Similarity } from '../../edge/science/similarity.js'
import { seeded } from '../support/star-field.js'
import {
  errorsPx,
  makeSky,
  type PoseOnSky,
  poseOf,
  type Sight,
  type Sky,
  type Spot,
  sight,
} from '../support/star-lists.js'

const large = { width: 4656, height: 3520 }
const small = { width: 650, height: 500 }

interface Case {
  readonly frame?: typeof large
  readonly perFrame?: number
  readonly pose?: (uniform: () => number) => PoseOnSky
  readonly reference?: Sight
  readonly sight?: Sight
  /** Largest error anywhere on the frame, px. */
  readonly within?: number
}

const rounds = 12

const anyhow = (uniform: () => number): PoseOnSky => ({
  turnDeg: 360 * uniform(),
  scale: 0.5 * 4 ** uniform(),
  mirrored: uniform() < 0.3,
  dx: 300 * (uniform() - 0.5),
  dy: 300 * (uniform() - 0.5),
})
const nudged = () => ({ dx: 6.6, dy: -4.7, turnDeg: 0.05 })

function spots(count: number, { width, height }: typeof large): Spot[] {
  const { uniform } = seeded(77)
  return Array.from({ length: count }, () => {
    return { x: width * uniform(), y: height * uniform(), flux: 3_000 + 30_000 * uniform() }
  })
}

/** Detections along a satellite's trail, all of them bright. */
function trail(seed: number, { width, height }: typeof large): Spot[] {
  const { uniform } = seeded(seed)
  const [x, y, turn] = [width * uniform(), height * uniform(), Math.PI * uniform()]
  return Array.from({ length: 120 }, (_, i) => {
    const along = 25 * (i - 60)
    return { x: x + along * Math.cos(turn), y: y + along * Math.sin(turn), flux: 100_000 * (1 + uniform()) }
  })
}

const hot = (count: number): Sight => ({ hot: spots(count, large), most: 1000 })

const cases: Record<string, Case> = {
  'a drift and a little field rotation': { pose: nudged, within: 0.02 },
  'any turn, scale and mirror': { pose: anyhow },
  'the same on a small frame': { pose: anyhow, frame: small, perFrame: 300 },
  'the same of thirty stars': { pose: anyhow, frame: { width: 1200, height: 900 }, perFrame: 60, within: 0.2 },
  'four fifths of the frame gone': { pose: () => ({ dx: 0.8 * large.width, turnDeg: 0.3 }), within: 0.1 },
  'a sixth left, turned': {
    pose: uniform => ({ dx: 0.6 * large.width, dy: 0.6 * large.height, turnDeg: 360 * uniform() }),
    within: 0.3,
  },
  'a third of the stars missing in either': { pose: anyhow, reference: { missing: 0.3 }, sight: { missing: 0.3 } },
  'as many strangers as stars': {
    pose: uniform => ({ ...anyhow(uniform), scale: 1 }),
    perFrame: 250,
    reference: { strangers: 250 },
    sight: { strangers: 250 },
  },
  'another filter': { pose: anyhow, sight: { magnitudes: 0.7 } },
  'half the frame clouded': { pose: anyhow, sight: { clear: x => x < 2000 } },
  'a hole in the clouds': {
    pose: () => ({ turnDeg: 70 }),
    sight: { clear: (x, y) => x < 1500 && y < 1200 },
    within: 1,
  },
  'a tenth of the light': { pose: anyhow, sight: { transparency: 0.1 }, within: 0.1 },
  'a satellite in both, brighter than all stars': {
    pose: anyhow,
    reference: { hot: trail(1, large) },
    sight: { hot: trail(2, large) },
  },
  'twice as many hot pixels as stars': { pose: nudged, perFrame: 200, reference: hot(400), sight: hot(400) },
  'hot pixels within reach of the stars': {
    pose: () => ({ dx: 1.2, dy: -0.9 }),
    perFrame: 200,
    reference: hot(200),
    sight: hot(200),
  },
  'hot pixels and a meridian flip': { pose: () => ({ turnDeg: 179.9 }), reference: hot(400), sight: hot(400) },
  'a sky that stood still': { pose: () => ({}), within: 0.02 },
  'the same with hot pixels': { pose: () => ({}), reference: hot(50), sight: hot(50), within: 0.02 },
  'the same half clouded': { pose: () => ({}), sight: { clear: x => x < 2000 } },
}

for (const [name, { frame = large, perFrame = 600, pose = anyhow, within = 0.06, ...seen }] of Object.entries(cases)) {
  t.test(name, async t => {
    const worst: number[] = []
    for (let round = 0; round < rounds; round++) {
      const { uniform } = seeded(1000 + round)
      const sky = makeSky(frame.width, frame.height, perFrame, 5 + round)
      const truth = poseOf(sky, pose(uniform))
      const reference = makeReference(sight(sky, identity, { seed: 2 * round + 1, ...seen.reference }))
      const found = register(reference, sight(sky, truth, { seed: 2 * round + 2, ...seen.sight }), sky)
      if (!found.ok) {
        t.fail(`${round}: ${found.words}`)
        continue
      }
      worst.push(errorsPx(sky, found.transform, truth)[4])
      t.equal(found.transform.mirrored, truth.mirrored)
      t.ok(found.rmsPx < 0.5, `pairs are ${found.rmsPx.toFixed(3)} px apart`)
    }
    t.ok(Math.max(...worst) < within, `at worst ${Math.max(...worst).toFixed(4)} px off`)
  })
}

const list = (sky: Sky, pose: Similarity, seed: number, more: Sight = {}) => sight(sky, pose, { seed, ...more })

t.test('other fields are refused, sparse and dense, with as many stars', async t => {
  for (const [perFrame, frame, minInliers] of [
    [7, small, 4],
    [12, large, 6],
    [40, small, 6],
    [300, small, 6],
    [600, large, 6],
  ] as const) {
    for (let round = 0; round < 2400 / perFrame && round < 100; round++) {
      const [one, other] = [0, 1].map(n => makeSky(frame.width, frame.height, perFrame, 2 * round + n))
      const answer = register(makeReference(list(one, identity, round)), list(other, identity, round), {
        ...frame,
        minInliers,
      })
      if (answer.ok) t.fail(`${answer.matched} of ${perFrame} strangers are believed`)
    }
  }
  t.pass('none was believed')
})

t.test('trails alone, and lines of hot pixels, are no sky', async t => {
  const frame = { ...large, stars: [] }
  for (let seed = 0; seed < 20; seed++) {
    const [one, other] = [trail(2 * seed, large), trail(2 * seed + 1, large)]
    const few = spots(10, large)
    const reference = makeReference(list(frame, identity, 1, { hot: [...one, ...few] }))
    const answer = register(reference, list(frame, identity, 2, { hot: other }), large)
    t.match(answer, { ok: false, reason: 'no-match', words: /too few to believe/ })
  }
})

t.test('a frame of nothing but hot pixels is not laid on the reference', async t => {
  const sky = makeSky(large.width, large.height, 300, 9)
  const few = spots(60, large)
  const reference = makeReference(list(sky, identity, 1, { hot: few }))
  const clouded = list(sky, identity, 2, { hot: few, clear: () => false })
  t.match(register(reference, clouded, large), {
    ok: false,
    reason: 'no-match',
    words: /60 spots sit still .* hot pixels/,
  })
  t.match(register(reference, [], large), { ok: false, reason: 'too-few-stars', words: /the frame has 0 stars/ })
})

t.test('a better frame takes the place of the reference, the grid stays', async t => {
  const sky = makeSky(large.width, large.height, 600, 11)
  const [toBetter, toThird] = [
    poseOf(sky, { dx: 90, dy: 40, turnDeg: 3 }),
    poseOf(sky, { dx: -60, dy: 10, turnDeg: 183 }),
  ]
  const spotsToo = { hot: spots(100, large) }
  const first = makeReference(list(sky, identity, 1, spotsToo))
  const better = list(sky, toBetter, 2, spotsToo)
  const found = register(first, better, large)
  if (!found.ok) return t.fail(found.words)
  const second = makeReference(better, found.transform)
  for (const [seed, truth] of [toThird, toBetter, identity, compose(toBetter, toThird)].entries()) {
    const again = register(second, list(sky, truth, 10 + seed, spotsToo), large)
    t.ok(again.ok && errorsPx(sky, again.transform, truth)[4] < 0.03, again.ok ? `${again.matched} pairs` : again.words)
  }
})

t.test('lists may hold nonsense', async t => {
  const sky = makeSky(small.width, small.height, 100, 3)
  const stars = list(sky, identity, 1)
  const star = stars[0]
  const same = Array.from({ length: 30 }, (): Anchor => star)
  t.notOk(register(makeReference(stars), same, small).ok, 'one place thirty times')
  t.notOk(register(makeReference(same), stars, small).ok)
  t.notOk(register(makeReference([]), stars, small).ok)
  const flat = { ...star, snr: 0, fwhmPx: 0, fluxAdu: 0 }
  t.ok(register(makeReference(stars), [...stars, flat], small).ok, 'a star without light or width')
})

t.test('air and lens that bend the frame leave its middle right', async t => {
  for (const [round, stretch] of [0.0005, 0.002, 0.004].entries()) {
    const sky = makeSky(large.width, large.height, 700, 60 + round)
    const truth = poseOf(sky, { dx: 80, turnDeg: 3 })
    // A low sky is flattened towards the horizon, which stands aslant.
    const bent = list(sky, truth, 2).map(star => {
      const up = stretch * (0.6 * (star.x - large.width / 2) + 0.8 * (star.y - large.height / 2))
      return { ...star, x: star.x + 0.6 * up, y: star.y + 0.8 * up }
    })
    const found = register(makeReference(list(sky, identity, 1)), bent, large)
    if (!found.ok) t.fail(found.words)
    else t.ok(errorsPx(sky, found.transform, truth)[0] < 0.05 + 100 * stretch && found.matched > 450, `${stretch}`)
  }
})
