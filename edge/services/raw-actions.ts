// A device's own properties, as its driver names them: for what no action of ours reaches. For who knows the device.
import { type Action, action } from '../ports/action.js'
import type { Devices } from '../ports/device.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'

const value = z.union([z.boolean(), z.number(), z.string().max(1000)])
const item = z.object({
  name: z.string(),
  label: z.string(),
  value: value.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
})
const property = z.object({
  ...{ name: z.string(), label: z.string(), group: z.string(), kind: z.string(), state: z.string() },
  writable: z.boolean(),
  locked: z.string().optional(),
  items: z.array(item),
})
const which = { device: deviceName.describe('Device') }
const setMs = 40_000

/** Administrators only, to look as well: there are passwords among them. */
export function rawActions({ devices }: { readonly devices: Devices }): Action[] {
  return [
    action({
      name: 'device-properties',
      summary: 'Lists all properties of a device as its own driver names them',
      input: z.strictObject(which),
      output: z.object({ properties: z.array(property) }),
      role: 'administrator',
      claims: () => [],
      settles: { kind: 'deed', deadlineMs: 5_000 },
      async run({ input }) {
        const all = await devices.device('raw', input.device).current().list()
        return { properties: all.map(({ items, ...one }) => ({ ...one, items: items.map(shown) })) }
      },
    }),
    action({
      name: 'device-property-set',
      summary: 'Sets a property of a device by the names of its own driver; what moves a mount or dome is locked',
      input: z.strictObject({
        ...which,
        property: z.string().min(1).max(120).describe('Name of the property'),
        values: z.record(z.string().max(120), value).describe('Elements by name, and what each shall be'),
      }),
      output: z.object({}),
      role: 'administrator',
      claims: input => [{ name: `raw/${input.device}` }],
      settles: { kind: 'deed', deadlineMs: setMs },
      async run({ input, signal }) {
        await devices.device('raw', input.device).current().set(input.property, input.values, signal)
        return {}
      },
    }),
  ]
}

/** A number that the driver wrote unreadably has no value, and JSON no NaN. */
function shown<I extends { readonly value?: unknown }>(item: I): I {
  return typeof item.value === 'number' && !Number.isFinite(item.value) ? { ...item, value: undefined } : item
}
