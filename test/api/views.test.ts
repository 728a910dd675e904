// Pictures looked at closely over HTTP: previews, tiles that are the file's own pixels, numbers that are those of the
// light, and what a wrong address is told.
import { mkdirSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import express from 'express'
import t, { type Test } from 'tap'
import { lastResort } from '../../edge/api/http/answer.js'
import { viewRoutes } from '../../edge/api/http/view-routes.js'
import type { Histogram, RegionStatistics, StarOverlay } from '../../edge/ports/display.js'
import type { Exposure } from '../../edge/ports/store.js'
import { inColour } from '../../edge/science/debayer.js'
import { jpegSize } from '../../edge/science/jpeg-quality.js'
import type { Image } from '../../edge/science/samples.js'
import { openViews } from '../../edge/services/views.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { makeEasel } from '../../edge/workers/easel.js'
import { pixelMethods } from '../../edge/workers/pixel-methods.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { openRecords } from '../support/house.js'
import { pngPixels } from '../support/png-pixels.js'
import { expose, makeField } from '../support/star-field.js'
import { frameOf, orderOf } from '../support/store-frames.js'

const clock = systemClock()
const never = new AbortController().signal
const field = makeField({ width: 700, height: 560, count: 150, seed: 4 })
const stars = expose(field, {}, { seed: 1 })
const mosaic = expose(field, {}, { seed: 2, bayer: 'grbg', tint: [0.6, 1, 0.7] })

/** Every value from 0 to 999 somewhere, so that a linear stretch can be worked out by hand. */
const ramp: Image = {
  width: 600,
  height: 300,
  planes: 1,
  type: 'u16',
  samples: Uint16Array.from({ length: 600 * 300 }, (_, i) => (i * 7919) % 1000),
  topDown: true,
}
const upsideDown: Image = { ...ramp, topDown: false }

/** Awake while the test runs: neither the clock's timers nor an idle pool keep a process alive. */
const awake = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(awake))

async function house(t: Test) {
  const records = await openRecords(clock)
  const archive = join(records.folder, 'archive')
  mkdirSync(archive, { recursive: true })
  const pixels = openPixels({ archive, memoryBytes: 2 ** 24, clock, log: records.log, within: pixelMethods })
  const views = openViews({ store: records.store, pixels })
  const app = express().use(viewRoutes(views)).use(lastResort(records.log))
  const server = app.listen(0)
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await pixels.close()
    await records.close()
  })
  const { port } = server.address() as AddressInfo
  const keep = async (id: string, image: Image): Promise<Exposure> => {
    const frame = frameOf({ width: image.width, height: image.height })
    ;(frame.samples as Uint16Array).set(image.samples)
    return records.store.archive({ ...frame, bayer: image.bayer, topDown: image.topDown }, orderOf(id), [])
  }
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/api/views/${path}`, { headers })
  return {
    ...records,
    archive,
    pixels,
    views,
    keep,
    ask,
    json: async <T>(path: string) => (await ask(path)).json() as Promise<T>,
    tile: async (path: string) => pngPixels(new Uint8Array(await (await ask(path)).arrayBuffer())),
  }
}

t.test('tiles of level 0 are the pixels of the file, those above are their means', async t => {
  const { keep, tile, json } = await house(t)
  for (const [id, image] of [
    ['ramp', ramp],
    ['turned', upsideDown],
  ] as const) {
    await keep(id, image)
    const grey = (x: number, y: number) => {
      const row = image.topDown ? y : image.height - 1 - y
      return (255 * image.samples[row * 600 + x]) / 999
    }
    const apart = (made: { width: number; data: Uint8Array }, of: (x: number, y: number) => number) =>
      Math.max(...Array.from(made.data, (value, i) => Math.abs(value - of(i % made.width, Math.floor(i / made.width)))))
    const first = await tile(`${id}/tiles/0/0/0?stretch=linear`)
    t.match(first, { width: 256, height: 256, channels: 1 })
    t.ok(apart(first, grey) < 0.6, `${id}: one by one`)
    const last = await tile(`${id}/tiles/0/2/1?stretch=linear`)
    t.match(last, { width: 88, height: 44 }, 'cut off where the picture ends')
    t.ok(apart(last, (x, y) => grey(512 + x, 256 + y)) < 0.6, `${id}: the last one`)
    const half = await tile(`${id}/tiles/1/1/0?stretch=linear`)
    t.match(half, { width: 44, height: 150 })
    const mean = (x: number, y: number) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + grey(512 + 2 * x + (i & 1), 2 * y + (i >> 1)), 0) / 4
    t.ok(apart(half, mean) < 0.6, `${id}: halved`)
    const top = await tile(`${id}/tiles/2/0/0?stretch=linear`)
    t.match(top, { width: 150, height: 75 }, 'the last level is one tile')
    t.match(await json(`${id}/histogram`), { width: 600, height: 300, levels: 3, tilePx: 256 })
  }
})

t.test('a colour sensor is shown in colour, at its own pixels too', async t => {
  const { keep, tile, json } = await house(t)
  await keep('mosaic', mosaic)
  const { planes, minAdu, maxAdu } = await json<Histogram>('mosaic/histogram?balance=none')
  t.equal(planes, 3)
  const full = inColour(makeEasel()(mosaic.width), mosaic, { x: 0, y: 0, width: mosaic.width, height: mosaic.height })
  const made = await tile('mosaic/tiles/0/1/1?stretch=linear&balance=none')
  t.match(made, { width: 256, height: 256, channels: 3 })
  let worst = 0
  for (let i = 0; i < made.data.length; i++) {
    const [c, x, y] = [i % 3, 256 + (Math.floor(i / 3) % 256), 256 + Math.floor(i / 3 / 256)]
    const adu = full.samples[(c * full.height + y) * full.width + x]
    const wanted = 255 * Math.min(1, Math.max(0, (adu - minAdu) / (maxAdu - minAdu)))
    worst = Math.max(worst, Math.abs(made.data[i] - wanted))
  }
  t.ok(worst < 0.6, `off by ${worst}: no seam where tiles meet`)
  t.match(await tile('mosaic/tiles/1/0/0'), { width: 256, height: 256, channels: 3 })
  t.match(await tile('mosaic/tiles/2/0/0'), { width: 175, height: 140, channels: 3 })
})

t.test('a preview is small, and says which version it is of', async t => {
  const { keep, ask } = await house(t)
  await keep('night', stars)
  const plain = await ask('night/preview')
  t.equal(plain.status, 200)
  t.equal(plain.headers.get('content-type'), 'image/jpeg')
  t.equal(plain.headers.get('cache-control'), 'private, no-cache')
  const bytes = new Uint8Array(await plain.arrayBuffer())
  t.ok(bytes.length < 60_000, `${bytes.length} bytes`)
  t.match(jpegSize(bytes), { width: 700, height: 560 })
  t.match(jpegSize(new Uint8Array(await (await ask('night/preview?maxWidth=200')).arrayBuffer())), { width: 200 })
  const tag = plain.headers.get('etag')!
  const again = await ask('night/preview', { 'If-None-Match': tag })
  t.equal(again.status, 304)
  const version = plain.headers.get('x-view-version')!
  const named = await ask(`night/tiles/0/0/0?version=${encodeURIComponent(version)}`)
  t.match(named.headers.get('cache-control'), /immutable/, 'an address that names the version may be kept')
})

t.test('tones are as they were asked for', async t => {
  const { keep, tile, json } = await house(t)
  await keep('night', stars)
  const at = 'night/tiles/2/0/0'
  const auto = await tile(at)
  const { auto: chosen } = await json<Histogram>('night/histogram')
  t.ok(chosen.black < chosen.mid && chosen.mid < chosen.white, JSON.stringify(chosen))
  const same = await tile(`${at}?black=${chosen.black}&mid=${chosen.mid}&white=${chosen.white}`)
  const apart = (a: Uint8Array, b: Uint8Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])))
  t.ok(apart(auto.data, same.data) <= 1, 'what the histogram says of auto gives auto')
  const inverted = await tile(`${at}?invert=true`)
  t.ok(
    apart(
      auto.data,
      inverted.data.map(value => 255 - value),
    ) <= 1,
  )
  const mean = (data: Uint8Array) => data.reduce((sum, value) => sum + value, 0) / data.length
  t.ok(mean((await tile(`${at}?gamma=2`)).data) > mean(auto.data) + 20, 'gamma above 1 brightens')
  t.ok(mean((await tile(`${at}?mid=${(chosen.mid + chosen.white) / 2}`)).data) < mean(auto.data) - 20)
  for (const stretch of ['asinh', 'linear']) t.equal((await tile(`${at}?stretch=${stretch}`)).channels, 1, stretch)
  const marked = await tile(`${at}?clipMarks=true&black=${chosen.mid}&white=${chosen.mid + 0.1}`)
  t.equal(marked.channels, 3)
  const colours = new Set(
    Array.from({ length: marked.data.length / 3 }, (_, i) => marked.data.slice(3 * i, 3 * i + 3).join()),
  )
  t.ok(colours.has('255,40,40') && colours.has('40,80,255'), 'stars too bright are red, the sky too dark is blue')
})

t.test('the histogram counts all that is shown', async t => {
  const { keep, json } = await house(t)
  await keep('ramp', ramp)
  const { bins, edgesAdu, clippedLow, clippedHigh, minAdu, maxAdu } = await json<Histogram>('ramp/histogram')
  t.equal(
    bins[0].reduce((sum, count) => sum + count, 0),
    600 * 300,
  )
  t.equal(edgesAdu.length, bins[0].length + 1)
  t.ok(
    edgesAdu.every((edge, i) => i === 0 || edge > edgesAdu[i - 1]),
    'edges rise',
  )
  t.same([minAdu, maxAdu, clippedLow, clippedHigh], [0, 999, 180, 180])
})

t.test('numbers of a region are those of its pixels', async t => {
  const { keep, json, ask } = await house(t)
  await keep('night', stars)
  await keep('mosaic', mosaic)
  const [x, y, width, height] = [40, 60, 50, 30]
  const { region, planes } = await json<RegionStatistics>(
    `night/statistics?x=${x}&y=${y}&width=${width}&height=${height}`,
  )
  t.same(region, { x, y, width, height })
  const values: number[] = []
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) values.push(stars.samples[row * stars.width + column])
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  t.match(planes[0], { samples: 1500, minAdu: Math.min(...values), maxAdu: Math.max(...values) })
  t.ok(Math.abs(planes[0].meanAdu - mean) < 1e-6)
  const whole = await json<RegionStatistics>('night/statistics')
  t.equal(whole.planes[0].samples, 700 * 560)
  const noise = Math.sqrt(field.sky + field.readNoise ** 2)
  t.ok(Math.abs(whole.planes[0].noiseAdu / noise - 1) < 0.05, `${whole.planes[0].noiseAdu} ADU of noise, not ${noise}`)
  const colour = await json<RegionStatistics>('mosaic/statistics?x=1&y=1&width=10&height=10')
  t.same(
    colour.planes.map(({ samples }) => samples),
    [25, 50, 25],
    'each colour over its own pixels',
  )
  t.ok(colour.planes[1].medianAdu > colour.planes[0].medianAdu)
  t.equal((await ask('night/statistics?x=5000&y=1&width=10&height=10')).status, 400)
})

t.test('stars stand where the picture shows them', async t => {
  const { keep, json } = await house(t)
  await keep('night', stars)
  await keep('turned', { ...stars, topDown: false })
  const seen = await json<StarOverlay>('night/stars')
  const turned = await json<StarOverlay>('turned/stars')
  t.ok(seen.stars.length > 50 && seen.found >= seen.stars.length)
  const nearest = (x: number, y: number) => Math.min(...field.stars.map(star => Math.hypot(star.x - x, star.y - y)))
  t.ok(seen.stars.slice(0, 20).every(({ x, y }) => nearest(x, y) < 0.5))
  const flipped = turned.stars.slice(0, 20)
  t.ok(
    flipped.every(({ x, y }) => nearest(x, stars.height - 1 - y) < 0.5),
    'the other way up too',
  )
})

t.test('what cannot be shown is said', async t => {
  const { keep, ask } = await house(t)
  await keep('ramp', ramp)
  for (const [path, status, words] of [
    ['nobody/preview', 404, /no exposure "nobody"/],
    ['stack/preview', 404, /no stack yet/],
    ['ramp/preview?maxWidth=9', 400, /maxWidth/],
    ['ramp/preview?strech=auto', 400, /strech/],
    ['ramp/preview?stretch=loud', 400, /stretch/],
    ['ramp/preview?black=0.5&white=0.4', 400, /black must lie below white/],
    ['ramp/preview?gamma=0', 400, /gamma/],
    ['ramp/tiles/3/0/0', 400, /levels 0 to 2, not 3/],
    ['ramp/tiles/0/3/0', 400, /3 × 2 tiles/],
    ['ramp/tiles/0/-1/0', 400, /column/],
    ['ramp/tiles/x/0/0', 400, /level/],
    ['ramp/statistics?x=1', 400, /all four/],
    ['ramp/histogram?balance=no', 400, /balance/],
  ] as const) {
    const answer = await ask(path)
    t.equal(answer.status, status, path)
    t.match(await answer.json(), { error: words, code: String, fix: String }, path)
  }
})

t.test('a file is read once for all its tiles, and let go of when nobody looks', async t => {
  const { keep, ask, archive, pixels } = await house(t)
  const { path } = await keep('ramp', ramp)
  t.equal((await ask('ramp/tiles/0/0/0')).status, 200)
  rmSync(join(archive, path))
  t.equal((await ask('ramp/tiles/0/1/0')).status, 200, 'from the one that is open')
  const frame = { ...frameOf({ width: 64, height: 64 }) }
  await pixels.measure({ frame }, never)
  t.equal((await ask('ramp/tiles/0/1/1')).status, 200, 'a frame is measured, but somebody looks')
  await pixels.measure({ frame }, never)
  await pixels.measure({ frame }, never)
  const gone = await ask('ramp/tiles/0/0/1')
  t.equal(gone.status, 404)
  t.match(await gone.json(), { error: /is gone/ })
})

t.test('the stack is shown as it grows, and as the file it became', async t => {
  const { views, pixels, keep, ask, json } = await house(t)
  const { path } = await keep('night', stars)
  const stack = await pixels.stack({ maxShiftPx: 50, combine: 'mean', kappa: 3, kernel: 'bilinear', masters: [] })
  let version = 0
  const hide = views.showStack(stack, () => `first-${version}`)
  t.match(await json('stack/preview'), { code: 'not-found', error: /no frame has been stacked/ })
  await stack.add(path, 'night', never)
  version++
  const preview = await ask('stack/preview')
  t.equal(preview.status, 200)
  t.equal(preview.headers.get('x-view-version'), 'first-1')
  t.match(await json('stack/histogram'), { version: 'first-1', width: 700, height: 560, planes: 1 })
  t.equal((await ask('stack/tiles/0/0/0')).status, 200)
  t.ok((await json<StarOverlay>('stack/stars')).stars.length > 50)
  await stack.close()
  hide(path)
  t.equal((await ask('stack/preview')).headers.get('x-view-version'), `file-${path}`)
  const hideNext = views.showStack(stack, () => 'second-0')
  hideNext()
  t.equal((await ask('stack/preview')).status, 200, 'a stack that came to nothing leaves the one before')
})
