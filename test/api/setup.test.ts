// A box that is not set up, over real HTTP: what may be done with it, what phones are told that ask whether they are
// online, and the way through set-up.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { asked } from '../support/asked.js'
import { type OwnImage, ownImage } from '../support/own-image.js'

const order = { name: 'North pier', passphrase: 'clear skies', country: 'AT', timeZone: 'Europe/Vienna' }

const onImage = (t: Test, image: OwnImage): Promise<AgentProcess> =>
  startAgent(t, { data: image.data, env: { PIERSIDE_IMAGE: image.file } })

/** Host, path, status and body as the makers answer them. */
const probes: readonly (readonly [host: string, path: string, status: number, body: string])[] = [
  ['connectivitycheck.gstatic.com', '/generate_204', 204, ''],
  ['clients3.google.com', '/generate_204', 204, ''],
  ['connect.rom.miui.com', '/generate_204', 204, ''],
  ['www.google.com', '/gen_204', 204, ''],
  [
    'captive.apple.com',
    '/hotspot-detect.html',
    200,
    '<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>',
  ],
  [
    'www.apple.com',
    '/library/test/success.html',
    200,
    '<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>',
  ],
  ['www.msftconnecttest.com', '/connecttest.txt', 200, 'Microsoft Connect Test'],
  ['www.msftncsi.com', '/ncsi.txt', 200, 'Microsoft NCSI'],
  ['nmcheck.gnome.org', '/check_network_status.txt', 200, 'NetworkManager is online\n'],
  ['network-test.debian.org', '/nm', 200, 'NetworkManager is online\n'],
  ['connectivity-check.ubuntu.com', '/', 204, ''],
  ['fedoraproject.org', '/static/hotspot.txt', 200, 'OK'],
  [
    'detectportal.firefox.com',
    '/canonical.html',
    200,
    '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
  ],
  ['detectportal.firefox.com', '/success.txt?ipv4', 200, 'success\n'],
]

interface Answered {
  readonly code: string
  readonly ssid: string
  readonly byAddress: string
  readonly byName: string
  readonly wifiQr: string
  readonly linkQr: string
}

async function completed(agent: AgentProcess, more: object = {}): Promise<Answered> {
  const response = await agent.raw('POST', '/api/setup', { ...order, ...more })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Answered
}

const refusal = async (response: Response) => ({ status: response.status, ...((await response.json()) as object) })

t.test('a box that is not set up', { timeout: 120_000 }, async t => {
  const agent = await onImage(t, ownImage(t))
  type Paths = Record<string, { post?: { 'x-before-set-up'?: boolean } }>
  const { paths } = await agent.get<{ paths: Paths }>('/api/openapi.json')
  const actions = Object.entries(paths)
    .filter(([, { post }]) => !post?.['x-before-set-up'])
    .flatMap(([path]) => /^\/api\/actions\/(.+)$/.exec(path)?.[1] ?? [])
  const closed = { status: 403, code: 'forbidden', error: /not set up yet/, fix: /complete the set-up/ }
  const token = await administrators(agent)

  await t.test('nothing can be asked for, by nobody, and everything can be looked at', async t => {
    t.ok(actions.length > 40, 'the table is there')
    for (const name of actions) {
      const asStranger = await agent.raw('POST', `/api/actions/${name}`, {})
      t.match(await refusal(asStranger), closed, `${name}, by a stranger`)
      const asOwner = await agent.raw('POST', `/api/actions/${name}`, {}, { Authorization: `Bearer ${token}` })
      t.match(await refusal(asOwner), closed, `${name}, by an administrator`)
    }
    t.match(await agent.state('setup'), { done: false, step: 'new', ssid: 'Pierside-0A1B' })
    t.equal((await agent.raw('GET', '/api/config')).status, 200)
    t.match(await agent.get('/api/config/parsed'), { mqtt: { node: 'pier-0a1b' } }, 'it is called as it is')
  })

  await t.test('but a clock may be lent to it, once, and no zone', async t => {
    const lend = (more: object, headers = {}) =>
      agent.raw('POST', '/api/actions/time-from-phone', { offsetMs: 300, roundTripMs: 20, ...more }, headers)
    t.match(await refusal(await lend({}, { Origin: 'http://evil.example' })), { status: 403, error: /another site/ })
    t.match(await refusal(await lend({ zone: 'Europe/Paris' })), { status: 422, error: /zone is set with the box/ })
    t.match(await agent.state('time'), { source: 'none', trusted: false })
    t.equal((await lend({})).status, 200)
    t.match(await agent.state('time'), { source: 'phone', trusted: true })
    t.match(await refusal(await lend({ offsetMs: 90_000_000 })), { status: 422, error: /knows the time already/ })
  })

  await t.test('whoever asks whether it is online is led to the page', async t => {
    for (const [host, path] of [...probes, ['example.com', '/'], ['www.msftconnecttest.com', '/redirect']] as const) {
      const { status, location, headers } = await asked(agent, host, path)
      t.equal(status, 302, `${host}${path}`)
      t.equal(location, `${agent.url}/`)
      t.equal(headers['cache-control'], 'no-store')
    }
    t.equal((await asked(agent, 'example.com', '/api/setup', { method: 'POST' })).status, 403, 'but for looking')
    t.equal((await asked(agent, 'pierside.local', '/')).status, 200)
  })

  await t.test('what is wrong with an order is said', async t => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ passphrase: 'short' }, /passphrase: has to have 8 to 63/],
      [{ passphrase: undefined }, /passphrase: the hotspot needs one/],
      [{ name: ' ' }, /name/],
      [{ country: 'Narnia' }, /country: is no country/],
      [{ timeZone: 'Here' }, /timeZone: is no time zone/],
      [{ role: 'administrator' }, /role/],
    ]
    for (const [fields, words] of wrong) {
      const answer = await agent.raw('POST', '/api/setup', { ...order, ...fields })
      t.match(await refusal(answer), { status: 400, code: 'bad-input', error: words })
    }
    const elsewhere = await agent.raw('POST', '/api/setup', order, { Origin: 'http://evil.example' })
    t.equal(elsewhere.status, 403, 'another site cannot set it up')
    t.match(await agent.state('setup'), { step: 'new' })
    t.match(await refusal(await agent.raw('POST', '/api/setup/switch', {})), { status: 404 })
  })

  let answer: Answered
  await t.test('whoever completes it is given a code, and the way to give it', async t => {
    answer = await completed(agent, { country: 'austria' })
    t.match(answer.code, /^\d{8}$/)
    t.equal(answer.byAddress, `${agent.url}/?pair=${answer.code}`)
    t.match(answer.byName, new RegExp(`^http://[a-z0-9-]+\\.local:\\d+/\\?pair=${answer.code}$`))
    for (const svg of [answer.wifiQr, answer.linkQr]) t.match(svg, /^<svg [\s\S]*<\/svg>\s*$/)
    t.match(await refusal(await agent.raw('POST', '/api/setup', order)), { status: 409, error: /another phone/ })
    t.match(await agent.state('setup'), { done: false, step: 'waiting', untilMs: Number })
    t.equal((await agent.raw('POST', '/api/setup/switch', {})).status, 200)
    const asOwner = await agent.raw('POST', '/api/actions/mount-stop', {}, { Authorization: `Bearer ${token}` })
    t.match(await refusal(asOwner), closed, 'nothing moves until its administrator has come')
  })

  await t.test('its code pairs one browser, and with that the box is set up', async t => {
    const paired = await agent.raw('POST', '/api/pair', { code: answer.code, name: 'Safari' })
    const cookie = paired.headers.get('set-cookie')?.split(';')[0] ?? ''
    t.match(cookie, /^pierside=/)
    t.match(await paired.json(), { role: 'administrator' })
    const again = await agent.raw('POST', '/api/pair', { code: answer.code, name: 'thief' })
    t.match(await refusal(again), { status: 401, code: 'unpaired' }, 'a second time it is nothing')
    t.match(await agent.state('setup'), { done: true, step: 'done' })
    t.equal((await agent.raw('POST', '/api/actions/mount-stop', {}, { Cookie: cookie })).status, 200)
    await agent.until('observatory', ({ name }) => name === 'North pier')
    t.match(await refusal(await agent.raw('POST', '/api/setup', order)), { status: 403, error: /set up already/ })
    for (const action of ['mount-stop', 'time-from-phone'])
      t.match(await refusal(await agent.raw('POST', `/api/actions/${action}`, {})), { status: 401, code: 'unpaired' })
  })

  await t.test('each system hears that it is online, in its own words', async t => {
    for (const [host, path, status, body] of probes) {
      const heard = await asked(agent, host, path)
      t.equal(heard.status, status, `${host}${path}`)
      t.equal(heard.body, body)
      t.equal(heard.headers['content-length'], status === 204 ? undefined : String(Buffer.byteLength(body)))
      if (status === 200) t.match(heard.type, path.includes('.html') ? /^text\/html/ : /^text\/plain/)
      t.equal((await asked(agent, host, path, { method: 'HEAD' })).body, '')
    }
    const ubuntu = await asked(agent, 'connectivity-check.ubuntu.com', '/')
    t.equal(ubuntu.headers['x-networkmanager-status'], 'online')
    t.equal((await asked(agent, 'example.com', '/')).status, 403, 'other names are strangers again')
    t.equal((await asked(agent, 'example.com', '/connecttest.txt')).status, 403)
    t.equal((await asked(agent, 'captive.apple.com', '/api/state')).status, 403, 'and a probe is its path alone')
  })
})

/** An administrator's token, as one is left over after a reset of the network. */
async function administrators(agent: AgentProcess): Promise<string> {
  return (await readFile(`${agent.data}/cli.token`, 'utf8')).trim()
}

t.test('what the card says of site and place is put into the configuration once', { timeout: 60_000 }, async t => {
  const image = ownImage(t, { siteName: 'Above the fog', latitudeDeg: -33.9, longitudeDeg: 18.4, elevationMetres: 700 })
  const agent = await onImage(t, image)
  const site = { name: 'Above the fog', latitude: -33.9, longitude: 18.4, elevation: 700 }
  t.match(await agent.get('/api/config/parsed'), { site, mqtt: { node: 'pier-0a1b' } })
  const { code } = await completed(agent)
  t.equal((await agent.raw('POST', '/api/pair', { code, name: 'phone' })).status, 200)
  await agent.until('observatory', ({ name }) => name === order.name)
  await agent.kill()
  const again = await onImage(t, image)
  t.match(await again.get('/api/config/parsed'), { site: { ...site, name: order.name } }, 'the page’s word is the last')
})

t.test(
  'a site that the settings do not take is told, and the box starts all the same',
  { timeout: 60_000 },
  async t => {
    const agent = await onImage(t, ownImage(t, { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 99_999 }))
    t.match(await agent.state('setup'), { step: 'new', complaints: [/the site is not taken: .*elevation/] })
    t.match(await agent.get('/api/config/parsed'), { mqtt: { node: 'pier-0a1b' } })
  },
)

t.test('what the first boot has left is damaged: the box starts all the same', { timeout: 60_000 }, async t => {
  const image = ownImage(t)
  await writeFile(join(image.system, 'identity.json'), '{"node": "pier')
  await writeFile(join(image.system, 'first-boot/given.json'), '\0\0\0')
  const agent = await onImage(t, image)
  t.match(await agent.get('/api/config/parsed'), { mqtt: { node: 'pierside' } })
  t.match(await completed(agent), { ssid: 'Pierside' })
})

t.test('a damaged record of the set-up opens the box to nobody', { timeout: 60_000 }, async t => {
  const image = ownImage(t)
  await writeFile(join(image.data, 'setup.json'), '{"done": tr')
  const agent = await onImage(t, image)
  t.match(await agent.state('setup'), { done: true })
  t.equal((await agent.raw('POST', '/api/setup', order)).status, 403)
})

t.test('on any other computer there is no set-up', { timeout: 60_000 }, async t => {
  const agent = await startAgent(t, { env: { PIERSIDE_IMAGE: '' } })
  t.equal((await agent.raw('POST', '/api/setup', order)).status, 404)
  t.same(await agent.state('setup'), {})
  t.equal((await asked(agent, 'captive.apple.com', '/hotspot-detect.html')).status, 403)
  t.equal((await agent.raw('POST', '/api/actions/mount-stop', {})).status, 401)
})
