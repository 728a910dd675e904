// One motion at a time: a newer order or STOP ends the one that is waited for, and whatever ends it, nothing goes on
// moving that nobody watches, unless the device is lost. Mounts and domes share it.
import { Fault, reasonOf } from '../../../ports/fault.js'
import { isAbsent } from '../../link/alpaca/answer.js'

export interface Motion {
  /** Runs a motion. When it fails or is told to stop, `halt` is called before it rejects, unless a newer one runs. */
  run(outer: AbortSignal, move: (signal: AbortSignal) => Promise<void>): Promise<void>
  /** Ends the motion under way with `reason`, if any, and stops the axes in any case. */
  stop(reason: Fault): Promise<void>
  underWay(): boolean
}

/**
 * @param name of the device, for words
 * @param halt stops the axes; `replaced` tells whether a newer motion runs by now, which is left alone
 */
export function oneMotion(name: string, gone: AbortSignal, halt: (replaced: () => boolean) => Promise<void>): Motion {
  let current: AbortController | undefined
  const end = (reason: Fault) => {
    const was = current
    current = undefined
    was?.abort(reason)
  }
  gone.addEventListener('abort', () => end(new Fault('aborted', `${name} is closed`, 'Open it again')), { once: true })
  return {
    async stop(reason) {
      end(reason)
      await halt(() => current !== undefined)
    },
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
        if (current === own && !gone.aborted) {
          // Some cannot be stopped; the one who asked still hears why it was given up.
          await halt(() => current !== own).catch(why => (isAbsent(why) ? undefined : Promise.reject(why)))
        }
        throw error
      } finally {
        outer.removeEventListener('abort', pass)
        if (current === own) current = undefined
      }
    },
  }
}
