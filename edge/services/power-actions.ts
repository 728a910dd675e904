// What one can ask of the power: a channel, the station as a whole, the end of the night.
import { type Action, action } from '../ports/action.js'
import { Fault } from '../ports/fault.js'
import type { Claim } from '../ports/lease.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'
import { endNight, type NightEndParts } from './night-end.js'
import { isOn, type Outlet, type Power } from './power.js'

const shortMs = 10_000
/** A channel may have to wait out its time off, 60 s at most. */
const setMs = shortMs + 60_000
const allMs = 300_000
const none = z.object({})
const onePath = {
  device: deviceName.describe('Switch box'),
  channel: deviceName.describe('Channel of it'),
}

export function powerActions(parts: NightEndParts): Action[] {
  const { power, devices, feed } = parts
  const one = (input: { device: string; channel: string }) => power.outlet(`${input.device}/${input.channel}`)
  /**
   * An exposure is not cut off by a slip of the finger: its camera is claimed with its power, and the mount that it
   * rests on.
   */
  const cutting = ({ policy }: Outlet): Claim[] => {
    const fed = devices.boxes.filter(({ name }) => policy.feeds.includes(name))
    const cameras = fed.filter(({ ports }) => ports.includes('camera')).map(({ name }) => ({ name: `camera/${name}` }))
    return fed.some(({ ports }) => ports.includes('mount')) ? [{ name: 'mount' }, ...cameras] : cameras
  }
  const channelClaim = (input: { device: string; channel: string }): Claim => ({
    name: `power/${input.device}/${input.channel}`,
  })

  const set = action({
    name: 'power-set',
    summary: 'Switches a channel on or off, or sets its level',
    input: z.strictObject({
      ...onePath,
      on: z.boolean().optional().describe('On, at the highest level; or off'),
      value: z.number().optional().describe('Level, in the unit of the channel'),
    }),
    output: z.object({ value: z.number().optional() }),
    role: 'observer',
    on: 'power/{device}/{channel}',
    claims(input) {
      const outlet = one(input)
      const off = input.on === false || input.value === (outlet.channel.range?.min ?? 0)
      return [channelClaim(input), ...(off ? cutting(outlet) : [])]
    },
    settles: { kind: 'deed', deadlineMs: setMs },
    // What gives a device its power is not switched by an order that lay about: a mount would lose where it points.
    harmlessWhenLate: ({ device, channel }) =>
      power.outlets().some(({ path, policy }) => path === `${device}/${channel}` && policy.feeds.length === 0),
    entity: { platform: 'switch', field: 'on', shows: 'on', icon: 'mdi:power-socket' },
    async run({ input, signal }) {
      const outlet = one(input)
      const { channel, bank } = outlet
      const { min = 0, max = 1 } = channel.range ?? {}
      const value = input.value ?? (input.on === undefined ? undefined : input.on ? max : min)
      if (value === undefined || (input.on !== undefined && input.value !== undefined)) {
        throw new Fault('bad-input', 'give either on or value', 'Send one of the two')
      }
      if (value < min || value > max) {
        throw new Fault('bad-input', `${channel.name}: ${value} is outside ${min} to ${max}`, 'Choose a level in range')
      }
      await power.set(outlet, value, signal)
      return { value: bank.value(channel.id) }
    },
  })

  const cycle = action({
    name: 'power-cycle',
    summary: 'Switches a channel off and, after its time off, on again',
    input: z.strictObject(onePath),
    output: none,
    role: 'observer',
    on: 'power/{device}/{channel}',
    claims: input => [channelClaim(input), ...cutting(one(input))],
    settles: { kind: 'deed', deadlineMs: setMs },
    async run({ input, signal }) {
      const outlet = one(input)
      const { min = 0, max = 1 } = outlet.channel.range ?? {}
      if (isOn(outlet)) await power.set(outlet, min, signal)
      await power.set(outlet, max, signal)
      return {}
    },
  })

  const safe = action({
    name: 'power-safe',
    summary: 'Puts every channel into its state for unsafe conditions',
    input: z.strictObject({}),
    output: none,
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: allMs },
    harmlessWhenLate: true,
    async run({ who, signal }) {
      await power.enter('unsafe', signal)
      await feed.event('power-made-safe', { who: who.name })
      return {}
    },
  })
  return [set, cycle, safe, ...wholeStation(parts)]
}

function wholeStation(parts: NightEndParts): Action[] {
  const { power, devices, feed } = parts
  const everything = (): Claim[] => [
    { name: 'power' },
    { name: 'mount' },
    ...devices.having('camera').map(({ name }) => ({ name: `camera/${name}` })),
  ]
  const alone = (): Claim[] => [{ name: 'power' }]
  const order = (name: 'power-up' | 'power-down', summary: string, claims: () => Claim[], work: Power['up']) =>
    action({
      name,
      summary,
      input: z.strictObject({}),
      output: none,
      role: 'observer',
      claims,
      settles: { kind: 'activity', resumes: false },
      async run({ signal, activity, who }) {
        await work(words => activity?.progress({ summary: words }), signal)
        await feed.event(name === 'power-up' ? 'station-on' : 'station-off', { who: who.name })
        return {}
      },
    })

  const end = action({
    name: 'night-end',
    summary: 'Ends the night: stops, parks, switches heaters off, warms the cameras slowly, switches the station off',
    input: z.strictObject({
      warm: z.boolean().default(true).describe('Warm cooled cameras at their pace before their power goes'),
    }),
    output: none,
    role: 'observer',
    claims: alone,
    settles: { kind: 'activity', resumes: false },
    async run({ input, signal, activity, who }) {
      const tell = (words: string) => activity?.progress({ summary: words })
      const order = { warms: input.warm, who: who.name, why: `asked for by ${who.name}`, takes: [], tell }
      await endNight(parts, order, signal)
      return {}
    },
  })

  const up = order('power-up', 'Switches the station on in its order; waits for each device to answer', alone, power.up)
  const down = order('power-down', 'Switches the station off in its order', everything, (tell, signal) =>
    power.down(tell, signal),
  )
  return [up, down, end]
}
