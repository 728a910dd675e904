// What every relay driver has in common: its board lies in the hands of a keeper, and its channels make a SwitchBank.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { JsonObject } from '../../ports/json.js'
import type { Kept } from '../../ports/keeper.js'
import { z } from '../../ports/schema.js'
import type { SwitchBank } from '../../ports/switch.js'

export const channelId = z.string().regex(/^[a-z0-9_-]{1,40}$/, 'a channel is called in small letters, digits, - and _')

/** Channels of a board whose relays have numbers. */
export const numberedChannels = (most: number) =>
  z
    .record(channelId, z.int().min(1).max(most))
    .refine(all => Object.keys(all).length > 0, 'name at least one channel')
    .refine(all => new Set(Object.values(all)).size === Object.keys(all).length, 'two channels share a relay')
    .describe(`Channels by name, each with its relay, 1 to ${most}: {mount: 1, camera: 2}`)

/** @param board the kind of board, as boards.ts names it */
export async function openRelays(
  board: string,
  options: JsonObject,
  channels: readonly string[],
  tools: Tools,
  signal: AbortSignal,
): Promise<OpenBox> {
  const kept = await keepBoard(board, options, channels, tools, signal)
  return { ports: { switches: bankOf(kept, channels) }, close: () => kept.close() }
}

export async function keepBoard(
  board: string,
  options: JsonObject,
  channels: readonly string[],
  { keep }: Tools,
  signal: AbortSignal,
): Promise<Kept> {
  if (!keep) throw new Fault('unsupported', `nothing keeps the outputs of the ${board} board`, 'Update the agent')
  return keep({ board, options, channels }, signal)
}

/** `dew-heater` → `Dew heater`. */
const nameOf = (id: string) => {
  const words = id.replaceAll(/[-_]/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function bankOf(kept: Kept, channels: readonly string[]): SwitchBank {
  const known = (id: string) => {
    if (channels.includes(id)) return id
    throw new Fault('not-found', `there is no channel "${id}"`, `Use one of: ${channels.join(', ')}`)
  }
  return {
    channels: channels.map(id => ({ id, name: nameOf(id) })),
    value(id) {
      const on = kept.reading().on[known(id)]
      return on === undefined ? undefined : Number(on)
    },
    amperes: id => kept.reading().amperes?.[known(id)],
    async set(id, value, signal) {
      if (signal.aborted) throw reasonOf(signal)
      known(id)
      if (value !== 0 && value !== 1) {
        throw new Fault('bad-input', `${id} cannot be set to ${value}`, 'Send 1 for on, 0 for off')
      }
      await kept.set(id, value === 1, signal)
    },
    onChange: listener =>
      kept.onReading(before => {
        const { on } = kept.reading()
        for (const id of channels) if (on[id] !== before.on[id]) listener(id)
      }),
  }
}
