// The command line as an owner types it: every verb against a real agent, and mistakes told with what to do.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type AgentProcess, builtAgent, startAgent } from './support/agent.js'

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function pierside(words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise(settle => {
    const options = { env: { ...process.env, NODE_OPTIONS: '', ...env }, timeout: 60_000 }
    execFile(process.execPath, [builtAgent(), ...words], options, (error, out, err) => {
      settle({ code: error ? Number((error as { code?: unknown }).code ?? 1) : 0, out, err })
    })
  })
}

const placeOf = ({ data, url, config }: AgentProcess) => ({
  PIERSIDE_DATA: data,
  PIERSIDE_PORT: new URL(url).port,
  PIERSIDE_CONFIG: config,
})

t.test('while the agent runs', async t => {
  const agent = await startAgent(t)
  const here = placeOf(agent)
  await agent.until('camera/main', value => value.condition === 'ready')

  t.test('status and devices tell how things are', async t => {
    const status = await pierside(['status'], here)
    t.equal(status.code, 0, status.err)
    t.match(status.out, /Demo pier: Ready/)
    t.match(status.out, /GB free/)
    const devices = await pierside(['devices'], here)
    t.match(devices.out, /^main +ready +simulator$/m)
    const json = JSON.parse((await pierside(['status', '--json'], here)).out)
    t.ok(json.some(({ path }: { path: string }) => path === 'camera/main'))
  })

  t.test('do asks for an action and waits when told to', async t => {
    const done = await pierside(['do', 'camera-expose', 'seconds=0.2', 'object=M 42', '--wait'], here)
    t.equal(done.code, 0, done.err)
    t.match(JSON.parse(done.out).paths, [/M 42.*\.fits$/])
    t.match((await pierside(['actions'], here)).out, /^camera-expose +\S/m)
    t.match((await pierside(['actions', 'camera-expose'], here)).out, /^ +seconds +Exposure, s; number more than 0/m)
    const unknown = await pierside(['do', 'camera-expose', 'secnds=1'], here)
    t.match(unknown.err, /"secnds"\n`pierside actions camera-expose` lists/)
    const wrong = await pierside(['do', 'camera-expose', 'seconds=-1'], here)
    t.equal(wrong.code, 1)
    t.match(wrong.err, /Duration must be > 0/)
    t.match((await pierside(['do', 'camera-expos'], here)).err, /camera-expose/, 'the nearest name is told')
    t.match((await pierside(['do', 'camera-expose', 'seconds'], here)).err, /not name=value/)
  })

  t.test('a token from the command line acts at once, with its role and no more', async t => {
    const { out } = await pierside(['token', 'new', '--role', 'observer', '--name', 'script'], here)
    const Authorization = `Bearer ${out.trim()}`
    t.equal((await agent.raw('POST', '/api/actions/stop-all', {}, { Authorization })).status, 200)
    t.equal((await agent.raw('POST', '/api/actions/pairing-code', {}, { Authorization })).status, 403)
    t.match((await pierside(['token', 'new', '--role', 'king'], here)).err, /observer/)
  })

  t.test('a second agent on the same folder is refused, and so is a taken port', async t => {
    const second = await pierside(['run'], { ...here, PIERSIDE_PORT: '0' })
    t.equal(second.code, 1)
    t.match(second.err, /runs on .* already/)
    const other = await mkdtemp(join(tmpdir(), 'pierside-cli-'))
    t.teardown(() => rm(other, { recursive: true, force: true }))
    const taken = await pierside(['run'], { ...here, PIERSIDE_DATA: other })
    t.equal(taken.code, 1)
    t.match(taken.err, /port \d+ is in use/)
  })

  t.test('a pairing code for another phone', async t => {
    const { out } = await pierside(['pair'], here)
    t.match(await agent.post('/api/pair', { code: out.trim(), name: 'second phone' }), { role: 'administrator' })
  })
})

t.test('without an agent', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-cli-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const here = {
    PIERSIDE_DATA: join(folder, 'data'),
    PIERSIDE_CONFIG: join(folder, 'pierside.yaml'),
    PIERSIDE_PORT: '',
  }

  const status = await pierside(['status'], here)
  t.equal(status.code, 1)
  t.match(status.err, /no agent runs on .*\n.*pierside run/)

  t.match((await pierside(['config', 'check'], here)).out, /not there yet/)
  t.match((await pierside(['config', 'check', join(folder, 'none.yaml')], here)).err, /there is no file/)
  await writeFile(here.PIERSIDE_CONFIG, 'site:\n  latitude: 146\n  longtude: 8\n')
  const checked = await pierside(['config', 'check'], here)
  t.equal(checked.code, 1)
  t.match(checked.err, /^ {2}line 2: site\.latitude.*\n {2}line 3: site\.longtude.*"longitude"/m)
  await writeFile(join(folder, 'good.yaml'), 'site: {latitude: 46}\n')
  t.match((await pierside(['config', 'check', join(folder, 'good.yaml')], here)).out, /no mistakes/)
  const started = await pierside(['run'], here)
  t.equal(started.code, 1)
  t.match(started.err, /line 3/, 'and the agent does not start on it')
  const blocked = await pierside(['run'], { ...here, PIERSIDE_DATA: here.PIERSIDE_CONFIG })
  t.match(blocked.err, /data folder .* is no folder\nMove that file away/)

  t.match((await pierside(['config', 'docs'], here)).out, /\| `latitude` \|/)
  t.equal((await pierside([], here)).code, 2)
  t.match((await pierside(['--help'], here)).out, /pierside do <action>/)
  t.match((await pierside(['dance'], here)).err, /no command "dance"/)
  t.match((await pierside(['status'], { ...here, PIERSIDE_PORT: 'eighty' })).err, /is not a port/)
})
