// What the crew can be asked: the steps of science, and those that read frames from files before them.
import {
  type CalibrateOrder,
  calibrateRows,
  type MasterPlaces,
  type PackedMasters,
  repairStrip,
  rowsOf,
} from '../science/calibration.js'

import { foldStrip } from '../science/fold.js'
import { meterBand } from '../science/noise-meter.js'
import { seedTile } from '../science/seed-stack.js'
import { lightStrip, skyMeshStrip } from '../science/sky-mesh.js'
import type { StarOrder } from '../science/star-places.js'
import { measureChunk, peaksStrip } from '../science/star-steps.js'
import type { Hand, Step } from '../science/strip-step.js'
import type { PixelBox } from '../science/warp-tile.js'
import { type RawFile, readRows, rowsBytes } from './frame-file.js'

const lookAtSky: Step<StarOrder> = (hand, order, strip) => {
  lightStrip(hand, order, strip)
  skyMeshStrip(hand, order, strip)
}

/** A strip of a frame's file, calibrated into its plane. */
export interface DevelopOrder extends Omit<CalibrateOrder, 'raw'> {
  readonly raw: RawFile
  /** Its sky is looked at while it is in the cache; not for planes of colour, which are wanted together. */
  readonly stars?: StarOrder
}

/** Read at a time: they are calibrated before they leave the cache of a core. */
const rowsAtATime = 16

/** Scratch for the raw samples that `developStrip` reads at a time, bytes. */
export function rawScratchBytes(raw: RawFile): number {
  return Math.ceil(rowsBytes(raw, rowsAtATime) / 8) * 8
}

/** A strip of a frame's file into the order's plane. @throws what `readRows` throws */
export function developStrip(hand: Hand, raw: RawFile, order: Omit<CalibrateOrder, 'raw'>, strip: number): void {
  const { first, end } = rowsOf(order, strip)
  for (let row = first; row < end; row += rowsAtATime) {
    const rows = Math.min(rowsAtATime, end - row)
    calibrateRows(hand, { ...order, raw: readRows(hand, raw, row, rows, hand.scratch) }, row, row + rows)
  }
  repairStrip(hand, order, strip)
}

const develop: Step<DevelopOrder> = (hand, order, strip) => {
  developStrip(hand, order.raw, order, strip)
  if (order.stars && strip < order.stars.places.rows) lookAtSky(hand, order.stars, strip)
}

/** Parts of several frames' files, calibrated into boxes. */
export interface BoxOrder {
  readonly places: MasterPlaces
  readonly masters: PackedMasters
  readonly rowsPerStrip: number
  readonly raws: readonly RawFile[]
  /** One for each file. */
  readonly boxes: readonly PixelBox[]
  /** Which strip of which frame; strips are counted as those of whole frames. */
  readonly work: readonly { readonly of: number; readonly strip: number }[]
}

const developBox: Step<BoxOrder> = (hand, order, index) => {
  const { places, masters, rowsPerStrip } = order
  const { of, strip } = order.work[index]
  const [raw, box] = [order.raws[of], order.boxes[of]]
  const { width, height } = raw
  const { first, end } = rowsOf(order, strip)
  // The strip as a whole stands behind its raw samples; from there each row's part goes into the box.
  const plane = hand.scratch + rawScratchBytes(raw) - 4 * first * width
  developStrip(hand, raw, { places, masters, plane, rowsPerStrip }, strip)
  for (let row = first; row < end; row++) {
    const y = (row % height) - box.y
    if (y < 0 || y >= box.height) continue
    const to = box.offset + Math.floor(row / height) * box.plane + 4 * y * box.stride
    const from = plane + 4 * (row * width + box.x)
    hand.views.u8.copyWithin(to, from, from + 4 * box.width)
  }
}

export const steps = { develop, lookAtSky, peaksStrip, measureChunk, developBox, foldStrip, seedTile, meterBand }

export type Steps = typeof steps
