// A roll-off roof made of relays and end switches, which are channels of other devices. It believes its switches and
// nothing else; whatever is not as it should be drops the relays.
import type { DomeStatus } from '../../ports/dome.js'
import { driver, type Tools } from '../../ports/driver.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import {
  judgeRoofStart,
  judgeRoofWay,
  type RoofContacts,
  type RoofStand,
  type RoofVerdict,
  roofStands,
} from '../../rules/roof-travel.js'
import { listeners } from '../listeners.js'
import { type RoofDrive, roofDrive } from './roof-drive.js'
import { wireOf } from './roof-wires.js'

const channel = z
  .string()
  .regex(/^[a-z0-9_-]+\/[a-z0-9_-]+$/, 'a channel is named device/channel, as in relays/roof-open')
const made = z.enum(['on', 'off']).default('on')

const options = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Whether it may move at all; until then it only tells how the roof stands'),
  open_relay: channel.optional().describe('Channel of the relay that opens it: relays/roof-open'),
  close_relay: channel.optional().describe('Channel of the relay that closes it'),
  toggle_relay: channel.optional().describe('Channel of the one button of an opener, in place of these two'),
  stop_relay: channel.optional().describe('Channel of its stop button'),
  power_relay: channel.optional().describe('Channel with the power of its motor: on only while it moves'),
  pulse_s: z
    .number()
    .min(0.1)
    .max(3)
    .optional()
    .describe('A relay is pressed for so long, s; when absent it is held for the whole way (a toggle: 0.5)'),
  open_switch: channel.describe('Channel of the switch at its open end: inputs/roof-open'),
  open_switch_made: made.describe('What that switch says when the roof is there'),
  closed_switch: channel.describe('Channel of the switch at its closed end'),
  closed_switch_made: made.describe('What that switch says when the roof is there'),
  park_switch: channel.optional().describe('Channel of a switch at the park position of the mount'),
  park_switch_made: made.describe('What that switch says when the mount is parked'),
  leave_s: z.number().min(0.5).max(60).default(5).describe('So long it may take to leave an end, s'),
  travel_s: z.number().min(2).max(280).default(60).describe('So long the whole way may take, s'),
  dead_s: z.number().min(0.2).max(30).default(2).describe('It stands for so long before it moves again, s'),
  power_up_s: z.number().min(0).max(30).default(1).describe('Its motor has power for so long before it moves, s'),
})

type Options = z.output<typeof options>

/** Between two tries to switch off what is on by itself, ms. */
const dropMs = 2_000
/** After its relays are off, until it is believed where it stands. */
const settleMs = 500
const otherEnd = (to: 'open' | 'closed') => (to === 'open' ? 'closed' : 'open')
const standWords: Readonly<Record<RoofStand, string>> = {
  open: 'it stands at its open end',
  closed: 'it stands at its closed end',
  between: 'it stands between its ends',
  contradiction: 'both of its end switches say that it is there',
  unknown: 'its end switches are not known',
}

/** Contacts are looked at so often, however quiet their devices are. */
const lookMs = 250

export const relayRoofDriver = driver<typeof options>({
  id: 'relay-roof',
  summary: 'Roll-off roof of relays and end switches',
  options,
  ports: () => ['dome'],
  wires: ({ open_relay, close_relay, toggle_relay, stop_relay, power_relay, ...given }) => ({
    drives: [open_relay, close_relay, toggle_relay, stop_relay, power_relay].filter(path => path !== undefined),
    reads: [given.open_switch, given.closed_switch, given.park_switch].filter(path => path !== undefined),
  }),
  async open(given, tools, signal) {
    demandSense(given)
    if (signal.aborted) throw reasonOf(signal)
    const drive = driveOf(given, tools)
    const contacts = contactsOf(given, tools)
    // How the relays stand after a power cut is not known, and not assumed.
    if (given.enabled) await drive.rest()
    if (signal.aborted) throw reasonOf(signal)
    const roof = relayRoof(given, drive, contacts, tools)
    return { ports: { dome: roof.dome }, close: roof.close }
  },
})

function demandSense({ open_relay, close_relay, toggle_relay, stop_relay, power_relay, pulse_s }: Options): void {
  const bad = (words: string, fix: string) => new Fault('bad-input', words, fix)
  const two = open_relay !== undefined && close_relay !== undefined
  if (two === (toggle_relay !== undefined) || (!two && (open_relay ?? close_relay) !== undefined)) {
    throw bad('it is not said what moves the roof', 'Give open_relay and close_relay, or toggle_relay alone')
  }
  const pressed = toggle_relay !== undefined || pulse_s !== undefined
  if (pressed && stop_relay === undefined && power_relay === undefined) {
    const fix = 'Give stop_relay, or better power_relay: the same button again may as well set it in motion'
    throw bad('a roof whose relays are pressed cannot be stopped by them', fix)
  }
}

function driveOf(given: Options, tools: Tools): RoofDrive {
  const wire = (path: string | undefined) => (path === undefined ? undefined : wireOf(path, tools))
  const pulse = given.pulse_s ?? (given.toggle_relay === undefined ? undefined : 0.5)
  return roofDrive(
    {
      open: wire(given.open_relay),
      close: wire(given.close_relay),
      toggle: wire(given.toggle_relay),
      stop: wire(given.stop_relay),
      power: wire(given.power_relay),
      pressMs: pulse === undefined ? undefined : pulse * 1000,
      deadMs: given.dead_s * 1000,
      powerUpMs: given.power_up_s * 1000,
    },
    tools.clock,
  )
}

function contactsOf(given: Options, tools: Tools): () => RoofContacts {
  const contact = (path: string, when: 'on' | 'off') => {
    const wire = wireOf(path, tools)
    return () => {
      const on = wire.on()
      return on === undefined ? undefined : on === (when === 'on')
    }
  }
  const open = contact(given.open_switch, given.open_switch_made)
  const closed = contact(given.closed_switch, given.closed_switch_made)
  const parked = given.park_switch === undefined ? () => true : contact(given.park_switch, given.park_switch_made)
  return () => ({ open: open(), closed: closed(), parked: parked() })
}

/** A way it is on, and who waits for its end. */
interface Way {
  readonly to: 'open' | 'closed'
  readonly control: AbortController
  from: RoofStand
  left: boolean
  eitherEnd: boolean
  /** Its relays have been touched. */
  set: boolean
  /** When its relays had been switched on; undefined: not yet. */
  sinceMs: number | undefined
  arrive(): void
}

function relayRoof(given: Options, drive: RoofDrive, contacts: () => RoofContacts, { clock, log }: Tools) {
  const statuses = listeners<DomeStatus>()
  const patience = { leaveMs: given.leave_s * 1000, travelMs: given.travel_s * 1000 }
  const toggles = given.toggle_relay !== undefined
  let way: Way | undefined
  let stopped = false
  let trouble: string | undefined
  /** It was set in motion and did not arrive: a switch that says otherwise may be the one that is stuck. */
  let doubted = false
  let closed = false
  let told = ''

  const shutter = (stands: RoofStand): DomeStatus['shutter'] => {
    if (stands === 'contradiction') return 'error'
    if (way) return way.eitherEnd ? 'unknown' : way.to === 'open' ? 'opening' : 'closing'
    if (drive.live() || (doubted && stands !== 'unknown')) return 'error'
    if (stands !== 'between') return stands
    return stopped ? 'stopped' : 'unknown'
  }
  const status = (): DomeStatus => {
    const stands = roofStands(contacts())
    const verdict = judgeRoofStart(contacts())
    const live = !way && drive.live() ? 'A relay of the roof is on, and nobody has told it to be' : undefined
    const wrong = stands === 'contradiction' || stands === 'unknown' ? sentence(verdict) : undefined
    const said = wrong ?? live ?? trouble
    return {
      shutter: shutter(stands),
      moving: way !== undefined || drive.live(),
      ...(said !== undefined && { trouble: said }),
      atMs: clock.now(),
    }
  }
  const tell = () => {
    const now = status()
    const words = JSON.stringify({ ...now, atMs: 0 })
    if (words === told) return
    told = words
    statuses.tell(now)
  }
  const look = () => {
    if (way?.sinceMs !== undefined) judge(way, clock.monotonicMs() - way.sinceMs)
    else if (!way && given.enabled && drive.live()) void drop()
    tell()
  }
  const judge = (one: Way, passedMs: number) => {
    const now = contacts()
    const stands = roofStands(now)
    if (stands === 'between') one.left = true
    const verdict = judgeRoofWay(one, now, passedMs, patience)
    if (verdict.kind === 'arrived') one.arrive()
    else if (verdict.kind === 'stop') one.control.abort(unsafe(verdict))
    else if (drive.crossed(one.to)) {
      const fix = 'See what switched it on, and look at the motor'
      one.control.abort(new Fault('broken', 'both directions of the roof were on', fix))
    } else if (drive.cut(one.to)) {
      one.control.abort(new Fault('broken', 'the roof was stopped: its relay went off', 'See what switched it off'))
    }
  }
  let droppedMs = Number.NEGATIVE_INFINITY
  /** A relay that nobody has told to be on: an order that came late, another program, a board that woke up so. */
  const drop = async () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - droppedMs < dropMs) return
    droppedMs = nowMs
    log.error('a relay of the roof was on, and nobody had told it to be: it is switched off')
    try {
      await drive.rest()
      trouble ??= 'A relay of the roof was on by itself, and was switched off. Look where the roof stands'
    } catch (error) {
      const { message, fix } = asFault(error, 'the roof')
      trouble = `${message}. ${fix}`
    }
    tell()
  }
  const looking = clock.every(lookMs, look)

  /** One leg: until it is at an end, or the way's signal fires. */
  const leg = async (one: Way) => {
    const { control } = one
    const start = judgeRoofStart(contacts())
    if (start.kind === 'stop') throw unsafe(start)
    one.from = roofStands(contacts())
    one.left = false
    one.eitherEnd = toggles && one.from === 'between'
    one.sinceMs = undefined
    tell()
    one.set = true
    await drive.go(one.to, control.signal)
    const ended = new Promise<void>((settle, reject) => {
      one.arrive = settle
      control.signal.addEventListener('abort', () => reject(reasonOf(control.signal)), { once: true })
    })
    one.sinceMs = clock.monotonicMs()
    if (control.signal.aborted) throw reasonOf(control.signal)
    look()
    await ended
    // It is judged no more as one that is on its way.
    one.sinceMs = undefined
    await drive.rest()
  }
  const travel = async (to: 'open' | 'closed', signal: AbortSignal) => {
    if (closed) throw new Fault('offline', 'the roof is closed down', 'Open its device again')
    if (signal.aborted) throw reasonOf(signal)
    if (way) throw new Fault('busy', 'the roof is moving', 'Wait, or stop it')
    if (!given.enabled) {
      throw new Fault('unsafe', 'this roof is not allowed to move', 'Set enabled: true once it has been tried by hand')
    }
    if (roofStands(contacts()) === to && !drive.live()) {
      if (!doubted) return
      const fix = `Send it to its ${otherEnd(to)} end first, and look at it`
      throw new Fault('broken', `the roof did not arrive last time, so its ${to} switch is not believed`, fix)
    }
    const control = new AbortController()
    const pass = () => control.abort(reasonOf(signal))
    signal.addEventListener('abort', pass, { once: true })
    const unset = { from: 'unknown', left: false, eitherEnd: false, set: false, sinceMs: undefined } as const
    const one: Way = { to, control, ...unset, arrive() {} }
    way = one
    stopped = false
    trouble = undefined
    try {
      await leg(one)
      // An opener of one button may have gone the other way first.
      if (one.eitherEnd && roofStands(contacts()) === otherEnd(to)) await leg(one)
      // It runs on a little, and its switch bounces.
      await clock.sleep(settleMs, control.signal)
      const stands = roofStands(contacts())
      if (stands !== to) {
        const words = `the roof reached its ${to} end and is not there any more: ${standWords[stands]}`
        throw new Fault('broken', words, 'Look at it, at its switch and at its brake, and send it again')
      }
      doubted = false
    } catch (error) {
      const fault = asFault(error, 'the roof')
      stopped = control.signal.aborted && fault.code === 'aborted'
      if (!stopped) {
        trouble = `${fault.message}. ${fault.fix}`
        doubted ||= one.set
      } else if (one.sinceMs !== undefined && !one.left && one.from !== 'between') {
        trouble = `It was stopped before its ${one.from} switch had let go. Look at it, and send it on`
        doubted = true
      }
      await halt()
      throw error
    } finally {
      signal.removeEventListener('abort', pass)
      way = undefined
      tell()
    }
  }
  /** A relay that does not obey is what matters most from then on. */
  const halt = async () => {
    try {
      await drive.halt()
    } catch (error) {
      const { message, fix } = asFault(error, 'the roof')
      trouble = `${message}. ${fix}`
      log.error(`the roof may go on: ${message}`)
    }
  }
  const stop = async () => {
    way?.control.abort(new Fault('aborted', 'the roof was stopped', 'Send it again'))
    if (given.enabled) await drive.halt()
    tell()
  }
  return {
    dome: {
      kind: 'roof',
      status,
      onStatus: statuses.add,
      open: (signal: AbortSignal) => travel('open', signal),
      close: (signal: AbortSignal) => travel('closed', signal),
      stop,
    } as const,
    async close() {
      if (closed) return
      closed = true
      looking.cancel()
      if (way) await stop()
    },
  }
}

function unsafe(verdict: RoofVerdict & { kind: 'stop' }): Fault {
  return new Fault('unsafe', `the roof does not move: ${verdict.words}`, verdict.fix)
}

const sentence = (verdict: RoofVerdict) =>
  verdict.kind === 'stop'
    ? `${verdict.words.charAt(0).toUpperCase()}${verdict.words.slice(1)}. ${verdict.fix}`
    : undefined
