// Which part of the sensor the library can read for an order: it wants widths in eights and even heights, of binned
// pixels, and begins at fours and twos. What is ordered is cut down to that, from its right and lower edge.
import type { ExposureOrder, Region } from '../../../ports/frame.js'
import type { CameraInfo } from './asi-layout.js'
import type { AsiFormat } from './asi-words.js'

const widthStep = 8
const heightStep = 2
const xStep = 4
const yStep = 2
/** Of the old USB 2 cameras ASI120: bytes come in whole lumps of so many pixels. */
const oldLumpPx = 1024

type Wanted = Pick<ExposureOrder, 'binning' | 'region'>

/** Undefined where nothing of the order is left. */
export function formatFor(info: CameraInfo, { binning, region }: Wanted, type: number): AsiFormat | undefined {
  const { x, y, width, height } = region ?? { x: 0, y: 0, width: info.width, height: info.height }
  const wide = down(width / binning, widthStep)
  let high = down(height / binning, heightStep)
  if (!info.usb3 && /ASI120/.test(info.name)) while ((wide * high) % oldLumpPx !== 0) high -= heightStep
  if (wide < widthStep || high < heightStep) return undefined
  return { x: down(x / binning, xStep), y: down(y / binning, yStep), width: wide, height: high, binning, type }
}

/** In pixels of the sensor, as a frame says it. */
export function regionOf({ x, y, width, height, binning }: Omit<AsiFormat, 'type'>): Region {
  return { x: x * binning, y: y * binning, width: width * binning, height: height * binning }
}

const down = (value: number, step: number) => Math.floor(value / step) * step
