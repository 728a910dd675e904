// A live stack as services hold it: what it takes and refuses, what it is worth, and the same bits again after a crash.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { PixelStack, Pixels, StackOutcome, StackSettings } from '../../edge/ports/pixels.js'
import { type Card, cardValue } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits } from '../../edge/science/fits-write.js'
import { medianInPlace } from '../../edge/science/order-statistic.js'
import type { Image } from '../../edge/science/samples.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { pixelMethods } from '../../edge/workers/pixel-methods.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { sharedData } from '../support/shared-data.js'
import { expose, makeField, type Pose } from '../support/star-field.js'
import { starsOf } from '../support/star-room.js'
import { collectedLog } from '../support/store-frames.js'

const clock = systemClock()
const never = new AbortController().signal
const archive = t.testdir({})
const skip = sharedData === undefined && '../shared/data is absent'
const settings: StackSettings = { maxShiftPx: 300, combine: 'reject', kappa: 3, kernel: 'bilinear', masters: [] }

const pixelsIn = (t: Test): Pixels => {
  const { log } = collectedLog(clock)
  const pixels = openPixels({ archive, memoryBytes: 2 ** 20, clock, log, within: pixelMethods })
  t.teardown(() => pixels.close())
  return pixels
}

let written = 0
function keep(image: Image, cards: readonly Card[] = []): string {
  const name = `frame-${written++}.fits`
  writeFileSync(join(archive, name), encodeFits(image, cards))
  return name
}

/** The stack's samples as they would be kept. */
async function saved(stack: PixelStack) {
  const aside = join(archive, `saved-${written++}`)
  await stack.save(aside, [])
  return readFitsImage(readFileSync(aside))
}

const near = (value: number, truth: number, share: number) => Math.abs(value / truth - 1) < share

function offsetOf(t: Test, outcome: StackOutcome): readonly [number, number] {
  if (outcome.accepted) return outcome.offsetPx
  t.fail(outcome.words)
  return [Number.NaN, Number.NaN]
}

t.test('a live stack takes what fits, refuses the rest with a reason, and goes on', async t => {
  const size = { width: 500, height: 400 }
  const field = makeField({ ...size, count: 120, faintest: 4_000, apartPx: 15, hotPixels: 60, seed: 33 })
  const stranger = makeField({ ...size, count: 120, faintest: 4_000, seed: 34 })
  const pixels = pixelsIn(t)
  const stack = await pixels.stack({ ...settings, maxShiftPx: 100 })
  let ids = 0
  const add = (image: Image, cards: readonly Card[] = [{ keyword: 'INSTRUME', value: 'Cam A' }]) =>
    stack.add(keep(image, cards), `id-${ids++}`, never)

  t.match(await add(expose(makeField({ ...size, count: 0 }))), {
    accepted: false,
    reason: 'too-few-stars',
    stars: 0,
    words: /reference needs 6 stars, this frame has 0/,
  })
  const flat = (adu: number): Image => ({
    ...{ ...size, planes: 1, type: 'u16', topDown: true },
    samples: new Uint16Array(size.width * size.height).fill(adu),
  })
  t.match(await add(flat(0)), { accepted: false, reason: 'blank', words: /all its pixels are alike/ })
  t.match(await add(flat(700)), { accepted: false, reason: 'blank' })
  t.match(await add(flat(65_535)), { accepted: false, reason: 'saturated', words: /100 % of its pixels/ })

  t.match(await add(expose(field)), { accepted: true, offsetPx: [0, 0], rmsPx: 0, weight: 1, transparency: 1 })
  const reference = Float32Array.from(expose(field).samples)
  t.same((await saved(stack)).samples, reference, 'one frame is its own stack, bit for bit')

  const poses: Pose[] = [
    { dx: 3.4, dy: -2.2 },
    { dx: 7, dy: -5.5, turnDeg: 0.2 },
    { dx: -20.3, dy: 11, turnDeg: 180 },
  ]
  for (const [n, pose] of poses.entries()) {
    const added = await add(expose({ ...field, sky: 420 + 20 * n }, pose, { seed: 2 + n }))
    const [x, y] = offsetOf(t, added)
    t.ok(Math.hypot(x - (pose.dx ?? 0), y - (pose.dy ?? 0)) < 0.03, `${x}, ${y}`)
  }
  const before = await saved(stack)
  t.match(await add(expose(stranger)), { accepted: false, reason: 'no-match' })
  const far = { accepted: false, reason: 'moved-too-far', words: /moved 108 px/ }
  t.match(await add(expose(field, { dx: 90, dy: 60 })), far)
  t.match(await add(expose(field, {}, { transparency: 0.001 })), { accepted: false, reason: 'too-few-stars' })
  const other = expose({ ...field, width: 400, height: 500 })
  t.match(await add(other), { accepted: false, reason: 'other-size', words: /400 × 500/ })
  t.match(await add({ ...expose(field), bayer: 'rggb' }), { reason: 'other-kind', words: /RGGB.*mono/ })
  const camera = [{ keyword: 'INSTRUME', value: 'Cam B' }]
  t.match(await add(expose(field), camera), { accepted: false, reason: 'other-camera', words: /Cam B.*Cam A/ })
  const short = keep(expose(field))
  truncateSync(join(archive, short), 90_000)
  t.match(await stack.add(short, 'short', never), { reason: 'unreadable', words: /^frame-\d+.fits: .*cut short/ })
  t.match(await stack.add('gone.fits', 'gone', never), { reason: 'unreadable', words: /gone.fits is gone/ })
  writeFileSync(join(archive, 'words.fits'), 'not a picture'.repeat(1000))
  t.match(await stack.add('words.fits', 'words', never), { accepted: false, reason: 'unreadable' })
  const same = (image: Image) => Buffer.from(image.samples.buffer, image.samples.byteOffset, image.samples.byteLength)
  t.ok(same(await saved(stack)).equals(same(before)), 'the refused left no trace')
  t.match(await stack.gain(), { frames: 4, snrGain: 2 })
  const { measuredGain } = await stack.gain()
  t.ok(near(measuredGain ?? 0, 2, 0.15), `measured ${measuredGain?.toFixed(2)}`)
  offsetOf(t, await add(expose(field, { dx: 1.5 }, { seed: 9 })))

  const { stars } = starsOf(await saved(stack))
  const bright = field.stars.filter(({ x, y, flux }) => flux > 8_000 && x > 40 && y > 40 && x < 460 && y < 360)
  t.ok(bright.length > 20)
  for (const { x, y } of bright) {
    t.ok(
      stars.some(star => Math.hypot(star.x - x, star.y - y) < 0.1),
      'stars stand where they stood on the first frame',
    )
  }
  await stack.close()
})

t.test('a stack built again from the same frames is the same, bit for bit, on any number of threads', async t => {
  const field = makeField({ width: 500, height: 400, count: 120, faintest: 4_000, apartPx: 15, seed: 36 })
  const bayer = { bayer: 'rggb', tint: [0.6, 1, 0.7] } as const
  const pose = (n: number): Pose => ({ dx: 3.1 * n, dy: -2.3 * n, turnDeg: n === 5 ? 180 : n === 6 ? 30 : 0.05 * n })
  for (const [kind, shot] of Object.entries({ mono: {}, colour: bayer })) {
    const frames = Array.from({ length: 9 }, (_, n) =>
      keep(expose({ ...field, sky: 400 + 10 * n }, pose(n), { ...shot, seed: n + 1, cosmics: 6 })),
    )
    for (const combine of ['reject', 'sum'] as const) {
      const made: Buffer[] = []
      for (const [threads, kernel] of [
        [1, 'cubic'],
        [1, 'cubic'],
        [3, 'cubic'],
      ] as const) {
        const { log } = collectedLog(clock)
        const pixels = openPixels({
          archive,
          memoryBytes: 2 ** 20,
          clock,
          log,
          ...(threads > 1 ? {} : { within: pixelMethods }),
          stackThreads: threads,
        })
        const stack = await pixels.stack({ ...settings, combine, kernel })
        for (const [n, path] of frames.entries()) offsetOf(t, await stack.add(path, `id-${n}`, never))
        const { samples } = await saved(stack)
        made.push(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength))
        await stack.close()
        await pixels.close()
      }
      t.ok(made[1].equals(made[0]), `${kind}, ${combine}: again`)
      t.ok(made[2].equals(made[0]), `${kind}, ${combine}: three threads`)
    }
  }
})

t.test('frames stored from the bottom keep their colours', async t => {
  const tint = [0.5, 1, 0.7] as const
  const field = makeField({ width: 300, height: 200, count: 60, faintest: 8_000, fwhmPx: 3.4, apartPx: 15, seed: 36 })
  const stack = await pixelsIn(t).stack(settings)
  for (let n = 0; n < 3; n++) {
    const shot = expose(field, { dx: n }, { seed: n + 1, bayer: 'rggb', tint })
    const samples = new Float32Array(shot.samples.length)
    for (let y = 0; y < 200; y++) samples.set(shot.samples.subarray(y * 300, (y + 1) * 300), (199 - y) * 300)
    const kept = keep({ ...shot, type: 'f32', samples, topDown: false })
    t.ok((await stack.add(kept, `id-${n}`, never)).accepted)
  }
  const { samples } = await saved(stack)
  for (const [plane, level] of [0.5, 1, 0.7].entries()) {
    const numbers = Float32Array.from(samples.subarray(plane * 60_000, (plane + 1) * 60_000)).filter(Number.isFinite)
    const sky = medianInPlace(numbers, numbers.length)
    t.ok(Math.abs(sky - (100 + 400 * level)) < 3, `the sky of plane ${plane} is ${sky.toFixed(1)}`)
  }
})

t.test('a first frame that breaks before it is read again ends the stack, by its name', async t => {
  const field = makeField({ width: 500, height: 400, count: 120, faintest: 4_000, apartPx: 15, seed: 37 })
  const frames = Array.from({ length: 5 }, (_, n) => keep(expose(field, { dx: n }, { seed: n + 1 })))
  const stack = await pixelsIn(t).stack(settings)
  for (const [n, path] of frames.slice(0, 4).entries()) offsetOf(t, await stack.add(path, `id-${n}`, never))
  truncateSync(join(archive, frames[1]), 50_000)
  const broken = { code: 'broken', message: new RegExp(`${frames[1]} has become shorter`) }
  await t.rejects(stack.add(frames[4], 'id-4', never), broken)
  await t.rejects(stack.save(join(archive, 'half'), []), broken, 'half a stack is not saved')
  await stack.close()
})

t.test('Bayer frames stack in colour', async t => {
  const field = makeField({ width: 500, height: 400, count: 120, faintest: 8_000, fwhmPx: 3.4, apartPx: 15, seed: 35 })
  const tint = [0.5, 1, 0.7] as const
  const stack = await pixelsIn(t).stack(settings)
  const shot = (dx: number, dy: number, seed: number) => keep(expose(field, { dx, dy }, { seed, bayer: 'grbg', tint }))
  for (let n = 0; n < 6; n++) {
    const [x, y] = offsetOf(t, await stack.add(shot(1.7 * n, -2.1 * n, n + 1), `id-${n}`, never))
    t.ok(Math.hypot(x - 1.7 * n, y + 2.1 * n) < 0.06, `${x}, ${y}`)
  }
  const image = await saved(stack)
  t.match(image, { planes: 3, width: 500, height: 400, type: 'f32', bayer: undefined })
  const planes = [0, 1, 2].map(plane =>
    Float32Array.from(image.samples.subarray(plane * 200_000, (plane + 1) * 200_000)),
  )
  const skyOf = (plane: Float32Array) => {
    const numbers = plane.filter(value => !Number.isNaN(value))
    return medianInPlace(numbers, numbers.length)
  }
  for (const [plane, level] of [0.5, 1, 0.7].entries()) {
    const sky = skyOf(planes[plane])
    t.ok(Math.abs(sky - (100 + 400 * level)) < 2, `the sky keeps its colour: ${sky.toFixed(1)}`)
  }
  const brightest = [...field.stars]
    .filter(star => star.x > 30 && star.y > 30 && star.x < 450 && star.y < 350)
    .sort((a, b) => b.flux - a.flux)[1]
  const light = (plane: Float32Array) => {
    const sky = skyOf(plane)
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
  const { measuredGain: gain = 0 } = await stack.gain()
  t.ok(
    gain > 0.82 * Math.sqrt(6) && gain < 1.08 * Math.sqrt(6),
    `gain ${gain.toFixed(2)} of ${Math.sqrt(6).toFixed(2)}`,
  )
})

t.test('more memory than the bound is refused in words', async t => {
  const { log } = collectedLog(clock)
  const pixels = openPixels({
    archive,
    memoryBytes: 2 ** 20,
    clock,
    log,
    within: pixelMethods,
    stackMemoryBytes: 2 ** 20,
  })
  t.teardown(() => pixels.close())
  const stack = await pixels.stack(settings)
  const frame = keep(expose(makeField({ width: 500, height: 400, count: 50 })))
  await t.rejects(stack.add(frame, 'a', never), { code: 'bad-input', message: /500 × 400 px needs \d+ MB/ })
})

for (const [folder, planes] of [
  ['hatp32', 1],
  ['m27-bayer', 3],
] as const) {
  t.test(`all real frames of ${folder} stack`, { skip }, async t => {
    const source = join(sharedData ?? '', folder)
    mkdirSync(join(archive, folder))
    const names = readdirSync(source).filter(name => /\.fits?$/i.test(name))
    for (const name of names) symlinkSync(join(source, name), join(archive, folder, name))
    const stack = await pixelsIn(t).stack(settings)
    for (const name of names) {
      const outcome = await stack.add(`${folder}/${name}`, name, never)
      t.ok(outcome.accepted, outcome.accepted ? `${name}: ${outcome.matched} pairs` : `${name}: ${outcome.words}`)
    }
    const image = await saved(stack)
    t.equal(image.planes, planes)
    t.equal(cardValue(image.cards, 'STACKCNT'), names.length)
    const centre = image.samples.subarray(
      Math.floor(image.height / 2) * image.width + Math.floor(image.width / 3),
      Math.floor(image.height / 2) * image.width + Math.floor((2 * image.width) / 3),
    )
    t.notOk(Array.from(centre).some(Number.isNaN), 'the centre has data')
    if (planes === 1) {
      const { measuredGain = 0 } = await stack.gain()
      const most = Math.sqrt(names.length)
      t.ok(measuredGain > 0.75 * most, `measured gain ${measuredGain.toFixed(2)} of ${most.toFixed(2)}`)
    }
    await stack.close()
  })
}
