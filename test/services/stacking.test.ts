// The live stack through a night that is not kind: cloud, a camera that goes, a disk that fills, and people who stop
// it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findDamage } from '../../edge/science/fits-write.js'
import { eveningMs } from '../support/house.js'
import { openNight, pierConfig } from '../support/night.js'

interface StackState {
  readonly running: boolean
  readonly framesTaken: number
  readonly framesAccepted: number
  readonly framesRefused: number
  readonly refusals: Record<string, number>
  readonly waitingSinceMs?: number
  readonly path?: string
  readonly error?: string
  readonly snrGain: number
  readonly measuredGain?: number
  readonly pictureVersion: number
}

const calm = await openNight(t, pierConfig())
const path = 'stack/main'

/** Ids that the header of a saved stack says went in. */
const wentIn = (cards: readonly { keyword: string; value?: unknown }[]) =>
  cards
    .filter(({ keyword, value }) => keyword === 'HISTORY' && String(value).startsWith('stacked '))
    .map(({ value }) => String(value).replace('stacked ', ''))

t.test('a stack of four frames is quieter than one, and is saved with the list of what went in', async t => {
  const { ask, state, read, told, store, clock, archive } = calm
  const before = clock.now()
  const { frames, path: saved } = await ask('stack-start', {
    frames: 4,
    exposureSeconds: 10,
    object: 'M 27',
    gain: 120,
  })
  t.equal(frames, 4)
  t.ok(clock.now() - before < 4 * 10_200 + 1_000, 'no frame more than was wanted, no pause between them')
  const rows = (await store.exposures({ limit: 10 })).reverse()
  t.equal(rows.length, 4, 'every frame is kept like any other')
  t.equal(new Set(rows.map(({ activity }) => activity)).size, 1)
  t.match(rows[3], { number: 4, total: 4, object: 'M 27', exposureSeconds: 10, gain: 120, measured: { stars: Number } })

  const stack = state<StackState>(path)
  t.match(stack, {
    running: false,
    finished: true,
    cancelled: false,
    camera: 'main',
    framesTarget: 4,
    framesTaken: 4,
    framesAccepted: 4,
    framesRefused: 0,
    integratedSeconds: 40,
    snrGain: 2,
    path: saved,
  })
  t.ok(stack.measuredGain! > 1.6 && stack.measuredGain! < 2.4, `measured ${stack.measuredGain?.toFixed(2)}, √4 is 2`)
  const accepted = told('stack-accepted')
  t.same(
    accepted.map(({ id }) => id),
    rows.map(({ id }) => id),
  )
  t.match(accepted[0], { offsetXPx: 0, offsetYPx: 0 }, 'the first is the reference')
  for (const { offsetXPx, offsetYPx } of accepted) t.ok(Math.hypot(Number(offsetXPx), Number(offsetYPx)) < 1)
  t.match(told('stack-finished').at(-1), { frames: 4, path: saved, error: undefined })

  t.equal(findDamage(readFileSync(join(archive, String(saved)))), undefined)
  const file = read(saved)
  t.match(file, { width: 400, height: 300, planes: 1, type: 'f32' })
  t.same(
    ['STACKCNT', 'EXPTIME', 'OBJECT', 'TELESCOP', 'DATE-OBS'].map(keyword => file.card(keyword)),
    [4, 40, 'M 27', 'Refractor', new Date(before).toISOString().slice(0, -1)],
  )
  t.same(
    wentIn(file.cards),
    rows.map(({ id }) => id),
  )
})

t.test('a new picture comes after the first frame, after every so many, and after the last', async t => {
  const { ask, pictures, clock } = calm
  const shown: number[] = []
  let start = clock.now()
  const deaf = pictures.listen(({ atMs }) => shown.push(Math.round((atMs - start) / 1000)), 'stack')
  start = clock.now()
  await ask('stack-start', { frames: 6, exposureSeconds: 1.8, previewEvery: 3 })
  deaf()
  t.same(shown, [2, 8, 12], 'frames 1, 4 and 6')
  t.match(pictures.latest('stack'), { type: 'image/jpeg', width: 400, height: 300 })
  t.equal(calm.state<StackState>(path).pictureVersion, pictures.latest('stack')?.version)
})

t.test('without a number it goes on until it is stopped, and is saved', async t => {
  const { start, ask, clock, state, files, told } = calm
  const kept = files().length
  const run = await start('stack-start', { frames: 0, exposureSeconds: 2 })
  await t.rejects(
    ask('stack-start', { frames: 1, camera: 'guide' }),
    { code: 'busy', message: /stack/ },
    'one at a time',
  )
  await t.rejects(ask('camera-expose', { seconds: 1 }), { code: 'busy', message: /stack-start.*anna/ })
  await clock.advance(12_000)
  t.match(state(path), { running: true, framesTarget: 0, framesAccepted: 5 })
  t.match(state('observatory'), { sentence: /^Stacking: 5 frames/ })
  t.match(run.state(), { status: 'running', done: 5, total: 0 })
  t.same(await ask('stack-stop'), { stopped: true })
  const { frames, path: saved } = await run.done()
  t.equal(frames, 5)
  t.match(run.state(), { status: 'done' }, 'stopping by hand is no failure')
  t.match(state(path), { running: false, cancelled: true, finished: false, error: undefined, path: saved })
  t.equal(files().length, kept + 5 + 1, 'five frames and the stack; the frame in hand is nowhere')
  t.match(told('stack-finished').at(-1), { frames: 5 })
  await t.resolves(ask('camera-expose', { seconds: 0.1 }), 'the camera is free')
  t.same(await ask('stack-stop'), { stopped: false })
})

t.test('an abort ends it at once and saves what there is; with nothing stacked there is no file', async t => {
  const { start, ask, clock, state, read, files } = calm
  const run = await start('stack-start', { frames: 10, exposureSeconds: 5 })
  await clock.advance(17_000)
  const refusal = t.rejects(run.ended, { code: 'aborted' })
  const abortedMs = clock.now()
  await ask('camera-abort')
  t.ok(clock.now() - abortedMs < 2_000)
  await refusal
  t.match(run.state(), { status: 'aborted' })
  const { path: saved, ...stack } = state<StackState>(path)
  t.match(stack, { running: false, cancelled: true, framesAccepted: 3 })
  t.equal(read(saved).card('STACKCNT'), 3)

  const kept = files()
  const early = await start('stack-start', { frames: 10, exposureSeconds: 5 })
  await clock.advance(1_000)
  const second = t.rejects(early.ended, { code: 'aborted' })
  await ask('camera-abort')
  await second
  t.same(files(), kept)
  t.equal(state<StackState>(path).path, undefined)
})

t.test('any camera can be stacked, in colour where it sees colour', async t => {
  const pier = { main: { bayer: 'rggb', width: 480, height: 360 }, sky: { seed: 3 } }
  const night = await openNight(t, pierConfig(pier))
  const { path: saved } = await night.ask('stack-start', { frames: 2, exposureSeconds: 20 })
  t.match(night.read(saved), { width: 480, height: 360, planes: 3, type: 'f32' })
  t.equal(night.read(saved).card('BAYERPAT'), undefined)
  const binned = await night.ask('stack-start', { frames: 2, exposureSeconds: 30, camera: 'guide', filter: 'L' })
  t.match(night.read(binned.path), { width: 160, height: 120, planes: 1 })
  t.equal(night.read(binned.path).card('TELESCOP'), undefined, 'not through the main telescope')
})

t.test('cloud before the first frame: the first that shows stars is the reference', async t => {
  const mishaps = [{ at_s: 0, for_s: 35, kind: 'weather', cloud_percent: 100, rain: true }]
  const { ask, told, state, read } = await openNight(t, pierConfig({ sky: { mishaps } }))
  const { frames, path: saved } = await ask('stack-start', { frames: 3, exposureSeconds: 10 })
  t.equal(frames, 3)
  const refused = told('stack-refused')
  t.ok(refused.length >= 3, `${refused.length} refused`)
  t.match(refused[0], { reason: 'too-few-stars', words: /reference needs \d+ stars/ })
  t.match(state(path), { framesAccepted: 3, framesRefused: refused.length, framesTaken: 3 + refused.length })
  t.match(told('stack-accepted')[0], { offsetXPx: 0, offsetYPx: 0 })
  t.notOk(wentIn(read(saved).cards).includes(String(refused[0].id)), 'what was refused is not in the list')
})

t.test('cloud in the middle: it says since when it waits for stars, and goes on by itself', async t => {
  const mishaps = [{ at_s: 35, for_s: 60, kind: 'weather', cloud_percent: 100, rain: true }]
  const { start, told, state, clock, until, store } = await openNight(t, pierConfig({ sky: { mishaps } }))
  const run = await start('stack-start', { frames: 6, exposureSeconds: 10 })
  await until<StackState>(path, stack => stack.waitingSinceMs !== undefined)
  const since = state<StackState>(path).waitingSinceMs!
  t.equal(since, clock.now())
  t.ok(since > eveningMs + 35_000 && since < eveningMs + 60_000)
  t.match(state('observatory'), { sentence: /waiting for stars/ })
  await clock.advance(20_000)
  const waiting = state<StackState>(path)
  t.equal(waiting.waitingSinceMs, since, 'since the first frame without stars')
  t.ok(waiting.framesRefused >= 2)
  t.equal(
    Object.values(waiting.refusals).reduce((sum, count) => sum + count, 0),
    waiting.framesRefused,
    `counted by reason: ${JSON.stringify(waiting.refusals)}`,
  )
  t.equal(told('stack-waiting').length, 1)
  await run.done()
  const done = state<StackState>(path)
  t.match(done, { running: false, finished: true, framesAccepted: 6, waitingSinceMs: undefined })
  t.equal(told('stack-resumed').length, 1)
  t.equal(done.framesTaken, done.framesAccepted + done.framesRefused, 'frames counts the accepted')
  t.equal((await store.exposures({ limit: 100 })).length, done.framesTaken, 'refused frames are kept as well')
})

t.test(
  'a camera that is away for a while does not end the stack; one that stays away does, and it is saved',
  async t => {
    const mishaps = [
      { at_s: 25, for_s: 45, kind: 'unplugged', part: 'camera' },
      { at_s: 118, for_s: 8, kind: 'silent', part: 'camera' },
      { at_s: 200, kind: 'unplugged', part: 'camera' },
    ]
    const { ask, start, told, state, read, clock } = await openNight(t, pierConfig({ sky: { mishaps } }))
    const { frames } = await ask('stack-start', { frames: 7, exposureSeconds: 10 })
    t.equal(frames, 7)
    t.ok(clock.now() > eveningMs + 120_000, 'it waited for the camera')
    t.ok(told('device-lost').length >= 2 && told('exposure-failed').length >= 2)

    await clock.advance(eveningMs + 160_000 - clock.now())
    const run = await start('stack-start', { frames: 0, exposureSeconds: 10 })
    await t.rejects(run.done(), { code: 'offline', message: /unplugged/ })
    t.ok(clock.now() < eveningMs + 200_000 + 310_000, `given up after ${(clock.now() - eveningMs) / 1000 - 200} s`)
    const { path: saved, ...stack } = state<StackState>(path)
    t.match(stack, { running: false, finished: false, error: /unplugged/ })
    t.equal(read(saved).card('STACKCNT'), stack.framesAccepted)
    t.match(run.state(), { status: 'failed', code: 'offline' })
  },
)

const noMount = process.getuid?.() === 0 && process.platform === 'linux' ? false : 'only root can mount a small disk'
t.test(
  'a disk that fills ends the stack with the reason, and what was stacked is saved',
  { skip: noMount },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'pierside-small-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder])
    t.teardown(() => {
      execFileSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    })
    const night = await openNight(t, pierConfig(), { folder })
    const run = await night.start('stack-start', { frames: 0, exposureSeconds: 5 })
    await t.rejects(run.done(), { code: 'disk-full', detail: { neededBytes: Number, freeBytes: Number } })
    const { path: saved, ...stack } = night.state<StackState>(path)
    t.ok(stack.framesAccepted >= 3, `${stack.framesAccepted} frames`)
    t.match(stack, { running: false, error: /free/ })
    t.match(night.told('stack-finished'), [{ frames: stack.framesAccepted, error: /free/ }])
    t.equal(findDamage(readFileSync(join(night.archive, String(saved)))), undefined)
    t.equal(night.read(saved).card('STACKCNT'), stack.framesAccepted)
    t.match(night.state('storage'), { low: true })
  },
)

t.test('a stack that could not be saved is finished later, with every frame', async t => {
  const { ask, start, clock, archive, state, read } = calm
  const run = await start('stack-start', { frames: 0, exposureSeconds: 5 })
  await clock.advance(17_000)
  const incoming = join(archive, '.incoming')
  renameSync(incoming, `${incoming}-away`)
  await ask('stack-stop')
  await t.rejects(run.done(), { name: 'Fault' })
  t.match(state(path), { running: false, resumable: true, error: String, path: undefined })
  renameSync(`${incoming}-away`, incoming)
  const { frames, path: saved } = await ask('stack-resume', { finish: true })
  t.equal(frames, 3)
  t.equal(read(saved).card('STACKCNT'), 3)
  t.match(state(path), { running: false, resumable: undefined, path: saved })
  await t.rejects(ask('stack-resume'), { code: 'not-found' }, 'once is enough')
})

t.test('a frame that was spoiled on the disk does not take the others with it', async t => {
  const { ask, start, clock, archive, state, read, store } = calm
  const run = await start('stack-start', { frames: 0, exposureSeconds: 5 })
  await clock.advance(17_000)
  const incoming = join(archive, '.incoming')
  renameSync(incoming, `${incoming}-away`)
  await ask('stack-stop')
  await t.rejects(run.done(), { name: 'Fault' })
  renameSync(`${incoming}-away`, incoming)
  const [, middle] = await store.exposures({ limit: 3 })
  truncateSync(join(archive, middle.path), 20_000)
  const { frames, path: saved } = await ask('stack-resume', { finish: true })
  t.equal(frames, 2)
  t.equal(read(saved).card('STACKCNT'), 2)
  t.match(state(path), { running: false, refusals: { unreadable: 1 } })
})
