// What an ordered exposure becomes with a video camera: one picture, or several on top of each other.
import { Fault } from '../../ports/fault.js'

export const stackings = ['none', 'sum', 'mean'] as const
export type Stacking = (typeof stackings)[number]

export interface Plan {
  readonly pictures: number
  /** Of each picture, s. */
  readonly eachSeconds: number
}

/** What one picture of the camera can be exposed, s. Both the same where the camera has no exposure to set. */
export interface Reach {
  readonly minSeconds: number
  readonly maxSeconds: number
}

/** Of so many a stack may be: an hour of quick video. */
const mostPictures = 100_000

/**
 * Throws `bad-input` for a time that this camera cannot do; longer ones than it has become several pictures where they
 * may be stacked.
 */
export function planOf(seconds: number, reach: Reach, stacking: Stacking): Plan {
  const { minSeconds, maxSeconds } = reach
  // A rounding of the last digit is no other exposure.
  const slack = 1e-6
  const longest = stacking === 'none' ? maxSeconds : maxSeconds * mostPictures
  if (!(seconds >= minSeconds - slack && seconds <= longest + slack)) {
    const range = minSeconds === longest ? `${tidy(minSeconds)} s only` : `${tidy(minSeconds)} to ${tidy(longest)} s`
    const fix = seconds > maxSeconds ? 'Choose a shorter one, or set stack: sum for it in the config' : 'Choose another'
    throw new Fault('bad-input', `an exposure of ${seconds} s is not possible with this camera: ${range}`, fix)
  }
  if (minSeconds === maxSeconds) {
    return { pictures: Math.max(1, Math.round(seconds / maxSeconds)), eachSeconds: maxSeconds }
  }
  const pictures = Math.max(1, Math.ceil(seconds / maxSeconds - slack))
  return { pictures, eachSeconds: seconds / pictures }
}

/** Without the digits that binary numbers add. */
export const tidy = (seconds: number): number => Math.round(seconds * 1e6) / 1e6
