// The HTTP face of a real agent: who may, the dashboard's rows verbatim, streams, downloads, and what goes wrong.
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { get, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { encodeFits } from '../../edge/science/fits-write.js'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'

// One agent with the simulated observatory serves the whole file; its sky is the same every time. Its data lie beneath
// a folder with a dot, as they do in many a home.
let agent: AgentProcess
t.before(async () => {
  const home = await mkdtemp(join(tmpdir(), 'pierside-home-'))
  t.teardown(() => rm(home, { recursive: true, force: true }))
  await mkdir(join(home, '.pierside'))
  agent = await startAgent({ teardown: run => t.teardown(run) }, { data: join(home, '.pierside/data') })
  await agent.until('camera/main', value => value.condition === 'ready')
})

/** The call fails, and its answer has these fields. */
async function refused(t: Test, work: Promise<unknown>, answer: Record<string, unknown>) {
  const error = await work.then(
    () => undefined,
    thrown => thrown,
  )
  t.match(error, answer)
}

interface OpenApi {
  paths: Record<string, Record<string, { security?: unknown[] }>>
}

t.test('every route that changes something asks who is there, and refuses other sites', async t => {
  const { paths } = await agent.get<OpenApi>('/api/openapi.json')
  const changing = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs)
      .filter(([verb, { security }]) => verb !== 'get' && security === undefined)
      .map(([verb]) => [verb.toUpperCase(), path.replace(/\{\w+\}/g, 'x')] as const),
  )
  t.ok(changing.length > 30, 'the document lists them')
  for (const [method, path] of changing) {
    const bare = await agent.raw(method, path, {})
    t.equal(bare.status, 401, `${method} ${path} unpaired`)
    t.match(await bare.json(), { code: 'unpaired', error: String, fix: /pairing code|nothing to undo/ })
    const foreign = await agent.raw(method, path, {}, { Origin: 'http://evil.example' })
    t.equal(foreign.status, 403, `${method} ${path} from another site`)
    const framed = await agent.raw(method, path, {}, { 'Sec-Fetch-Site': 'cross-site' })
    t.equal(framed.status, 403, `${method} ${path} from another site's frame`)
  }
})

t.test('a host name that is not ours is refused, whoever it points to', async t => {
  const { port } = new URL(agent.url)
  const status = await new Promise<number>((settle, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path: '/api/state', headers: { Host: 'rebound.example' } },
      answer => {
        answer.resume()
        settle(answer.statusCode ?? 0)
      },
    )
    call.on('error', reject)
    call.end()
  })
  t.equal(status, 403)
})

t.test(
  'a phone pairs with the code of the terminal and acts with its cookie; an observer may not administrate',
  async t => {
    const { code } = await agent.do<{ code: string }>('pairing-code', { role: 'observer' })
    const paired = await agent.raw('POST', '/api/pair', { code, name: 'phone' })
    t.equal(paired.status, 200)
    const cookie = paired.headers.get('set-cookie') ?? ''
    t.match(cookie, /HttpOnly; SameSite=Strict/)
    const Cookie = cookie.split(';')[0]
    t.match(await (await agent.raw('GET', '/api/session', undefined, { Cookie })).json(), {
      paired: true,
      role: 'observer',
    })
    t.equal((await agent.raw('POST', '/api/actions/stop-all', {}, { Cookie })).status, 200)
    const refused = await agent.raw('POST', '/api/config', {}, { Cookie })
    t.equal(refused.status, 403)
    t.match(await refused.json(), { code: 'forbidden', fix: /administrator/ })
    t.equal((await agent.raw('POST', '/api/pair', { code, name: 'thief' })).status, 401, 'a code is good once')
    t.equal((await agent.raw('POST', '/api/unpair', {}, { Cookie })).status, 200)
    t.equal((await agent.raw('POST', '/api/actions/stop-all', {}, { Cookie })).status, 401)
  },
)

t.test('N1, N2: an exposure answers at once or with its file, says busy in known words, and aborts', async t => {
  t.match(await agent.post('/api/camera/expose?wait=1', { duration: 0.5 }), { ok: true, path: /\.fits$/, id: /-main$/ })
  for (const [body, words] of [
    [{ duration: 0 }, /Duration must be > 0/],
    [{ duration: 'long' }, /Duration must be a number/],
    [{ binning: 0 }, /Binning must be >= 1/],
    [{ binning: 1.5 }, /Binning must be a whole number/],
  ] as const) {
    await refused(t, agent.post('/api/camera/expose', body), { status: 400, error: words })
  }
  t.match(await agent.post('/api/camera/expose', { duration: 30 }), { ok: true })
  await agent.until('camera/main', value => value.exposing === true)
  await refused(t, agent.post('/api/camera/expose', { duration: 1 }), {
    status: 409,
    error: 'Exposure already in progress',
    detail: /camera-expose/,
  })
  const before = await agent.get<string[]>('/api/fits/list' as string)
  t.match(await agent.post('/api/camera/abort'), { ok: true })
  t.match(await agent.post('/api/camera/expose?wait=1', { duration: 0.2 }), { ok: true }, 'the next one comes at once')
  t.equal((await agent.get<string[]>('/api/fits/list')).length, before.length + 1, 'the aborted frame is nowhere')
})

t.test('N3–N6, N9–N11: the last image, lists, downloads, previews and history', async t => {
  const png = await agent.raw('GET', '/api/image')
  t.equal(png.headers.get('content-type'), 'image/png')
  t.equal(png.headers.get('cache-control'), 'no-store')
  t.same([...new Uint8Array(await png.arrayBuffer()).slice(1, 4)], [...Buffer.from('PNG')])

  const [name] = await agent.get<string[]>('/api/fits/list')
  const { files } = await agent.get<{ files: Record<string, unknown>[] }>('/api/fits/list?detail=1')
  t.match(files[0], { filename: String, date: String, size_kb: Number, object: String, date_obs: String, path: name })
  const fits = await agent.raw('GET', `/api/fits/download/${name}`)
  t.equal(fits.headers.get('content-type'), 'application/fits')
  t.match(fits.headers.get('content-disposition'), /attachment/)
  t.same(Buffer.from(await fits.arrayBuffer()), await readFile(join(agent.data, 'archive', name)))
  for (const path of ['..%2f..%2faccess.json', '%2e%2e/%2e%2e/access.json', '%2fetc%2fpasswd', 'a%00b']) {
    const escaped = await agent.raw('GET', `/api/fits/download/${path}`)
    t.ok([400, 404].includes(escaped.status), `${path}: ${escaped.status}`)
    t.notMatch(await escaped.text(), /root:|"hash"/)
  }
  t.equal((await agent.raw('GET', '/api/fits/download/..%2f..%2faccess.json')).status, 400)
  t.equal((await agent.raw('GET', '/api/fits/download/nothing.fits')).status, 404)
  const preview = await agent.raw('GET', `/api/fits/preview/${name}`)
  t.match(preview.headers.get('content-type'), /^image\/(jpeg|png)$/)

  const { images } = await patiently(async () => {
    const history = await agent.get<{ images: Record<string, never>[] }>('/api/history')
    if (!history.images.every(({ thumb }) => thumb)) throw new Error('not all are measured yet')
    return history
  }, 20_000)
  const [newest] = images
  t.match(newest, { target: String, ts: Number, date: String, exp_dur: Number, binning: 1, frame: 1, total: 1 })
  t.same([...Buffer.from(newest.thumb, 'base64').subarray(1, 4)], [...Buffer.from('PNG')])
  t.equal((await agent.raw('GET', `/api/history/${newest.id}`)).headers.get('content-type'), 'image/png')
  t.equal((await agent.raw('GET', '/api/history/nothing')).status, 404)
  const amended = await agent.post(`/api/history/${newest.id}/metadata`, { target: 'M 42', frame: 3 }, 'PATCH')
  t.match(amended, { entry: { target: 'M 42', frame: 3 } })
  await refused(t, agent.post(`/api/history/${newest.id}/metadata`, { colour: 'red' }, 'PATCH'), {
    status: 400,
    error: 'No valid fields provided',
  })
})

t.test('N12, N13: the pier camera streams JPEG parts and a snapshot', async t => {
  const control = new AbortController()
  const stream = await fetch(`${agent.url}/api/pier-cam/stream`, { signal: control.signal })
  t.equal(stream.headers.get('content-type'), 'multipart/x-mixed-replace; boundary=frame')
  t.equal(stream.headers.get('cache-control'), 'no-cache')
  t.equal(stream.headers.get('x-accel-buffering'), 'no')
  let text = ''
  for await (const chunk of stream.body!) {
    text += Buffer.from(chunk as Uint8Array).toString('latin1')
    if ((text.match(/--frame\r\n/g) ?? []).length > 2) break
  }
  control.abort()
  t.match(text, /--frame\r\nContent-Type: image\/jpeg\r\n/)
  const snapshot = await agent.raw('GET', '/api/pier-cam/snapshot')
  t.equal(snapshot.headers.get('content-type'), 'image/jpeg')
  t.equal(snapshot.headers.get('cache-control'), 'no-store')
})

t.test('N14–N17: the live stack starts, shows, stops; a second start is refused', async t => {
  t.equal((await agent.raw('GET', '/api/stack/preview')).status, 404)
  t.match(await agent.post('/api/stack/start', {}, 'DELETE'), { ok: true, message: 'No live stacking running' })
  t.match(await agent.post('/api/stack/start', { frames: 3, exposure_s: 1, preview_every: 1 }), { ok: true })
  await refused(t, agent.post('/api/stack/start', {}), { status: 409 })
  await refused(t, agent.post('/api/camera/expose', { duration: 1 }), {
    status: 409,
    error: 'Exposure already in progress',
  })
  const done = await patiently(async () => {
    const status = await agent.get('/api/stack/status')
    if (status.running) throw new Error(`still ${JSON.stringify(status)}`)
    return status
  }, 40_000)
  t.match(done, {
    running: false,
    cancelled: false,
    frames_target: 3,
    frames_stacked: 3,
    frames_rejected: 0,
    last_offset: [Number, Number],
    error: null,
    finished: true,
  })
  t.ok(Math.abs(Number(done.snr_gain) - Math.sqrt(3)) < 0.01)
  t.equal((await agent.raw('GET', '/api/stack/preview')).headers.get('content-type'), 'image/png')
})

t.test('N18, N29: the whole status, and the catalogue', async t => {
  t.match(await agent.get('/api/status'), {
    server: 'Demo pier',
    connected: true,
    telescope: {
      enabled: true,
      connected: true,
      slewing: Boolean,
      parked: Boolean,
      tracking: Boolean,
      ra: Number,
      dec: Number,
    },
    camera: { enabled: true, connected: true, state: 0, state_name: 'Idle', image_ready: true, exposing: false },
    focuser: { enabled: true, position: Number, moving: false, autofocus_running: false },
    safety: { enabled: false },
    image_captured: true,
    image_id: String,
    pier_cam: { enabled: true },
    image_watcher: { watch_path: String, last_file: String },
    photometry: { running: false },
    aavso: {},
  })
  const catalogue = await agent.get<{ id: string; ra: number; dec: number }[]>('/api/catalog')
  const orion = catalogue.find(({ id }) => id === 'M 42')
  t.ok(orion && Math.abs(orion.ra - 5.588) < 0.01 && Math.abs(orion.dec + 5.39) < 0.05)
})

t.test('N22, N23: the mount parks, refuses what lies below its limits before it moves, and stops', async t => {
  const mount = () => agent.state<{ raHours: number; parked: boolean; altDeg: number; slewing: boolean }>('mount/mount')
  t.match(await agent.post('/api/telescope/park'), { ok: true })
  t.equal((await mount()).parked, true)
  t.match(await agent.post('/api/telescope/unpark'), { ok: true })
  t.match(await agent.post('/api/telescope/tracking', { enabled: true }), { ok: true })
  const before = await mount()
  await refused(t, agent.post('/api/slew', { ra: before.raHours, dec: -80 }), {
    status: 403,
    horizon_blocked: true,
    blocked: true,
    min_safe_alt: 10,
  })
  t.equal((await mount()).slewing, false)
  await refused(t, agent.post('/api/slew', { ra: 25, dec: 0 }), { status: 400, error: /ra must be 0 to 24/ })
  await refused(t, agent.post('/api/slew', { ra: 1, dec: 91 }), { status: 400, error: /dec must be -90 to 90/ })
  await refused(t, agent.post('/api/slew', {}), { status: 400 })
  t.match(await agent.post('/api/slew', { mode: 'altaz', alt: 60, az: 180 }), { ok: true })
  await agent.until<{ slewing: boolean }>('mount/mount', ({ slewing }) => slewing === true)
  t.match(await agent.do('mount-stop'), {})
  await agent.until<{ slewing: boolean }>('mount/mount', ({ slewing }) => slewing === false, 5_000)
  t.match(await agent.post('/api/telescope/nudge', { direction: 'N', step: 60 }), { ok: true })
  await refused(t, agent.post('/api/telescope/nudge', { direction: 'up', step: 60 }), { status: 400 })
  await refused(t, agent.post('/api/telescope/nudge', { direction: 'N', step: 9999 }), { status: 400 })
  await refused(t, agent.post('/api/arm/open'), { status: 400 })
})

t.test('N19: the log replays and goes on', async t => {
  const control = new AbortController()
  const stream = await fetch(`${agent.url}/api/logs`, { signal: control.signal })
  t.match(stream.headers.get('content-type'), /text\/event-stream/)
  let text = ''
  for await (const chunk of stream.body!) {
    text += Buffer.from(chunk as Uint8Array).toString()
    if (/\n\ndata: |^data: /m.test(text)) break
  }
  control.abort()
  const line = JSON.parse(/data: (.*)/.exec(text)![1])
  t.match(line, { time: /Z$/, level: /^[A-Z]+$/, name: String, msg: String })
})

t.test('N31: the configuration is shown, checked whole, and refused with its lines', async t => {
  const text = await (await agent.raw('GET', '/api/config')).text()
  t.match(text, /the simulated observatory/)
  await refused(t, agent.post('/api/config/parsed', { stacking: { frames: 'x' } }), {
    status: 400,
    complaints: [{ line: Number }],
  })
  await refused(t, agent.post('/api/config/parsed', { stackin: { frames: 3 } }), {
    status: 400,
    error: /did you mean "stacking"/,
  })
  t.match(await agent.post('/api/config/parsed', { stacking: { frames: 4 } }), { ok: true, restarted: ['devices'] })
  t.match(await agent.get('/api/config/parsed'), { stacking: { frames: 4 } })
  t.match(
    await agent.post('/api/config/parsed', { memory: { frames_mb: 256 } }),
    { ok: true, restarted: [], needsRestart: ['memory'] },
    'what devices do not read leaves them open',
  )
  t.match(await readFile(agent.config, 'utf8'), /# "Use my equipment"/, 'comments survive')
  const secrets = join(dirname(agent.config), 'secrets.yaml')
  const broker = { user: 'pier', password: 'hunter2' }
  await refused(t, agent.post('/api/config/parsed', { mqtt: { embedded: { ...broker, port: 'x' } } }), { status: 400 })
  await t.rejects(stat(secrets), { code: 'ENOENT' }, 'what was refused has left nothing')
  await agent.post('/api/config/parsed', { mqtt: { embedded: broker } })
  t.equal(await readFile(secrets, 'utf8'), 'mqtt_embedded_password: hunter2\n')
  t.equal((await stat(secrets)).mode & 0o777, 0o600)
  t.match(await readFile(agent.config, 'utf8'), /password: !secret mqtt_embedded_password/)
  t.notMatch(await (await agent.raw('GET', '/api/config/parsed?effective=1')).text(), /hunter2/)
  await agent.until('camera/main', value => value.condition === 'ready')
  await agent.post('/api/camera/expose', { duration: 20 })
  await refused(t, agent.post('/api/config/parsed', { stacking: { frames: 5 } }), {
    status: 409,
    error: /camera-expose/,
  })
  await agent.post('/api/camera/abort')
})

t.test('one stream tells the whole state first, then changes, events with ids, and a tick', async t => {
  const control = new AbortController()
  const stream = await fetch(`${agent.url}/api/events`, { signal: control.signal })
  let text = ''
  let acted = false
  for await (const chunk of stream.body!) {
    text += Buffer.from(chunk as Uint8Array).toString()
    if (!acted && text.includes('event: hello')) {
      acted = true
      await agent.post('/api/camera/expose', { duration: 0.3 })
    }
    if (/frame-measured/.test(text) && /event: tick/.test(text) && /"name":"frame"/.test(text)) break
  }
  control.abort()
  t.match(text, /event: hello\ndata: \{"node":"pierside","boot":1,/)
  t.match(text, /event: state\ndata: \{"path":"camera\/main"/)
  const cursor = Number(/id: (\d+)\nevent: event\ndata: .*frame-archived/.exec(text)![1])

  const again = new AbortController()
  const missed = await fetch(`${agent.url}/api/events?after=${cursor - 1}`, { signal: again.signal })
  let replay = ''
  for await (const chunk of missed.body!) {
    replay += Buffer.from(chunk as Uint8Array).toString()
    if (/frame-measured/.test(replay)) break
  }
  again.abort()
  t.match(replay, new RegExp(`id: ${cursor}\\nevent: event\\ndata: .*frame-archived`), 'what was missed is told again')
})

t.test('a whole night comes as one zip of whole files', async t => {
  const { nights } = await agent.get<{ nights: { night: string; frames: number; bytes: number }[] }>('/api/nights')
  const zip = await agent.raw('GET', `/api/nights/${nights[0].night}.zip`)
  t.equal(zip.headers.get('content-type'), 'application/zip')
  const bytes = Buffer.from(await zip.arrayBuffer())
  t.equal(bytes.readUInt32LE(0), 0x04034b50, 'a zip file')
  t.ok(bytes.length > nights[0].bytes)
  t.equal((await agent.raw('GET', '/api/nights/2001-01-01.zip')).status, 404)
  t.equal((await agent.raw('GET', '/api/nights/x.zip')).status, 400)
})

t.test('a frame that goes while its night is downloaded ends the download, and nothing else', async t => {
  const { nights } = await agent.get<{ nights: { night: string }[] }>('/api/nights')
  const names = await agent.get<string[]>('/api/fits/list')
  t.ok(names.length > 2)
  const ended = await new Promise<string>((settle, reject) => {
    const call = get(`${agent.url}/api/nights/${nights[0].night}.zip`, answer => {
      answer.once('readable', async () => {
        // The first file is on its way, and nobody reads on: the others are not open yet.
        for (const name of names) await rm(join(agent.data, 'archive', name))
        answer.on('end', () => settle('whole'))
        answer.on('error', () => settle('broken off'))
        answer.resume()
      })
    })
    call.on('error', reject)
  })
  t.equal(ended, 'broken off')
  t.match(await agent.get('/api/status'), { connected: true }, 'the agent goes on')
  const left = await agent.raw('GET', `/api/nights/${nights[0].night}.zip`)
  t.equal(left.status, 404, 'and says that nothing is left of the night')
})

t.test('a master made elsewhere is uploaded, looked at, and taken away again', async t => {
  const token = (await readFile(join(agent.data, 'cli.token'), 'utf8')).trim()
  const { widthPx, heightPx } = (await agent.until('camera/main', ({ widthPx }) => widthPx !== undefined)) as Record<
    string,
    number
  >
  const master = (width: number, height: number) =>
    encodeFits(
      { width, height, planes: 1, type: 'u16', samples: new Uint16Array(width * height).fill(500), topDown: true },
      [{ keyword: 'IMAGETYP', value: 'Dark Frame' }],
    )
  const send = (name: string, body: Uint8Array<ArrayBuffer>) =>
    fetch(`${agent.url}/api/calibration/file?name=${name}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body,
    })
  const sent = await send('mine.fits', master(widthPx, heightPx) as Uint8Array<ArrayBuffer>)
  t.same(await sent.json(), { path: 'calibration/mine.fits' })
  await agent.until('calibration/library', ({ masters }) => Array.isArray(masters) && masters.length === 1)
  const refusal = await send('small.fits', master(8, 8) as Uint8Array<ArrayBuffer>)
  t.equal(refusal.status, 400)
  t.match(await refusal.json(), { error: /the dark small.fits has 8×8 px/ })
  t.match(await (await send('odd.fits&kind=nonsense', master(8, 8) as Uint8Array<ArrayBuffer>)).json(), {
    error: /kind/,
  })
  const aside = await readdir(join(agent.data, 'archive/.incoming'))
  t.same(
    aside.filter(file => file.includes('upload')),
    [],
    'what was refused does not stay',
  )
  t.equal((await send('', master(8, 8) as Uint8Array<ArrayBuffer>)).status, 400)
  const path = '?path=calibration/mine.fits'
  const picture = await agent.raw('GET', `/api/calibration/preview${path}`)
  t.equal(picture.headers.get('content-type'), 'image/jpeg')
  t.ok((await picture.arrayBuffer()).byteLength > 300)
  t.match(await agent.get(`/api/calibration/header${path}`), { cards: [{ keyword: 'SIMPLE' }] })
  const file = await agent.raw('GET', `/api/calibration/file${path}`)
  t.equal(file.headers.get('content-type'), 'application/fits')
  t.ok(Buffer.from(await file.arrayBuffer()).equals(master(widthPx, heightPx)), 'as it was sent')
  for (const wrong of ['?path=../pierside.yaml', '?path=calibration/../x.fits', '']) {
    t.equal((await agent.raw('GET', `/api/calibration/file${wrong}`)).status, 400, wrong)
  }
  t.equal((await agent.raw('GET', '/api/calibration/file?path=calibration/none.fits')).status, 404)
  await agent.do('calibration-forget', { path: 'calibration/mine.fits' })
  t.equal((await agent.raw('GET', `/api/calibration/file${path}`)).status, 404)
})

t.test('bad requests get an answer that says what is wrong, and nothing breaks', async t => {
  const bearer = { Authorization: 'Bearer nonsense' }
  t.equal((await agent.raw('POST', '/api/actions/stop-all', {}, bearer)).status, 401)
  await refused(t, agent.do('no-such-action'), { status: 404 })
  await refused(t, agent.do('camera-expose', { seconds: 1, camera: '../etc' }), { status: 400 })
  await refused(t, agent.do('camera-expose', { seconds: 1, region: { x: 0, y: 0, width: 99999, height: 10 } }, true), {
    status: 400,
  })
  await refused(t, agent.do('frame-remove', { id: 'nothing' }), { status: 404 })
  t.equal((await agent.raw('GET', '/api/exposures?limit=0')).status, 400)
  t.equal((await agent.raw('GET', '/api/nowhere')).status, 404)
  t.equal((await agent.raw('GET', '/..%2f..%2fpackage.json')).status, 404)
  t.equal((await agent.raw('GET', '/%E0%A4%A')).status, 404, 'a path that is none')
  const huge = await fetch(`${agent.url}/api/actions/stop-all`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: `{"x":"${'x'.repeat(300_000)}"}`,
  })
  t.equal(huge.status, 413)
  const broken = await fetch(`${agent.url}/api/actions/stop-all`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{broken',
  })
  t.equal(broken.status, 400)
  t.match(await broken.json(), { error: String, code: 'bad-input' })
  t.match(await agent.get('/api/status'), { connected: true })
})

t.test('Ctrl-C ends it cleanly in the middle of an exposure', async t => {
  await agent.post('/api/camera/expose', { duration: 60 })
  await agent.until('camera/main', value => value.exposing === true)
  t.equal(await agent.kill('SIGINT'), 0)
})
