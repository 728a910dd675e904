// The ways to read the sensor of an Alpaca camera out: a list of names, and the place of the one that holds.
import type { Readout } from '../../../ports/camera.js'
import { type AlpacaSession, maybe } from './session.js'

export interface AlpacaReadout extends Readout {
  /** Chooses one of `names`, and reads it back. */
  choose(name: string, signal: AbortSignal): Promise<void>
  /** Asks which holds now. */
  ask(signal: AbortSignal): Promise<void>
}

/** Undefined where there is no choice. Of modes that are called the same only the first can be chosen. */
export async function alpacaReadout(session: AlpacaSession): Promise<AlpacaReadout | undefined> {
  const modes = (await maybe(session.texts('readoutmodes')))?.map(name => name.trim()) ?? []
  const names = [...new Set(modes)].filter(name => name !== '')
  let now = await maybe(session.number('readoutmode'))
  if (names.length < 2 || now === undefined) return undefined
  const ask = async (signal: AbortSignal) => {
    now = await maybe(session.number('readoutmode', {}, signal))
  }
  return {
    names,
    read: () => (now === undefined ? undefined : modes[now] || undefined),
    async choose(name, signal) {
      await session.put('readoutmode', { ReadoutMode: modes.indexOf(name) }, { signal })
      await ask(signal)
    },
    ask,
  }
}
