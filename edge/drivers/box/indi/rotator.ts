// A rotator of an INDI server.
import { Fault } from '../../../ports/fault.js'
import { type Rotator, wholeTurn } from '../../../ports/rotator.js'
import { type IndiSession, refused } from './session.js'

const property = 'ABS_ROTATOR_ANGLE'
const turnMs = 300_000
const answerMs = 5000

export function openIndiRotator(session: IndiSession): Rotator {
  const moving = () => session.property(property)?.state === 'Busy'
  const checked = (angleDeg: number) => {
    if (angleDeg >= 0 && angleDeg < 360) return
    const fix = 'Give an angle from 0 to below 360°'
    throw new Fault('bad-input', `rotator "${session.name}" cannot stand at ${angleDeg}°`, fix)
  }
  const halt = async () => {
    session.order('ROTATOR_ABORT_MOTION', { ABORT: true })
    await session.until({ what: 'halting', ms: answerMs }, () => !moving() || undefined)
  }
  const sync = async (angleDeg: number, signal: AbortSignal) => {
    checked(angleDeg)
    const wait = { what: `taking ${angleDeg}° as where it stands`, ms: answerMs, signal }
    await session.settle('SYNC_ROTATOR_ANGLE', { ANGLE: angleDeg }, wait)
    // Its angle follows with the next poll, and with some drivers only when asked for.
    session.client.ask(session.name, property)
    const near = () => Math.abs(((angle() - angleDeg + 540) % 360) - 180) < 0.1 || undefined
    await session.until(wait, near).catch(error => {
      const silent = error instanceof Fault && error.code === 'timeout'
      throw silent ? refused(session.name, wait.what, `it says that it did, and still stands at ${angle()}°`) : error
    })
  }
  const angle = () => wholeTurn(session.number(property, 'ANGLE') ?? Number.NaN)
  return {
    angleDeg: angle,
    moving,
    async moveTo(angleDeg, signal) {
      checked(angleDeg)
      try {
        const wait = { what: `turning to ${angleDeg}°`, ms: turnMs, signal, polled: true }
        await session.settle(property, { ANGLE: angleDeg }, wait)
      } catch (error) {
        if (signal.aborted && !session.gone.aborted && session.property('ROTATOR_ABORT_MOTION')) await halt()
        throw error
      }
    },
    get sync() {
      return session.property('SYNC_ROTATOR_ANGLE') ? sync : undefined
    },
    get halt() {
      return session.property('ROTATOR_ABORT_MOTION') ? halt : undefined
    },
  }
}
