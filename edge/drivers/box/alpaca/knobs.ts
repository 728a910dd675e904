// Gain and offset of an Alpaca camera: a number within a range, or one of a list of names.
import type { Adjustable } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import { type AlpacaSession, isNumber, maybe } from './session.js'

export interface Knob extends Adjustable {
  /** What is sent to the device for a value. Throws `bad-input` with what it can be. */
  order(value: number): number
  /** Takes over what the device says now. */
  heard(value: number): void
}

export type KnobName = 'gain' | 'offset'

/** Undefined where the camera has none: it has a range or a list of names, never both (ICameraV3, Gain). */
export async function knobOf(session: AlpacaSession, which: KnobName): Promise<Knob | undefined> {
  const now = await maybe(session.number(which))
  const [min, max] = [await maybe(session.number(`${which}min`)), await maybe(session.number(`${which}max`))]
  if (min !== undefined && max !== undefined && max > min) {
    let value = now ?? Number.NaN
    return {
      ...{ min, max, read: () => value },
      heard(told) {
        value = told
      },
      order(wanted) {
        if (Number.isInteger(wanted) && wanted >= min && wanted <= max) return wanted
        throw cannot(session, `${which} ${wanted}`, `Give a whole number from ${min} to ${max}`)
      },
    }
  }
  const names = await maybe(session.get(`${which}s`))
  if (now === undefined || !Array.isArray(names) || names.length === 0) return undefined
  return listed(session, which, { names: names as readonly Json[], now })
}

/**
 * Where every name has a number of its own (ISO 400, 12 dB), that is the value; else the place in the list is, from 0.
 */
function listed(
  session: AlpacaSession,
  which: KnobName,
  { names, now }: { names: readonly Json[]; now: number },
): Knob {
  const numbers = names.map(name => Number(/-?\d+(\.\d+)?/.exec(String(name))?.[0] ?? Number.NaN))
  const told = numbers.every(Number.isFinite) && new Set(numbers).size === numbers.length
  const values = told ? numbers : names.map((_, index) => index)
  let index = now
  return {
    min: Math.min(...values),
    max: Math.max(...values),
    read: () => values[index] ?? Number.NaN,
    heard(place) {
      index = place
    },
    order(wanted) {
      const place = values.indexOf(wanted)
      if (place >= 0) return place
      const known = values.map((value, at) => (told ? String(value) : `${value} (${String(names[at])})`))
      throw cannot(session, `${which} ${wanted}`, `Use one of: ${known.join(', ')}`)
    },
  }
}

/** Sets it and reads it back. */
export async function turnKnob(
  session: AlpacaSession,
  { which, knob, value }: { which: KnobName; knob: Knob; value: number },
  signal: AbortSignal,
): Promise<void> {
  const name = which === 'gain' ? 'Gain' : 'Offset'
  await session.put(which, { [name]: knob.order(value) }, { signal })
  const now = await session.get(which, {}, signal)
  if (isNumber(now)) knob.heard(now)
}

function cannot(session: AlpacaSession, what: string, fix: string): Fault {
  return new Fault('bad-input', `${session.name} cannot set ${what}`, fix)
}
