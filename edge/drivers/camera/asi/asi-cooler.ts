// The cooler of an ASI camera. ZWO's library regulates it from within its process, so no process, no regulation: when
// one ends it switches the cooler off, and the next one takes the target up again while the sensor is still cold.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Cooler } from '../../../ports/camera.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { AsiControls } from './asi-controls.js'
import { controls as named } from './asi-layout.js'

/** A sensor that is this much warmer than its target was not left a moment ago: nobody waits for that cold any more. */
const stillColdKelvin = 15

/** What is to be read again every few seconds. */
export const coolerReadings = [named.TEMPERATURE, named.COOLER_POWER_PERC, named.COOLER_ON]

/** The library tells tenths of a degree. */
export const sensorCelsiusOf = (controls: AsiControls): number => controls.value(named.TEMPERATURE) / 10

/** @param folder of this device's own, where the target outlives process and agent */
export function asiCooler(camera: string, controls: AsiControls, folder: string): Cooler & { resume(): Promise<void> } {
  const file = path.join(folder, 'cooling.json')
  let target: number | undefined

  const start = async (celsius: number) => {
    await controls.set(named.TARGET_TEMP, celsius)
    await controls.set(named.COOLER_ON, 1)
    target = celsius
  }
  return {
    sensorCelsius: () => sensorCelsiusOf(controls),
    targetCelsius: () => target,
    powerPercent: () => controls.value(named.COOLER_POWER_PERC),
    on: () => controls.value(named.COOLER_ON) === 1,
    async cool(wanted, signal) {
      if (signal.aborted) throw reasonOf(signal)
      if (wanted === undefined) {
        target = undefined
        await rm(file, { force: true })
        await controls.set(named.COOLER_ON, 0)
        return
      }
      const { min, max } = controls.has(named.TARGET_TEMP) ?? { min: -40, max: 30 }
      if (!(wanted >= min && wanted <= max)) {
        const fix = `Give a temperature from ${min} to ${max} °C`
        throw new Fault('bad-input', `${camera} cannot cool to ${wanted} °C`, fix)
      }
      // It knows whole degrees only.
      const celsius = Math.round(wanted)
      await start(celsius)
      await mkdir(folder, { recursive: true })
      await writeFile(file, JSON.stringify({ targetCelsius: celsius }))
    },
    async resume() {
      const kept = await readFile(file, 'utf8').catch(() => undefined) // nobody had cooled it
      const celsius = kept === undefined ? undefined : targetIn(kept)
      if (celsius !== undefined && sensorCelsiusOf(controls) <= celsius + stillColdKelvin) await start(celsius)
      else await controls.set(named.COOLER_ON, 0)
    },
  }
}

/** Undefined where the file was cut short. */
function targetIn(kept: string): number | undefined {
  try {
    const { targetCelsius } = JSON.parse(kept)
    return Number.isInteger(targetCelsius) ? targetCelsius : undefined
  } catch {
    // Half a file, after a power cut: then the sensor is warm as well.
    return undefined
  }
}
