// Writes a small durable state at the pace of the disk: the newest value wins, and one write is on its way at a time.
import type { Kept } from '../../ports/store.js'

export interface KeptWriter<T> {
  /** Settles when this value, or a later one, is on disk. */
  save(value: T): Promise<void>
}

export function keptWriter<T>(kept: Pick<Kept<T>, 'write'>): KeptWriter<T> {
  let writing: Promise<void> | undefined
  let waiting: { value: T; written: Promise<void> } | undefined
  const write = (value: T) => {
    const one = kept.write(value).finally(() => {
      if (writing === one) writing = undefined
    })
    writing = one
    return one
  }
  return {
    save(value) {
      if (!writing) return write(value)
      if (waiting) {
        waiting.value = value
        return waiting.written
      }
      const mine = { value, written: Promise.resolve() }
      waiting = mine
      // Whoever saved the one before hears of its failure; this one is written all the same.
      mine.written = Promise.allSettled([writing]).then(() => {
        waiting = undefined
        return write(mine.value)
      })
      return mine.written
    },
  }
}
