// A dust cap or a light box of an INDI server, or both in one.
import type { Cover, CoverCalibrator, CoverState, LightPanel } from '../../../ports/cover.js'
import { Fault } from '../../../ports/fault.js'
import { type IndiSession, refused } from './session.js'

const cap = 'CAP_PARK'
const light = 'FLAT_LIGHT_CONTROL'
const level = 'FLAT_LIGHT_INTENSITY'
const levelItem = 'FLAT_LIGHT_INTENSITY_VALUE'
const moveMs = 120_000
const answerMs = 10_000

export function openIndiCover(session: IndiSession): CoverCalibrator {
  const cover = capOf(session)
  const panel = panelOf(session)
  return {
    get cover() {
      return session.property(cap) ? cover : undefined
    },
    get panel() {
      return session.property(light) ? panel : undefined
    },
  }
}

function capOf(session: IndiSession): Cover {
  const state = (): CoverState => {
    const closed = session.isOn(cap, 'PARK')
    const is = session.property(cap)?.state
    if (is === 'Busy') return 'moving'
    if (is === 'Alert' || closed === session.isOn(cap, 'UNPARK')) return 'unknown'
    return closed ? 'closed' : 'open'
  }
  const halt = async () => {
    session.order('CAP_ABORT', { ABORT: true })
    await session.until({ what: 'halting', ms: answerMs }, () => state() !== 'moving' || undefined)
  }
  const move = async (to: 'open' | 'closed', signal: AbortSignal) => {
    const what = to === 'open' ? 'opening' : 'closing'
    const item = to === 'open' ? 'UNPARK' : 'PARK'
    try {
      await session.settle(cap, { [item]: true }, { what, ms: moveMs, signal, polled: true })
    } catch (error) {
      if (signal.aborted && !session.gone.aborted && session.property('CAP_ABORT')) await halt()
      throw error
    }
    if (state() !== to) throw refused(session.name, what, `it says that it is done, and is ${state()}`)
  }
  return {
    state,
    open: signal => move('open', signal),
    close: signal => move('closed', signal),
    get halt() {
      return session.property('CAP_ABORT') ? halt : undefined
    },
  }
}

function panelOf(session: IndiSession): LightPanel {
  const on = () => session.isOn(light, 'FLAT_LIGHT_ON')
  const most = () => (session.property(level) ? (session.item(level, levelItem)?.max ?? 255) : 1)
  return {
    get maxBrightness() {
      return most()
    },
    brightness: () => (on() ? (session.number(level, levelItem) ?? 1) : 0),
    async glow(brightness, signal) {
      if (!(Number.isInteger(brightness) && brightness >= 0 && brightness <= most())) {
        const fix = `Give a whole number from 0 to ${most()}`
        throw new Fault('bad-input', `light panel "${session.name}" cannot glow at ${brightness}`, fix)
      }
      const wait = { what: `glowing at ${brightness}`, ms: answerMs, signal }
      if (brightness === 0) return session.settle(light, { FLAT_LIGHT_OFF: true }, wait)
      // Some panels take a brightness only while they are lit.
      if (!on()) await session.settle(light, { FLAT_LIGHT_ON: true }, wait)
      if (session.property(level)) await session.settle(level, { [levelItem]: brightness }, { ...wait, polled: true })
    },
  }
}
