// Which of a mount's slew rates comes nearest to a speed. INDI names rates and gives no numbers.
import type { IndiProperty } from '../../link/indi/property.js'

const siderealDegPerSecond = 15.041 / 3600
/** What "guide" and "max" usually mean; the rates between them grow by a constant factor. */
const slowest = 0.5 * siderealDegPerSecond
const fastest = 3

/** The name of the element nearest to the speed, on a logarithmic scale. Undefined where the mount has no choice. */
export function slewRateFor(rates: IndiProperty | undefined, degPerSecond: number): string | undefined {
  if (!rates || rates.items.size === 0) return undefined
  const items = [...rates.items.values()]
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  items.forEach((item, index) => {
    // Labels like "16x" are multiples of the sidereal rate; names are not to be trusted (the simulator's "4x" is Max).
    const multiple = /^(\d+(?:\.\d+)?)\s*x$/i.exec(item.label)
    const step = items.length > 1 ? index / (items.length - 1) : 1
    const speed = multiple ? Number(multiple[1]) * siderealDegPerSecond : slowest * (fastest / slowest) ** step
    const distance = Math.abs(Math.log(speed / degPerSecond))
    if (distance < least) {
      least = distance
      best = item.name
    }
  })
  return best
}
