// Moving a mount's axes by hand. ASCOM leaves open which way an axis goes at a positive rate; most drivers count it as
// the axes turn, west and north, and the owner can say that his does not.
import { Fault } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import { membersOf } from '../../link/alpaca/answer.js'
import { type AlpacaSession, isNumber, maybe } from './session.js'

export interface ArrowOptions {
  readonly reverseRa: boolean
  readonly reverseDec: boolean
}

export interface MountArrows {
  /** 0 stops the axis; other speeds become the nearest that the mount has. */
  move(axis: 'ra' | 'dec', degPerSecond: number): Promise<void>
  /** Stops both axes, if they were told to move. An axis that does not take the order is told again the next time. */
  halt(): Promise<void>
  /** The mount says that it stands: no axis needs to be stopped any more. */
  stands(): void
  moving(): boolean
}

interface Range {
  readonly least: number
  readonly most: number
}

/** ITelescope, TelescopeAxes. */
const axes = { ra: 0, dec: 1 } as const
const answerMs = 5_000

/** Undefined for a mount whose axes cannot be moved by hand. */
export async function mountArrows(session: AlpacaSession, options: ArrowOptions): Promise<MountArrows | undefined> {
  const rates: Partial<Record<'ra' | 'dec', readonly Range[]>> = {}
  for (const [axis, number] of Object.entries(axes) as ['ra' | 'dec', number][]) {
    if (!((await maybe(session.flag('canmoveaxis', { Axis: number }))) ?? false)) return undefined
    rates[axis] = rangesIn(await maybe(session.get('axisrates', { Axis: number })))
  }
  /** Which turn it is that an axis was told to make last: only its own end ends it. */
  const moved = new Map<'ra' | 'dec', number>()
  let turns = 0
  const order = (axis: 'ra' | 'dec', rate: number) =>
    session.put('moveaxis', { Axis: axes[axis], Rate: rate }, { ms: answerMs })
  const end = async (axis: 'ra' | 'dec') => {
    const turn = moved.get(axis)
    await order(axis, 0)
    if (moved.get(axis) === turn) moved.delete(axis)
  }
  return {
    moving: () => moved.size > 0,
    stands: () => moved.clear(),
    async move(axis, degPerSecond) {
      if (!Number.isFinite(degPerSecond)) {
        throw new Fault('bad-input', `${session.name} cannot move at ${degPerSecond}°/s`, 'Give a speed')
      }
      if (degPerSecond === 0) {
        await end(axis)
        return
      }
      const turned = axis === 'ra' ? !options.reverseRa : options.reverseDec
      const speed = nearest(Math.abs(degPerSecond), rates[axis] ?? [])
      moved.set(axis, ++turns)
      await order(axis, Math.sign(degPerSecond) * speed * (turned ? -1 : 1))
    },
    async halt() {
      await Promise.all([...moved.keys()].map(end))
    },
  }
}

/** A list of {Minimum, Maximum}, °/s. */
function rangesIn(rates: Json | undefined): readonly Range[] {
  if (!Array.isArray(rates)) return []
  return (rates as readonly Json[]).flatMap(rate => {
    const members = membersOf(rate)
    const [least, most] = [members?.get('minimum'), members?.get('maximum')]
    return isNumber(least) && isNumber(most) && most > 0 ? [{ least: Math.max(0, least), most }] : []
  })
}

function nearest(speed: number, ranges: readonly Range[]): number {
  const within = ranges.map(({ least, most }) => Math.min(most, Math.max(least, speed))).filter(rate => rate > 0)
  if (within.length === 0) return speed
  return within.reduce((best, rate) => (Math.abs(rate - speed) < Math.abs(best - speed) ? rate : best))
}
