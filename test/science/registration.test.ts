// Registration: known shifts, turns and scales come back; strangers are refused; a real night agrees with its table.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { type Anchor, makeReference, type Reference } from '../../edge/science/reference.js'
import { type RegisterOptions, register } from '../../edge/science/register.js'
import { moveX, moveY, turnOf } from '../../edge/science/similarity.js'
import { sharedData } from '../support/shared-data.js'
import { expose, type Field, makeField, type Pose, posed, type Shot, seeded } from '../support/star-field.js'
import { findStars, starsOf } from '../support/star-room.js'

const realFrames = sharedData ?? ''
const skip = sharedData === undefined && '../shared/data is absent'

const starsIn = (field: Field, pose: Pose, shot: Shot) =>
  findStars(expose(field, pose, shot).samples, field.width, field.height).stars

const registered = (reference: readonly Anchor[], frame: readonly Anchor[], options: RegisterOptions) =>
  register(makeReference(reference), frame, options)

/** How far from the truth the registration of a pose puts nine points across the frame, px, sorted. */
function errorsOf(field: Field, pose: Pose, reference: readonly Anchor[], frame: readonly Anchor[]): number[] {
  const found = registered(reference, frame, field)
  if (!found.ok) return [Number.POSITIVE_INFINITY]
  const errors: number[] = []
  for (const u of [0.05, 0.5, 0.95]) {
    for (const v of [0.05, 0.5, 0.95]) {
      const [x, y] = [u * field.width, v * field.height]
      const [fx, fy] = posed(field, pose, x, y)
      errors.push(Math.hypot(moveX(found.transform, fx, fy) - x, moveY(found.transform, fx, fy) - y))
    }
  }
  return errors.sort((a, b) => a - b)
}

const poses: Record<string, Pose> = {
  'a small drift': { dx: 5.3, dy: -3.7 },
  'a drift with field rotation': { dx: -21.4, dy: 33.8, turnDeg: 0.1 },
  'ten degrees': { dx: 10, dy: 4, turnDeg: 10 },
  'a meridian flip': { dx: 3.3, dy: -2.6, turnDeg: 180 },
  'a flip not quite centred': { dx: 40.4, dy: -12, turnDeg: 179.5 },
  'a quarter turn and another scale': { dx: 3, turnDeg: -77, scale: 1.03 },
  'a scale of 0.97': { dx: 3, scale: 0.97 },
  'a third of the frame gone': { dx: 150.2, dy: -100.9 },
}

t.test('frames register to a hundredth of a pixel, however the sky lies on them', async t => {
  const field = makeField({ width: 1200, height: 900, count: 500, beta: 3, hotPixels: 700, seed: 21 })
  const reference = starsIn(field, {}, { seed: 900, cosmics: 100 })
  const medians: number[] = []
  for (const [name, pose] of Object.entries(poses)) {
    const errors = errorsOf(field, pose, reference, starsIn(field, pose, { seed: 1 + medians.length, cosmics: 100 }))
    medians.push(errors[4])
    t.ok(errors[8] < 0.03, `${name}: ${errors[4].toFixed(4)} px, at worst ${errors[8].toFixed(4)} px`)
  }
  const median = medians.sort((a, b) => a - b)[medians.length >> 1]
  t.ok(median < 0.01, `over all: ${median.toFixed(4)} px`)
})

t.test('undersampled frames and fields of a dozen stars register too', async t => {
  for (const field of [
    makeField({ fwhmPx: 1.5, seed: 22 }),
    makeField({ count: 14, faintest: 20_000, seed: 23 }),
    makeField({ fwhmPx: 2.2, full: 4095, brightest: 2_000_000, seed: 24 }),
  ]) {
    const reference = starsIn(field, {}, { seed: 50 })
    for (const name of ['a drift with field rotation', 'a meridian flip', 'a scale of 0.97']) {
      const errors = errorsOf(field, poses[name], reference, starsIn(field, poses[name], { seed: 51 }))
      t.ok(errors[4] < 0.02, `${reference.length} stars, ${name}: ${errors[4].toFixed(4)} px`)
    }
  }
})

t.test('the same lists give the same answer, digit by digit', async t => {
  const field = makeField({ seed: 30 })
  const [reference, frame] = [starsIn(field, {}, { seed: 1 }), starsIn(field, { dx: 9.9, turnDeg: 2 }, { seed: 2 })]
  t.same(registered(reference, frame, field), registered(reference, frame, field))
})

t.test('another field is refused, also with as many stars', async t => {
  const size = { width: 800, height: 600 }
  for (let seed = 40; seed < 60; seed++) {
    const count = [8, 20, 80, 300][seed % 4]
    const [one, other] = [seed, seed + 100].map(seed => {
      const { uniform } = seeded(seed)
      return Array.from({ length: count }, (): Anchor => {
        const place = { x: uniform() * 800, y: uniform() * 600 }
        return { ...place, fluxAdu: 1, snr: 10 + 100 * uniform(), fwhmPx: 2.5, saturated: false }
      })
    })
    const answer = registered(one, other, size)
    t.notOk(answer.ok, `${count} stars against ${count} strangers`)
    if (!answer.ok) t.equal(answer.reason, 'no-match')
  }
})

t.test('too few stars and too long a way are refused with words', async t => {
  const field = makeField({ width: 1200, height: 900, faintest: 10_000, seed: 31 })
  const reference = starsIn(field, {}, {})
  const few = registered(reference, reference.slice(0, 5), field)
  t.match(few, { ok: false, reason: 'too-few-stars', words: /the frame has 5 stars, 6 are needed/ })
  t.match(registered(reference.slice(0, 3), reference, { ...field, minInliers: 2 }), {
    words: /reference has 3 stars, 4 are/,
  })
  t.ok(registered(reference.slice(0, 40), reference.slice(0, 5), { ...field, minInliers: 4 }).ok, 'four are the floor')
  const far = starsIn(field, { dx: 290, dy: 100 }, { seed: 3 })
  t.match(registered(reference, far, { ...field, maxShiftPx: 300 }), { reason: 'moved-too-far', words: /moved 307 px/ })
  t.ok(registered(reference, far, { ...field, maxShiftPx: 310 }).ok)
  t.ok(registered(reference, far, field).ok, 'any way is taken where no limit is set')
  const zoomed = starsIn(field, { scale: 1.2 }, {})
  t.ok(registered(reference, zoomed, field).ok, 'another focal length')
  t.match(registered(reference, zoomed, { ...field, minScale: 0.9, maxScale: 1.1 }), { reason: 'no-match' })
})

t.test('all 48 frames of a real night register within 0.3 px of an independent measurement', { skip }, async t => {
  const rows = readFileSync(path.join(realFrames, 'hatp32-offsets.tsv'), 'utf8').trim().split('\n').slice(1)
  t.equal(rows.length, 48)
  let reference: Reference | undefined
  for (const row of rows) {
    const [frame, file, dx, dy, turnDeg] = row.split('\t')
    const image = readFitsImage(readFileSync(path.join(realFrames, 'hatp32', file)))
    const { stars } = starsOf(image)
    reference ??= makeReference(stars)
    const found = register(reference, stars, image)
    if (!found.ok) {
      t.fail(`frame ${frame}: ${found.words}`)
      continue
    }
    const [x, y] = found.offsetPx
    const apart = Math.hypot(x - Number(dx), y - Number(dy))
    t.ok(apart < 0.15, `frame ${frame}: ${x.toFixed(2)}, ${y.toFixed(2)} px, ${apart.toFixed(3)} from the table`)
    t.ok(Math.abs((turnOf(found.transform) * 180) / Math.PI - Number(turnDeg)) < 0.006, 'turned as far')
    t.ok(found.matched >= 200 && found.rmsPx < 0.12, `${found.matched} stars within ${found.rmsPx.toFixed(3)} px`)
  }
})

t.test('frames of real strangers are refused', { skip }, async t => {
  const images = ['hatp32', 'm27-bayer'].map(name => {
    const folder = path.join(realFrames, name)
    return readFitsImage(readFileSync(path.join(folder, readdirSync(folder).sort()[0])))
  })
  const [one, other] = images.map(image => starsOf(image).stars)
  t.match(registered(one, other, images[1]), { ok: false, reason: 'no-match', words: /too few to believe/ })
  t.match(registered(other, one, images[0]), { ok: false, reason: 'no-match' })
})

t.test('real RGGB frames register', { skip }, async t => {
  const folder = path.join(realFrames, 'm27-bayer')
  const images = readdirSync(folder).map(name => readFitsImage(readFileSync(path.join(folder, name))))
  const lists = images.map(image => starsOf(image).stars)
  for (const stars of lists) {
    const found = registered(lists[0], stars, images[0])
    t.ok(found.ok && found.matched >= 150 && found.rmsPx < 0.5, found.ok ? `${found.offsetPx} px` : found.words)
  }
  // There and back again by way of the third frame.
  const [ab, bc, ca] = [
    [0, 1],
    [1, 2],
    [2, 0],
  ].map(([i, j]) => registered(lists[i], lists[j], images[0]))
  if (!ab.ok || !bc.ok || !ca.ok) return t.fail('a pair does not register')
  const closure = [0, 1].map(axis => ab.offsetPx[axis] + bc.offsetPx[axis] + ca.offsetPx[axis])
  t.ok(Math.hypot(...closure) < 0.1, `the three offsets close to ${closure.map(px => px.toFixed(3))} px`)
})
