// Why a frame cannot go into a stack, before anything is looked for on it: it is of another kind, or nothing is on it.
import type { StackRefusal } from '../ports/pixels.js'
import { storedBayer } from '../science/bayer.js'
import { textOf } from '../science/fits-header.js'
import { decodeToFloat } from '../science/stored-samples.js'
import type { Hand } from '../science/strip-step.js'
import type { FrameKind } from '../science/warp-tile.js'
import { type FrameFile, type RawFile, readRows, rowsBytes } from './frame-file.js'

/** What all frames of a stack share. */
export interface StackKind {
  readonly frame: FrameKind
  readonly topDown: boolean
  /** As the first frame's INSTRUME names it. */
  readonly camera: string | undefined
}

export type Unfit = readonly [reason: StackRefusal, words: string]

/** A frame with more of its pixels at the top shows daylight, or a lamp. */
const mostSaturated = 0.5

/** Why a frame of this kind does not fit the stack. */
export function unlike(stack: StackKind, { raw, bayer, topDown, cards }: FrameFile): Unfit | undefined {
  const { frame } = stack
  if (raw.width !== frame.width || raw.height !== frame.height) {
    return ['other-size', `${raw.width} × ${raw.height} px, the stack has ${frame.width} × ${frame.height} px`]
  }
  const describe = (planes: number, pattern: string | undefined, down: boolean) =>
    `${planes === 1 ? (pattern?.toUpperCase() ?? 'mono') : `${planes} planes`}, ${down ? 'top-down' : 'bottom-up'}`
  // Stored and shown are each other's turn: what the stack's frames have stored is named as they are shown.
  const shown = storedBayer({ bayer: frame.bayer, height: frame.height, topDown: stack.topDown })
  const [mine, theirs] = [describe(raw.planes, bayer, topDown), describe(frame.planes, shown, stack.topDown)]
  if (mine !== theirs) return ['other-kind', `${mine}, the stack is ${theirs}`]
  const camera = textOf(cards, 'INSTRUME')
  if (camera !== stack.camera && camera !== undefined && stack.camera !== undefined) {
    return ['other-camera', `of the camera ${camera}, the stack is of ${stack.camera}`]
  }
  return undefined
}

/** Why nothing can be made of a frame, whatever it is compared with. @param hand its scratch holds two rows */
export function unusable(hand: Hand, { raw }: FrameFile): Unfit | undefined {
  const { top, topShare, bottom } = rangeOf(hand, raw)
  const ceiling = ceilings.some(most => top > 0.98 * most && top <= most)
  if (topShare > mostSaturated && ceiling) {
    const percent = Math.round(100 * topShare)
    return [
      'saturated',
      `${percent} % of its pixels are saturated at ${top} ADU: daylight, or far too long an exposure`,
    ]
  }
  if (!(top > bottom)) return ['blank', 'all its pixels are alike: nothing was exposed, or nothing was read out']
  return undefined
}

/** The most that sensors of 8, 10, 12, 14 and 16 bits say, as they are and moved up to 16 bits. */
const ceilings = [255, 1023, 4095, 16_383, 65_535]

/** Of some rows spread over the raw frame. */
function rangeOf(hand: Hand, raw: RawFile): { top: number; topShare: number; bottom: number } {
  const { f32 } = hand.views
  const rows = raw.height * raw.planes
  const step = Math.max(1, Math.floor(rows / 32))
  const floats = hand.scratch + Math.ceil(rowsBytes(raw, 1) / 8) * 8
  let [top, topCount, bottom, count] = [Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0]
  for (let row = step >> 1; row < rows; row += step) {
    readRows(hand, raw, row, 1, hand.scratch)
    decodeToFloat(hand, raw.form, hand.scratch, floats, raw.width)
    const first = floats >> 2
    for (let i = first; i < first + raw.width; i++) {
      const value = f32[i]
      if (value > top) {
        topCount = 0
        top = value
      }
      if (value === top) topCount++
      if (value < bottom) bottom = value
    }
    count += raw.width
  }
  return { top, topShare: topCount / count, bottom }
}
