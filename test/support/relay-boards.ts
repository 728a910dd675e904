// Relay boards at the other end of a serial line, as their makers' firmware behaves, faults included.
import { type SerialLine, serialLine } from './serial-line.js'

interface Test {
  teardown(run: () => Promise<void> | void): void
}

export interface FakeBoard extends SerialLine {
  /** By relay from 0: what is switched on now. */
  readonly relays: boolean[]
  /** The relays stick and do not follow orders any more. */
  stuck: boolean
  /** It hears nothing and says nothing. */
  silent: boolean
}

/** An LCUS board. @param answers  boards of one relay do not know the question */
export async function lcusBoard(t: Test, relays: boolean[], answers = true): Promise<FakeBoard> {
  let rest = Buffer.alloc(0)
  const device = await serialLine(t, say => bytes => {
    if (board.silent) return
    rest = Buffer.concat([rest, bytes])
    while (rest.length > 0) {
      if (rest[0] === 0xff) {
        rest = rest.subarray(1)
        const lines = relays.map((on, at) => `CH${at + 1}: ${on ? 'ON ' : 'OFF'}\r\n`)
        if (answers) for (const line of lines) say(line)
      } else if (rest[0] !== 0xa0) rest = rest.subarray(1)
      else if (rest.length < 4) return
      else {
        const [start, relay, level, sum] = rest
        rest = rest.subarray(4)
        if (((start + relay + level) & 0xff) === sum && relay <= relays.length && !board.stuck) {
          relays[relay - 1] = level === 1
        }
      }
    }
  })
  const board: FakeBoard = { ...device, relays, stuck: false, silent: false }
  return board
}

/**
 * The PANOPTES power board with its stock firmware (`power_board.ino`): one order a round, a report at the end of each,
 * and the fall-through after toggle and cycle that leaves the relay off.
 * @param roundMs  1500 on the real one
 */
export async function pocsBoard(t: Test, relays: boolean[], roundMs = 1_500): Promise<FakeBoard> {
  const orders: string[] = []
  let rest = ''
  const device = await serialLine(t, () => bytes => {
    const lines = (rest + bytes.toString('latin1')).split('\n')
    rest = lines.pop()!
    orders.push(...lines)
  })
  const board: FakeBoard = { ...device, relays, stuck: false, silent: false }
  const obey = (text: string) => {
    const { relay, power } = JSON.parse(text) as { relay: number; power: number }
    if (board.stuck) return
    if (power === 2) relays[relay] = !relays[relay]
    relays[relay] = power === 1
  }
  // Torn, as it comes after the port was opened in the middle of a report.
  device.say('"relays":[1,1,0\r\n')
  let uptime = 0
  const round = setInterval(() => {
    if (board.silent) return
    const order = orders.shift()
    if (order) obey(order)
    const readings = relays.map((on, at) => (on ? 40 + at : 3))
    const report = { ac_ok: true, battery_low: false, relays, readings, name: 'power_board', uptime: ++uptime }
    device.say(`${JSON.stringify(report)}\r\n`)
  }, roundMs)
  t.teardown(() => clearInterval(round))
  return board
}
