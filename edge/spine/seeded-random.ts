// Chance from a seed (tests, simulators) or from the machine (the agent at work).
import type { Random } from '../ports/random.js'

/** Deterministic: the same seed gives the same run. Generator: Mulberry32 (Tommy Ettinger, public domain, 2017). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return randomFrom(next)
}

/** Seeded anew by the machine at every start. */
export function systemRandom(): Random {
  return randomFrom(() => Math.random())
}

function randomFrom(next: () => number): Random {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return {
    next,
    // Box–Muller (Ann. Math. Stat. 29 (1958) 610); one of the pair is thrown away, which keeps it stateless.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    id: () => Array.from({ length: 12 }, () => letters[Math.floor(next() * letters.length)]).join(''),
  }
}
