// How the light of one star lies on the sensor: seeing, defocus and haze as one round profile, and drawing it.

export interface ProfileOrder {
  /** Full width at half maximum of seeing and optics in focus, in px of the picture. */
  readonly fwhmPx: number
  /** Diameter of the defocus disc, px; 0 in focus. */
  readonly discPx: number
  /** Diameter of the central obstruction over that of the aperture, 0…0.7: what makes a doughnut of the disc. */
  readonly obstruction: number
  /** Share of the light in the aureole, 0…1: optics a little, dew and haze much more. */
  readonly haloFraction: number
  readonly haloFwhmPx: number
}

/** Light per px² by distance from the centre, integral 1. */
export interface StarProfile {
  readonly density: Float32Array
  readonly stepsPerPx: number
  /** Within this distance the profile bends inside a pixel, and pixels are integrated rather than sampled. */
  readonly corePx: number
}

const stepsPerPx = 16
const largestRadiusPx = 160
const moffatAlphaPerFwhm = 1 / (2 * Math.sqrt(2 ** (1 / 3) - 1))

/**
 * The profile of a star: a Moffat function with β = 3 (Moffat, A&A 3 (1969) 455) smeared over the ring that the
 * defocused aperture throws, plus an aureole of the same law.
 */
export function starProfile(order: ProfileOrder): StarProfile {
  const alpha = order.fwhmPx * moffatAlphaPerFwhm
  const haloAlpha = order.haloFwhmPx * moffatAlphaPerFwhm
  const outer = order.discPx / 2
  const radiusPx = Math.min(
    largestRadiusPx,
    outer + 14 * order.fwhmPx + (order.haloFraction > 0 ? 5 * order.haloFwhmPx : 0),
  )
  const density = new Float32Array(Math.ceil(radiusPx * stepsPerPx) + 2)
  const ring = ringPoints(outer, order.obstruction, alpha)
  const sharp = (1 - order.haloFraction) / ring.length
  for (let k = 0; k < density.length; k++) {
    const r = k / stepsPerPx
    let sum = 0
    for (const { radius, cosine } of ring) {
      sum += moffat(r * r + radius * radius - 2 * r * radius * cosine, alpha)
    }
    density[k] = sharp * sum + order.haloFraction * moffat(r * r, haloAlpha)
  }
  return { density, stepsPerPx, corePx: outer + 1.6 * order.fwhmPx }
}

function moffat(radius2: number, alpha: number): number {
  const u = 1 + radius2 / (alpha * alpha)
  return 2 / (Math.PI * alpha * alpha * u * u * u)
}

/**
 * Points that stand for the lit ring, equal in area; one point in the middle when the disc is far smaller than the
 * seeing.
 */
function ringPoints(outer: number, obstruction: number, alpha: number): { radius: number; cosine: number }[] {
  if (outer < 0.02 * alpha) return [{ radius: 0, cosine: 1 }]
  const rings = Math.min(24, Math.max(4, Math.ceil(outer / alpha) * 3))
  const angles = Math.min(96, Math.max(12, Math.ceil((outer / alpha) * 8)))
  const points: { radius: number; cosine: number }[] = []
  const inner2 = obstruction * obstruction
  for (let i = 0; i < rings; i++) {
    const radius = outer * Math.sqrt(inner2 + ((i + 0.5) / rings) * (1 - inner2))
    // Half the circle is enough: the profile is round.
    for (let j = 0; j < angles; j++) points.push({ radius, cosine: Math.cos((Math.PI * (j + 0.5)) / angles) })
  }
  return points
}

/** A picture that light is added to; `light` is `height` × `width`, row by row from the top, electrons. */
export interface Canvas {
  readonly light: Float32Array
  readonly width: number // px
  readonly height: number // px
}

/**
 * Adds one star.
 * @param x,y  px in the canvas, (0,0) the centre of the first pixel
 * @param electrons  of the whole star, one per pixel phase [even row even column, even odd, odd even, odd odd]: the
 * colour
 *   filters of a Bayer sensor; four times the same number on a mono one
 * @param least  electrons per pixel that are lost in the noise anyway: the window ends there
 */
export function drawStar(
  canvas: Canvas,
  profile: StarProfile,
  x: number,
  y: number,
  electrons: readonly number[],
  least: number,
): void {
  const { light, width, height } = canvas
  const { density } = profile
  const most = Math.max(electrons[0], electrons[1], electrons[2], electrons[3])
  const radius = radiusOf(profile, least / most)
  if (radius === 0) return
  const left = Math.max(0, Math.ceil(x - radius))
  const right = Math.min(width - 1, Math.floor(x + radius))
  const top = Math.max(0, Math.ceil(y - radius))
  const bottom = Math.min(height - 1, Math.floor(y + radius))
  const core2 = (profile.corePx + 0.8) ** 2
  const end2 = (density.length / stepsPerPx - 2 / stepsPerPx) ** 2
  for (let row = top; row <= bottom; row++) {
    const dy = row - y
    const even = electrons[(row & 1) * 2]
    const odd = electrons[(row & 1) * 2 + 1]
    for (let column = left; column <= right; column++) {
      const dx = column - x
      const r2 = dx * dx + dy * dy
      if (r2 >= end2) continue
      const share = r2 < core2 ? integrated(density, dx, dy) : sampled(density, r2)
      light[row * width + column] += share * (column & 1 ? odd : even)
    }
  }
}

function sampled(density: Float32Array, r2: number): number {
  const at = Math.sqrt(r2) * stepsPerPx
  const k = at | 0
  const part = at - k
  return density[k] * (1 - part) + density[k + 1] * part
}

/** Mean over the pixel from 4 × 4 samples: a star of 1.5 px width keeps its light to 0.1 % wherever it falls. */
function integrated(density: Float32Array, dx: number, dy: number): number {
  let sum = 0
  for (let j = -3; j <= 3; j += 2) {
    const v = dy + j / 8
    for (let i = -3; i <= 3; i += 2) {
      const u = dx + i / 8
      sum += sampled(density, u * u + v * v)
    }
  }
  return sum / 16
}

/** Distance in px beyond which the density is below `leastDensity`; 0 when it is nowhere above it. */
function radiusOf({ density }: StarProfile, leastDensity: number): number {
  // A doughnut is dim in the middle, so the search runs inwards.
  for (let k = density.length - 1; k >= 0; k -= 4) if (density[k] > leastDensity) return (k + 4) / stepsPerPx + 1
  return 0
}
