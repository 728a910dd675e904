// What every relay driver has in common: its board lies in the hands of a keeper, and its channels make a SwitchBank.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { JsonObject } from '../../ports/json.js'
import type { BoardReading, Kept } from '../../ports/keeper.js'
import { z } from '../../ports/schema.js'
import type { SwitchBank, SwitchChannel } from '../../ports/switch.js'

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
  return { ports: { switches: bankOf(kept, channels.map(relayChannel)) }, close: () => kept.close() }
}

/** An output that is on or off. */
export const relayChannel = (id: string): SwitchChannel => ({ id, name: nameOf(id) })

/** A contact that is only read. */
export const inputChannel = (id: string): SwitchChannel => ({ id, name: nameOf(id), input: true })

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

export function bankOf(kept: Kept, channels: readonly SwitchChannel[]): SwitchBank {
  const byId = new Map(channels.map(one => [one.id, one]))
  const known = (id: string) => {
    const channel = byId.get(id)
    if (channel) return channel
    throw new Fault('not-found', `there is no channel "${id}"`, `Use one of: ${[...byId.keys()].join(', ')}`)
  }
  const valueIn = ({ on, levels }: BoardReading, { id, range }: SwitchChannel) =>
    range ? levels?.[id] : on[id] === undefined ? undefined : Number(on[id])
  return {
    channels,
    value: id => valueIn(kept.reading(), known(id)),
    amperes: id => kept.reading().amperes?.[known(id).id],
    async set(id, value, signal) {
      if (signal.aborted) throw reasonOf(signal)
      const { input, range } = known(id)
      if (input) throw new Fault('unsupported', `${id} is an input`, 'Inputs are only read')
      if (range ? !(value >= range.min && value <= range.max) : value !== 0 && value !== 1) {
        const fix = range ? `Choose from ${range.min} to ${range.max} ${range.unit}` : 'Send 1 for on, 0 for off'
        throw new Fault('bad-input', `${id} cannot be set to ${value}`, fix)
      }
      await kept.set(id, range ? value : value === 1, signal)
    },
    onChange: listener =>
      kept.onReading(before => {
        const now = kept.reading()
        for (const one of channels) if (valueIn(now, one) !== valueIn(before, one)) listener(one.id)
      }),
  }
}
