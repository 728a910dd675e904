// The simulated camera's cooler: the sensor creeps toward what was asked, as far as the heat can be carried off.
import type { Cooler } from '../../ports/camera.js'
import type { Clock } from '../../ports/clock.js'
import { Fault, reasonOf } from '../../ports/fault.js'

const timeConstantMs = 45_000
/** What a two-stage Peltier element manages below the air. */
const deepestBelowAir = 36
/** Electronics warm an uncooled sensor. */
const ownWarmth = 2

export function simulatedCooler(clock: Clock, ambientCelsius: () => number): Cooler {
  let target: number | undefined
  let from = ambientCelsius() + ownWarmth
  let sinceMs = clock.monotonicMs()
  const goal = () => {
    const warm = ambientCelsius() + ownWarmth
    return target === undefined ? warm : Math.min(warm, Math.max(target, ambientCelsius() - deepestBelowAir))
  }
  const celsius = () => goal() + (from - goal()) * Math.exp(-(clock.monotonicMs() - sinceMs) / timeConstantMs)
  return {
    sensorCelsius: celsius,
    targetCelsius: () => target,
    on: () => target !== undefined,
    powerPercent() {
      if (target === undefined) return 0
      const held = (ambientCelsius() + ownWarmth - celsius()) / (deepestBelowAir + ownWarmth)
      const pulling = Math.max(0, celsius() - goal()) / 10
      return Math.round(100 * Math.min(1, Math.max(0, held + pulling)))
    },
    async cool(next, signal) {
      if (signal.aborted) throw reasonOf(signal)
      if (next !== undefined && !(next >= -50 && next <= 40)) {
        throw new Fault('bad-input', `a sensor temperature of ${next} °C cannot be set`, 'Choose from -50 to 40 °C')
      }
      from = celsius()
      sinceMs = clock.monotonicMs()
      target = next
    },
  }
}
