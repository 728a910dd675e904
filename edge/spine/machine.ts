// The computer we run on, as far as it is switched off, started anew, and has deeds of root that we may ask for.
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, reasonOf } from '../ports/fault.js'
import type { ImageDeed, Machine } from '../ports/machine.js'
import { type InTurn, takingTurns } from '../ports/turns.js'
import { readIfThere, writeWhole } from './whole-file.js'

const byHand = 'Shut the computer down by hand, before its supply ends'

export function thisMachine(): Machine {
  return {
    sync: () => run('sync', [], byHand),
    shutDown: () => run('systemctl', ['poweroff'], byHand),
    restart: () => run('systemctl', ['reboot'], 'Switch the computer off and on by hand'),
  }
}

export interface DeedPlaces {
  /** Where orders are left for root. */
  readonly orders?: string
  /** Where root leaves its last words. */
  readonly words?: string
  readonly systemctl?: string
}

/** An order is a file, a deed a unit that we may start and nothing else: image-build/base, 60-pierside-base.rules. */
export function imageDeeds(places: DeedPlaces = {}): ImageDeed {
  const { orders = '/run/pierside', words = '/run/pierside-do', systemctl = 'systemctl' } = places
  const ask: ImageDeed = async (deed, order, signal) => {
    await mkdir(orders, { recursive: true })
    await writeWhole(join(orders, `${deed}.json`), `${JSON.stringify(order)}\n`)
    try {
      await run(systemctl, ['start', `pierside-do-${deed}.service`], 'See the log of the box', signal)
    } catch (cause) {
      if (signal.aborted) throw reasonOf(signal)
      const said = (await readIfThere(join(words, deed)))?.trim()
      if (!said) throw cause
      const [what, fix = 'See the log of the box'] = said.split('\n')
      throw new Fault('broken', what, fix, { cause })
    }
  }
  // A unit that is at work reads no second order: each waits until those before it are done, well or not.
  const turns = new Map<string, InTurn>()
  return (deed, order, signal) => {
    const inTurn = turns.get(deed) ?? takingTurns()
    turns.set(deed, inTurn)
    const mine = inTurn(async () => {
      if (!signal.aborted) await ask(deed, order, signal)
    })
    return Promise.race([mine, aborted(signal)])
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(reasonOf(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

function run(program: string, args: readonly string[], fix: string, signal?: AbortSignal): Promise<void> {
  return new Promise((settle, reject) => {
    const child = spawn(program, [...args], { stdio: 'ignore', signal })
    const failed = (how: string) => reject(new Fault('broken', `${program} ${args.join(' ')} ${how}`.trim(), fix))
    child.once('error', error => failed(`could not be started: ${error.message}`))
    child.once('exit', (code, by) => (code === 0 ? settle() : failed(`ended with ${code ?? by}`)))
  })
}
