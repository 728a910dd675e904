// An agent with ZWO cameras that is killed: their processes go with it, and leave nothing on that nobody watches.
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { asiStub, noAsiStub } from '../support/asi-stub.js'

const promisedMs = 5_000

const configOf = (library: string) => `
devices:
  main: {driver: asi, serial: "aaaaaaaaaaaaaaaa", library: ${library}}
  pier: {driver: asi, as: video, model: ASI120, library: ${library}}
use: {camera: main, pier_cam: pier}
pier_cam: {enabled: true, exposure_ms: 20, bin: 1}
`
const cameras = { cameras: 2, serial0: 'aaaaaaaaaaaaaaaa', name1: 'ZWO ASI120MC-S' }

/** The processes of cameras beneath an agent. */
function processesOf(agent: AgentProcess): number[] {
  const children = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8').trim().split(/\s+/)
  return children
    .map(Number)
    .filter(pid => pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('asi-child.js'))
}

async function gone(pids: readonly number[], withinMs: number): Promise<void> {
  await patiently(async () => {
    const left = pids.filter(pid => existsSync(`/proc/${pid}`))
    if (left.length > 0) throw new Error(`still running: ${left}`)
  }, withinMs)
}

t.test('a killed agent leaves no camera alone', { skip: noAsiStub }, async t => {
  const stub = await asiStub(t, cameras)
  const agent = await startAgent(t, { config: configOf(stub.library) })
  await agent.until('camera/main', value => value.condition === 'ready', 60_000)
  await agent.until('video/pier', value => value.streaming === true, 60_000)
  const status = await agent.state('camera/main')
  t.match(status, {
    widthPx: 640,
    bayer: 'rggb',
    gainMax: 500,
    coolerOn: false,
    readoutModes: ['Normal', 'High speed'],
  })
  const { paths } = await agent.do<{ paths: string[] }>('camera-expose', { seconds: 0.1, readout: 'High speed' }, true)
  const file = readFileSync(`${agent.data}/archive/${paths[0]}`)
  t.match(file.toString('latin1', 0, 5760), /INSTRUME= 'ZWO ASI2600MC Stub'.*READOUTM= 'High speed'/s)
  await agent.do('camera-cool', { targetCelsius: -5 })
  await agent.do('camera-expose', { seconds: 60 }, false)
  const pids = processesOf(agent)
  t.equal(pids.length, 2, 'each camera has a process of its own')
  const before = stub.told().length
  await agent.kill('SIGKILL')
  await gone(pids, promisedMs)
  const after = stub.told().slice(before)
  for (const deed of ['stop 0 0', 'CoolerOn 0 0', 'close 0 0', 'video 1 0', 'close 1 0']) {
    t.ok(after.includes(deed), `${deed}: ${after.join('; ')}`)
  }
})

t.test('not even one whose library hangs', { skip: noAsiStub }, async t => {
  const stub = await asiStub(t, cameras)
  const agent = await startAgent(t, { config: configOf(stub.library) })
  await agent.until('camera/main', value => value.condition === 'ready', 60_000)
  const pids = processesOf(agent)
  stub.control({ ...cameras, 'hang0-ASIGetControlValue': 1 })
  await patiently(async () => {
    if (!stub.told().includes('hangs 0 0')) throw new Error('it does not hang yet')
  }, 20_000)
  await agent.kill('SIGKILL')
  await gone(pids, promisedMs)
  t.pass('the kernel has ended it')
})
