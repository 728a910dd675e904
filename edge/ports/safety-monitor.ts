// What says whether it is safe to be open. It only tells; what is done about it is decided elsewhere.

export interface SafetyVerdict {
  readonly safe: boolean
  /** Why not, or what is close to its limit: `Wind Alert`. */
  readonly words?: string
  /** When the device said so, Unix ms UTC. Old words are no longer safe. */
  readonly atMs: number
}

export interface SafetyMonitor {
  /** Undefined before the first word, which is not safe either. */
  verdict(): SafetyVerdict | undefined
  onVerdict(listener: (verdict: SafetyVerdict) => void): () => void
}
