// Question and answer over a line of bytes: one at a time, each with its deadline, and nothing kept without bound.
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { ByteLine } from './byte-line.js'

export interface Question<T> {
  readonly send: string | Uint8Array
  /** Named in faults: `the SQM`. */
  readonly of: string
  readonly withinMs: number
  /** The answer when `heard` holds a whole one; undefined while it does not. Throws a Fault for nonsense. */
  answer(heard: string): T | undefined
}

/** More than this without an answer is not what we asked for, bytes. */
const mostHeard = 4096

/**
 * Asks once. What was said before is not listened to. The text is Latin-1: a byte, a character.
 * Rejects with `timeout`, with `broken` for nonsense, or with the reason of the line's end.
 */
export async function askLine<T>(line: ByteLine, question: Question<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const { send, of, withinMs, answer } = question
  const limit = clock.deadline(withinMs, of, signal, line.ended)
  let deaf = () => {}
  try {
    const answered = new Promise<T>((settle, reject) => {
      let heard = ''
      deaf = line.onBytes(bytes => {
        heard += Buffer.from(bytes).toString('latin1')
        try {
          const whole = answer(heard)
          if (whole !== undefined) settle(whole)
          else if (heard.length > mostHeard) reject(nonsense(of, heard))
        } catch (error) {
          reject(error)
        }
      })
    })
    if (limit.signal.aborted) throw reasonOf(limit.signal)
    const [whole] = await limit.race(Promise.all([answered, line.write(send, limit.signal)]))
    return whole
  } finally {
    deaf()
    limit.cancel()
  }
}

export const nonsense = (of: string, heard: string): Fault =>
  new Fault(
    'broken',
    `${of} answers ${JSON.stringify(heard.slice(0, 40))}, which makes no sense`,
    'Check which device stands behind that port, and its speed',
  )
