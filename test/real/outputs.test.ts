// Outputs while something else dies beside them: an INDI driver or its server, killed or stopped in its tracks, moves
// no relay; and an agent that goes meanwhile leaves every output safe, as it would at any other time.
import { join } from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { noIndiServer } from '../support/indi-server.js'
import { ownIndi, ownNamed } from '../support/own-indi.js'
import { lcusBoard } from '../support/relay-boards.js'
import { noSocat } from '../support/serial-line.js'

const skip = noSocat || noIndiServer
/** What the owner is promised, ms. */
const promisedMs = 5_000

for (const last of ['indiserver', 'indi_simulator_wheel'] as const) {
  t.test(`relays, and at last an agent that goes while ${last} hangs`, { skip, timeout: 240_000 }, async t => {
    const board = await lcusBoard(t, [false, false])
    const agent = await startAgent(t, {
      config: `
links:
  gear: {driver: indi, drivers: [indi_simulator_wheel], quiet_seconds: 4, hung_seconds: 4}
devices:
  filters: {driver: indi, link: gear, device: Filter Simulator, ports: [wheel]}
  relays: {driver: lcus, port: ${board.port}, channels: {fan: 1, mount: 2}}
`,
    })
    const gear = join(agent.data, 'links/gear/indi')
    const there = () => agent.until('wheel/filters', ({ condition }) => condition === 'ready', 90_000)
    await there()
    await agent.until('power/relays/fan', ({ condition }) => condition === 'ready')
    for (const channel of ['fan', 'mount']) await agent.do('power-set', { device: 'relays', channel, on: true })
    const restless: string[] = []
    const watch = setInterval(() => {
      if (`${board.relays}` !== 'true,true') restless.push(`${board.relays}`)
    }, 20)
    t.teardown(() => clearInterval(watch))
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const before = ownNamed(gear, last)!
      process.kill(before.pid, signal)
      await agent.until('wheel/filters', ({ condition }) => condition !== 'ready', 30_000)
      await there()
      t.not(ownNamed(gear, last)!.pid, before.pid, `another ${last} after ${signal}`)
    }
    clearInterval(watch)
    t.same(restless, [], 'no relay moved, not even for a moment')

    process.kill(ownNamed(gear, last)!.pid, 'SIGSTOP')
    const began = performance.now()
    await agent.kill('SIGKILL')
    await patiently(async () => {
      if (`${board.relays}` !== 'false,true') throw new Error(`the relays stand at ${board.relays}`)
    }, 20_000)
    t.ok(performance.now() - began < promisedMs, 'the fan is off, and the mount is kept')
    // A stopped process hears that its pipe has closed as soon as it goes on.
    for (const { pid, state } of ownIndi(gear)) if (state === 'T') process.kill(pid, 'SIGCONT')
    await patiently(async () => {
      if (ownIndi(gear).some(({ state }) => state !== 'Z')) throw new Error('server or driver is still there')
    }, 15_000)
  })
}
