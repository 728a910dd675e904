// Who listens to a port.

/** Listeners of one port, called in the order they came. */
export function listeners<A>(): { add(listener: (about: A) => void): () => void; tell(about: A): void } {
  const all = new Set<(about: A) => void>()
  return {
    add(listener) {
      all.add(listener)
      return () => all.delete(listener)
    },
    tell(about) {
      for (const listener of [...all]) listener(about)
    },
  }
}
