// Work on whole frames keeps the same promises on threads and in process, and gives the same bits on both.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import type { Frame } from '../../edge/ports/frame.js'
import type { Pixels, StackOutcome, StackSettings, View } from '../../edge/ports/pixels.js'
import { cardValue } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits, findDamage } from '../../edge/science/fits-write.js'
import { type Image, viewSamples } from '../../edge/science/samples.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { pixelMethods } from '../../edge/workers/pixel-methods.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { expose, makeField, type Pose, type Shot } from '../support/star-field.js'
import { collectedLog } from '../support/store-frames.js'

const settings: StackSettings = { maxShiftPx: 50, combine: 'reject', kappa: 3, kernel: 'bilinear', masters: [] }
const clock = systemClock()
const never = new AbortController().signal
const memoryBytes = 4 * 2 ** 20
const field = makeField({ width: 360, height: 270, count: 60, seed: 4 })
const jpeg: View = { stretch: 'auto', maxWidth: 200, as: 'jpeg' }

// Timers of the clock do not keep a process alive, and neither does an idle thread.
const awake = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(awake))

/** Four good frames of a drifting sky, and one through cloud. */
const night: readonly (readonly [Pose, Shot])[] = [
  [{}, { seed: 1 }],
  [{ dx: 3.3, dy: -2.1 }, { seed: 2 }],
  [{}, { seed: 3, transparency: 0 }],
  [{ dx: 7, dy: -4.6, turnDeg: 0.4 }, { seed: 4 }],
  [
    { dx: -2.5, dy: 1.5 },
    { seed: 5, cosmics: 8 },
  ],
]
const mono = night.map(([pose, shot]) => expose(field, pose, shot))
const colour = night.map(([pose, shot]) => expose(field, pose, { ...shot, bayer: 'rggb', tint: [0.6, 1, 0.7] }))

const archive = t.testdir({
  'words.fits': 'these are no pixels',
  ...Object.fromEntries(mono.flatMap((_, at) => [`mono-${at}.fits`, `colour-${at}.fits`].map(name => [name, '']))),
})
const keep = (name: string, image: Image, object: string) =>
  writeFileSync(join(archive, name), encodeFits(image, [{ keyword: 'OBJECT', value: object }]))
for (const [at, image] of mono.entries()) keep(`mono-${at}.fits`, image, 'M 45')
for (const [at, image] of colour.entries()) keep(`colour-${at}.fits`, image, 'M 42')

/** The same pixels in memory lent for them, as a driver hands them over. */
async function lent(pixels: Pixels, image: Image): Promise<Frame> {
  const memory = await pixels.lend(image.samples.byteLength, never)
  const samples = viewSamples(image.type, memory.buffer, 0, image.samples.length)
  samples.set(image.samples as never)
  return { ...image, samples, memory, startedMs: 0, exposureSeconds: 10, binning: { x: 1, y: 1 }, cards: [] }
}

/** Lets go of the frame when `use` has ended, as whoever exposed it would. */
async function using<T>(pixels: Pixels, image: Image, use: (frame: Frame) => Promise<T>): Promise<T> {
  const frame = await lent(pixels, image)
  try {
    return await use(frame)
  } finally {
    frame.memory.release()
  }
}

/** Whatever was lent has come back: the whole of the memory may be had at once. */
async function allBack(t: Test, pixels: Pixels): Promise<void> {
  const deadline = clock.deadline(5_000, 'all of the memory')
  const whole = await deadline.race(pixels.lend(memoryBytes, deadline.signal))
  deadline.cancel()
  whole.release()
  t.pass('all memory is back')
}

async function stackOf(pixels: Pixels, kind: 'mono' | 'colour', count = night.length) {
  const stack = await pixels.stack(settings)
  const outcomes: StackOutcome[] = []
  try {
    for (let at = 0; at < count; at++) outcomes.push(await stack.add(`${kind}-${at}.fits`, `frame-${at}`, never))
    const picture = await stack.preview({ stretch: 'auto' }, 200, never)
    const gain = await stack.gain()
    const aside = join(archive, `saved-${saved++}`)
    await stack.save(aside, [{ keyword: 'OBJECT', value: 'M 45' }])
    return { outcomes, picture, gain, file: new Uint8Array(readFileSync(aside)) }
  } finally {
    await stack.close()
  }
}

let saved = 0

/** To the last bit: numbers in full, bytes by their digest. */
function bitsOf(value: unknown): string {
  if (value instanceof Uint8Array) return createHash('sha256').update(value).digest('hex')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'absent'
  return `{${Object.entries(value).map(([key, inner]) => `${key}: ${bitsOf(inner)}`)}}`
}

/** What came out of one implementation, by what was asked, to be held against the other's. */
const results = new Map<boolean, Record<string, string>>()

for (const threads of [false, true]) {
  t.test(threads ? 'on threads' : 'in process, in order', async t => {
    const { log, lines } = collectedLog(clock)
    const pixels = openPixels({ archive, memoryBytes, clock, log, ...(threads ? {} : { within: pixelMethods }) })
    t.teardown(() => pixels.close())
    const seen: Record<string, string> = {}
    results.set(threads, seen)

    t.test('memory is lent up to its bound, in the order asked', async t => {
      await t.rejects(pixels.lend(memoryBytes + 16, never), { code: 'bad-input', message: /memory for frames/ })
      await t.rejects(pixels.lend(0, never), { code: 'bad-input' })
      const first = await pixels.lend(memoryBytes - 1024, never)
      const order: string[] = []
      const lend = async (what: string, bytes: number) => {
        const memory = await pixels.lend(bytes, never)
        order.push(what)
        return memory
      }
      const large = lend('large', memoryBytes / 2)
      const small = lend('small', 512)
      const control = new AbortController()
      const reason = new Fault('aborted', 'no longer wanted', 'Ask again')
      const given = pixels.lend(1024, control.signal)
      control.abort(reason)
      await t.rejects(given, reason, 'who waits may leave the line')
      t.same(order, [], 'a small wish does not pass a large one')
      first.hold()
      first.release()
      t.same(order, [], 'what somebody still holds is not free')
      first.release()
      for (const memory of [await large, await small]) memory.release()
      t.same(order, ['large', 'small'])
      t.throws(() => first.release(), { code: 'ERR_ASSERTION' }, 'letting go once too often is a bug')
      await allBack(t, pixels)
    })

    t.test('a frame is measured the same from memory and from its file', async t => {
      const fromMemory = await using(pixels, mono[0], frame => pixels.measure({ frame }, never))
      const fromFile = await pixels.measure({ path: 'mono-0.fits' }, never)
      t.equal(bitsOf(fromFile), bitsOf(fromMemory))
      const { measured, preview, thumbnail } = fromMemory
      t.ok(measured.stars > 30, `${measured.stars} stars`)
      t.ok(measured.hfdPx! > 2 && measured.hfdPx! < 5, `HFD ${measured.hfdPx?.toFixed(2)} px`)
      t.ok(Math.abs(measured.backgroundAdu - 500) < 10, `background ${measured.backgroundAdu.toFixed(1)} ADU`)
      t.same([preview.type, preview.width, preview.height], ['image/jpeg', 360, 270])
      t.same([thumbnail.type, thumbnail.width], ['image/jpeg', 220])
      const inColour = await using(pixels, colour[0], frame => pixels.measure({ frame }, never))
      seen.measured = bitsOf([fromMemory, inColour])
      await allBack(t, pixels)
    })

    t.test('the focus loop sees its part of the frame alone', async t => {
      const whole = await using(pixels, mono[0], frame => pixels.focus(frame, undefined, never))
      const region = { x: Math.round(whole.x!) - 24, y: Math.round(whole.y!) - 24, width: 48, height: 48 }
      const part = await using(pixels, mono[0], frame => pixels.focus(frame, region, never))
      t.ok(part.stars >= 1 && part.stars < whole.stars, `${part.stars} of ${whole.stars} stars`)
      t.ok(Math.hypot(part.x! - whole.x!, part.y! - whole.y!) < 1, 'the same star, in pixels of the frame')
      t.ok(part.peakAdu! > part.backgroundAdu && part.hfdPx! > 1)
      const outside = { x: 5_000, y: 0, width: 20, height: 20 }
      await t.rejects(
        using(pixels, mono[0], frame => pixels.focus(frame, outside, never)),
        { code: 'bad-input', message: /outside the frame/ },
      )
      seen.focus = bitsOf([whole, part])
      await allBack(t, pixels)
    })

    t.test('a file becomes a picture no larger than was asked for', async t => {
      const pictures = await Promise.all([
        pixels.render('mono-0.fits', jpeg, never),
        pixels.render('mono-0.fits', { stretch: 'asinh', maxWidth: 90, as: 'png' }, never),
        pixels.render('colour-0.fits', { stretch: 'auto', maxWidth: 1000, as: 'jpeg' }, never),
      ])
      t.same(
        pictures.map(({ type, width }) => [type, width]),
        [
          ['image/jpeg', 200],
          ['image/png', 90],
          ['image/jpeg', 360],
        ],
      )
      t.equal(cardValue(await pixels.header('colour-0.fits'), 'OBJECT'), 'M 42')
      seen.pictures = bitsOf([pictures, await pixels.header('mono-3.fits')])
    })

    t.test('a file and a stack are looked at closely, in the same way', async t => {
      const stack = await pixels.stack(settings)
      await stack.add('mono-0.fits', 'frame-0', never)
      const looks: unknown[] = []
      for (const look of [pixels.look('mono-0.fits'), pixels.look('colour-0.fits'), stack]) {
        const histogram = await look.histogram(undefined, never)
        t.match(histogram, { width: 360, height: 270, levels: 2, tilePx: 256 })
        const tile = await look.tile({ stretch: 'auto' }, { level: 0, column: 1, row: 1 }, never)
        t.match(tile, { type: 'image/png', width: 104, height: 14 })
        const outside = { level: 0, column: 2, row: 0 }
        await t.rejects(look.tile({ stretch: 'auto' }, outside, never), { code: 'bad-input', message: /2 × 2 tiles/ })
        const preview = await look.preview({ stretch: 'asinh', balance: 'none' }, 720, never)
        const stars = await look.stars(never)
        t.ok(stars.found > 20)
        const numbers = await look.statistics({ x: 10, y: 10, width: 40, height: 40 }, never)
        looks.push(histogram, tile, preview, stars, numbers)
      }
      await stack.close()
      seen.looks = bitsOf(looks)
    })

    t.test('what is no picture is a Fault that names the file, and the next one comes', async t => {
      const unreadable = { name: 'Fault', code: 'bad-input', message: /words\.fits/ }
      await t.rejects(pixels.render('words.fits', jpeg, never), unreadable)
      await t.rejects(pixels.measure({ path: 'words.fits' }, never), unreadable)
      await t.rejects(pixels.look('words.fits').histogram(undefined, never), unreadable)
      await t.rejects(pixels.header('words.fits'), unreadable)
      await t.rejects(pixels.render('gone.fits', jpeg, never), { code: 'not-found', message: /gone\.fits/ })
      await t.rejects(pixels.header('gone.fits'), { code: 'not-found', message: /gone\.fits/ })
      await t.resolves(pixels.render('mono-0.fits', jpeg, never))
    })

    t.test('frames are stacked from their files, and the odd one is refused', async t => {
      const made = await stackOf(pixels, 'mono')
      t.same(
        made.outcomes.map(({ accepted }) => accepted),
        [true, true, false, true, true],
      )
      t.match(made.outcomes[2], { reason: 'too-few-stars', words: String })
      const third = made.outcomes[3]
      const [dx, dy] = third.accepted ? third.offsetPx : [0, 0]
      t.ok(Math.hypot(dx - 7, dy + 4.6) < 0.2, `it moved by ${dx.toFixed(2)}, ${dy.toFixed(2)} px`)
      t.match(made.gain, { frames: 4, snrGain: 2 })
      t.ok(made.gain.measuredGain! > 1.5 && made.gain.measuredGain! < 2.5, `gain ${made.gain.measuredGain}`)
      t.equal(findDamage(made.file), undefined)
      const file = readFitsImage(made.file)
      t.match(file, { width: 360, height: 270, planes: 1, type: 'f32' })
      t.equal(cardValue(file.cards, 'STACKCNT'), 4)
      const inColour = await stackOf(pixels, 'colour')
      t.equal(readFitsImage(inColour.file).planes, 3)
      seen.stacks = bitsOf([made, inColour])
      seen.file = bitsOf(made.file)
      await allBack(t, pixels)
    })

    t.test('two stacks grow side by side', async t => {
      const both = await Promise.all([stackOf(pixels, 'mono'), stackOf(pixels, 'colour', 2)])
      t.same(
        both.map(({ gain }) => gain.frames),
        [4, 2],
      )
      t.equal(bitsOf(both[0].file), seen.file, 'neither disturbs the other')
      await allBack(t, pixels)
    })

    t.test('an empty stack has no picture, and is closed all the same', async t => {
      const stack = await pixels.stack(settings)
      await t.rejects(stack.preview({ stretch: 'auto' }, 200, never), { code: 'not-found' })
      await t.rejects(stack.save(join(archive, 'nothing'), []), { code: 'not-found' })
      t.match(await stack.gain(), { frames: 0 })
      await stack.close()
    })

    t.test('pictures are encoded and converted', async t => {
      const rgb = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * 7) % 256)
      const picture = await pixels.encodeJpeg(rgb, 64, 48, 80)
      const smaller = await pixels.convert(picture, { as: 'jpeg', quality: 40, maxWidth: 32 }, never)
      const png = await pixels.convert(picture, { as: 'png' }, never)
      t.same(
        [picture, smaller].map(bytes => Buffer.from(bytes).readUInt16BE(0)),
        [0xffd8, 0xffd8],
      )
      t.ok(smaller.length < picture.length)
      const read = await pixels.decodeJpeg(picture)
      t.match([read.width, read.height, read.channels, read.data.length], [64, 48, 3, 64 * 48 * 3])
      await t.rejects(pixels.decodeJpeg(Buffer.from('no picture')), { code: 'bad-input' })
      t.equal(Buffer.from(png).toString('latin1', 1, 4), 'PNG')
      const nonsense = { name: 'Fault', code: 'bad-input', message: /100 bytes are no picture/ }
      await t.rejects(pixels.convert(new Uint8Array(100), { as: 'jpeg' }, never), nonsense)
      seen.encoded = bitsOf([picture, smaller, png])
    })

    t.test('who no longer wants it is let go at once, with the reason', async t => {
      const reason = new Fault('aborted', 'the page was closed', 'Open it again')
      const early = new AbortController()
      early.abort(reason)
      await t.rejects(pixels.measure({ path: 'mono-0.fits' }, early.signal), reason)
      await t.rejects(
        using(pixels, mono[0], frame => pixels.measure({ frame }, early.signal)),
        reason,
      )
      await t.rejects(pixels.convert(new Uint8Array(9), { as: 'png' }, early.signal), reason)
      await t.resolves(pixels.measure({ path: 'mono-0.fits' }, never), 'and the next asker is served')
      await allBack(t, pixels)
    })

    t.test('closing twice is as good as once, and then nothing is taken on', async t => {
      await pixels.close()
      await pixels.close()
      const over = { name: 'Fault', code: 'aborted' }
      await t.rejects(pixels.measure({ path: 'mono-0.fits' }, never), over)
      await t.rejects(pixels.stack(settings), over)
      t.same(
        lines.filter(({ level }) => level === 'error'),
        [],
        'and nothing was said to be wrong',
      )
    })
  })
}

t.test('threads do not change a bit of any result', async t => {
  const within = results.get(false) ?? {}
  t.same(Object.keys(within), ['measured', 'focus', 'pictures', 'looks', 'stacks', 'file', 'encoded'])
  for (const [what, bits] of Object.entries(within)) t.equal(results.get(true)?.[what], bits, what)
})
