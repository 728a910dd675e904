// The ffmpeg driver against the real program: its test pattern, cameras on the network, faults, and what a kill leaves.
import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { drivers } from '../../edge/drivers/index.js'
import { ffmpegDriver } from '../../edge/drivers/video/ffmpeg.js'
import { ffmpegArguments, ffmpegOptions } from '../../edge/drivers/video/ffmpeg-arguments.js'
import type { Fault } from '../../edge/ports/fault.js'
import type { Picture, VideoOrder, VideoSource } from '../../edge/ports/video-source.js'
import { jpegQuality, jpegSize } from '../../edge/science/jpeg-quality.js'
import { bench } from '../support/bench.js'
import { startNetworkCamera, testPictures } from '../support/network-camera.js'

const order: VideoOrder = { framesPerSecond: 10, jpegQuality: 75 }
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

t.test('what ffmpeg is told', async t => {
  const words = (given: object, device?: string, more: Partial<VideoOrder> = {}) =>
    ffmpegArguments(ffmpegOptions.parse(given), device, { ...order, ...more }).join(' ')
  const usb = words({ source: 'v4l2', size: '1280x720' }, '/dev/video0')
  t.match(usb, '-f v4l2 -framerate 10 -input_format mjpeg -video_size 1280x720 -i /dev/video0')
  t.match(usb, '-c:v copy')
  t.match(usb, '-flush_packets 1 -f mjpeg pipe:1')
  t.match(
    words({}, '/dev/video0', { framesPerSecond: 0.2 }),
    '-framerate 5',
    'a USB camera is not asked for less than it has',
  )
  t.notMatch(words({ jpeg: 'ffmpeg' }, '/dev/video0'), 'input_format', 'a raw camera chooses its own format')
  t.match(words({ source: 'url', url: 'rtsp://a/b' }), '-rtsp_transport tcp')
  t.match(words({ source: 'url', url: 'http://a/b' }), /-c:v mjpeg .*-q:v 7 /)

  t.test('nothing in the config becomes another word', async t => {
    for (const bad of [
      { device: '-y' },
      { device: '/etc/passwd' },
      { device: '/dev/video0 -y' },
      { source: 'url', url: '-i' },
      { source: 'url', url: 'file:///etc/passwd' },
      { source: 'url', url: 'concat:a|b' },
      { source: 'url', url: 'http://a/b c' },
      { size: '640x480:rate=9' },
      { size: '-1x1' },
      { ffmpeg: '-version' },
      { ffmpeg: 'sh -c ls' },
      { ffmpeg: '../ffmpeg' },
      { input_fps: 'fast' },
      { colour: true },
    ]) {
      t.equal(ffmpegOptions.safeParse(bad).success, false, JSON.stringify(bad))
    }
  })
})

/** Runs until that many pictures have come, then stops; rejects as the run does. */
async function look(video: VideoSource, pictures: number, more: Partial<VideoOrder> = {}): Promise<Picture[]> {
  const got: Picture[] = []
  const enough = new AbortController()
  const limit = AbortSignal.timeout(20_000)
  limit.addEventListener('abort', () => enough.abort(new Error('no pictures')))
  await video.run(
    { ...order, ...more },
    picture => {
      got.push(picture)
      if (got.length >= pictures) enough.abort()
    },
    enough.signal,
  )
  if (limit.aborted) throw new Error(`${got.length} of ${pictures} pictures`)
  return got
}

/** ffmpeg processes that this process, or `parent`, has begotten. */
function ffmpegs(parent = process.pid): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        const [, program, , ppid] = /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))!
        return program === 'ffmpeg' && Number(ppid) === parent
      } catch {
        return false // gone meanwhile
      }
    })
    .map(Number)
}
const runs = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
async function until(seen: () => boolean, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += 50) {
    if (seen()) return true
    await sleep(50)
  }
  return seen()
}

t.test('the test pattern comes as a camera’s pictures would', async t => {
  t.ok(drivers.includes(ffmpegDriver), 'the driver is in the list')
  const place = bench()
  t.teardown(() => place.close())
  const { ports, box } = await place.open(ffmpegDriver, { source: 'test', size: '320x240' })
  const video = ports.video!
  const beganMs = Date.now()
  const pictures = await look(video, 12)
  t.same(jpegSize(pictures[0].jpeg), { width: 320, height: 240 })
  t.notOk(same(pictures[0].jpeg, pictures[11].jpeg), 'they move')
  t.ok(
    pictures.every(({ atMs }, i) => atMs >= (i === 0 ? beganMs : pictures[i - 1].atMs)),
    'in the order of their light',
  )
  t.ok(pictures[11].atMs - pictures[0].atMs > 800, 'at the pace that was ordered, not as fast as they can be made')
  t.same(ffmpegs(), [], 'when the run has settled, no ffmpeg is left')

  const heavy = await look(video, 1, { jpegQuality: 95 })
  const light = await look(video, 1, { jpegQuality: 30 })
  t.ok(light[0].jpeg.length < heavy[0].jpeg.length)
  t.equal((await look(video, 1, { framesPerSecond: 0.2 })).length, 1, 'a slow pace does not hold the first one back')

  const stop = new AbortController()
  const first = video.run(order, () => undefined, stop.signal)
  await t.rejects(
    video.run(order, () => undefined, stop.signal),
    { code: 'busy' },
  )
  await until(() => ffmpegs().length === 1, 5_000)
  t.equal(ffmpegs().length, 1)
  await Promise.all([box.close(), t.rejects(first, { code: 'offline' }, 'closing ends the run')])
  t.same(ffmpegs(), [])
  await t.rejects(
    video.run(order, () => undefined, stop.signal),
    { code: 'offline' },
  )
})

t.test('an ffmpeg that ignores every request to stop is made to', async t => {
  const place = bench()
  t.teardown(() => place.close())
  const { ports } = await place.open(ffmpegDriver, { source: 'test' })
  const stop = new AbortController()
  let seen = 0
  const run = ports.video!.run(order, () => void seen++, stop.signal)
  await until(() => seen > 0, 10_000)
  const [pid] = ffmpegs()
  process.kill(pid, 'SIGSTOP')
  stop.abort()
  await run
  t.notOk(runs(pid))
})

t.test('an ffmpeg that dies says so in its own words', async t => {
  const place = bench()
  t.teardown(() => place.close())
  const { ports } = await place.open(ffmpegDriver, { source: 'test' })
  let seen = 0
  const run = ports.video!.run(order, () => void seen++, new AbortController().signal)
  run.catch(() => undefined)
  await until(() => seen > 0, 10_000)
  process.kill(ffmpegs()[0], 'SIGKILL')
  await t.rejects(run, { code: 'broken', message: 'ffmpeg was ended by SIGKILL' })
  t.equal((await look(ports.video!, 1)).length, 1, 'and the next run is a new one')
})

t.test('what is missing is named, with what to do', async t => {
  const place = bench()
  t.teardown(() => place.close())
  const open = (given: object) => place.open(ffmpegDriver, given)
  await t.rejects(open({ source: 'test', ffmpeg: 'ffmpeg-that-nobody-has' }), {
    code: 'not-found',
    message: 'the program ffmpeg-that-nobody-has is not there',
    fix: /apt install ffmpeg/,
  })
  await t.rejects(open({ source: 'v4l2', device: '/dev/v4l/by-id/usb-none-video-index0' }), {
    code: 'offline',
    message: /usb-none-video-index0 is not plugged in/,
  })
  await t.rejects(open({ source: 'url' }), { code: 'bad-input' })
  const url = 'http://owner:secret@127.0.0.1:9/user=owner&password=secret?key=secret'
  const { ports } = await open({ source: 'url', url, jpeg: 'camera' })
  const fault = await ports
    .video!.run(order, () => undefined, new AbortController().signal)
    .then(
      () => undefined,
      error => error as Fault,
    )
  t.match(fault, { code: 'offline', message: /Connection refused/ })
  t.notMatch(`${fault?.message} ${fault?.fix}`, /secret|owner/, 'the password stays in the config')
})

t.test('a network camera', async t => {
  const known = testPictures(30, '320x240', 6)
  const camera = await startNetworkCamera(known, 30)
  t.teardown(() => camera.close())

  t.test('its JPEGs come through byte by byte, and those too many are left out whole', async t => {
    const place = bench()
    t.teardown(() => place.close())
    const { ports } = await place.open(ffmpegDriver, { source: 'url', url: camera.url, jpeg: 'camera' })
    const all = await look(ports.video!, 45, { framesPerSecond: 60 })
    t.equal(all.filter(({ jpeg }) => known.some(one => same(one, jpeg))).length, 45)
    const few = await look(ports.video!, 12, { framesPerSecond: 5 })
    t.equal(few.filter(({ jpeg }) => known.some(one => same(one, jpeg))).length, 12)
    const seconds = (few[11].atMs - few[1].atMs) / 1000
    t.ok(10 / seconds < 9, `of 30 a second ${(10 / seconds).toFixed(1)} are left when 5 are wanted`)
  })

  t.test('made anew by ffmpeg where that is wanted', async t => {
    const place = bench()
    t.teardown(() => place.close())
    const { ports } = await place.open(ffmpegDriver, { source: 'url', url: camera.url })
    const [first] = await look(ports.video!, 3, { jpegQuality: 30 })
    t.ok(jpegQuality(first.jpeg)! <= 35)
    t.same(jpegSize(first.jpeg), { width: 320, height: 240 })
  })

  t.test('one that sends H.264 is not taken for JPEGs', { timeout: 60_000 }, async t => {
    const film = execFileSync(
      'ffmpeg',
      [
        '-nostdin',
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=1280x720:r=25',
        '-t',
        '2',
        '-c:v',
        'libx264',
        '-qp',
        '8',
        '-f',
        'mpegts',
        '-',
      ],
      { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const watching = new Set<ServerResponse>()
    const server = createServer((_request, response) => watching.add(response))
    const again = setInterval(() => {
      for (const response of watching) response.write(film)
    }, 250)
    await new Promise<void>(settle => server.listen(0, '127.0.0.1', () => settle()))
    t.teardown(() => {
      clearInterval(again)
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.ts`
    const place = bench()
    t.teardown(() => place.close())
    const { ports } = await place.open(ffmpegDriver, { source: 'url', url, jpeg: 'camera' })
    await t.rejects(look(ports.video!, 1), {
      code: 'broken',
      message: /something else than JPEGs/,
      fix: /jpeg: ffmpeg/,
    })
    const { ports: other } = await place.open(ffmpegDriver, { source: 'url', url })
    t.equal((await look(other.video!, 2)).length, 2)
  })
})

t.test('no ffmpeg outlives an agent that is killed', async t => {
  const camera = await startNetworkCamera([Buffer.of()], 1)
  camera.silent = true
  t.teardown(() => camera.close())
  for (const [what, options] of [
    ['a running one', { source: 'test' }],
    ['one that waits for a camera that says nothing', { source: 'url', url: camera.url }],
  ] as const) {
    const agent = spawn(
      process.execPath,
      [...process.execArgv, path.resolve('test/support/ffmpeg-child.ts'), JSON.stringify(options)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    t.ok(await until(() => ffmpegs(agent.pid).length === 1, 20_000), `${what} is there`)
    const [pid] = ffmpegs(agent.pid)
    agent.kill('SIGKILL')
    t.ok(await until(() => !runs(pid), 5_000), `${what} is gone`)
    if (runs(pid)) process.kill(pid, 'SIGKILL')
  }
})
