// Who holds what: all or nothing, exclusive or shared, with a way to take it back.
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'
import type { Claim, Claims, Holder, Lease } from '../ports/lease.js'
import type { Log } from '../ports/log.js'

/** How long a holder that was told to let go may take. */
const graceMs = 5_000

interface Held {
  readonly lease: Lease
  readonly control: AbortController
  readonly freed: Promise<void>
}

export function createClaims(clock: Clock, log: Log): Claims {
  const held = new Set<Held>()
  const seizers = new Map<string, Set<(reason: Error) => Promise<void>>>()

  const holdersOf = (name: string) => [...held].filter(({ lease }) => lease.claims.some(claim => claim.name === name))
  const isExclusive = ({ lease }: Held, name: string) =>
    lease.claims.some(claim => claim.name === name && !claim.shared)

  const seize = async (name: string, stuck: Held[], reason: Error) => {
    for (const { lease } of stuck) {
      log.warn(`${name} is taken from ${lease.holder.action}, which did not let go within ${graceMs / 1000} s`)
    }
    const stops = await Promise.allSettled([...(seizers.get(name) ?? [])].map(stop => stop(reason)))
    for (const stop of stops) {
      if (stop.status === 'rejected') log.error(`${name} was not stopped`, { error: String(stop.reason) })
    }
    for (const one of stuck) one.lease.release()
  }

  return {
    take(claims, holder) {
      for (const claim of claims) {
        const other = holdersOf(claim.name).find(one => !claim.shared || isExclusive(one, claim.name))
        if (other) throw busy(claim, other.lease.holder)
      }
      const control = new AbortController()
      let free = () => {}
      const freed = new Promise<void>(resolve => {
        free = resolve
      })
      const lease: Lease = {
        claims,
        holder,
        signal: control.signal,
        release() {
          held.delete(one)
          free()
        },
      }
      const one: Held = { lease, control, freed }
      held.add(one)
      return lease
    },
    async preempt(name, reason, which = 'all') {
      const told = holdersOf(name).filter(one => which === 'all' || isExclusive(one, name))
      if (told.length === 0) return
      for (const one of told) one.control.abort(reason)
      const grace = clock.deadline(graceMs, `${name} to be let go`)
      try {
        await grace.race(Promise.all(told.map(one => one.freed)))
      } catch {
        // The deadline is the answer here: whoever still holds is taken from, loudly.
        await seize(
          name,
          told.filter(one => held.has(one)),
          reason,
        )
      } finally {
        grace.cancel()
      }
    },
    onSeized(name, stop) {
      const stops = seizers.get(name) ?? new Set()
      seizers.set(name, stops.add(stop))
      return () => stops.delete(stop)
    },
    holderOf: name => holdersOf(name)[0]?.lease.holder,
    held: () =>
      [...held].flatMap(({ lease }) =>
        lease.claims.map(({ name, shared }) => ({ name, shared: shared ?? false, holder: lease.holder })),
      ),
  }
}

function busy(claim: Claim, holder: Holder): Fault {
  return new Fault(
    'busy',
    `${claim.name} is in use: ${holder.action}, asked for by ${holder.who}`,
    `Wait until ${holder.action} ends, or stop it`,
    { detail: { holder: holder.who, action: holder.action, claim: claim.name } },
  )
}
