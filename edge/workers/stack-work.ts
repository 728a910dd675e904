// A stack in a pixel thread's memory: frames in, outcomes, pictures and the saved file out.
import { writeFileSync } from 'node:fs'
import { Fault } from '../ports/fault.js'
import type { StackOutcome, StackSettings } from '../ports/pixels.js'
import type { Card } from '../science/fits-header.js'
import { encodeFits } from '../science/fits-write.js'
import { makeLiveStack } from '../science/live-stack.js'
import { turnOf } from '../science/similarity.js'
import type { Easel } from './easel.js'
import { imageOf } from './pixel-work.js'
import { type OpenView, openView } from './view-work.js'

export interface OpenStack {
  add(path: string, frame: string): Promise<StackOutcome>
  /** The stack as it is now, to be looked at. @throws Fault `not-found` before the first frame */
  view(): OpenView
  gain(): { frames: number; snrGain: number; measuredGain?: number }
  /** A 32-bit float FITS file; `cards` and the list of what went in stand in its header. */
  save(aside: string, cards: readonly Card[]): void
}

/** @param archive folder that paths of frames start from */
export function openStack({ maxShiftPx }: StackSettings, archive: string, easel: Easel): OpenStack {
  const stack = makeLiveStack({ maxShiftPx })
  const wentIn: string[] = []
  let shown: OpenView | undefined
  const soFar = () => {
    const image = stack.image()
    if (!image) throw new Fault('not-found', 'no frame has been stacked yet', 'Wait for the first one with stars')
    return image
  }

  return {
    async add(path, frame) {
      const image = await imageOf({ path }, archive)
      const said = stack.add(image)
      if (!said.accepted) return said
      wentIn.push(frame)
      shown = undefined
      const { transform, offsetPx, matched, rmsPx, stars, medianHfdPx: hfdPx } = said
      const rotationDeg = (turnOf(transform) * 180) / Math.PI
      const plain = { weight: 1, transparency: 1, rejectedShare: 0, reference: wentIn[0] }
      return { accepted: true, offsetPx, rotationDeg, matched, rmsPx, stars, hfdPx, ...plain }
    },
    view() {
      shown ??= openView(soFar(), easel)
      return shown
    },
    gain: () => ({ frames: stack.accepted, snrGain: stack.snrGain(), measuredGain: stack.measuredGain() }),
    save(aside, cards) {
      const list: Card[] = [
        { keyword: 'STACKCNT', value: wentIn.length, comment: 'frames in this mean' },
        ...wentIn.map((id): Card => ({ keyword: 'HISTORY', value: `stacked ${id}` })),
      ]
      writeFileSync(aside, encodeFits(soFar(), [...cards, ...list]), { flag: 'wx' })
    },
  }
}
