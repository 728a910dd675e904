// A roof on its way, with real processes: whatever becomes of the agent or of the keeper, its relays drop, and nothing
// sets it in motion again.
import t, { type Test } from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { keepers } from '../support/keepers.js'
import { type FakeBoard, lcusBoard } from '../support/relay-boards.js'
import { noSocat } from '../support/serial-line.js'

const skip = noSocat
/** What the owner is promised, ms. */
const promisedMs = 5_000

/** Relays 1 and 2 move the roof; 3 and 4 of the board stand for its end switches, which a hand moves here. */
const configOf = (port: string) => `
links: {sky: {driver: simulator, start_parked: true}}
devices:
  mount: {driver: simulator, link: sky, part: mount}
  relays: {driver: lcus, port: ${port}, channels: {open: 1, close: 2, opened: 3, closed: 4}}
  roof:
    driver: relay-roof
    enabled: true
    open_relay: relays/open
    close_relay: relays/close
    open_switch: relays/opened
    closed_switch: relays/closed
use: {mount: mount, dome: roof}
power: {channels: {relays/opened: {loss: keep}, relays/closed: {loss: keep}}}
`

/** As a power cut left it: closed, and with a relay on that should not be. */
async function roofOnItsWay(t: Test): Promise<{ board: FakeBoard; agent: AgentProcess; over: Promise<string> }> {
  const board = await lcusBoard(t, [true, false, false, true])
  const agent = await startAgent(t, { config: configOf(board.port) })
  await agent.until('dome/roof', ({ condition, shutter }) => condition === 'ready' && shutter === 'closed')
  t.same(board.relays, [false, false, false, true], 'nothing that moves it is on')
  const over = agent.do('dome-open', {}).then(
    () => 'opened',
    error => String(error),
  )
  await stands(board, [true, false, false, true])
  board.relays[3] = false
  await agent.until('power/relays/closed', ({ on }) => on === false)
  await agent.until('dome/roof', ({ shutter, moving }) => shutter === 'opening' && moving === true)
  return { board, agent, over }
}

/** Settles when the relays stand so; ms since it was called. */
async function stands(board: FakeBoard, wanted: readonly boolean[], withinMs = 20_000): Promise<number> {
  const began = performance.now()
  await patiently(async () => {
    if (`${board.relays}` !== `${wanted}`) throw new Error(`the relays stand at ${board.relays}`)
  }, withinMs)
  return performance.now() - began
}

const resting = [false, false, false, false]

t.test('the agent is killed while the roof moves', { skip }, async t => {
  const { board, agent, over } = await roofOnItsWay(t)
  const dropped = stands(board, resting)
  await agent.kill('SIGKILL')
  t.ok((await dropped) < promisedMs)
  t.not(await over, 'opened')
})

t.test('the agent hangs while the roof moves, and finds it standing', { skip }, async t => {
  const { board, agent, over } = await roofOnItsWay(t)
  process.kill(agent.pid, 'SIGSTOP')
  const took = await stands(board, resting)
  t.ok(took < promisedMs, `dropped after ${Math.round(took)} ms`)
  process.kill(agent.pid, 'SIGCONT')
  t.not(await over, 'opened')
  const state = await agent.until('dome/roof', ({ condition, moving }) => condition === 'ready' && moving === false)
  t.equal(state.shutter, 'unknown', 'it does not say where it is, for nobody knows')
  t.same(board.relays, resting)
})

t.test('the keeper is killed while the roof moves, and another one does not go on', { skip }, async t => {
  const { board, agent, over } = await roofOnItsWay(t)
  const [before] = keepers(agent)
  process.kill(before, 'SIGKILL')
  t.not(await over, 'opened')
  await agent.until('dome/roof', ({ condition, moving }) => condition === 'ready' && moving === false, 30_000)
  t.not(keepers(agent)[0], before)
  t.same(board.relays, resting)
})

t.test('the roof goes on to its end, and is stopped there', { skip }, async t => {
  const { board, agent, over } = await roofOnItsWay(t)
  board.relays[2] = true
  t.equal(await over, 'opened')
  t.same(board.relays, [false, false, true, false])
  t.match(await agent.state('dome/roof'), { condition: 'ready' })
})
