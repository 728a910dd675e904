// Watches the measured frames of each camera and says in a word what they tell: dew, cloud, focus that drifts.
import type { Feed } from '../ports/feed.js'
import type { Exposure, Measured } from '../ports/store.js'
import { noTrend, standingOf, type TrendState, trendWords, withFrame } from '../rules/frame-trend.js'

export interface FrameTrends {
  /** To be called with every frame in the order taken; lights alone count. Settles when what changed has been told. */
  see(exposure: Exposure, measured: Measured): Promise<void>
  /** Takes the states away: what comes later begins anew. */
  end(): void
}

/** States at `trend/<camera>`; an event `trend` when the word comes, changes or goes. */
export function frameTrends(feed: Feed): FrameTrends {
  const states = new Map<string, TrendState>()
  return {
    async see(exposure, { stars, hfdPx, fluxAdu, backgroundAdu }) {
      if (exposure.frameType !== 'light') return
      const { camera, startedMs, exposureSeconds } = exposure
      const before = states.get(camera) ?? noTrend
      const atMs = startedMs + exposureSeconds * 1000
      const after = withFrame(before, { kind: kindOf(exposure), atMs, stars, hfdPx, fluxAdu, backgroundAdu })
      states.set(camera, after)
      const { word, kind } = after
      const words = word && trendWords[word]
      const light = standingOf(after.frames)?.light
      feed.set(`trend/${camera}`, { word, words, hfdPx, stars, backgroundAdu, light, kind }, atMs)
      if (word !== before.word) await feed.event('trend', { camera, word, words, was: before.word, id: exposure.id })
    },
    end() {
      for (const camera of states.keys()) feed.drop(`trend/${camera}`)
      states.clear()
    },
  }
}

/** Frames that may be compared: nothing but the sky and the glass differs between them. */
function kindOf({ object, filter, exposureSeconds, binning, gain, width, height }: Exposure): string {
  const parts = [object, filter, `${exposureSeconds} s`, `${binning}×${binning}`, gain !== undefined && `gain ${gain}`]
  return [...parts, `${width}×${height}`].filter(part => part).join(', ')
}
