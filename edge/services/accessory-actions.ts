// Focuser and filter wheel: what one can ask of them; and the stop for all that moves.
import { type Action, action } from '../ports/action.js'
import type { Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import { slotOf } from '../ports/filter-wheel.js'
import type { Claims } from '../ports/lease.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'

export interface AccessoryParts {
  readonly devices: Devices
  readonly feed: Feed
  readonly claims: Claims
  readonly use: { readonly focuser?: string; readonly wheel?: string }
}

const moveMs = 120_000
const shortMs = 10_000
const none = z.object({})
const whichFocuser = deviceName.optional().describe('Focuser; the one under use: when absent')
const whichWheel = deviceName.optional().describe('Filter wheel; the one under use: when absent')

export function accessoryActions({ devices, use, feed, claims }: AccessoryParts): Action[] {
  const focuser = (name: string | undefined) => devices.device('focuser', name ?? use.focuser)
  const wheel = (name: string | undefined) => devices.device('wheel', name ?? use.wheel)

  const move = action({
    name: 'focuser-move',
    summary: 'Moves the focuser to a position, or by some steps',
    input: z.strictObject({
      focuser: whichFocuser,
      position: z.int().optional().describe('Position, steps'),
      by: z.int().optional().describe('Steps from here'),
    }),
    output: z.object({ position: z.number() }),
    role: 'observer',
    on: 'focuser/{focuser}',
    claims: input => [{ name: `focuser/${input.focuser ?? use.focuser}` }],
    settles: { kind: 'deed', deadlineMs: moveMs },
    harmlessWhenLate: true,
    entity: {
      platform: 'number',
      field: 'position',
      shows: 'position',
      icon: 'mdi:focus-field',
      min: 'minSteps',
      max: 'maxSteps',
      step: 1,
    },
    async run({ input, signal }) {
      const device = focuser(input.focuser)
      const port = device.current()
      if ((input.position === undefined) === (input.by === undefined)) {
        throw new Fault('bad-input', 'give either position or by', 'Send one of the two, in steps')
      }
      const target = input.position ?? port.position() + input.by!
      if (target < port.minSteps || target > port.maxSteps) {
        throw new Fault(
          'bad-input',
          `position ${target} is outside ${port.minSteps} to ${port.maxSteps}`,
          'Choose one in range',
        )
      }
      await port.moveTo(target, signal)
      return { position: port.position() }
    },
  })

  const halt = action({
    name: 'focuser-halt',
    summary: 'Stops the focuser',
    input: z.strictObject({ focuser: whichFocuser }),
    output: none,
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: shortMs },
    harmlessWhenLate: true,
    async run({ input }) {
      await focuser(input.focuser).current().halt()
      return {}
    },
  })

  const select = action({
    name: 'wheel-select',
    summary: 'Turns a filter into the light',
    input: z.strictObject({ wheel: whichWheel, filter: z.string().max(40).describe('Filter by name') }),
    output: none,
    role: 'observer',
    on: 'wheel/{wheel}',
    claims: input => [{ name: `wheel/${input.wheel ?? use.wheel}` }],
    settles: { kind: 'deed', deadlineMs: moveMs },
    async run({ input, signal }) {
      const port = wheel(input.wheel).current()
      await port.select(slotOf(port, input.filter), signal)
      return {}
    },
  })

  const stopAll = action({
    name: 'stop-all',
    summary: 'Stops everything that moves; exposures go on',
    input: z.strictObject({}),
    output: z.object({ stopped: z.array(z.string()) }),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: shortMs },
    harmlessWhenLate: true,
    entity: { platform: 'button', icon: 'mdi:alert-octagon' },
    async run({ who }) {
      const moving = [
        ...devices.having('mount').map(device => ({ device, stop: async () => device.current().stop() })),
        ...devices.having('focuser').map(device => ({ device, stop: async () => device.current().halt() })),
        ...devices.having('rotator').map(device => ({ device, stop: async () => device.current().halt?.() })),
        ...devices.having('cover').map(device => ({ device, stop: async () => device.current().cover?.halt?.() })),
        ...devices.having('dome').map(device => ({ device, stop: async () => device.current().stop() })),
      ].filter(({ device }) => device.condition === 'ready')
      const reason = new Fault('aborted', `stopped by ${who.name}`, 'Slew again when it is safe')
      // The devices first: whoever holds the mount is told meanwhile.
      const stops = moving.map(({ stop }) => stop())
      const [ended] = await Promise.all([Promise.allSettled(stops), claims.preempt('mount', reason, 'exclusive')])
      const failed = ended.flatMap((one, at) => (one.status === 'rejected' ? [{ at, why: one.reason }] : []))
      await feed.event('stopped-all', { who: who.name })
      if (failed.length > 0) {
        const words = failed.map(({ at, why }) => `${moving[at].device.name}: ${why?.message ?? why}`).join('; ')
        throw new Fault('broken', `not everything stopped: ${words}`, 'Cut the power of what still moves')
      }
      return { stopped: moving.map(({ device }) => device.name) }
    },
  })
  return [move, halt, select, stopAll]
}
