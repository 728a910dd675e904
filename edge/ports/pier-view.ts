// Whoever shows the pier camera says so, so that it runs at full pace only while somebody looks.

export interface PierView {
  /** Counts one viewer until the returned function is called. */
  watch(): () => void
}
