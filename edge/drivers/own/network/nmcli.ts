// One question to NetworkManager by nmcli: no shell, a deadline, and passphrases in a file that nobody else may read
// and that is gone afterwards, for a command line can be read by every program of the machine.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
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

/** @param signal ends it. Rejects with a Fault when it cannot be run, with the signal's reason when that ended it. */
export type Ask = (program: string, args: readonly string[], signal: AbortSignal) => Promise<Said>

/** More than this is no answer of these programs. */
const longestAnswer = 256 * 1024

export function asker({ clock, log }: { readonly clock: Clock; readonly log: Log }): Ask {
  return async (name, args, signal) => {
    const program = await findProgram(name)
    if (!program) throw new Fault('offline', `${name} is not installed`, 'Flash the image again: it is a part of it')
    const answer: Uint8Array[] = []
    let length = 0
    const ending = await clock.outside(
      runProgram(
        {
          ...{ program, args, clock, log },
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
export async function demand(ask: Ask, args: readonly string[], signal: AbortSignal): Promise<string> {
  const said = await ask('nmcli', args, signal)
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

/** Lends the path of a file with the passphrase, as `passwd-file` of nmcli wants it. */
export async function withPassphrase<T>(passphrase: string, use: (file: string) => Promise<T>): Promise<T> {
  // Made 0700 by mkdtemp; on the image it is in memory.
  const folder = await mkdtemp(path.join(tmpdir(), 'pierside-'))
  try {
    const file = path.join(folder, 'passphrase')
    await writeFile(file, `802-11-wireless-security.psk:${escaped(passphrase)}\n`, { mode: 0o600 })
    return await use(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** nmcli cuts spaces off and reads backslashes as C does: every byte in octal is taken as it is. */
const escaped = (text: string) =>
  [...Buffer.from(text, 'utf8')].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')
