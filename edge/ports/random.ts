// Chance, as everything in the house gets it: seeded in tests and simulators, so that a night can be had again exactly.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Normal, mean 0, variance 1. */
  normal(): number
  /** A short name nobody else has, `[a-z0-9]`, 12 long. Not a secret. */
  id(): string
}
