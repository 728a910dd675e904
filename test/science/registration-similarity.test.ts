// Similarities: fitted exactly, undone exactly, composed as they are applied, mirrored or not.
import t from 'tap'
import {
  compose,
  fitSimilarity,
  identity,
  invert,
  moveX,
  moveY,
  offsetAtCentre,
  type Similarity,
  scaleOf,
  turnOf,
} from '../../edge/science/similarity.js'
import { seeded } from '../support/star-field.js'

const keys = ['a', 'b', 'tx', 'ty', 'mirrored'] as const

function any(uniform: () => number): Similarity {
  const scale = 0.5 + 1.5 * uniform()
  const turn = 2 * Math.PI * uniform()
  return {
    a: scale * Math.cos(turn),
    b: scale * Math.sin(turn),
    tx: 4000 * (uniform() - 0.5),
    ty: 4000 * (uniform() - 0.5),
    mirrored: uniform() < 0.5,
  }
}

const isClose = (one: Similarity, other: Similarity, within = 1e-9) =>
  keys.every(key => Math.abs(Number(one[key]) - Number(other[key])) < within)

t.test('what a transform says of a pixel', async t => {
  const turned = { a: 0, b: 2, tx: 10, ty: 20, mirrored: false }
  t.same([moveX(turned, 3, 4), moveY(turned, 3, 4)], [2, 26])
  const mirrored = { ...turned, mirrored: true }
  t.same([moveX(mirrored, 3, 4), moveY(mirrored, 3, 4)], [2, 14], 'x is negated first')
  t.equal(scaleOf(mirrored), 2)
})

t.test('a similarity is fitted exactly, undone exactly, composed as it is applied', async t => {
  const { uniform } = seeded(2)
  for (let round = 0; round < 50; round++) {
    const [outer, inner] = [any(uniform), any(uniform)]
    const pairs = new Float64Array(50)
    for (let i = 0; i < 50; i += 5) {
      const [x, y] = [900 * uniform(), 900 * uniform()]
      pairs.set([x, y, moveX(outer, x, y), moveY(outer, x, y), uniform()], i)
    }
    const found = fitSimilarity(pairs, 10, outer)
    t.ok(found && isClose(found, outer), 'found')
    t.ok(isClose(compose(outer, invert(outer)), identity), 'undone')
    t.ok(isClose(compose(invert(outer), outer), identity), 'from either side')
    const both = compose(outer, inner)
    const [x, y] = [moveX(inner, 50, 60), moveY(inner, 50, 60)]
    t.ok(Math.abs(moveX(both, 50, 60) - moveX(outer, x, y)) < 1e-9)
    t.ok(Math.abs(moveY(both, 50, 60) - moveY(outer, x, y)) < 1e-9)
    t.ok(isClose(invert(both), compose(invert(inner), invert(outer))), 'the way back is the ways back, turned around')
  }
  t.equal(fitSimilarity(new Float64Array(10), 2), undefined, 'points on one spot fix nothing')
  t.equal(fitSimilarity(new Float64Array(0), 0), undefined)
})

t.test('how the sky moved and turned', async t => {
  t.same(offsetAtCentre(identity, 100, 50), [0, 0])
  // A star at (10, 10) of the reference stands at (13, 8) of the frame: the sky moved right by 3 and up by 2.
  t.same(offsetAtCentre({ ...identity, tx: -3, ty: 2 }, 100, 50), [3, -2])
  const turn = (by: number, mirrored: boolean) => {
    return { a: Math.cos(by), b: Math.sin(by), tx: 0, ty: 0, mirrored }
  }
  t.ok(Math.abs(turnOf(invert(turn(0.2, false))) - 0.2) < 1e-12)
  t.ok(Math.abs(turnOf(turn(-0.2, false)) - 0.2) < 1e-12)
  // The sky turned by 0.2, then the mirror: undone by the mirror, then by −0.2.
  t.ok(Math.abs(turnOf(compose(turn(-0.2, false), { ...identity, mirrored: true })) - 0.2) < 1e-12)
})
