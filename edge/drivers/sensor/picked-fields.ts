// Numbers and flags out of whatever JSON others speak: by a path of names, into our fields and units.
import { Fault } from '../../ports/fault.js'
import { kinds } from '../../ports/fields.js'
import { z } from '../../ports/schema.js'
import type { Look, StationKind } from './station-box.js'

const measured = [
  ...new Set(
    [kinds.sensor, kinds.weather].flatMap(({ fields }) =>
      Object.entries(fields).flatMap(([name, { type }]) => (type === 'number' || type === 'flag' ? [name] : [])),
    ),
  ),
]

const pick = z.strictObject({
  path: z.string().default('').describe('Where it stands, names and places joined by dots: current.temp, list.0'),
  factor: z.number().default(1).describe('Multiplied by this: 0.2778 makes m/s of km/h'),
  offset: z.number().default(0).describe('… and this added'),
  is: z
    .union([z.string(), z.number(), z.boolean()])
    .optional()
    .describe('Of a flag: what stands there when it is so; true, "true", 1 or "on" when absent'),
})

export const pickedFields = z
  .partialRecord(z.enum(measured as [string, ...string[]]), pick.prefault({}))
  .describe(`Which field is read from where: ${measured.join(', ')}`)

export type PickedFields = z.output<typeof pickedFields>

/** Texts are parsed, as many say their numbers in quotes. What is not there has failed, and says so. */
export function picked(document: unknown, fields: PickedFields): Look {
  const values: Record<string, number | boolean> = {}
  const failed: Record<string, string> = {}
  for (const [field, { path, factor, offset, is } = pick.parse({})] of Object.entries(fields)) {
    const found = at(document, path)
    const place = path || 'the message'
    if (found === undefined || found === null) failed[field] = `there is no ${place} in it`
    else if (isFlag(field)) values[field] = is === undefined ? yes.has(found) : String(found) === String(is)
    else {
      const number = typeof found === 'string' ? Number(found.trim() || Number.NaN) : Number(found)
      if (Number.isFinite(number)) values[field] = number * factor + offset
      else failed[field] = `${place} is ${JSON.stringify(found)?.slice(0, 40)}, no number`
    }
  }
  return { values, failed }
}

const yes = new Set<unknown>([true, 1, 'true', '1', 'on', 'ON', 'yes', 'wet', 'rain'])

const isFlag = (field: string) => (kinds.weather.fields[field] ?? kinds.sensor.fields[field])?.type === 'flag'

function at(document: unknown, path: string): unknown {
  let found = document
  for (const part of path ? path.split('.') : []) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<string, unknown>)[part]
  }
  return found
}

/** JSON, or a bare text or number as many topics carry. */
export function parsedDocument(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: a bare word such as ON.
    return text
  }
}

/** Refuses none at all, and what a station of that kind does not measure. */
export function checkedFields(fields: PickedFields, kind: StationKind): PickedFields {
  for (const field of Object.keys(fields)) {
    if (kinds[kind].fields[field]) continue
    const known = measured.filter(name => kinds[kind].fields[name]).join(', ')
    throw new Fault('bad-input', `a ${kind} station has no ${field}`, `Use kind: of the other sort, or: ${known}`)
  }
  if (Object.keys(fields).length > 0) return fields
  throw new Fault('bad-input', 'no field is picked', 'Name at least one under fields:, e.g. celsius: {path: temp}')
}
