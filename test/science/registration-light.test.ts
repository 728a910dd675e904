// What registration's star pairs tell of a frame's light, and when a better reference is taken.
import t from 'tap'
import { betterReference, type FrameLook } from '../../edge/science/better-reference.js'
import { makeReference } from '../../edge/science/reference.js'
import { identity, scaleOf } from '../../edge/science/similarity.js'
import { transparency } from '../../edge/science/transparency.js'
import { makeSky, poseOf, sight } from '../support/star-lists.js'

const sky = makeSky(2000, 1500, 400, 1)
const first = sight(sky, identity, { seed: 1 })
const reference = makeReference(first)

t.test('the light that is lost is told to a fiftieth, with its scatter', async t => {
  for (const [seed, through] of [1, 0.8, 0.3, 0.1, 1.3].entries()) {
    const truth = poseOf(sky, { dx: 20, turnDeg: 40 * seed })
    const frame = sight(sky, truth, { seed: 10 + seed, transparency: through, strangers: 50 })
    const { ratio, scatter, pairs } = transparency(reference, frame, truth)
    t.ok(Math.abs(ratio / through - 1) < 0.02, `${ratio.toFixed(3)} of ${through}, from ${pairs} pairs`)
    // Either list scatters by 0.05 magnitudes.
    t.ok(scatter > 0.04 && scatter < 0.1, `single stars scatter by ${scatter.toFixed(3)}`)
  }
})

t.test('a frame of another scale is compared as it will lie on the grid', async t => {
  const truth = poseOf(sky, { scale: 0.8, mirrored: true })
  const { ratio } = transparency(reference, sight(sky, truth, { seed: 3 }), truth)
  t.ok(Math.abs(ratio / scaleOf(truth) ** 2 - 1) < 0.01, `${ratio.toFixed(3)}`)
})

t.test('a new reference keeps the light of the first', async t => {
  const [toSecond, toThird] = [poseOf(sky, { dx: 9, scale: 0.9 }), poseOf(sky, { turnDeg: 180 })]
  const second = sight(sky, toSecond, { seed: 4, transparency: 0.5 })
  const before = transparency(reference, second, toSecond)
  const better = makeReference(second, toSecond, before.ratio)
  const { ratio } = transparency(better, sight(sky, toThird, { seed: 5, transparency: 0.7 }), toThird)
  t.ok(Math.abs(ratio / 0.7 - 1) < 0.02, `${ratio.toFixed(3)} of the first frame's`)
})

t.test('clipped stars and lonely pairs have no say', async t => {
  const clipped = first.map((star, i) => (i < 300 ? { ...star, saturated: true, fluxAdu: star.fluxAdu / 2 } : star))
  const told = transparency(reference, clipped, identity)
  t.ok(Math.abs(told.ratio - 1) < 0.01 && told.pairs <= first.length - 300)
  t.same(transparency(reference, first.slice(0, 3), identity), { ratio: 1, scatter: 0, pairs: 3 })
  t.same(transparency(reference, [], identity), { ratio: 1, scatter: 0, pairs: 0 })
})

t.test('the reference changes for what is clearly better, and seldom', async t => {
  const now: FrameLook = { found: 400, noiseAdu: 20, medianHfdPx: 3.5, medianEccentricity: 0.3 }
  t.notOk(betterReference(now, now))
  t.ok(betterReference(now, { ...now, medianHfdPx: 2.9 }), 'sharper')
  t.ok(betterReference(now, { ...now, found: 1000 }), 'the first was clouded')
  t.ok(betterReference(now, { ...now, noiseAdu: 13 }), 'the moon has set')
  t.notOk(betterReference(now, { ...now, medianHfdPx: 3.2 }), 'a little sharper')
  t.notOk(betterReference(now, { ...now, medianHfdPx: 2.5, found: 300 }), 'sharper, behind cloud')
  t.notOk(betterReference(now, { ...now, medianHfdPx: 2.5, medianEccentricity: 0.6 }), 'sharp, and trailed')
  t.notOk(betterReference(now, { ...now, found: 4000, medianHfdPx: undefined }), 'nothing measured')
  t.notOk(betterReference({ ...now, noiseAdu: 0 }, { ...now, noiseAdu: 0 }), 'made without noise')
  const taken = { ...now, medianHfdPx: 2.9 }
  t.notOk(betterReference(taken, now), 'and not back again')
})
