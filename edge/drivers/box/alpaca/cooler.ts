// The cooler of an Alpaca camera.
import type { Cooler } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import { alpacaErrorOf, alpacaErrors, isAbsent } from '../../link/alpaca/answer.js'
import type { AlpacaSession } from './session.js'
import type { DeviceState, Member } from './state.js'

/** What of the camera's state the cooler reads. */
export const coolerMembers: Readonly<Record<string, Member>> = {
  CCDTemperature: { type: 'number' },
  CoolerOn: { type: 'flag' },
  CoolerPower: { type: 'number' },
  SetCCDTemperature: { type: 'number' },
}

/** Beyond this no camera's cooler goes, whatever its driver would take, °C. */
const [coldest, warmest] = [-150, 100]

export function alpacaCooler(session: AlpacaSession, state: DeviceState): Cooler {
  let target: number | undefined
  /** Some have no switch and cool whenever they have a target. */
  const on = () => state.flag('CoolerOn') ?? target !== undefined
  const turn = async (wanted: boolean, signal: AbortSignal) => {
    try {
      await session.put('cooleron', { CoolerOn: wanted }, { signal })
    } catch (error) {
      if (!isAbsent(error)) throw error
      if (wanted) return
      const fix = 'Warm it up to the outside temperature instead'
      throw new Fault('unsupported', `the cooler of ${session.name} cannot be switched off`, fix, { cause: error })
    }
  }
  const powered = () => state.number('CoolerPower')
  return {
    sensorCelsius: () => state.number('CCDTemperature') ?? Number.NaN,
    targetCelsius: () => (on() ? (state.number('SetCCDTemperature') ?? target) : undefined),
    get powerPercent() {
      return powered() === undefined ? undefined : () => Math.min(100, Math.max(0, powered() ?? Number.NaN))
    },
    on,
    async cool(celsius, signal) {
      if (celsius === undefined) {
        await turn(false, signal)
        target = undefined
        await state.refresh(signal)
        return
      }
      const refused = (cause?: unknown) =>
        new Fault('bad-input', `${session.name} cannot cool to ${celsius} °C`, 'Give what its maker says it reaches', {
          cause,
        })
      if (!(celsius >= coldest && celsius <= warmest)) throw refused()
      try {
        await session.put('setccdtemperature', { SetCCDTemperature: celsius }, { signal })
      } catch (error) {
        throw alpacaErrorOf(error) === alpacaErrors.invalidValue ? refused(error) : error
      }
      target = celsius
      await turn(true, signal)
      await state.refresh(signal)
    },
  }
}
