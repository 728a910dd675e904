// The disk that the box lives on, as far as it tells of itself.
import type { CardFacts } from '../rules/card-health.js'

/** Reads all there is; what is not told is left out. Rejects only with the signal's reason. */
export type ReadCard = (signal: AbortSignal) => Promise<CardFacts>
