// Whoever shows the pier camera says so, so that it runs at full pace only while somebody looks.
import type { Fault } from './fault.js'

export interface PierView {
  /**
   * Counts one viewer until the returned function is called.
   * @param ended called when the camera is stopped before that: the viewer counts no more, and may watch its successor
   */
  watch(ended?: () => void): () => void
  /** Why there will be no pictures at all: none configured, or switched off. */
  refusal?(): Fault | undefined
}
