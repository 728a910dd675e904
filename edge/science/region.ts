// Part of a picture.
import { ScienceError } from './science-error.js'

/** `x`, `y` are its first pixel, all in px. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** @throws ScienceError unless the region, in whole pixels, lies inside a picture of width × height px */
export function checkRegion(region: Region, width: number, height: number): void {
  const whole = [region.x, region.y, region.width, region.height].every(Number.isInteger)
  const inside =
    region.x >= 0 && region.y >= 0 && region.x + region.width <= width && region.y + region.height <= height
  if (!whole || !inside || region.width < 1 || region.height < 1) {
    throw new ScienceError(
      `region ${region.width} × ${region.height} at (${region.x}, ${region.y}) is no part of ${width} × ${height} px`,
    )
  }
}
