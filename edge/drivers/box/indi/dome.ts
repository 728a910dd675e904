// A roof or dome of an INDI server. What turns has a shutter of its own; what does not is a roof, which INDI "parks" to
// close it.
import type { Dome, DomeStatus } from '../../../ports/dome.js'
import { Fault } from '../../../ports/fault.js'
import { wholeTurn } from '../../../ports/rotator.js'
import { type IndiSession, refused } from './session.js'

const travelMs = 300_000
const answerMs = 5000
const azimuth = 'ABS_DOME_POSITION'
const told = new Set(['DOME_SHUTTER', 'DOME_PARK', 'DOME_MOTION', azimuth])

/** What opens and closes it, and the names of the two ends. */
interface Ends {
  readonly property: string
  readonly open: string
  readonly closed: string
}
const shutter: Ends = { property: 'DOME_SHUTTER', open: 'SHUTTER_OPEN', closed: 'SHUTTER_CLOSE' }
const roof: Ends = { property: 'DOME_PARK', open: 'UNPARK', closed: 'PARK' }

export function openIndiDome(session: IndiSession): { dome: Dome; close(): Promise<void> } {
  const { name, clock } = session
  const listeners = new Set<(status: DomeStatus) => void>()
  let heardMs = clock.now()
  const busy = (property: string) => session.property(property)?.state === 'Busy'
  const moving = () => [...told].some(busy)
  const turns = () => session.property(azimuth) !== undefined
  const ends = () => (session.property(shutter.property) ? shutter : roof)

  const stands = (): DomeStatus['shutter'] => {
    const { property, open, closed } = ends()
    const isOpen = session.isOn(property, open)
    if (isOpen === session.isOn(property, closed)) return 'unknown'
    // A roof is on its way by its motor as well; a dome that turns leaves its shutter alone.
    if (busy(property) || (!turns() && moving())) return isOpen ? 'opening' : 'closing'
    if (session.property(property)?.state === 'Alert') return 'unknown'
    return isOpen ? 'open' : 'closed'
  }
  const status = (): DomeStatus => {
    const az = session.number(azimuth, 'DOME_ABSOLUTE_POSITION')
    return {
      shutter: stands(),
      moving: moving(),
      ...(az === undefined ? {} : { azDeg: wholeTurn(az) }),
      atMs: heardMs,
    }
  }
  const stopWatching = session.watch(change => {
    if (change.kind !== 'set' || !told.has(change.property.name)) return
    heardMs = clock.now()
    const now = status()
    for (const listener of [...listeners]) listener(now)
  })
  session.gone.addEventListener('abort', stopWatching, { once: true })

  /** The answer to an abort differs from driver to driver (Alert in most); what counts is that nothing moves. */
  const stop = async () => {
    session.order('DOME_ABORT_MOTION', { ABORT: true })
    await session.until({ what: 'stopping', ms: answerMs }, () => !moving() || undefined)
  }
  const guarded = async (signal: AbortSignal, run: () => Promise<void>) => {
    try {
      await run()
    } catch (error) {
      // Whatever went wrong, nothing goes on moving that nobody watches.
      if (!session.gone.aborted && (signal.aborted || moving())) await stop()
      throw error
    }
  }
  /** A parked dome takes no orders. */
  const awake = async (signal: AbortSignal) => {
    if (!turns() || !session.isOn('DOME_PARK', 'PARK')) return
    await session.settle('DOME_PARK', { UNPARK: true }, { what: 'unparking', ms: travelMs, signal })
  }
  const travel = (to: 'open' | 'closed', signal: AbortSignal) =>
    guarded(signal, async () => {
      const what = to === 'open' ? 'opening' : 'closing'
      const { property, ...names } = ends()
      if (signal.aborted || session.gone.aborted || stands() !== to) {
        await awake(signal)
        // Stopped on its way there, INDI's base class takes the same order for one that is fulfilled.
        if (stands() === 'unknown' && session.isOn(property, names[to])) {
          const back = { what: `${what}, from between`, ms: answerMs, signal, busyIsTaken: true }
          await session.settle(property, { [names[to === 'open' ? 'closed' : 'open']]: true }, back)
          if (moving()) await stop()
        }
        await session.settle(property, { [names[to]]: true }, { what, ms: travelMs, signal, polled: true })
      }
      if (stands() !== to) throw refused(name, what, `it says that it is done, and is ${stands()}`)
    })
  const turnTo = (azDeg: number, signal: AbortSignal) =>
    guarded(signal, async () => {
      if (!(azDeg >= 0 && azDeg < 360)) {
        throw new Fault('bad-input', `dome "${name}" cannot turn to ${azDeg}°`, 'Give an azimuth from 0 to below 360°')
      }
      await awake(signal)
      const wait = { what: `turning to ${azDeg}°`, ms: travelMs, signal, polled: true }
      await session.settle(azimuth, { DOME_ABSOLUTE_POSITION: azDeg }, wait)
    })

  const dome: Dome = {
    get kind() {
      return turns() ? 'dome' : 'roof'
    },
    status,
    onStatus(listener) {
      const own = (now: DomeStatus) => listener(now)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    open: signal => travel('open', signal),
    close: signal => travel('closed', signal),
    stop,
    get turnTo() {
      return turns() ? turnTo : undefined
    },
  }
  return { dome, close: async () => stopWatching() }
}
