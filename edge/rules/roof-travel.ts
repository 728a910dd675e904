// A roof that is driven by relays: what the switches at the ends of its way say of it, and when it has to be stopped.
// Whatever is not known, or cannot be, stops it.

/** What the contacts say; undefined where it is not known. */
export interface RoofContacts {
  readonly open: boolean | undefined
  readonly closed: boolean | undefined
  /** The mount's own park switch; true where there is none. */
  readonly parked: boolean | undefined
}

export type RoofStand = 'open' | 'closed' | 'between' | 'contradiction' | 'unknown'

export function roofStands({ open, closed }: RoofContacts): RoofStand {
  if (open === undefined || closed === undefined) return 'unknown'
  if (open && closed) return 'contradiction'
  return open ? 'open' : closed ? 'closed' : 'between'
}

/** A way it is on. */
export interface RoofWay {
  readonly to: 'open' | 'closed'
  /** Where it stood as it set off. */
  readonly from: RoofStand
  /** It was seen to have left that end. */
  readonly left: boolean
  /** An opener of one button goes the way it likes when it stood between. */
  readonly eitherEnd: boolean
}

/** How long it may take, ms. */
export interface RoofPatience {
  readonly leaveMs: number
  readonly travelMs: number
}

export type RoofVerdict =
  | { readonly kind: 'goes' }
  /** It is at the end it was sent to, or at the other one when that was left open. */
  | { readonly kind: 'arrived' }
  | { readonly kind: 'stop'; readonly words: string; readonly fix: string }

/** Whether it may set off at all; `goes` when it may. */
export function judgeRoofStart(contacts: RoofContacts): RoofVerdict {
  return judgeContacts(contacts) ?? { kind: 'goes' }
}

/** @param passedMs since its relays were switched on */
export function judgeRoofWay(
  way: RoofWay,
  contacts: RoofContacts,
  passedMs: number,
  { leaveMs, travelMs }: RoofPatience,
): RoofVerdict {
  const wrong = judgeContacts(contacts)
  if (wrong) return wrong
  const stands = roofStands(contacts)
  const { to, from, left, eitherEnd } = way
  const motor = 'Look at its relay, its motor and what is in its way, and at the switch itself'
  if (stands === to) return { kind: 'arrived' }
  if (stands !== 'between') {
    if (eitherEnd) return { kind: 'arrived' }
    if (left || from !== stands) {
      return stop(`it went to its ${stands} end instead`, 'Exchange the wires of its two directions')
    }
    if (passedMs >= leaveMs) return stop(`it did not leave its ${stands} end within ${leaveMs / 1000} s`, motor)
  }
  if (passedMs >= travelMs) return stop(`it did not reach its ${to} end within ${travelMs / 1000} s`, motor)
  return { kind: 'goes' }
}

function judgeContacts(contacts: RoofContacts): RoofVerdict | undefined {
  const stands = roofStands(contacts)
  if (stands === 'unknown') return stop('its end switches are not known', 'See whether their device is there')
  if (stands === 'contradiction') {
    return stop('both of its end switches say that it is there', 'Look at the switches and their wires')
  }
  if (contacts.parked) return undefined
  const words = contacts.parked === undefined ? 'the park switch is not known' : 'the park switch says: not parked'
  return stop(words, 'Look at the telescope')
}

const stop = (words: string, fix: string): RoofVerdict => ({ kind: 'stop', words, fix })
