// `pierside relays safe`: every output into the state it is to have without an agent, for the service that ends after
// it.
import { boards } from './drivers/relay/boards.js'
import { channelPolicy, configSchema, demoConfig, entriesOf, type Settings } from './main-config.js'
import { configuration } from './main-settings.js'
import { asFault, Fault } from './ports/fault.js'
import type { JsonObject } from './ports/json.js'
import type { OutputWord } from './ports/keeper.js'
import { runningAgent } from './spine/one-agent.js'
import { systemClock } from './spine/system-clock.js'

const openMs = 20_000
const writeMs = 5_000

/**
 * Writes the safe states of all boards at once, and tells what it did. Answers the exit code: 1 when a board could not
 * be reached or did not obey.
 * @throws Fault `busy` while an agent runs, which holds the boards
 */
export async function makeRelaysSafe(
  { config, data }: { readonly config: string; readonly data: string },
  say: (text: string) => void,
): Promise<number> {
  const agent = await runningAgent(data)
  if (agent) {
    const words = `an agent runs on ${data} (process ${agent.pid}) and holds the relays`
    throw new Fault('busy', words, 'Stop it, or ask it: pierside do power-safe')
  }
  const held = await configuration(config, configSchema, demoConfig)
  const settings = held.settings() as Settings
  const relays = entriesOf(settings).boxes.filter(({ driver }) => boards[driver.id])
  const done = await Promise.all(
    relays.map(async ({ name, driver, options }) => {
      const channels = channelsOf(options as { channels: object })
      const words = Object.fromEntries(channels.map(id => [id, channelPolicy(settings, name, id).loss]))
      try {
        await writeBoard(driver.id, options as JsonObject, words)
        const told = channels.map(id => `${id} ${words[id] === 'keep' ? 'kept' : words[id]}`)
        say(`${name}: ${told.join(', ')}\n`)
        return true
      } catch (error) {
        const { message, fix } = asFault(error, name)
        say(`${name}: ${message}\n${fix}\n`)
        return false
      }
    }),
  )
  if (relays.length === 0) say('no relays are configured\n')
  return done.every(well => well) ? 0 : 1
}

/** By name, or in a list with their ids. */
const channelsOf = ({ channels }: { readonly channels: object }): string[] =>
  Array.isArray(channels) ? channels.map(({ id }: { id: string }) => id) : Object.keys(channels)

async function writeBoard(kind: string, options: JsonObject, words: Readonly<Record<string, OutputWord>>) {
  const clock = systemClock()
  const opening = clock.deadline(openMs, 'the board')
  const order = { options, channels: Object.keys(words), first: words }
  const board = await opening.race(boards[kind](order, clock, opening.signal)).finally(() => opening.cancel())
  const failed: string[] = []
  try {
    for (const [channel, word] of Object.entries(words)) {
      if (word === 'keep') continue
      const writing = clock.deadline(writeMs, channel)
      // One relay that sticks must not keep the others from being written.
      await writing
        .race(board.write(channel, word === 'on'))
        .catch(error => failed.push(asFault(error, channel).message))
        .finally(() => writing.cancel())
    }
  } finally {
    await board.close()
  }
  if (failed.length > 0) throw new Fault('broken', failed.join('; '), 'Cut the power of the board by hand')
}
