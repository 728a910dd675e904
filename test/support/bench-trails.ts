// What satellites leave in a stack: where their light fell, and how much of it is still there.

import type { TrueFrame } from './bench-sky.js'
import type { SkyField } from './bench-sky-frame.js'
import { median } from './benchmark.js'

export interface Residual {
  /** Mean over the pixels within one FWHM of the trails' axes, in units of the stack's noise. */
  readonly perNoise: number
  readonly pixels: number
  readonly noiseAdu: number
}

/**
 * Compares two stacks that differ by trails only.
 * @param withTrails, without  height × width, ADU; NaN where there is no data
 * @param frames  those whose trails are looked for; the first frame of the stack is unmoved
 */
export function trailResidual(
  field: Pick<SkyField, 'width' | 'height'>,
  frames: readonly TrueFrame[],
  withTrails: Float32Array,
  without: Float32Array,
): Residual {
  const { width, height } = field
  let sum = 0
  let pixels = 0
  for (const { pose, trails, fwhmPx } of frames) {
    const turn = (pose.turnDeg * Math.PI) / 180
    const [cosine, sine] = [Math.cos(turn), Math.sin(turn)]
    for (const { angleRad, offsetPx } of trails) {
      for (let y = 20; y < height - 20; y++) {
        for (let x = 20; x < width - 20; x++) {
          // Where this place of the stack lay on the frame, from the frame's middle.
          const u = x - (width - 1) / 2
          const v = y - (height - 1) / 2
          const column = cosine * u - sine * v + pose.dx + (width - 1) / 2
          const row = sine * u + cosine * v + pose.dy + (height - 1) / 2
          const across = (row - height / 2) * Math.cos(angleRad) - offsetPx - (column - width / 2) * Math.sin(angleRad)
          if (Math.abs(across) > fwhmPx) continue
          const left = withTrails[y * width + x] - without[y * width + x]
          if (Number.isNaN(left)) continue
          sum += left
          pixels++
        }
      }
    }
  }
  const noiseAdu = noiseOf(without, width, height)
  return { perNoise: sum / pixels / noiseAdu, pixels, noiseAdu }
}

/** Of one pixel of the sky: from differences of pixels four apart, which neither slopes nor warping touch. */
export function noiseOf(plane: Float32Array, width: number, height: number): number {
  const differences: number[] = []
  for (let y = 50; y < height - 50; y += 7) {
    for (let x = 50; x < width - 50; x += 11) {
      const difference = Math.abs(plane[y * width + x] - plane[y * width + x + 4])
      if (Number.isFinite(difference)) differences.push(difference)
    }
  }
  return (median(differences) * 1.4826) / Math.SQRT2
}
