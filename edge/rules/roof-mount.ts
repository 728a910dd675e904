// Roof and mount must not meet: what has to be known of the one before the other may move. Whatever is not known is in
// the way.

/** What is known of a mount at this moment. */
export interface MountEvidence {
  readonly name: string
  /** Its device is ready. */
  readonly there: boolean
  readonly parked: boolean
  readonly slewing: boolean
  readonly tracking: boolean
  /** Since the mount itself last said so, ms. */
  readonly ageMs: number
}

export interface RoofEvidence {
  readonly name: string
  readonly there: boolean
  readonly open: boolean
  readonly moving: boolean
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly words: string; readonly fix: string }

/** Mounts tell where they are about once a second; after five misses nobody knows. */
const freshMs = 5_000

/** A roof moves only over mounts that are all sensed parked, now; without a mount nothing is sensed. */
export function judgeRoof(mounts: readonly MountEvidence[]): Verdict {
  if (mounts.length === 0) {
    return no('no mount is configured, so none is sensed parked', 'Add the mount that stands under this roof')
  }
  for (const { name, there, parked, slewing, tracking, ageMs } of mounts) {
    const look = 'Look at the telescope; a roof without a sensed mount is moved with the switch on its wall'
    if (!there) return no(`mount ${name} is not there, so nobody knows that it is parked`, look)
    if (!(ageMs >= 0 && ageMs <= freshMs)) return no(`mount ${name} has not said lately that it is parked`, look)
    if (!parked) return no(`mount ${name} is not parked`, 'Park it first')
    if (slewing || tracking) return no(`mount ${name} says it is parked, and that it moves`, look)
  }
  return { ok: true }
}

/** Whether a mount under a roof is found gone, moving or unparked while the roof moves: the roof must stop. */
export function roofMustStop({ there, parked, slewing, tracking }: MountEvidence): boolean {
  return !there || !parked || slewing || tracking
}

/** A mount leaves its park only under roofs that are all sensed open and stand still. */
export function judgeUnderRoof(roofs: readonly RoofEvidence[]): Verdict {
  for (const { name, there, open, moving } of roofs) {
    const fix = 'Open the roof first; one that is moved by hand is taken out of the config'
    if (!there) return no(`${name} is not there, so nobody knows whether the roof is open`, fix)
    if (moving) return no(`${name} is moving`, 'Wait until the roof stands')
    if (!open) return no(`${name} is not open`, fix)
  }
  return { ok: true }
}

function no(words: string, fix: string): Verdict {
  return { ok: false, words, fix }
}
