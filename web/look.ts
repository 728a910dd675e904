// How a person wants pictures shown, remembered by this browser for each kind of picture: the stack, light frames,
// darks … Levels are kept in ADU, so that they hold when the next frame's histogram has another range.
import type { Display, Histogram } from '../edge/ports/display'
import { type Cell, keptCell } from './cell'

export interface Levels {
  readonly blackAdu: number
  readonly midAdu: number
  readonly whiteAdu: number
}

export interface Look {
  readonly stretch: Display['stretch']
  /** Absent: as the stretch chooses. */
  readonly levels?: Levels
  readonly gamma: number
  readonly invert: boolean
  readonly clipMarks: boolean
  readonly balance: 'sky' | 'none'
}

export const standardLook: Look = { stretch: 'auto', gamma: 1, invert: false, clipMarks: false, balance: 'sky' }

const looks = new Map<string, Cell<Look>>()

/** @param kind  what kind of picture it is for: `stack`, `light`, `dark` … */
export function lookFor(kind: string): Cell<Look> {
  let found = looks.get(kind)
  if (!found) looks.set(kind, (found = keptCell<Look>(`look.${kind}`, standardLook)))
  return found
}

/** The level at a place 0…1 of the histogram. */
export function aduAt({ edgesAdu }: Histogram, place: number): number {
  const at = Math.min(1, Math.max(0, place)) * (edgesAdu.length - 1)
  const low = Math.min(edgesAdu.length - 2, Math.floor(at))
  return edgesAdu[low] + (at - low) * (edgesAdu[low + 1] - edgesAdu[low])
}

/** The place 0…1 of a level; those beyond the ends stand at them. */
export function placeOf({ edgesAdu }: Histogram, adu: number): number {
  let low = 0
  let high = edgesAdu.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (edgesAdu[middle] <= adu) low = middle
    else high = middle
  }
  const width = edgesAdu[high] - edgesAdu[low]
  const part = width > 0 ? (adu - edgesAdu[low]) / width : 0
  return Math.min(1, Math.max(0, (low + part) / (edgesAdu.length - 1)))
}

const short = (value: number): string => String(+value.toFixed(5))

/**
 * What the box is asked for. Empty for the standard look: that picture the box has ready.
 * @returns `undefined` while levels wait for the histogram that says where they are
 */
export function queryOf(look: Look, histogram: Histogram | undefined): string | undefined {
  const asked = new URLSearchParams()
  if (look.stretch !== 'auto') asked.set('stretch', look.stretch)
  if (look.levels) {
    if (!histogram) return undefined
    const { blackAdu, midAdu, whiteAdu } = look.levels
    asked.set('black', short(placeOf(histogram, blackAdu)))
    asked.set('mid', short(placeOf(histogram, midAdu)))
    asked.set('white', short(placeOf(histogram, whiteAdu)))
  }
  if (look.gamma !== 1) asked.set('gamma', short(look.gamma))
  if (look.invert) asked.set('invert', 'true')
  if (look.clipMarks) asked.set('clipMarks', 'true')
  if (look.balance !== 'sky') asked.set('balance', look.balance)
  return asked.toString()
}
