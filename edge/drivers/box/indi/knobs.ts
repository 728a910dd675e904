// Gain and offset of an INDI camera: wherever its driver keeps them, and the ISO numbers of a DSLR as its gain.
import type { Adjustable } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { IndiSession, Values } from './session.js'

export interface Knob extends Adjustable {
  /** The property to set for a value, and what to set in it. Throws `bad-input` with what it can be. */
  order(value: number): { readonly property: string; readonly values: Values }
}

export type KnobName = 'gain' | 'offset'

/** Properties of their own, or among the controls (ASI, QHY, V4L2). */
const places = {
  gain: [
    ['CCD_GAIN', 'GAIN'],
    ['CCD_CONTROLS', 'Gain'],
  ],
  offset: [
    ['CCD_OFFSET', 'OFFSET'],
    ['CCD_CONTROLS', 'Offset'],
  ],
} as const

/** Undefined where the camera has none to set now. */
export function knobOf(session: IndiSession, which: KnobName): Knob | undefined {
  const place = places[which].find(
    ([property, item]) => session.item(property, item) && session.property(property)?.permission !== 'ro',
  )
  if (!place) return which === 'gain' ? isoOf(session) : undefined
  const [property, item] = place
  const { min = 0, max = 65535 } = session.item(property, item)!
  return {
    min,
    max,
    read: () => session.number(property, item) ?? Number.NaN,
    order(value) {
      if (value >= min && value <= max) return { property, values: { [item]: value } }
      throw cannot(session, `${which} ${value}`, `Give a ${which} from ${min} to ${max}`)
    },
  }
}

/** Of `CCD_ISO` only what is a number counts: not Auto, not Nikon's Hi 1 nor Sony's `100 Multi Frame`. */
function isoOf(session: IndiSession): Knob | undefined {
  const numbers = new Map<number, string>()
  for (const { name, label } of session.property('CCD_ISO')?.items.values() ?? []) {
    if (/^\s*\d+\s*$/.test(label)) numbers.set(Number(label), name)
  }
  if (numbers.size === 0) return undefined
  const sorted = [...numbers.keys()].sort((a, b) => a - b)
  return {
    min: sorted[0],
    max: sorted.at(-1)!,
    read: () => sorted.find(iso => session.isOn('CCD_ISO', numbers.get(iso)!)) ?? Number.NaN,
    order(value) {
      const item = numbers.get(value)
      if (item) return { property: 'CCD_ISO', values: { [item]: true } }
      throw cannot(session, `ISO ${value}`, `Use one of: ${sorted.join(', ')}`)
    },
  }
}

function cannot(session: IndiSession, what: string, fix: string): Fault {
  return new Fault('bad-input', `INDI camera "${session.name}" cannot set ${what}`, fix)
}
