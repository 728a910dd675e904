// The pipe between agent and keeper, broken at every byte: whatever comes through it, the outputs end where they are
// safe, and neither end falls over the other.
import { connect } from 'node:net'
import t from 'tap'
import type { Board, OpenBoard } from '../../edge/ports/keeper.js'
import { silenceMs } from '../../edge/rules/keeping.js'
import { startKeeper } from '../../edge/spine/keeper.js'
import { runKeeper } from '../../edge/spine/keeper-process.js'
import { createLog } from '../../edge/spine/log.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { type FaultKind, faultyWire, wireTraffic } from '../support/faulty-wire.js'
import { leapingClock } from '../support/leaping-clock.js'

const never = new AbortController().signal
const awake = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(awake))

const orders = [
  { do: 'open', board: 'fake', options: {}, channels: ['lamp'], first: { lamp: 'keep' }, loss: { lamp: 'off' } },
  { do: 'set', id: 1, channel: 'lamp', to: true },
  { do: 'beat' },
]
const spoken = orders.map(order => `${JSON.stringify(order)}\n`)

t.test('the keeper, when the agent’s lines break off, go mad, or come to an end', { timeout: 60_000 }, async t => {
  const clock = leapingClock(wireTraffic)
  const kinds: readonly FaultKind[] = ['hang-up', 'garbage', 'silence', 'slowness']
  const places = spoken.join('').length + 2 * spoken[2].length
  let complaints = 0
  const cases = Array.from({ length: places }, (_, point) => kinds.map(kind => ({ kind, point }))).flat()
  const keepers = await Promise.all(
    cases.map(async ({ kind, point }, nth) => {
      let lamp: boolean | undefined
      let lit = false
      const open: OpenBoard = async (): Promise<Board> => {
        lamp = false
        return {
          read: async () => ({ on: { lamp: lamp === true } }),
          async write(_channel, on) {
            lamp = on
            lit ||= on
          },
          close: async () => {},
        }
      }
      const wire = await faultyWire((say, ended) => {
        say(spoken[0])
        clock.sleep(500, ended).then(
          () => say(spoken[1]),
          () => undefined,
        )
        const beats = clock.every(1_000, () => say(spoken[2]))
        ended.addEventListener('abort', () => beats.cancel(), { once: true })
        return () => {}
      }, nth + 1)
      wire.breakAt(kind, point)
      const pipe = connect(wire.port, '127.0.0.1')
      const complain = () => void complaints++
      const left = runKeeper({ input: pipe, output: pipe, clock, complain, boards: { fake: open } })
      return { kind, point, wire, pipe, left, lamp: () => lamp, lit: () => lit }
    }),
  )
  clock.onLeap(() => {
    for (const { wire } of keepers) wire.tick()
  })
  // All that is said has been said after 4 s; then silence is believed.
  await clock.leap(4_000 + silenceMs + 1_000)
  const lit = keepers.filter(one => one.lit()).length
  t.ok(complaints > 0, 'garbage is told')
  t.ok(lit > 100, `the lamp was lit in ${lit} of ${keepers.length}`)
  const on = keepers.filter(({ kind, lamp }) => kind !== 'slowness' && lamp() === true)
  t.same(
    on.slice(0, 8).map(({ kind, point }) => `${kind} at ${point}`),
    [],
    'and is off again wherever the agent is not to be heard',
  )
  await Promise.all(keepers.map(({ wire }) => wire.close()))
  await clock.leap(2_000)
  t.same(
    keepers.filter(({ lamp }) => lamp() === true),
    [],
    'nor does it stay on after the slowest agent',
  )
  const ends = await Promise.race([
    Promise.all(keepers.map(({ left }) => left)),
    new Promise<[]>(settle => setTimeout(() => settle([]), 5_000)),
  ])
  t.equal(ends.length, keepers.length, 'and every keeper ends')
  for (const { pipe } of keepers) pipe.destroy()
  t.equal(clock.timers, 0, 'with all its timers')
})

t.test('the agent, when a keeper says what it likes', async t => {
  const clock = systemClock()
  const lost: Error[] = []
  let strange = 0
  const log = createLog(clock, ({ level }) => {
    if (level === 'warn') strange++
  })
  const states = { lamp: 'keep' } as const
  const order = { device: 'odd', board: 'fake', options: {}, channels: ['lamp'], first: states, loss: states }
  const entry = new URL('../support/odd-keeper.mjs', import.meta.url)
  const kept = await startKeeper(order, { clock, log, entry, lost: fault => lost.push(fault) }, never)
  t.same(kept.reading(), { on: { lamp: true } })
  await kept.set('lamp', false, never)
  t.same(kept.reading(), { on: { lamp: false } })
  await kept.close()
  t.same(lost, [], 'what is no line of its is no word of the board’s')
  t.ok(strange > 50, `and is told, ${strange} times`)
})
