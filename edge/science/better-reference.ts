// Whether a frame would make a better reference than the one frames are matched against.

/** What a frame's stars are like; `Stars` has it. */
export interface FrameLook {
  readonly found: number // stars
  readonly noiseAdu: number // of one sky pixel
  readonly medianHfdPx: number | undefined
  readonly medianEccentricity: number | undefined
}

const clearlyBetter = 1.4 // so that the reference changes a few times a night, not with every breath of the air
const fewestStars = 0.8 // of the present reference's
const moreTrailed = 0.1 // eccentricity

/**
 * The rule: a reference is as good as its stars' centres are known. One centre's error goes with the star's area and
 * the sky's noise, that of all with the square root of their number; thin cloud and dew show in the number. The
 * candidate must be better by two fifths, not have lost stars, and not be trailed.
 */
export function betterReference(current: FrameLook, candidate: FrameLook): boolean {
  if (candidate.medianHfdPx === undefined || candidate.found < fewestStars * current.found) return false
  const trailed = (candidate.medianEccentricity ?? 0) - (current.medianEccentricity ?? 0)
  if (trailed > moreTrailed) return false
  const sharper = ((current.medianHfdPx ?? candidate.medianHfdPx) / candidate.medianHfdPx) ** 2
  const quieter = candidate.noiseAdu > 0 && current.noiseAdu > 0 ? current.noiseAdu / candidate.noiseAdu : 1
  return sharper * quieter * Math.sqrt(candidate.found / Math.max(1, current.found)) >= clearlyBetter
}
