// An Alpaca CoverCalibrator: a cover, a light panel, or both in one.
import type { Cover, CoverCalibrator, CoverState, LightPanel } from '../../../ports/cover.js'
import { Fault } from '../../../ports/fault.js'
import { isAbsent } from '../../link/alpaca/answer.js'
import type { AlpacaSession } from './session.js'
import { type DeviceState, keepState } from './state.js'

const everyMs = 2_000
const moveMs = 120_000
const haltMs = 5_000
const glowMs = 60_000 // a panel may take its time to become steady

/** CoverState of ICoverCalibrator: 0 is a device without one. */
const coverStates: readonly (CoverState | undefined)[] = [undefined, 'closed', 'moving', 'open']
const notPresent = 0
/** CalibratorState. */
const [panelReady, panelFailed] = [3, 5]

export async function openAlpacaCover(session: AlpacaSession, signal: AbortSignal): Promise<CoverCalibrator> {
  const state = await keepState(
    session,
    {
      CoverState: { type: 'number', alone: true },
      CalibratorState: { type: 'number' },
      Brightness: { type: 'number' },
    },
    everyMs,
    signal,
  )
  const there = (name: string) => (state.number(name) ?? notPresent) !== notPresent
  const [cover, panel] = [there('CoverState'), there('CalibratorState')]
  if (!cover && !panel) {
    throw new Fault('unsupported', `${session.name} has neither cover nor light`, 'Look at its setup page')
  }
  const most = panel ? await session.number('maxbrightness') : 0
  return {
    cover: cover ? coverOf(session, state) : undefined,
    panel: panel ? panelOf(session, state, most) : undefined,
  }
}

function coverOf(session: AlpacaSession, known: DeviceState): Cover {
  const state = (): CoverState => coverStates[known.number('CoverState') ?? notPresent] ?? 'unknown'
  const halt = async () => {
    await session.put('haltcover', {}, { ms: haltMs })
    await known.until({ what: 'halting', ms: haltMs }, () => (state() === 'moving' ? undefined : true))
  }
  const move = async (to: 'open' | 'closed', signal: AbortSignal) => {
    const what = to === 'open' ? 'opening' : 'closing'
    try {
      await session.put(to === 'open' ? 'opencover' : 'closecover', {}, { ms: moveMs, signal })
      await known.until({ what, ms: moveMs, signal }, () => (state() === 'moving' ? undefined : true))
    } catch (error) {
      if (signal.aborted && !session.gone.aborted) {
        await halt().catch(why => (isAbsent(why) ? undefined : Promise.reject(why)))
      }
      throw error
    }
    if (state() === to) return
    throw new Fault('broken', `${session.name}, ${what}: it ended ${state()}`, 'Look at it, then try again')
  }
  return { state, halt, open: signal => move('open', signal), close: signal => move('closed', signal) }
}

function panelOf(session: AlpacaSession, known: DeviceState, most: number): LightPanel {
  const brightness = () => known.number('Brightness') ?? 0
  return {
    maxBrightness: most,
    brightness,
    async glow(wanted, signal) {
      if (!(Number.isInteger(wanted) && wanted >= 0 && wanted <= most)) {
        const fix = `Give a whole number from 0 to ${most}`
        throw new Fault('bad-input', `${session.name} cannot glow at ${wanted}`, fix)
      }
      const what = `glowing at ${wanted}`
      if (wanted === 0) await session.put('calibratoroff', {}, { ms: glowMs, signal })
      else await session.put('calibratoron', { Brightness: wanted }, { ms: glowMs, signal })
      await known.until({ what, ms: glowMs, signal }, () => {
        const now = known.number('CalibratorState')
        if (now === panelFailed) {
          throw new Fault('broken', `${session.name}, ${what}: it says that it failed`, 'Look at its driver')
        }
        return brightness() === wanted && (wanted === 0 || now === panelReady) ? true : undefined
      })
    },
  }
}
