// Power cuts and crashes at the worst moments: what was told exists, what exists is whole, and nobody is left behind.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findDamage } from '../../edge/science/fits-write.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { freePort } from '../support/free-port.js'
import { startIndiServer } from '../support/indi-server.js'
import { mosquitto } from '../support/mosquitto.js'
import { watcher } from '../support/mqtt-watcher.js'

const chance = seededRandom(20261120)
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

interface Exposure {
  id: string
  path: string
}

/** Ids of frames that the event stream has told, collected until the agent dies. */
function hearIds(agent: AgentProcess, told: Set<string>): Promise<void> {
  return (async () => {
    const stream = await fetch(`${agent.url}/api/events`)
    let text = ''
    for await (const chunk of stream.body!) {
      text += Buffer.from(chunk as Uint8Array).toString()
      for (const [, line] of text.matchAll(/event: event\ndata: (.*frame-archived.*)\n\n/g))
        told.add(JSON.parse(line).body.id)
      text = text.slice(text.lastIndexOf('\n\n') + 1)
    }
  })().catch(error => t.comment(`the stream ended with the agent: ${error.message}`))
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    name => /\.fits$/i.test(name) && !name.startsWith('stacks/'),
  )

async function allRows(agent: AgentProcess): Promise<Exposure[]> {
  return (await agent.get<{ exposures: Exposure[] }>('/api/exposures?limit=1000')).exposures
}

/** Rows and files match one to one, every file is whole, and every told id is among them. */
async function judge(t: Tap, agent: AgentProcess, told: ReadonlySet<string>) {
  const rows = await allRows(agent)
  const archive = join(agent.data, 'archive')
  t.same(rows.map(({ path }) => path).sort(), filesBelow(archive).sort(), 'rows and files match one to one')
  const damaged = rows.filter(({ path }) => findDamage(readFileSync(join(archive, path))) !== undefined)
  t.same(damaged, [], `all ${rows.length} files are whole`)
  const known = new Set(rows.map(({ id }) => id))
  t.same(
    [...told].filter(id => !known.has(id)),
    [],
    `all ${told.size} ids that were told are there`,
  )
  const { images } = await agent.get<{ images: Exposure[] }>('/api/history')
  t.same(
    images.filter(({ id }) => !known.has(id)),
    [],
    'history too',
  )
  t.same(readdirSync(join(archive, '.incoming')), [], 'nothing half-written is left')
}

type Tap = Pick<Test, 'same'>

/** Every process below `pid`, by /proc. */
function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number)
  return children.flatMap(child => [child, ...descendants(child)])
}

t.test('twenty kills at random during exposures lose nothing that was told', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-kills-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const broker = await mosquitto()
  t.teardown(() => broker.remove())
  const config = `
links: {sky: {driver: simulator}}
devices:
  main: {driver: simulator, link: sky, part: camera, width: 320, height: 240, readout_s: 0}
  pier: {driver: ffmpeg, source: test}
use: {camera: main, pier_cam: pier}
pier_cam: {enabled: true}
mqtt: {node: killed, broker: {url: "mqtt://127.0.0.1:${broker.port}"}}
`
  const told = new Set<string>()
  const dashboard = await watcher({ url: broker.url, filters: ['pierside/killed/status', 'pierside/killed/event/#'] })
  t.teardown(() => dashboard.close())
  const order = { data: join(folder, 'data'), config }
  for (let kill = 0; kill < 20; kill++) {
    const agent = await startAgent(t, order)
    const hearing = hearIds(agent, told)
    await agent.until('camera/main', value => value.condition === 'ready')
    await agent.do('camera-expose', { seconds: 0.05, count: 0 })
    await pause(200 + chance.next() * 1_200)
    for (const { id } of await allRows(agent)) told.add(id)
    await pause(chance.next() * 120)
    const family = descendants(agent.pid)
    await agent.kill('SIGKILL')
    await hearing
    await patiently(async () => {
      const left = family.filter(pid => existsSync(`/proc/${pid}`))
      if (left.length > 0) throw new Error(`still running: ${left}`)
    }, 5_000)
  }
  await patiently(async () => {
    const status = dashboard.last('pierside/killed/status')?.text
    if (status !== 'offline') throw new Error(`the broker says ${status}`)
  }, 60_000)
  t.pass('the broker says offline')
  const heard = dashboard.seen.filter(({ topic }) => topic.endsWith('/event/frame-archived'))
  t.ok(heard.length > 10, `${heard.length} frames were told over MQTT`)
  for (const { text } of heard) told.add(JSON.parse(text).body.id)
  t.ok(told.size >= 20, `${told.size} frames were told`)
  await judge(t, await startAgent(t, order), told)
})

t.test('INDI drivers and servers that die at random cost a frame at most, and come back', async t => {
  const drivers = ['indi_simulator_ccd', 'indi_simulator_telescope']
  const server = await startIndiServer(t, { drivers })
  const config = `
links: {indi: {driver: indi, port: ${server.port}}}
devices:
  main: {driver: indi, link: indi, device: CCD Simulator}
use: {camera: main}
`
  const agent = await startAgent(t, { config, mqttPort: await freePort() })
  const told = new Set<string>()
  const hearing = hearIds(agent, told)
  const exposing = async () => {
    await agent.until('camera/main', value => value.condition === 'ready' && value.exposing !== true, 60_000)
    return agent.do('camera-expose', { seconds: 0.2, count: 0 })
  }
  for (let death = 0; death < 6; death++) {
    await exposing()
    await pause(1_000 + chance.next() * 2_000)
    if (death % 2 === 0) server.killDriver('indi_simulator_ccd')
    else {
      await server.kill()
      await pause(chance.next() * 2_000)
      await server.start()
    }
    const id = (await agent.get<{ states: { path: string }[] }>('/api/state')).states.filter(({ path }) =>
      path.startsWith('activity/'),
    )
    t.ok(id.length > 0)
    await patiently(async () => {
      const { states } = await agent.get<{ states: { path: string; value: { status: string } }[] }>('/api/state')
      const running = states.filter(({ path, value }) => path.startsWith('activity/') && value.status === 'running')
      if (running.length > 0) throw new Error('the run has not noticed yet')
    }, 60_000)
  }
  const before = told.size
  await exposing()
  await patiently(async () => {
    if (told.size <= before) throw new Error('no frame after the last death')
  }, 60_000)
  await agent.do('camera-abort')
  await judge(t, agent, told)
  await agent.kill('SIGINT')
  await hearing
})
