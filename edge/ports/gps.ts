// What knows place and time from the sky itself.

export interface GpsFix {
  readonly latitudeDeg: number // north positive
  readonly longitudeDeg: number // east positive, −180 to 180
  readonly elevationMetres?: number
  /** The receiver's own time, Unix ms UTC; absent where it does not tell. */
  readonly utcMs?: number
  /** When the fix was heard, by our clock, Unix ms UTC. */
  readonly atMs: number
}

export interface Gps {
  /** The last fix; undefined before the first and while the receiver says that it has none. */
  fix(): GpsFix | undefined
  onFix(listener: (fix: GpsFix) => void): () => void
}
