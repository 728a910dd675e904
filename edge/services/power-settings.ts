// `power:` of the config: what the owner wants of every channel, whoever drives it, and of the supply as a whole. Where
// a relay is wired stands with its device.
import { type OutputStates, type OutputWord, outputWords } from '../ports/keeper.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'

const channelPath = z
  .string()
  .regex(/^[a-z0-9_-]+\/[a-z0-9_-]+$/, 'a channel is named device/channel, as in relays/mount')

const word = z.enum(outputWords)

const channelSettings = z
  .strictObject({
    name: z.string().min(1).max(40).optional().describe('What it is called on the page'),
    feeds: z
      .array(deviceName)
      .max(8)
      .optional()
      .describe('Devices that have their power from it; when absent the one it is called like, or whose duty it names'),
    heater: z.boolean().default(false).describe('It heats: off when the night ends and when the battery runs low'),
    start: word.default('keep').describe('When the agent starts'),
    stop: word
      .optional()
      .describe('When the agent is stopped; off when absent, kept where a mount or camera hangs on it'),
    unsafe: word.optional().describe('When it is not safe outside; as stop when absent'),
    loss: word.optional().describe('When the agent is gone, crashed or hung; as stop when absent'),
    minimum_off_s: z.number().min(0).max(60).default(2).describe('Stays off at least so long before it is on again, s'),
    station: deviceName.optional().describe('Sensor station that measures this channel'),
    volts: z.string().optional().describe('Field of the station with its voltage'),
    amperes: z.string().optional().describe('Field of the station with its current'),
  })
  .describe('A channel')

const batterySettings = z
  .strictObject({
    station: deviceName.optional().describe('Sensor station that measures the battery; without one it is not watched'),
    field: z.string().default('volts').describe('Field of the station with its voltage'),
    warn_volts: z.number().min(1).max(100).default(11.8).describe('Below this it is said, V'),
    critical_volts: z
      .number()
      .min(1)
      .max(100)
      .default(11.3)
      .describe('Below this everything stops, the mount is parked, heaters go off and the computer shuts down, V'),
    for_s: z.number().min(1).max(600).default(30).describe('So long it has to be below before anything happens, s'),
    shut_down: z.boolean().default(true).describe('Whether the computer itself is shut down at the second voltage'),
  })
  .describe('The battery')

export const powerSettings = z
  .strictObject({
    channels: z
      .record(channelPath, channelSettings)
      .default({})
      .describe('Channels by device/channel: {relays/mount: {feeds: [mount]}}'),
    up: z
      .array(channelPath)
      .max(64)
      .optional()
      .describe('The order in which the station is switched on; when absent, all channels that feed a device'),
    down: z
      .array(channelPath)
      .max(64)
      .optional()
      .describe('The order in which it is switched off; the other way round'),
    stagger_s: z.number().min(0).max(30).default(0.5).describe('Between two channels that are switched on, s'),
    answer_s: z
      .number()
      .min(1)
      .max(600)
      .default(60)
      .describe('So long a device may take to answer once it has power, s'),
    warm_c_per_min: z
      .number()
      .min(0.1)
      .max(20)
      .default(3)
      .describe('At the end of the night the camera is warmed no faster than this, °C per minute'),
    battery: batterySettings.prefault({}),
  })
  .describe('Power: relays, heaters, battery')

export type PowerSettings = z.output<typeof powerSettings>
export type ChannelSettings = z.output<typeof channelSettings>

export interface ChannelPolicy extends OutputStates {
  readonly name: string | undefined
  readonly feeds: readonly string[]
  /** The device that alone may switch it on. */
  readonly moves?: string
  readonly heater: boolean
  readonly stop: OutputWord
  readonly unsafe: OutputWord
  readonly minimumOffMs: number
  readonly gauge: { readonly station: string; readonly volts?: string; readonly amperes?: string } | undefined
}

const standard = channelSettings.parse({})

/**
 * What is wanted of a channel. A mount that loses its power loses where it points, and a cold camera that does gets
 * warm too fast: a channel that one of them hangs on, or gives its name, is kept unless the owner says otherwise.
 * @param delicate names of the mounts and cameras there are
 * @param namesake of `place`: the device that has its power from a channel of this name
 */
export function policyOf(
  settings: PowerSettings,
  delicate: readonly string[],
  { device, channel, namesake }: { device: string; channel: string; namesake: string | undefined },
): ChannelPolicy {
  const given = settings.channels[`${device}/${channel}`] ?? standard
  const feeds = given.feeds ?? (namesake === undefined ? [] : [namesake])
  const kept = /mount|camera/.test(channel) || feeds.some(name => delicate.includes(name))
  const { stop = kept ? 'keep' : 'off', station, volts, amperes } = given
  return {
    name: given.name,
    feeds,
    heater: given.heater || channel.includes('heater'),
    start: given.start,
    stop,
    unsafe: given.unsafe ?? stop,
    loss: given.loss ?? stop,
    minimumOffMs: given.minimum_off_s * 1000,
    gauge: station === undefined ? undefined : { station, volts, amperes },
  }
}
