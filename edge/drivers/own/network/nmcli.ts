// One question to NetworkManager by nmcli: no shell, a deadline, and passphrases on its stdin, for a command line can
// be read by every program of the machine.
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { Log } from '../../../ports/log.js'
import { findProgram, runProgram } from '../../link/program.js'

export interface Said {
  readonly out: string
  /** Whether it did what was asked. */
  readonly done: boolean
  /** What it says of itself when it did not. */
  readonly words: string
}

/**
 * @param input told on its stdin
 * @param signal ends it
 * @throws Fault when it cannot be run; the signal's reason when that ended it
 */
export type Ask = (program: string, args: readonly string[], signal: AbortSignal, input?: string) => Promise<Said>

/** More than this is no answer of these programs. */
const longestAnswer = 256 * 1024

export function asker({ clock, log }: { readonly clock: Clock; readonly log: Log }): Ask {
  return async (name, args, signal, input) => {
    const program = await findProgram(name)
    if (!program) throw new Fault('offline', `${name} is not installed`, 'Flash the image again: it is a part of it')
    const answer: Uint8Array[] = []
    let length = 0
    const ending = await clock.outside(
      runProgram(
        {
          ...{ program, args, clock, log, ...(input !== undefined && { input }) },
          onBytes(bytes) {
            length += bytes.length
            if (length <= longestAnswer) answer.push(bytes)
          },
        },
        signal,
      ),
    )
    if (signal.aborted) throw reasonOf(signal)
    if (length > longestAnswer) throw new Fault('broken', `${name} says more than it may`, 'See the log of the box')
    const words = ending.words || ending.how
    return { out: Buffer.concat(answer).toString('utf8'), done: ending.how === 'ended', words }
  }
}

/** The answer, or a Fault with its words. */
export async function demand(ask: Ask, args: readonly string[], signal: AbortSignal, input?: string): Promise<string> {
  const said = await ask('nmcli', args, signal, input)
  if (said.done) return said.out
  const offline = /NetworkManager is not running|Could not create NMClient/i.test(said.words)
  throw new Fault(
    offline ? 'offline' : 'broken',
    `NetworkManager: ${said.words}`,
    offline
      ? 'Wait a minute, or switch the box off and on'
      : 'See the log of the box; the hotspot is a way in meanwhile',
  )
}

/**
 * What nmcli's editor is told for it.
 * @param passphrase of printable ASCII, without spaces at its ends: it cuts them
 */
export const passphraseEdit = (passphrase: string) => `set 802-11-wireless-security.psk ${passphrase}
save temporary
quit
`
