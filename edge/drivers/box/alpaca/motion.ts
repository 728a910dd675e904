// One motion at a time: a newer order or STOP ends the one that is waited for, and whatever ends it, nothing goes on
// moving that nobody watches. Mounts and domes share it.
import { Fault, reasonOf } from '../../../ports/fault.js'

export interface Motion {
  /** Runs a motion. When it fails or is told to stop, `halt` is called before it rejects, unless a newer one runs. */
  run(outer: AbortSignal, move: (signal: AbortSignal) => Promise<void>): Promise<void>
  /** Ends the motion under way, if any; the caller stops the axes. @returns whether there was one */
  end(reason: Fault): boolean
  underWay(): boolean
}

/**
 * @param name of the device, for words
 * @param halt stops the axes
 */
export function oneMotion(name: string, gone: AbortSignal, halt: () => Promise<void>): Motion {
  let current: AbortController | undefined
  const end = (reason: Fault): boolean => {
    const was = current
    current = undefined
    was?.abort(reason)
    return was !== undefined
  }
  return {
    end,
    underWay: () => current !== undefined,
    async run(outer, move) {
      end(new Fault('aborted', `a newer order for ${name} replaced this one`, 'Nothing to do'))
      const own = new AbortController()
      current = own
      const pass = () => own.abort(reasonOf(outer))
      outer.addEventListener('abort', pass, { once: true })
      if (outer.aborted) pass()
      try {
        if (own.signal.aborted) throw reasonOf(own.signal)
        if (gone.aborted) throw reasonOf(gone)
        await move(own.signal)
      } catch (error) {
        if (current === own && !gone.aborted) await halt()
        throw error
      } finally {
        outer.removeEventListener('abort', pass)
        if (current === own) current = undefined
      }
    },
  }
}
