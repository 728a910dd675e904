// A backup of one agent brought to another: through the page's own API, the command line, with and without a running
// agent, and with the agent killed while it is put in place.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { type AgentProcess, builtAgent, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'

const config = (name: string) =>
  `
# The ${name} pier
site: {name: ${name}}
links: {sky: {driver: simulator}}
devices:
  main: {driver: simulator, link: sky, part: camera, width: 320, height: 240, readout_s: 0}
  relays: {driver: simulator, link: sky, part: switches}
use: {camera: main}
heaters: {lens: {device: relays, channel: dew-heater, air: main}}
mqtt: {node: ${name}, broker: {url: "mqtt://127.0.0.1:9", user: pier, password: !secret broker}}
`
    .replace('air: main', 'air: weather')
    .replace('  relays:', '  weather: {driver: simulator, link: sky, part: weather}\n  relays:')

const phrase = 'correct horse'
const cli = (folder: string, words: readonly string[], env: Record<string, string> = {}) =>
  execFileSync(process.execPath, [builtAgent(), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...{ PATH: process.env.PATH, PIERSIDE_CONFIG: path.join(folder, 'pierside.yaml') },
      ...{ PIERSIDE_DATA: path.join(folder, 'data'), ...env },
    },
  })

async function home(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `pierside-${name}-`))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  writeFileSync(path.join(folder, 'pierside.yaml'), config(name))
  writeFileSync(path.join(folder, 'secrets.yaml'), `broker: secret-of-${name}\n`)
  return folder
}

const isPaired = async ({ url }: AgentProcess, token: string) =>
  (
    (await (await fetch(`${url}/api/session`, { headers: { Authorization: `Bearer ${token}` } })).json()) as {
      paired: boolean
    }
  ).paired

const named = (agent: AgentProcess, name: string) =>
  patiently(async () => {
    const { name: now } = await agent.state<{ name?: string }>('observatory')
    if (now !== name) throw new Error(`the site is ${now}`)
  }, 20_000)

t.test('a backup of one box makes another one like it', async t => {
  const [hill, vale] = [await home('hill'), await home('vale')]
  const there = await startAgent(t, { data: path.join(hill, 'data') })
  await there.do('heater-set', { heater: 'lens', mode: 'manual', percent: 30 })
  const token = cli(hill, ['token', 'new', '--role', 'observer']).trim()
  const made = await there.do<{ name: string; text: string; secrets: string }>('backup-make', { passphrase: phrase })
  t.equal(made.secrets, 'hidden')
  t.notMatch(made.text, /secret-of-hill/)
  t.notMatch(made.text, new RegExp(token))
  const refused = await there.raw('POST', '/api/actions/backup-make', {}, { Authorization: `Bearer ${token}` })
  t.equal(refused.status, 403, 'only an administrator takes one')
  await there.kill()

  const here = await startAgent(t, { data: path.join(vale, 'data') })
  const viewer = await here.raw('POST', '/api/backup/restore', { text: made.text })
  t.equal(viewer.status, 401)
  await t.rejects(here.post('/api/backup/restore', { text: made.text.slice(0, -20) }), {
    code: 'bad-input',
    status: 400,
  })
  await t.rejects(here.post('/api/backup/restore', { text: made.text, passphrase: 'wrong horse' }), {
    code: 'bad-input',
  })
  const run = here.do('camera-expose', { seconds: 0.5, count: 0 })
  await run
  await t.rejects(here.post('/api/backup/restore', { text: made.text, passphrase: phrase }), { code: 'busy' })
  await here.do('camera-abort')
  await patiently(async () => {
    const told = await here.post<{ node: string }>('/api/backup/restore', { text: made.text, passphrase: phrase })
    t.match(told, { node: 'hill', missingSecrets: [] })
  }, 10_000)
  await named(here, 'hill')
  t.equal(readFileSync(path.join(vale, 'pierside.yaml'), 'utf8'), config('hill'), 'comments and all')
  t.equal(readFileSync(path.join(vale, 'secrets.yaml'), 'utf8'), 'broker: secret-of-hill\n')
  t.match(await here.until('heater/lens', value => value.manualPercent === 30), { mode: 'manual' })
  t.ok(await isPaired(here, token), 'whoever was paired there is paired here')
  const aside = readdirSync(path.join(vale, 'data')).filter(name => name.startsWith('before-restore-'))
  t.equal(readFileSync(path.join(vale, 'data', aside[0], 'pierside.yaml'), 'utf8'), config('vale'))
})

t.test('the command line does the same, with an agent and without', async t => {
  const [hill, vale] = [await home('hill'), await home('vale')]
  const file = path.join(hill, 'my.backup.json')
  t.match(cli(hill, ['backup', file]), /my\.backup\.json\nThe secrets are not in it/)
  t.match(cli(vale, ['restore', file]), /of hill of .* comes to its place when the agent starts\.\n$/)
  t.equal(readFileSync(path.join(vale, 'pierside.yaml'), 'utf8'), config('vale'), 'nothing has changed yet')
  const agent = await startAgent(t, { data: path.join(vale, 'data') })
  await named(agent, 'hill')
  t.equal(readFileSync(path.join(vale, 'secrets.yaml'), 'utf8'), 'broker: secret-of-vale\n', 'its own secrets stayed')
  const secret = { PIERSIDE_PASSPHRASE: phrase }
  cli(vale, ['backup', file], secret)
  await agent.kill()
  const [third] = [await home('third')]
  t.throws(() => cli(third, ['restore', file]), /secrets beneath a passphrase/)
  cli(third, ['restore', file], secret)
  const last = await startAgent(t, { data: path.join(third, 'data') })
  await named(last, 'hill')
  t.equal(readFileSync(path.join(third, 'secrets.yaml'), 'utf8'), 'broker: secret-of-vale\n')
})

t.test('an agent that is killed while a backup is put in place comes back old or new', async t => {
  const [hill, vale] = [await home('hill'), await home('vale')]
  const file = path.join(hill, 'it.json')
  cli(hill, ['backup', file], { PIERSIDE_PASSPHRASE: phrase })
  const text = readFileSync(file, 'utf8')
  const chance = seededRandom(11)
  for (let kill = 0; kill < 3; kill++) {
    for (const [name, words] of [
      ['pierside.yaml', config('vale')],
      ['secrets.yaml', 'broker: secret-of-vale\n'],
    ] as const) {
      writeFileSync(path.join(vale, name), words)
    }
    const agent = await startAgent(t, { data: path.join(vale, 'data') })
    const asked = agent.post('/api/backup/restore', { text, passphrase: phrase }).then(
      () => 'answered',
      () => 'cut off',
    )
    await new Promise(resolve => setTimeout(resolve, 50 + chance.next() * 1_500))
    await agent.kill('SIGKILL')
    const answered = await asked
    const again = await startAgent(t, { data: path.join(vale, 'data') })
    const { name } = await again.until<{ name: string }>('observatory', value => value.name !== undefined)
    t.ok(name === 'hill' || (name === 'vale' && answered === 'cut off'), `${answered}: ${name}`)
    t.equal(readFileSync(path.join(vale, 'pierside.yaml'), 'utf8'), config(name))
    t.equal(readFileSync(path.join(vale, 'secrets.yaml'), 'utf8'), `broker: secret-of-${name}\n`)
    t.notOk(existsSync(path.join(vale, 'data/restore.json')))
    await again.kill('SIGKILL')
  }
})
