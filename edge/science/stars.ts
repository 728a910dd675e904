// What is known of the stars on a frame.
import type { Region } from './region.js'

export interface Star {
  readonly x: number // px; (0, 0) is the middle of the first pixel
  readonly y: number
  readonly fluxAdu: number // light within 3 FWHM, sky taken off
  readonly peakAdu: number // brightest pixel, above the sky
  readonly snr: number // flux over the sky's noise in a circle of radius HFD; the star's own photon noise is not in it
  readonly hfdPx: number // half-flux diameter; HFR is half of it
  readonly fwhmPx: number // full width at half maximum, geometric mean of both axes
  readonly eccentricity: number // 0 round … 1 a line
  readonly angleRad: number // long axis, from +x towards +y, −π/2 … π/2
  readonly saturated: boolean
}

export interface StarOptions {
  readonly sigma?: number // detection threshold over the sky's noise; 5 unless told
  readonly maxStars?: number // keep this many, the brightest; 500 unless told
  readonly saturationAdu?: number // where the sensor clips; recognised by its flat top when absent
  readonly region?: Region // look only here; coordinates stay those of the whole plane
}

export interface Stars {
  readonly stars: readonly Star[] // brightest first
  readonly found: number // before `maxStars` cut the list; estimated where only the brightest spots were measured
  readonly backgroundAdu: number // median over the mesh
  readonly noiseAdu: number // of one sky pixel of the plane searched
  // Medians over unsaturated stars of snr ≥ 10, else over all; undefined without stars.
  readonly medianHfdPx: number | undefined
  readonly medianFwhmPx: number | undefined
  readonly medianEccentricity: number | undefined
}
