// The cooler of an INDI camera. INDI tells no target apart from the temperature, so the one we ordered is remembered.
import type { Cooler } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { IndiSession } from './session.js'

const answerMs = 10_000
const temperature = 'CCD_TEMPERATURE'
const value = 'CCD_TEMPERATURE_VALUE'

export function indiCooler(session: IndiSession): { cooler(): Cooler | undefined; target(): number | undefined } {
  let target: number | undefined
  const hasSwitch = () => session.item('CCD_COOLER', 'COOLER_ON') !== undefined
  const on = () => (hasSwitch() ? session.isOn('CCD_COOLER', 'COOLER_ON') : target !== undefined)

  const cool: Cooler['cool'] = async (celsius, signal) => {
    const { name } = session
    if (celsius === undefined) {
      if (!hasSwitch()) {
        const fix = 'Warm it up to the outside temperature instead'
        throw new Fault('unsupported', `the cooler of "${name}" cannot be switched off`, fix)
      }
      await session.settle(
        'CCD_COOLER',
        { COOLER_OFF: true },
        { what: 'switching its cooler off', ms: answerMs, signal },
      )
      target = undefined
      return
    }
    const { min = -100, max = 50 } = session.item(temperature, value) ?? {}
    if (!(celsius >= min && celsius <= max)) {
      throw new Fault(
        'bad-input',
        `"${name}" cannot cool to ${celsius} °C`,
        `Give a temperature from ${min} to ${max} °C`,
      )
    }
    const wait = { what: `cooling to ${celsius} °C`, ms: answerMs, signal, busyIsTaken: true }
    await session.settle(temperature, { [value]: celsius }, wait)
    target = celsius
    // Most drivers start the cooler with the order; some want its switch as well.
    if (hasSwitch() && !on()) await session.settle('CCD_COOLER', { COOLER_ON: true }, wait)
  }
  const powered = () => session.number('CCD_COOLER_POWER', 'CCD_COOLER_VALUE')
  const cooler: Cooler = {
    sensorCelsius: () => session.number(temperature, value) ?? Number.NaN,
    targetCelsius: () => (on() ? target : undefined),
    get powerPercent() {
      return powered() === undefined ? undefined : () => powered() ?? Number.NaN
    },
    on,
    cool,
  }
  return {
    cooler: () => (session.property(temperature)?.permission === 'rw' ? cooler : undefined),
    target: () => (on() ? target : undefined),
  }
}
