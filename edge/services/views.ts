// What there is to look at: the stack while it grows and the file it became, and every frame on the shelf.
import type { Viewable, Views } from '../ports/display.js'
import { Fault } from '../ports/fault.js'
import type { Pixels } from '../ports/pixels.js'
import type { Store } from '../ports/store.js'

export interface ViewParts {
  readonly store: Store
  readonly pixels: Pixels
}

interface StackShown {
  readonly viewable: Viewable
  version(): string
}

export function openViews({ store, pixels }: ViewParts): Views {
  let stack: StackShown | undefined
  return {
    showStack(viewable, version) {
      const mine: StackShown = { viewable, version }
      const before = stack
      stack = mine
      return path => {
        if (stack !== mine) return
        // Without a file there is nothing new to see: what was there before is shown again.
        stack = path === undefined ? before : { viewable: pixels.look(path), version: () => `file-${path}` }
      }
    },
    async find(of) {
      if (of === 'stack') {
        if (!stack) throw new Fault('not-found', 'there is no stack yet', 'Start one, and wait for its first frame')
        return { ...stack.viewable, version: stack.version() }
      }
      const exposure = await store.exposure(of)
      if (exposure) return { ...pixels.look(exposure.path), version: exposure.id }
      throw new Fault('not-found', `there is no exposure "${of}"`, 'It may have been deleted; reload the list')
    },
  }
}
