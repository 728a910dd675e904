// A value that tells its listeners when it changes: the page's whole idea of state, so that a view redraws alone.
import { useLayoutEffect, useState } from 'preact/hooks'

export interface Cell<T> {
  get(): T
  set(value: T): void
  listen(heard: () => void): () => void
}

export function cell<T>(first: T): Cell<T> {
  let value = first
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const heard of [...listeners]) heard()
    },
    listen(heard) {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
  }
}

/** The cell's value now, and a redraw of the asking component with every change. */
export function useCell<T>(of: Cell<T>): T {
  const [, redraw] = useState({})
  const shown = of.get()
  useLayoutEffect(() => {
    if (!Object.is(of.get(), shown)) redraw({})
    return of.listen(() => redraw({}))
  }, [of])
  return shown
}

/** A cell that the browser remembers under `key`: a person's last exposure time outlives the page. */
export function keptCell<T extends object>(key: string, standard: T): Cell<T> {
  const name = `pierside.${key}`
  let first = standard
  try {
    first = { ...standard, ...(JSON.parse(localStorage.getItem(name) ?? '{}') as Partial<T>) }
  } catch {
    // A private window has no storage, and an old page may have kept something else: the standard serves.
  }
  const inner = cell(first)
  return {
    ...inner,
    set(value) {
      inner.set(value)
      try {
        localStorage.setItem(name, JSON.stringify(value))
      } catch {
        // Remembered for this page only.
      }
    },
  }
}
