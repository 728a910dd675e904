// The agent under attack from its own network: senseless input, tricks with hosts and origins, races, aborts at any
// moment, floods of connections. After each of them the camera takes the next frame, and rows match files.
import { EventEmitter } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fewAtOnce, largeAnswers } from '../../edge/api/http/large-answers.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'

let agent: AgentProcess
let token: string
t.before(async () => {
  agent = await startAgent({ teardown: run => t.teardown(run) })
  await agent.until('camera/main', value => value.condition === 'ready')
  await agent.until('mount/mount', value => value.condition === 'ready')
  token = readFileSync(join(agent.data, 'cli.token'), 'utf8').trim()
})

const corner = { x: 0, y: 0, width: 64, height: 64 }
const taken: string[] = []

/** The camera is free, and its frame is kept. */
async function nextFrame(t: Test) {
  const { ids } = await agent.do<{ ids: string[] }>('camera-expose', { seconds: 0.01, region: corner }, true)
  taken.push(...ids)
  t.equal(ids.length, 1, 'the next frame is taken')
}

async function statesOf<T>(prefix: string): Promise<T[]> {
  const { states } = await agent.get<{ states: { path: string; value: T }[] }>('/api/state')
  return states.filter(({ path }) => path.startsWith(prefix)).map(({ value }) => value)
}

/** Headers that fetch would not let through. */
function ask(method: string, path: string, headers: Record<string, string>, body?: string) {
  const { hostname, port } = new URL(agent.url)
  return new Promise<{ status: number; text: string }>((settle, reject) => {
    const call = request({ hostname, port, method, path, headers, agent: false }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      answer.on('end', () => settle({ status: answer.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.end(body)
  })
}

const nonsense = [
  'null',
  '-1',
  '1e999',
  '-1e308',
  '9007199254740993',
  '""',
  '"\\u0000\\r\\nX: y"',
  '"../../../etc/passwd"',
  '"__proto__"',
  '"\\ud800"',
  '{"__proto__":{"x":1}}',
  '[[[]]]',
  `"${'x'.repeat(100_000)}"`,
]

t.test('whatever is sent to whatever action, the answer says what is wrong and nothing breaks', async t => {
  const { paths } = await agent.get<{
    paths: Record<string, { post?: { requestBody: { content: Record<string, { schema: { properties?: object } }> } } }>
  }>('/api/openapi.json')
  const refusals = new Set([400, 404, 409, 422, 423, 501, 503])
  let asked = 0
  for (const [path, { post }] of Object.entries(paths)) {
    // What a whole configuration may hold has its own tests; an empty one is a right one, without a camera.
    if (!post || !path.startsWith('/api/actions/') || path.includes('/config-')) continue
    const fields = Object.keys(post.requestBody.content['application/json'].schema.properties ?? {})
    const bodies = [...fields, '__proto__', 'nowhere'].flatMap(field =>
      nonsense.map(value => `{${JSON.stringify(field)}:${value}}`),
    )
    for (const body of [...bodies, '[]', '"x"', '{"a":'.repeat(2_000), '{"x":1}{"y":2}', '\u0000']) {
      const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
      const answer = await fetch(`${agent.url}${path}`, { method: 'POST', headers, body })
      const said = (await answer.json()) as Record<string, unknown>
      asked++
      // A camera without a name is the main one: some of these are an order like any other.
      if (answer.ok) await agent.do('camera-abort')
      else if (!refusals.has(answer.status) || typeof said.error !== 'string' || typeof said.fix !== 'string') {
        t.fail(`${path} ${body.slice(0, 80)}: ${answer.status} ${JSON.stringify(said).slice(0, 200)}`)
      }
    }
  }
  t.ok(asked > 500, `${asked} were asked`)
  t.equal(({} as { x?: number }).x, undefined)
  await nextFrame(t)
})

t.test('no trick with host, origin or method acts in the name of a paired phone', async t => {
  const host = new URL(agent.url).host
  const cookie = `pierside=${token}`
  const tricks: [number, string, Record<string, string>][] = [
    [200, 'POST', { Cookie: cookie }],
    [200, 'POST', { Cookie: cookie, Origin: `http://${host}` }],
    [403, 'POST', { Cookie: cookie, Origin: 'null' }],
    [403, 'POST', { Cookie: cookie, Origin: '' }],
    [403, 'POST', { Cookie: cookie, Origin: `http://${host}@evil.example` }],
    [403, 'POST', { Cookie: cookie, Origin: `http://${host}.evil.example` }],
    [403, 'POST', { Cookie: cookie, Origin: 'http://127.0.0.1:1' }],
    [403, 'POST', { Cookie: cookie, Host: 'evil.example', Origin: 'http://evil.example' }],
    [403, 'POST', { Cookie: cookie, Host: 'evil.example', 'X-Forwarded-Host': host }],
    [403, 'POST', { Cookie: cookie, Host: '0177.0.0.1' }],
    [403, 'POST', { Cookie: cookie, 'Sec-Fetch-Site': 'same-site' }],
    [403, 'POST', { 'Content-Type': 'text/plain', Origin: 'http://evil.example' }],
    [401, 'POST', { Authorization: `Basic ${token}` }],
    [401, 'POST', { Cookie: cookie, Authorization: 'Bearer nonsense' }],
    [401, 'POST', { 'X-HTTP-Method-Override': 'GET' }],
    [404, 'GET', { Cookie: cookie, 'X-HTTP-Method-Override': 'POST' }],
    [404, 'HEAD', { Cookie: cookie }],
  ]
  for (const [status, method, headers] of tricks) {
    t.equal((await ask(method, '/api/actions/stop-all', headers)).status, status, JSON.stringify([method, headers]))
  }
  t.equal((await ask('POST', `/api/actions/stop-all?token=${token}`, {})).status, 401)
})

t.test('a pairing code is for one phone, and guessing ends it', async t => {
  const { code } = await agent.do<{ code: string }>('pairing-code', { role: 'observer' })
  const pair = (given: string, name: string) => agent.raw('POST', '/api/pair', { code: given, name })
  const at = await Promise.all(Array.from({ length: 12 }, (_, i) => pair(code, `phone ${i}`)))
  t.equal(at.filter(({ ok }) => ok).length, 1, 'of twelve that have it at the same moment, one gets in')
  const next = (await agent.do<{ code: string }>('pairing-code')).code
  for (let i = 0; i < 5; i++) await pair(String((Number(next) + 1 + i) % 1e8).padStart(8, '0'), 'thief')
  t.equal((await pair(next, 'late')).status, 401)
})

t.test('names made to do harm stay inside the archive and the header', async t => {
  const names = [
    '../../../evil',
    '..',
    'CON',
    'stacks',
    '\r\nX: 1\u0000',
    'a/b\\c:*?"<>|',
    '{night}',
    '😀'.repeat(15),
    ' . ',
  ]
  for (const object of names) {
    const order = { seconds: 0.01, region: corner, object }
    const { ids, paths } = await agent.do<{ ids: string[]; paths: string[] }>('camera-expose', order, true)
    taken.push(...ids)
    t.match(paths[0], /^\d{4}-\d\d-\d\d\/[^/\\<>:"|?*\p{Cc}]+\/[^/\\<>:"|?*\p{Cc}]+\.fits$/u, JSON.stringify(object))
    t.notMatch(paths[0], /(^|\/)\.|[. ](\/|$)|(^|\/)con(\/|$)/i)
    const file = await agent.raw('GET', `/api/exposures/${ids[0]}/fits`)
    t.equal(file.status, 200)
    t.match(file.headers.get('content-disposition'), /^attachment; filename=("[^"]+\.fits"|[\w.-]+\.fits)/)
    await file.arrayBuffer()
  }
})

t.test('of many who want the camera at once one gets it, and aborts at any moment leave nothing behind', async t => {
  const order = { seconds: 0.3, region: corner }
  const many = await Promise.allSettled(
    Array.from({ length: 40 }, () => agent.do<{ ids: string[] }>('camera-expose', order, true)),
  )
  const got = many.flatMap(one => (one.status === 'fulfilled' ? one.value.ids : []))
  t.equal(got.length, 1)
  for (const one of many)
    if (one.status === 'rejected') t.match(one.reason, { status: 409, code: 'busy', holder: 'this machine' })
  taken.push(...got)

  const random = seededRandom(7)
  for (let round = 0; round < 15; round++) {
    const running = agent.do<{ ids: string[] }>('camera-expose', order, true).then(
      ({ ids }) => taken.push(...ids),
      error => t.match(error, { code: 'aborted' }),
    )
    await new Promise(resolve => setTimeout(resolve, random.next() * 600))
    await Promise.all([agent.do('camera-abort'), agent.do('camera-abort'), running])
    await nextFrame(t)
  }
  const asks: (() => Promise<unknown>)[] = [
    () => agent.do('mount-slew', { altDeg: 50, azDeg: 120 }, true),
    () => agent.do('mount-stop'),
    () => agent.do('camera-abort'),
    () => agent.do('stack-start', { frames: 1, exposureSeconds: 0.05 }),
    () => agent.do('stack-stop'),
    () => agent.do('focus-start', { exposureSeconds: 0.05 }),
    () => agent.do('focus-stop'),
    () => agent.do('stop-all'),
    () => agent.do('device-reconnect', { device: 'wheel' }),
    () => agent.post('/api/config/parsed', { site: { name: 'raced' } }),
    () => agent.do('frame-remove', { id: 'none' }),
  ]
  const all = await Promise.allSettled(Array.from({ length: 66 }, (_, at) => asks[at % asks.length]()))
  for (const one of all)
    if (one.status === 'rejected') t.ok([404, 409, 503].includes(one.reason.status), `${one.reason}`)
  for (const stop of ['camera-abort', 'stack-stop', 'focus-stop', 'mount-stop']) {
    await patiently(() => agent.do(stop), 10_000)
  }
  await patiently(() => nextFrame(t), 10_000)
  t.same(
    (await statesOf<{ status: string }>('activity/')).filter(({ status }) => status === 'running'),
    [],
    'nothing goes on',
  )
})

t.test('a flood of connections takes neither the frames nor the page away for good', async t => {
  const sockets: Socket[] = []
  let cut = 0
  for (let i = 0; i < 700; i++) {
    const socket = connect(Number(new URL(agent.url).port), '127.0.0.1')
    socket.on('error', () => {}).on('close', () => cut++)
    if (i % 3 === 0) socket.write('GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    if (i % 3 === 1) socket.write('POST /api/actions/stop-all HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Never: ends')
    // The first kind listens and reads nothing.
    if (i % 3 > 0) socket.resume()
    sockets.push(socket)
  }
  await patiently(async () => {
    if (cut < 100) throw new Error(`${700 - cut} connections are open`)
  }, 10_000)
  const numbers = readdirSync(`/proc/${agent.pid}/fd`).length
  t.ok(numbers < 700, `${numbers} file numbers are in use: enough are left for the frames`)
  for (const socket of sockets) socket.destroy()
  await patiently(() => nextFrame(t), 10_000)
})

t.test('large pictures come a few at a time, each in its turn, and whoever left is not waited for', async t => {
  const gate = fewAtOnce()
  const inside: number[] = []
  const come = (name: number) => {
    const response = Object.assign(new EventEmitter(), {
      said: 0,
      status(code: number) {
        response.said = code
        return response
      },
      json: () => response,
    })
    gate({ method: 'GET' } as never, response as never, () => inside.push(name))
    return response
  }
  const all = Array.from({ length: 74 }, (_, name) => come(name))
  t.same(inside, [0, 1, 2, 3, 4, 5, 6, 7])
  t.same(
    all.slice(72).map(({ said }) => said),
    [409, 409],
    'a line without end is none',
  )
  all[8].emit('close')
  all[3].emit('close')
  t.equal(inside.at(-1), 9, 'the one after who left')
  for (const response of [...all.slice(0, 3), ...all.slice(4, 8), ...all.slice(9, 72)]) response.emit('close')
  t.equal(inside.length, 71)
  come(100)
  t.equal(inside.at(-1), 100, 'and when all have gone it is open')
  for (const what of ['preview', 'tiles/:level/:column/:row', 'histogram', 'stars', 'statistics']) {
    t.ok(largeAnswers.includes(`/api/views/:of/${what}`), `${what} of a stack is made between its frames`)
  }
})

t.test('after all this every frame that was told of is there, once, and the events have no gap', async t => {
  const { exposures } = await agent.get<{ exposures: { id: string; path: string }[] }>('/api/exposures?limit=1000')
  const archive = join(agent.data, 'archive')
  const files = readdirSync(archive, { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.fits') && !name.startsWith('stacks/'),
  )
  t.same(exposures.map(({ path }) => path).sort(), files.sort(), 'rows and files match one to one')
  t.same(readdirSync(join(archive, '.incoming')), [])
  const known = new Set(exposures.map(({ id }) => id))
  t.same(
    taken.filter(id => !known.has(id)),
    [],
  )
  const seqs = await eventsSoFar()
  t.ok(seqs.length > 50, `${seqs.length} events were told`)
  t.same(
    seqs,
    seqs.map((_, at) => at + 1),
  )
})

/** Sequence numbers of all events of this run, as a page that was away hears them. */
async function eventsSoFar(): Promise<number[]> {
  const control = new AbortController()
  const { body } = await fetch(`${agent.url}/api/events?after=0`, { signal: control.signal })
  const seqs: number[] = []
  let text = ''
  let last: number | undefined
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (block.startsWith('event: hello')) last = JSON.parse(data!).cursor
      if (/^event: event$/m.test(block)) seqs.push(JSON.parse(data!).seq)
    }
    if (last !== undefined && seqs.length >= last) break
  }
  control.abort()
  return seqs
}
