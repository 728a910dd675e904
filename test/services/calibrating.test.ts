// Calibration through a night: series are taken and become masters, masters are matched, and what does not belong is
// refused by name.
import { mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Master } from '../../edge/ports/calibration.js'
import { encodeFits } from '../../edge/science/fits-write.js'
import { openNight, pierConfig } from '../support/night.js'

interface LibraryState {
  readonly masters: readonly Master[]
  readonly needs: readonly { kind: string; words: string; lights: number; exposureSeconds: number }[]
  readonly unreadable: readonly { path: string; words: string }[]
  readonly warning?: string
  readonly error?: string
}

const path = 'calibration/library'
const night = await openNight(t, pierConfig({ more: { stacking: { exposure_s: 5 } } }))
const { ask, state, read, told, store, archive, clock } = night
const library = () => state<LibraryState>(path)

t.test('an empty library says what the next stack lacks', async t => {
  const { needs, masters } = await night.until<LibraryState>(path, ({ needs }) => needs?.length > 0)
  t.same(masters, [])
  t.same(
    needs.map(({ kind, lights, exposureSeconds }) => [kind, lights, exposureSeconds]),
    [
      ['dark', 0, 5],
      ['flat', 0, 5],
    ],
  )
})

t.test('darks of the stack are taken in one go, and the master says what it is', async t => {
  const said = await ask('calibration-take', { frames: 5, gain: 100, offset: 30 })
  t.match(said, { frames: 5, path: /^calibration\/dark_main_bin1_5s_gain100_.*5x_\d{8}T\d{6}\.fits$/ })
  const file = read(said.path)
  t.match(file, { width: 400, height: 300, planes: 1, type: 'f32' })
  t.match(['IMAGETYP', 'EXPTIME', 'GAIN', 'OFFSET', 'XBINNING', 'NCOMBINE', 'PS_CAM'].map(file.card), [
    'Master Dark',
    5,
    100,
    30,
    1,
    5,
    'main',
  ])
  t.ok(Number(file.card('PS_NOISE')) > 0.5, 'with the noise of one frame')
  t.ok(Number(file.card('PS_BAD')) > 10, 'and hot pixels are counted')
  const [one] = await store.exposures({ limit: 1 })
  t.equal(one.frameType, 'dark', 'its frames are kept like any others')
  const single = read(one.path)
  const bias = Number(file.card('PS_MED'))
  const spread = (samples: ArrayLike<number>) => {
    const apart = Array.from(samples, value => Math.abs(value - bias)).sort((a, b) => a - b)
    return apart[apart.length >> 1]
  }
  t.ok(spread(file.samples) < 0.7 * spread(single.samples), 'the mean is quieter than a frame')
  t.match(library().masters, [{ kind: 'dark', camera: 'main', exposureSeconds: 5, gain: 100, frames: 5 }])
  t.match(told('master-made').at(-1), { master: 'dark', frames: 5, path: said.path })
})

t.test('flats are brought to one, and say so when they are too dark', async t => {
  const bias = await ask('calibration-take', { kind: 'bias', frames: 3, gain: 100, offset: 30 })
  t.match(read(bias.path).card('IMAGETYP'), 'Master Bias')
  await t.rejects(ask('calibration-take', { kind: 'flat', frames: 3, seconds: 0.05, gain: 100, offset: 30 }), {
    code: 'bad-input',
    message: /the flats hold hardly any light/,
  })
  await ask('power-set', { device: 'relays', channel: 'flat-panel', value: 1 })
  const dim = await ask('calibration-take', { kind: 'flat', frames: 3, seconds: 0.05, gain: 100, offset: 30 })
  t.match(dim.warning, /% of full scale; 20 to 70 % are good: expose longer/)
  t.match(library().warning, /expose longer/)
  const flat = await ask('calibration-take', { kind: 'flat', frames: 3, seconds: 0.8, gain: 100, offset: 30 })
  t.equal(flat.warning, undefined)
  const { samples, cards } = read(flat.path)
  const sorted = Float32Array.from(samples).sort()
  t.ok(Math.abs(sorted[sorted.length >> 1] - 1) < 0.02, `its usual light is ${sorted[sorted.length >> 1]}`)
  t.ok(sorted[1000] < 0.97, 'corners and dust are darker')
  t.ok(
    cards.some(({ keyword, value }) => keyword === 'HISTORY' && /^each less bias_main/.test(String(value))),
    'the bias was taken off',
  )
  await ask('power-set', { device: 'relays', channel: 'flat-panel', value: 0 })
})

t.test('masters are matched by what the exposure is, with reasons for what is missing', async t => {
  const lights = await ask('camera-expose', { seconds: 5, count: 1, gain: 100, offset: 30 })
  const [exposure] = await store.exposures({ limit: 1 })
  t.equal(exposure.id, (lights.ids as string[])[0])
  await clock.advance(15_000)
  t.same(
    library().needs.filter(({ lights }) => lights > 0),
    [],
    'nothing is missing for the light that was taken',
  )
  await ask('camera-expose', { seconds: 8, count: 2, gain: 100, offset: 30 })
  await clock.advance(15_000)
  const needs = library().needs.filter(({ lights }) => lights > 0)
  t.match(needs, [{ kind: 'dark', lights: 2, exposureSeconds: 8, words: /^no dark of 8 s.*dark_main_.* is of 5 s$/ }])
})

t.test('a stack takes the masters that fit, and its header says so', async t => {
  const { path: saved } = await ask('stack-start', { frames: 3, exposureSeconds: 5, gain: 100 })
  t.match(state('stack/main'), { calibration: 'dark, flat', uncalibrated: '' })
  const file = read(saved)
  t.equal(file.card('CALSTAT'), 'DF')
  const history = file.cards.filter(({ keyword }) => keyword === 'HISTORY').map(({ value }) => String(value))
  t.ok(history.some(line => /^calibrated: dark dark_main_bin1_5s_gain100_.*\.fits$/.test(line)))
  t.ok(history.some(line => /^calibrated: flat flat_main_.*\.fits$/.test(line)))
  const plain = await ask('stack-start', { frames: 3, exposureSeconds: 5, gain: 100, calibrate: false })
  t.equal(read(plain.path).card('CALSTAT'), undefined)
  const hot = (samples: ArrayLike<number>) => {
    const sorted = Float32Array.from(samples).sort()
    const at = (share: number) => sorted[Math.floor(share * sorted.length)]
    return (at(0.9995) - at(0.5)) / (at(0.84) - at(0.5))
  }
  const [calibrated, raw] = [hot(file.samples), hot(read(plain.path).samples)]
  t.ok(
    calibrated < 0.8 * raw,
    `the brightest pixels stand out by ${calibrated.toFixed(0)} σ, uncalibrated ${raw.toFixed(0)} σ`,
  )
})

t.test('a stack that was broken off is finished with what it began with, while that is there', async t => {
  const { start, files } = night
  const incoming = join(archive, '.incoming')
  const breakOff = async () => {
    const run = await start('stack-start', { frames: 0, exposureSeconds: 5, gain: 100 })
    await clock.advance(17_000)
    renameSync(incoming, `${incoming}-away`)
    await ask('stack-stop')
    await t.rejects(run.done(), { name: 'Fault' })
    renameSync(`${incoming}-away`, incoming)
  }
  const darks = (cards: readonly { value?: unknown }[]) =>
    cards.map(({ value }) => String(value)).filter(value => value.startsWith('calibrated: dark'))
  const [before] = library().masters.filter(({ kind }) => kind === 'dark')
  const name = before.path.replace('calibration/', '')
  await breakOff()
  const newer = String((await ask('calibration-take', { frames: 5, gain: 100, offset: 30 })).path)
  const first = await ask('stack-resume', { finish: true })
  t.same(darks(read(first.path).cards), [`calibrated: dark ${name}`], 'the header names what was applied')

  await breakOff()
  truncateSync(join(archive, newer), 30_000)
  const kept = files().length
  await t.rejects(ask('stack-resume', { finish: true }), { message: /dark.*cannot be read.*cut short/ })
  t.equal(files().length, kept)
  t.match(state('stack/main'), { running: false, resumable: true, refolding: undefined }, 'it can be tried again')
  await ask('calibration-forget', { path: newer })
  const second = await ask('stack-resume', { finish: true })
  t.equal(second.frames, 3)
  t.same(darks(read(second.path).cards), [`calibrated: dark ${name}`], 'the next best')
})

t.test('light frames are never taken for darks', async t => {
  const { ids } = await ask('camera-expose', { seconds: 5, count: 3 })
  await t.rejects(ask('calibration-make', { kind: 'dark', ids }), {
    code: 'bad-input',
    message: /is a light, not a dark/,
  })
  t.match(library().error, /is a light, not a dark/)
  await t.rejects(ask('calibration-make', { kind: 'dark', ids: ['nothing'] }), { code: 'not-found' })
  const darks = await ask('camera-expose', { seconds: 2, count: 2, frameType: 'dark' })
  const others = await ask('camera-expose', { seconds: 3, count: 1, frameType: 'dark' })
  const mixed = [...(darks.ids as string[]), ...(others.ids as string[])]
  await t.rejects(ask('calibration-make', { kind: 'dark', ids: mixed }), { message: /EXPTIME 3, .* has 2/ })
  const kept = await ask('calibration-make', { kind: 'dark', ids: darks.ids })
  t.match(kept, { frames: 2, path: /2s_.*2x/ })
  const binned = await ask('camera-expose', { seconds: 2, count: 1, frameType: 'dark', binning: 2 })
  const sizes = [...(darks.ids as string[]), ...(binned.ids as string[])]
  await t.rejects(ask('calibration-make', { kind: 'dark', ids: sizes }), { message: /has 200×150 px, .* has 400×300/ })
})

t.test('the owner chooses, forgets, and brings masters from elsewhere', async t => {
  const dark = library().masters.find(({ exposureSeconds, kind }) => kind === 'dark' && exposureSeconds === 5)!
  await ask('calibration-choose', { path: dark.path, use: 'never' })
  t.equal(library().masters.find(({ path }) => path === dark.path)?.use, 'never')
  await ask('calibration-choose', { path: dark.path, use: 'fitting' })
  t.equal(library().masters.find(({ path }) => path === dark.path)?.use, undefined)
  await ask('calibration-forget', { path: dark.path })
  t.notOk(library().masters.some(({ path }) => path === dark.path))
  await t.rejects(ask('calibration-forget', { path: dark.path }), { code: 'not-found' })

  const made = (width: number, type?: string, level = 500) =>
    encodeFits(
      { width, height: 300, planes: 1, type: 'f32', samples: new Float32Array(width * 300).fill(level), topDown: true },
      type === undefined
        ? []
        : [
            { keyword: 'IMAGETYP', value: type },
            { keyword: 'EXPTIME', value: 7 },
          ],
    )
  const upload = async (name: string, bytes: Uint8Array, kind?: string) => {
    writeFileSync(await store.productAside(`upload-${name}.fits`), bytes)
    return ask('calibration-adopt', { upload: name, name: `${name}.fit`, ...(kind ? { kind } : {}) })
  }
  t.same(await upload('siril', made(400, 'Dark Frame')), { path: 'calibration/siril.fits' })
  t.match(
    library().masters.find(({ path }) => path.endsWith('siril.fits')),
    { kind: 'dark', exposureSeconds: 7 },
  )
  await t.rejects(upload('wide', made(500, 'DARK')), { message: /wide.fits has 500×300 px.*camera main gives 400×300/ })
  await t.rejects(upload('mute', made(400)), { message: /does not say whether/ })
  t.same(await upload('mute', made(400), 'bad'), { path: 'calibration/mute.fits' })
  await t.rejects(upload('short', made(400, 'DARK').subarray(0, 8640)), { code: 'bad-input', message: /cut short/ })
  const nothing = { code: 'bad-input', message: /calibrates nothing: 100 % of its samples are/ }
  await t.rejects(upload('nan', made(400, 'DARK', Number.NaN)), nothing)
  await t.rejects(upload('huge', made(400, 'BIAS', 3e38)), nothing)
  await t.rejects(upload('black', made(400, 'FLAT', 0)), nothing)
  await t.rejects(upload('junk', new Uint8Array(3000)), { code: 'bad-input' })
  await t.rejects(ask('calibration-adopt', { upload: 'never-sent', name: 'a.fits' }), { code: 'not-found' })
  mkdirSync(join(archive, 'calibration'), { recursive: true })
  writeFileSync(join(archive, 'calibration', 'junk.fits'), 'no image')
  await ask('calibration-refresh')
  t.match(library().unreadable, [{ path: 'calibration/junk.fits' }])
  t.same(
    library()
      .masters.map(({ kind }) => kind)
      .sort(),
    ['bad', 'bias', 'dark', 'dark', 'flat', 'flat'],
  )
})
