// Every frame that siril registers is registered here too, and to the same place: real nights, and made ones that get
// harder from frame to frame. Needs siril's command line, which is too large to be installed for the tests alone.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits } from '../../edge/science/fits-write.js'
import { makeReference } from '../../edge/science/reference.js'
import { register } from '../../edge/science/register.js'
import { moveX, moveY } from '../../edge/science/similarity.js'
import { has } from '../support/bench-run.js'
import { siril, sirilMoves } from '../support/bench-yardsticks.js'
import { sharedData } from '../support/shared-data.js'
import { expose, type FieldOptions, makeField, type Pose, type Shot } from '../support/star-field.js'
import { starsOf } from '../support/star-room.js'

const noSiril = has('siril-cli') ? false : 'siril-cli is not installed'
const skip = noSiril || (sharedData === undefined ? '../shared/data is absent' : false)

const folder = mkdtempSync(path.join(tmpdir(), 'pierside-siril-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** Registers the files with both: which of siril's frames are missing here, how far the others lie from its own. */
async function compare(t: Test, files: readonly string[], withinPx: number, bayer = false) {
  const runs = await siril({ folder: path.join(folder, 'siril'), lights: files, bits: 16, stacks: [], bayer })
  const images = files.map(file => readFitsImage(readFileSync(file)))
  const { width, height } = images[0]
  const reference = makeReference(starsOf(images[0]).stars)
  const answers = images.map(image => register(reference, starsOf(image).stars, { width, height }))
  runs.clean()
  let apartPx = 0
  for (const [i, answer] of answers.entries()) {
    const theirs = runs.transforms[i]
    if (!answer.ok) {
      t.notOk(theirs, `frame ${i + 1}: siril takes it; ${answer.words}`)
    } else if (theirs) {
      const { x, y } = sirilMoves(theirs, height, width / 2, height / 2)
      const [u, v] = [moveX(answer.transform, width / 2, height / 2), moveY(answer.transform, width / 2, height / 2)]
      apartPx = Math.max(apartPx, Math.hypot(x - u, y - v))
    }
  }
  const [ours, others] = [answers.filter(({ ok }) => ok).length, runs.transforms.filter(Boolean).length]
  t.ok(others > 2, `siril takes ${others} of ${files.length}, we ${ours}`)
  t.ok(apartPx < withinPx, `${apartPx.toFixed(3)} px apart at most`)
}

const real = (name: string) => {
  const from = path.join(sharedData ?? '', name)
  return readdirSync(from)
    .sort()
    .map(file => path.join(from, file))
}

t.test('a real night', { skip }, async t => compare(t, real('hatp32'), 0.3))
t.test('real colour', { skip }, async t => compare(t, real('m27-bayer'), 0.3, true))

const sequences: Record<string, { field: FieldOptions; frames: readonly (Pose & Shot)[] }> = {
  'further and further': {
    field: { count: 250, seed: 41 },
    frames: [40, 90, 160, 260, 380, 520].map(dx => ({ dx, dy: -0.4 * dx, turnDeg: 0.01 * dx })),
  },
  'turned and scaled': {
    field: { count: 200, seed: 42 },
    frames: [
      { turnDeg: 5 },
      { turnDeg: 45, dx: 30 },
      { turnDeg: 90 },
      { turnDeg: 180, dx: -7.7, dy: 4.2 },
      { scale: 1.06, turnDeg: 3 },
      { scale: 0.93 },
    ],
  },
  'cloud coming in': {
    field: { count: 600, seed: 43 },
    frames: [0.7, 0.4, 0.2, 0.1, 0.05, 0.02].map((transparency, i) => ({ transparency, dx: 3 * i, dy: 5 })),
  },
  'fewer stars, hot pixels, satellites': {
    field: { count: 70, seed: 44, faintest: 8_000, hotPixels: 900 },
    frames: [1, 2, 3, 4, 5].map(i => ({ dx: 11 * i, dy: -6 * i, turnDeg: 0.3 * i, trails: i, cosmics: 100 })),
  },
}

for (const [name, { field: options, frames }] of Object.entries(sequences)) {
  t.test(name, { skip: noSiril }, async t => {
    const field = makeField({ width: 900, height: 700, beta: 3, ...options })
    const from = path.join(folder, name.replaceAll(/\W+/g, '-'))
    mkdirSync(from)
    const files = [{}, ...frames].map((frame: Pose & Shot, i) => {
      const file = path.join(from, `${i + 1}.fits`)
      writeFileSync(file, encodeFits(expose(field, frame, { seed: i + 1, ...frame }), []))
      return file
    })
    await compare(t, files, 0.3)
  })
}
