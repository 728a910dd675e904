// A stack in a pixel thread's memory: frames in, outcomes, pictures and the saved file out.
import { Fault } from '../ports/fault.js'
import type { EncodedPicture, StackOutcome, View } from '../ports/pixels.js'
import type { Card } from '../science/fits-header.js'
import { encodeFits } from '../science/fits-write.js'
import { makeLiveStack } from '../science/live-stack.js'
import { turnOf } from '../science/similarity.js'
import { renderPicture } from '../science/stretch.js'
import { encodePicture } from './pictures-codec.js'
import { imageOf, type WorkSource } from './pixel-work.js'

export interface OpenStack {
  add(source: WorkSource, frame: string): Promise<StackOutcome>
  picture(view: View): Promise<EncodedPicture>
  gain(): { frames: number; snrGain: number; measuredGain?: number }
  /** A 32-bit float FITS file; `cards` and the list of what went in stand in its header. */
  save(cards: readonly Card[]): Uint8Array
}

const pictureQuality = 82

/** @param archive folder that paths of frames start from */
export function openStack(maxShiftPx: number, archive: string): OpenStack {
  const stack = makeLiveStack({ maxShiftPx })
  const wentIn: string[] = []
  const soFar = () => {
    const image = stack.image()
    if (!image) throw new Fault('not-found', 'no frame has been stacked yet', 'Wait for the first one with stars')
    return image
  }

  return {
    async add(source, frame) {
      const image = await imageOf(source, archive)
      const said = stack.add(image)
      if (!said.accepted) return said
      wentIn.push(frame)
      const { transform, offsetPx, matched, rmsPx, stars, medianHfdPx: hfdPx } = said
      const rotationDeg = (turnOf(transform) * 180) / Math.PI
      return { accepted: true, offsetPx, rotationDeg, matched, rmsPx, stars, hfdPx }
    },
    picture: async view => encodePicture(renderPicture(soFar(), view), view.as, pictureQuality),
    gain: () => ({ frames: stack.accepted, snrGain: stack.snrGain(), measuredGain: stack.measuredGain() }),
    save(cards) {
      const list: Card[] = [
        { keyword: 'STACKCNT', value: wentIn.length, comment: 'frames in this mean' },
        ...wentIn.map((id): Card => ({ keyword: 'HISTORY', value: `stacked ${id}` })),
      ]
      return encodeFits(soFar(), [...cards, ...list])
    },
  }
}
