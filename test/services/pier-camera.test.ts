// The pier camera as browsers see it, from real and simulated sources, in good times and bad.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { driver } from '../../edge/ports/driver.js'
import { z } from '../../edge/ports/schema.js'
import type { VideoOrder, VideoSource } from '../../edge/ports/video-source.js'
import { jpegQuality, jpegSize } from '../../edge/science/jpeg-quality.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { startNetworkCamera, testPictures } from '../support/network-camera.js'
import { openPierHouse } from '../support/pier-house.js'
import { watchPier } from '../support/pier-watcher.js'

// Most of it is waiting: the tests run beside each other, and each knows its own ffmpeg by the size of its pictures.
t.jobs = 4
const pattern = (size: string) => ({ driver: 'ffmpeg', source: 'test', size })
const known = (pictures: readonly Buffer[], jpeg: Buffer) => pictures.some(one => one.equals(jpeg))
/** Pictures a second over the later part of what a watcher got. */
function pace(parts: readonly { timestampSeconds: number }[], from: number) {
  const last = parts[parts.length - 1]
  return (parts.length - 1 - from) / (last.timestampSeconds - parts[from].timestampSeconds)
}
const ffmpegOf = (size: string) =>
  execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter(line => line.includes('ffmpeg') && line.includes(`size=${size}:`))
    .map(line => Number.parseInt(line, 10))

t.test('a camera’s own JPEGs reach the browser byte by byte', async t => {
  const pictures = testPictures(30, '320x240', 8)
  const camera = await startNetworkCamera(pictures, 20)
  t.teardown(() => camera.close())
  const house = await openPierHouse(t, {
    device: { driver: 'ffmpeg', source: 'url', url: camera.url, jpeg: 'camera' },
    settings: { target_fps: 40, jpeg_quality: 70 },
  })
  const watcher = watchPier(house.port)
  t.match(await watcher.head, /^HTTP\/1.1 200 OK/)
  t.match(await watcher.head, /content-type: multipart\/x-mixed-replace; boundary=frame/i)
  t.match(await watcher.head, /cache-control: no-cache/i)
  t.match(await watcher.head, /x-accel-buffering: no/i)
  await watcher.count(30)
  t.equal(watcher.parts.filter(({ jpeg }) => known(pictures, jpeg)).length, watcher.parts.length)
  t.same(watcher.wrong, [])
  const { value } = await house.until(({ streaming }) => streaming === true)
  t.match(value, { enabled: true, condition: 'ready', untouched: true, viewers: 1, widthPx: 320, heightPx: 240 })
  t.ok(watcher.parts.every((part, i, all) => i === 0 || part.timestampSeconds >= all[i - 1].timestampSeconds))
  t.ok(
    watcher.parts.slice(5).every(({ timestampSeconds, gotMs }) => gotMs - timestampSeconds * 1000 < 3_000),
    'fresh',
  )
  watcher.leave()
  await house.until(({ viewers }) => viewers === 0)

  t.test('the snapshot is the same picture with its time', async t => {
    const answer = await fetch(`http://127.0.0.1:${house.port}/api/pier-cam/snapshot`)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    t.equal(answer.headers.get('content-type'), 'image/jpeg')
    t.ok(Math.abs(Date.parse(answer.headers.get('x-picture-at')!) - Date.now()) < 10_000)
    t.ok(known(pictures, Buffer.from(await answer.arrayBuffer())))
  })

  t.test('a camera faster than wanted is thinned, its pictures left whole', async t => {
    await house.restart({ target_fps: 4, jpeg_quality: 70 })
    const watcher = watchPier(house.port)
    await watcher.count(14)
    t.ok(pace(watcher.parts, 4) < 4.8, `20 a second come, ${pace(watcher.parts, 4).toFixed(1)} are shown`)
    t.ok(watcher.parts.every(({ jpeg }) => known(pictures, jpeg)))
    watcher.leave()
  })

  t.test('one that compresses too little is encoded anew', async t => {
    const before = jpegQuality(pictures[0])!
    await house.restart({ target_fps: 10, jpeg_quality: 30 })
    const watcher = watchPier(house.port)
    await house.until(({ untouched }) => untouched === false)
    await watcher.count(8)
    const last = watcher.parts[watcher.parts.length - 1].jpeg
    t.ok(before > 40 && jpegQuality(last) === 30, `${before} becomes ${jpegQuality(last)}`)
    t.same(jpegSize(last), { width: 320, height: 240 })
    t.ok(last.length < pictures[0].length)
    watcher.leave()
  })

  t.test('nothing of it is on disk', async t => {
    const files = readdirSync(house.folder, { recursive: true, encoding: 'utf8' })
    t.notOk(
      files.some(name => /\.(jpe?g|fits|mjpe?g)$/i.test(name)),
      files.join(' '),
    )
  })
})

t.test('it looks slowly by itself, and at full pace as long as somebody watches', async t => {
  const house = await openPierHouse(t, { device: pattern('320x240'), settings: { target_fps: 10 } })
  await house.until(({ streaming }) => streaming === true)
  const first = house.pictures.latest('pier')!
  await sleep(1_500)
  t.equal(house.pictures.latest('pier')!.version, first.version, 'one picture in five seconds is enough for nobody')

  const one = watchPier(house.port)
  await one.count(1)
  t.ok(one.parts[0].jpeg.equals(Buffer.from(first.bytes)), 'who comes sees the last picture at once')
  t.ok(Math.abs(one.parts[0].timestampSeconds * 1000 - first.atMs) <= 1, 'with its true age')
  const two = watchPier(house.port)
  await Promise.all([one.count(12), two.count(12)])
  t.ok(pace(one.parts, 3) > 1, `then ${pace(one.parts, 3).toFixed(1)} a second`)
  t.equal(house.state()?.viewers, 2)
  const running = ffmpegOf('320x240')
  one.leave()
  await house.until(({ viewers }) => viewers === 1)
  await two.count(20)
  t.same(ffmpegOf('320x240'), running, 'the second one’s stream runs on in the same ffmpeg')
  t.notOk(
    house.said.some(({ level }) => level === 'warn'),
    'and a change of pace is no trouble',
  )
  two.leave()
  await house.until(({ viewers }) => viewers === 0)

  t.test('settings saved meanwhile do not lose those who watch', async t => {
    const watcher = watchPier(house.port)
    await watcher.count(3)
    await house.restart({ target_fps: 5 })
    t.equal(house.state()?.streaming, false)
    await house.until(({ viewers }) => viewers === 1)
    const before = watcher.parts.length
    await watcher.count(before + 6)
    t.equal(house.state()?.error, undefined)
    watcher.leave()
  })
})

t.test('an ffmpeg that is killed comes back by itself, and says meanwhile what was wrong', async t => {
  const house = await openPierHouse(t, { device: pattern('322x240'), settings: { target_fps: 10 } })
  const watcher = watchPier(house.port)
  await watcher.count(5)
  await house.until(({ framesPerSecond }) => framesPerSecond !== undefined)
  for (const pid of ffmpegOf('322x240')) process.kill(pid, 'SIGKILL')
  const { value } = await house.until(({ error }) => error !== undefined, 3_000)
  t.match(value, { streaming: false, error: 'ffmpeg was ended by SIGKILL' })
  t.equal(value.framesPerSecond, undefined)
  const brokeMs = Date.now()
  const pictureAtMs = Number(value.pictureAtMs)
  t.ok(brokeMs - pictureAtMs < 3_000, 'the age of the last picture stays known')
  const atLeast = watcher.parts.length + 3
  await house.until(({ streaming, error }) => streaming === true && error === undefined, 9_000)
  await watcher.count(atLeast)
  t.ok(Number(house.state()?.pictureAtMs) - pictureAtMs >= 5_000, 'not before five seconds have passed')
  t.equal(house.said.filter(({ message }) => message.includes('SIGKILL')).length, 1, 'said once in the log')
  t.ok(house.said.some(({ message }) => message === 'the pier camera gives pictures again'))
  watcher.leave()
})

t.test('a camera that falls silent is opened again', { timeout: 90_000 }, async t => {
  const camera = await startNetworkCamera(testPictures(10, '64x48', 8), 10)
  t.teardown(() => camera.close())
  const frozen = await openPierHouse(t, { device: pattern('324x240'), settings: { target_fps: 10 } })
  const seen = watchPier(frozen.port)
  await seen.count(5)
  for (const pid of ffmpegOf('324x240')) process.kill(pid, 'SIGSTOP')
  const mute = await openPierHouse(t, {
    device: { driver: 'ffmpeg', source: 'url', url: camera.url, jpeg: 'camera' },
    settings: { target_fps: 10 },
  })
  const heard = watchPier(mute.port)
  await heard.count(5)
  camera.silent = true
  const [first, second] = await Promise.all(
    [frozen, mute].map(house => house.until(({ error }) => error !== undefined, 25_000)),
  )
  t.match(first.value, { streaming: false, error: 'no picture for 10 s' }, 'an ffmpeg that hangs')
  t.match(second.value, { streaming: false, error: /^ffmpeg ended: .*timed out/ }, 'a camera that hangs')
  camera.silent = false
  const [atLeast, more] = [seen.parts.length + 5, heard.parts.length + 5]
  await Promise.all([seen.count(atLeast, 30_000), heard.count(more, 30_000)])
  t.equal(ffmpegOf('324x240').length, 1, 'the frozen one was killed')
  for (const one of [seen, heard]) one.leave()
})

/** A camera that keeps no promise: `how` says which. */
function badCamera(how: () => 'ends' | 'hangs' | 'nonsense' | 'well', good: Buffer) {
  const runs: number[] = []
  const bad = driver({
    id: 'bad',
    summary: 'Breaks its promises',
    options: z.strictObject({}),
    ports: () => ['video'],
    async open(_options, { clock }) {
      const video: VideoSource = {
        async run(_order, onPicture, signal) {
          runs.push(clock.monotonicMs())
          if (how() === 'hangs') return new Promise(() => {})
          const jpeg = how() === 'nonsense' ? Buffer.from('no picture, though it says so') : good
          while (how() !== 'ends' && !signal.aborted) {
            onPicture({ jpeg, atMs: clock.now() })
            await clock.sleep(100, signal).catch(() => undefined)
          }
        },
      }
      return { ports: { video }, close: async () => undefined }
    },
  })
  return { bad, runs }
}

t.test('a source that breaks its promises neither hangs the agent nor spins it', async t => {
  const [good] = testPictures(1, '64x48', 10)
  let how: 'ends' | 'hangs' | 'nonsense' | 'well' = 'ends'
  const { bad, runs } = badCamera(() => how, good)
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 21))
  const house = await openPierHouse(t, { device: { driver: 'bad' }, drivers: [bad], clock })
  await clock.advance(60_000)
  t.match(house.state(), { streaming: false, error: 'the pier camera ended its pictures' })
  t.ok(runs.length >= 12 && runs.length <= 13, `tried every five seconds: ${runs.length} times in a minute`)
  t.equal(house.said.filter(({ level }) => level === 'warn').length, 1, 'said once')

  how = 'nonsense'
  const leave = house.camera.watch()
  await clock.advance(8_000)
  t.match(house.state(), { streaming: false, error: /^5 pictures in a row cannot be read/ })

  how = 'well'
  await clock.advance(6_000)
  t.match(house.state(), { streaming: true, framesPerSecond: 10, untouched: true })
  t.equal(house.state()?.error, undefined)

  how = 'hangs'
  leave()
  await clock.advance(14_000)
  t.equal(house.state()?.streaming, true, 'for a while it runs on for who comes back')
  await clock.advance(40_000)
  t.match(house.state(), { streaming: false, error: 'no picture for 20 s' })
  await clock.until(house.camera.stop(), 6_000)
  t.pass('and stopping it does not wait for it')
})

t.test('a browser that takes nothing for half a minute is let go', async t => {
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 21))
  const { bad } = badCamera(() => 'hangs', Buffer.of())
  const house = await openPierHouse(t, { device: { driver: 'bad' }, drivers: [bad], clock })
  const watcher = watchPier(house.port)
  await watcher.head
  watcher.pause()
  const put = () =>
    house.pictures.put('pier', { bytes: Buffer.alloc(4_000_000, 7), type: 'image/jpeg', atMs: clock.now() })
  // The first ones go into the kernel's buffers; after that it is behind.
  for (let i = 0; i < 8; i++) {
    put()
    await clock.advance(1_000)
    await sleep(20)
  }
  t.equal(house.state()?.viewers, 1)
  await clock.advance(20_000)
  put()
  t.equal(house.state()?.viewers, 1)
  await clock.advance(15_000)
  put()
  await sleep(50)
  t.equal(house.state()?.viewers, 0)
  watcher.leave()
})

t.test('a device that is not there is said so, and found when it comes', async t => {
  const absent = await openPierHouse(t, {
    device: { driver: 'ffmpeg', source: 'v4l2', device: '/dev/v4l/by-id/usb-none-video-index0' },
  })
  const { value } = await absent.until(({ error }) => error !== undefined)
  t.match(value, { streaming: false, error: /usb-none-video-index0 is not plugged in/ })
  await absent.until(({ condition, reason }) => condition !== 'ready' && /not plugged in/.test(String(reason)))

  const none = await openPierHouse(t, {})
  t.equal(none.state(), undefined, 'nothing configured, nothing said')
  const stream = await fetch(`http://127.0.0.1:${none.port}/api/pier-cam/stream`)
  t.equal(stream.status, 503)
  t.match(await stream.json(), { code: 'offline', error: 'no pier camera is configured' })
  const snapshot = await fetch(`http://127.0.0.1:${none.port}/api/pier-cam/snapshot`)
  t.equal(snapshot.status, 404)
  t.match(await snapshot.json(), { error: 'No frame available' })

  const off = await openPierHouse(t, { device: pattern('326x240'), settings: { enabled: false } })
  t.match(off.state(), { enabled: false, streaming: false })
  const answer = await fetch(`http://127.0.0.1:${off.port}/api/pier-cam/stream`)
  t.match(await answer.json(), { error: 'the pier camera is switched off', fix: /enabled: true/ })
  await sleep(300)
  t.same(ffmpegOf('326x240'), [], 'and no ffmpeg runs for it')
})

t.test('the simulated observatory’s pier camera, beside an exposure of the main camera', async t => {
  const house = await openPierHouse(t, {
    device: { driver: 'simulator', link: 'sky', part: 'pier-camera' },
    others: { main: { driver: 'simulator', link: 'sky', part: 'camera', width: 320, height: 240 } },
    links: { sky: { driver: 'simulator' } },
    settings: { target_fps: 5 },
  })
  const watcher = watchPier(house.port)
  await watcher.count(4)
  const main = house.rack.device('camera', 'main').current()
  const exposing = main.expose(
    { exposureSeconds: 2, binning: 1, frameType: 'light' },
    house.pixels.lend,
    new AbortController().signal,
  )
  const before = watcher.parts.length
  await watcher.count(before + 4)
  const frame = await exposing
  t.equal(frame.width, 320)
  frame.memory.release()
  t.ok(house.state()?.untouched, 'made at the quality that is wanted, it is not encoded twice')
  watcher.leave()
})

t.test('twenty watch, and a slow one keeps nobody waiting', async t => {
  const house = await openPierHouse(t, {
    device: pattern('1280x720'),
    settings: { target_fps: 10, jpeg_quality: 90 },
  })
  const slow = watchPier(house.port)
  await slow.count(2)
  slow.pause()
  const others = Array.from({ length: 20 }, () => watchPier(house.port))
  await Promise.all(others.map(one => one.count(60, 40_000)))
  t.same(
    others.flatMap(one => one.wrong),
    [],
  )
  t.ok(
    others.every(one => pace(one.parts, 10) > 6),
    `${others.map(one => pace(one.parts, 10).toFixed(1)).join(' ')}`,
  )
  const reference = others[0].parts
  t.ok(
    others.every(one => {
      const last = one.parts[one.parts.length - 1]
      const same = reference.find(part => part.timestampSeconds === last.timestampSeconds)
      return !same || same.jpeg.equals(last.jpeg)
    }),
    'all see the same pictures',
  )
  t.equal(house.state()?.viewers, 21)
  // The kernel holds some megabytes for a client that does not read; what does not fit is left out, never queued.
  const missedBefore = reference.length
  slow.resume()
  await slow.count(slow.parts.length + 3)
  const gaps = slow.parts.slice(1).map((part, i) => part.timestampSeconds - slow.parts[i].timestampSeconds)
  t.comment(`the slow one: ${slow.parts.length} of ${missedBefore}, longest gap ${Math.max(...gaps).toFixed(1)} s`)
  t.ok(slow.parts.every((part, i, all) => i === 0 || part.timestampSeconds >= all[i - 1].timestampSeconds))
  t.same(slow.wrong, [], 'what it gets is whole')
  for (const one of [slow, ...others]) one.leave()
  await house.until(({ viewers }) => viewers === 0)

  const crowd = Array.from({ length: 41 }, () => watchPier(house.port))
  const heads = await Promise.all(crowd.map(one => one.head))
  t.equal(heads.filter(head => head.startsWith('HTTP/1.1 409')).length, 1, 'the forty-first is told that it is full')
  for (const one of crowd) one.leave()
  await house.until(({ viewers }) => viewers === 0)
})

t.test('by day the camera exposes itself, at night as it is told', async t => {
  const [good] = testPictures(1, '64x48', 10)
  const orders: VideoOrder[] = []
  const eager = driver({
    id: 'eager',
    summary: 'Says what it was told',
    options: z.strictObject({}),
    ports: () => ['video'],
    async open(_options, { clock }) {
      const video: VideoSource = {
        adjustable: true,
        async run(order, onPicture, signal) {
          orders.push(order)
          while (!signal.aborted) {
            onPicture({ jpeg: good, atMs: clock.now() })
            await clock.sleep(500, signal).catch(() => undefined)
          }
        },
      }
      return { ports: { video }, close: async () => undefined }
    },
  })
  // In the middle of Europe on this day the Sun is 6° below the horizon at about 15:45 UTC.
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 14))
  const house = await openPierHouse(t, {
    ...{ device: { driver: 'eager' }, drivers: [eager], clock, site: { latitude: 50, longitude: 10 } },
    settings: { exposure_ms: 500, gain: 40 },
  })
  await clock.advance(5_000)
  t.match(orders.at(-1), { automatic: true })
  t.match(house.state(), { adjustable: true, automatic: true, autoExposure: 'by-day', exposureMs: 500, gain: 40 })
  await clock.advance(3 * 3_600_000)
  t.match(orders.at(-1), { automatic: false, exposureMs: 500, gain: 40 })
  t.equal(orders.length, 2, 'it ran on until dusk, and once more since')
  t.match(house.state(), { automatic: false, streaming: true })

  const set = house.camera.actions.find(({ name }) => name === 'pier-camera-set')!
  const ask = (input: object) => set.run({ input, signal: new AbortController().signal } as never)
  t.same(await ask({ exposureMs: 900 }), { autoExposure: 'by-day', exposureMs: 900, gain: 40 })
  await clock.advance(5_000)
  t.match(orders.at(-1), { automatic: false, exposureMs: 900, gain: 40 })
  await ask({ autoExposure: 'always' })
  await clock.advance(5_000)
  t.match([orders.length, orders.at(-1)?.automatic], [4, true])
  await house.restart({})
  await clock.advance(5_000)
  t.match(house.state(), { exposureMs: 500, autoExposure: 'by-day' }, 'what the config says holds again')
})

t.test('a camera that exposes as it likes says so when it is asked', async t => {
  const camera = await startNetworkCamera(testPictures(2, '64x48', 8), 10)
  t.teardown(() => camera.close())
  const house = await openPierHouse(t, { device: { driver: 'ffmpeg', source: 'url', url: camera.url, jpeg: 'camera' } })
  await house.until(({ streaming }) => streaming === true)
  t.match(house.state(), { adjustable: false })
  const [set] = house.camera.actions
  await t.rejects(async () => set.run({ input: { gain: 3 } } as never), { code: 'unsupported' })
})
