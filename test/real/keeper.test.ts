// The keeper with real processes: whatever becomes of the agent, every output is at its safe state within five seconds,
// and what is to be kept is kept.
import { execFile, execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type AgentProcess, builtAgent, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { keepers } from '../support/keepers.js'
import { type FakeBoard, lcusBoard } from '../support/relay-boards.js'
import { pwmTree } from '../support/sensor-rigs.js'
import { noSocat } from '../support/serial-line.js'

const skip = noSocat
/** What the owner is promised, ms. */
const promisedMs = 5_000

/**
 * Relay 1 is switched off without an agent, 2 is kept, 3 is switched on: a light that shows that something is wrong.
 */
const safe = [false, true, true, false]

const configOf = (port: string) => `
devices:
  relays: {driver: lcus, port: ${port}, channels: {fan: 1, mount: 2, lamp: 3, spare: 4}}
power:
  channels:
    relays/lamp: {loss: 'on', stop: keep}
    relays/spare: {start: 'off'}
`

async function relaysAtWork(t: Test): Promise<{ board: FakeBoard; agent: AgentProcess; config: string }> {
  const board = await lcusBoard(t, [false, false, false, true])
  const config = configOf(board.port)
  const agent = await startAgent(t, { config })
  await agent.until('power/relays/spare', value => value.condition === 'ready')
  t.same(board.relays, [false, false, false, false], 'what is to be off at the start is off')
  for (const channel of ['fan', 'mount']) await agent.do('power-set', { device: 'relays', channel, on: true })
  t.same(board.relays, [true, true, false, false])
  return { board, agent, config }
}

/** Settles when the relays stand so; ms since it was called. */
async function safeAfter(board: FakeBoard): Promise<number> {
  const began = performance.now()
  await patiently(async () => {
    if (`${board.relays}` !== `${safe}`) throw new Error(`the relays stand at ${board.relays}`)
  }, 20_000)
  return performance.now() - began
}

t.test('an agent that is killed leaves every output safe', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  const [keeper] = keepers(agent)
  t.ok(keeper, 'the outputs are held by a process of their own')
  const over = safeAfter(board)
  await agent.kill('SIGKILL')
  t.ok((await over) < promisedMs)
  await patiently(async () => {
    if (readdirSync('/proc').includes(String(keeper))) throw new Error('the keeper is still there')
  }, 5_000)
  t.pass('and the keeper has gone')
})

t.test('a board that is deaf just then is made safe as soon as it hears again', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  board.silent = true
  await agent.kill('SIGKILL')
  await new Promise(resolve => setTimeout(resolve, 4_000))
  t.same(board.relays, [true, true, false, false], 'nothing reached it')
  board.silent = false
  t.ok((await safeAfter(board)) < promisedMs)
})

t.test('the whole service is told to end, and the keeper writes all the same', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  for (const keeper of keepers(agent)) process.kill(keeper, 'SIGTERM')
  for (const keeper of keepers(agent)) process.kill(keeper, 'SIGINT')
  const over = safeAfter(board)
  await agent.kill('SIGKILL')
  t.ok((await over) < promisedMs)
})

t.test('an agent that hangs loses its outputs, and says so when it comes back', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  process.kill(agent.pid, 'SIGSTOP')
  const took = await safeAfter(board)
  t.ok(took < promisedMs, `safe after ${Math.round(took)} ms`)
  t.ok(took > 1_000, 'but not at the first missing beat')
  process.kill(agent.pid, 'SIGCONT')
  await patiently(async () => {
    if (!agent.printed().includes('were put into their safe states')) throw new Error('nothing is said')
  }, 20_000)
  const lamp = await agent.until('power/relays/lamp', ({ condition, on }) => condition === 'ready' && on === true)
  t.equal(lamp.on, true, 'the agent knows how they stand')
  t.same(board.relays, safe, 'and left them so')
  await agent.do('power-set', { device: 'relays', channel: 'fan', on: true })
  t.equal(board.relays[0], true, 'it switches again')
})

t.test('a keeper that is killed or hangs is replaced, and the outputs stand as before', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    const [before] = keepers(agent)
    process.kill(before, signal)
    await patiently(async () => {
      const now = keepers(agent)
      if (now.length !== 1 || now[0] === before) throw new Error('no other keeper yet')
    }, 30_000)
    await agent.until('power/relays/mount', ({ condition }) => condition === 'ready', 30_000)
    t.same(board.relays, [true, true, false, false], `after ${signal}`)
  }
  t.match(agent.printed(), /the keeper of relays was ended by SIGKILL/)
  t.match(agent.printed(), /the keeper of relays hangs/)
})

t.test('a relay that sticks at the start is said, and the others are had all the same', { skip }, async t => {
  const board = await lcusBoard(t, [false, false, false, true])
  board.stuck = true
  const agent = await startAgent(t, { config: configOf(board.port) })
  await agent.until('power/relays/spare', ({ condition, on }) => condition === 'ready' && on === true)
  t.match(agent.printed(), /channel spare of relays does not obey/)
  board.stuck = false
  await agent.do('power-set', { device: 'relays', channel: 'fan', on: true })
  t.equal(board.relays[0], true)
})

t.test('saving the configuration is no start: outputs stand as they stood', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  await agent.do('power-set', { device: 'relays', channel: 'spare', on: true })
  const [before] = keepers(agent)
  await agent.do('config-merge', { settings: { site: { name: 'Another name' } } })
  await agent.until('power/relays/spare', ({ condition }) => condition === 'ready')
  t.not(keepers(agent)[0], before, 'the board was opened anew')
  t.same(board.relays, [true, true, false, true])
  t.equal((await agent.state('power/relays/spare')).on, true)
})

t.test('an agent that is stopped writes the stop states', { skip }, async t => {
  const { board, agent } = await relaysAtWork(t)
  await agent.do('power-set', { device: 'relays', channel: 'lamp', on: true })
  t.equal(await agent.kill('SIGTERM'), 0)
  t.same(board.relays, [false, true, true, false], 'off by default, the mount kept, the lamp as told')
})

t.test('"pierside relays safe" does it where no agent runs, and only there', { skip }, async t => {
  const { board, agent, config } = await relaysAtWork(t)
  const folder = await mkdtemp(join(tmpdir(), 'pierside-relays-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'pierside.yaml'), config)
  const relaysSafe = (data: string) =>
    new Promise<{ code: number; said: string }>(settle => {
      const env = { ...process.env, PIERSIDE_DATA: data, PIERSIDE_CONFIG: join(folder, 'pierside.yaml') }
      const child = execFile(process.execPath, [builtAgent(), 'relays', 'safe'], { env }, (_, out, err) =>
        settle({ code: child.exitCode ?? -1, said: out + err }),
      )
    })
  const refused = await relaysSafe(agent.data)
  t.equal(refused.code, 1)
  t.match(refused.said, /an agent runs on .* and holds the relays/)
  await agent.kill('SIGTERM')
  board.relays.splice(0, 4, true, true, false, true)
  const done = await relaysSafe(join(folder, 'data'))
  t.equal(done.code, 0, done.said)
  t.match(done.said, /relays: fan off, mount kept, lamp on, spare off/)
  t.same(board.relays, safe)
  board.stuck = true
  board.relays[0] = true
  const stuck = await relaysSafe(join(folder, 'data'))
  t.equal(stuck.code, 1)
  t.match(stuck.said, /fan did not obey/)
})

t.test('levels are kept like relays: no heater goes on heating without an agent', async t => {
  const tree = pwmTree(t)
  const duty = (output: number) => readFileSync(join(tree.root, `class/pwm/pwmchip0/pwm${output}/duty_cycle`), 'utf8')
  const config = `
devices:
  pwm: {driver: kernel-pwm, root: ${tree.root}, channels: [{id: lens, output: 0}, {id: lamp, output: 1}]}
power: {channels: {pwm/lamp: {loss: keep}}}
`
  const agent = await startAgent(t, { config })
  await agent.until('power/pwm/lamp', ({ condition }) => condition === 'ready')
  await agent.do('power-set', { device: 'pwm', channel: 'lens', value: 60 })
  await agent.do('power-set', { device: 'pwm', channel: 'lamp', value: 25 })
  t.same([duty(0), duty(1)], ['3000000', '1250000'])
  const [before] = keepers(agent)
  process.kill(before, 'SIGKILL')
  await patiently(async () => {
    const now = keepers(agent)
    if (now.length !== 1 || now[0] === before) throw new Error('no other keeper yet')
  }, 30_000)
  await agent.until('power/pwm/lens', ({ condition, value }) => condition === 'ready' && value === 60, 30_000)
  t.same([duty(0), duty(1)], ['3000000', '1250000'], 'another keeper goes on with the levels of the one before')
  const began = performance.now()
  await agent.kill('SIGKILL')
  await patiently(async () => {
    if (duty(0) !== '0') throw new Error(`it heats: ${duty(0)}`)
  }, 20_000)
  t.ok(performance.now() - began < promisedMs)
  t.equal(duty(1), '1250000', 'and what is to be kept is kept')
  tree.put('class/pwm/pwmchip0/pwm0/duty_cycle', '2500000')
  const folder = await mkdtemp(join(tmpdir(), 'pierside-levels-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'pierside.yaml'), config)
  const env = { ...process.env, PIERSIDE_DATA: folder, PIERSIDE_CONFIG: join(folder, 'pierside.yaml') }
  const said = execFileSync(process.execPath, [builtAgent(), 'relays', 'safe'], { env, encoding: 'utf8' })
  t.match(said, /pwm: lens off, lamp kept/)
  t.same([duty(0), duty(1)], ['0', '1250000'], 'from the command line too')
})
