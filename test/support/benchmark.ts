// What every benchmark of the whole agent needs: a tidy end, one JSON line a result, and medians.

export interface Result {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The value may not be above it; or below it, where `atLeast` is said. */
  readonly gate?: number
  readonly atLeast?: boolean
  /** Further figures, for whoever reads the line. */
  readonly [figure: string]: number | string | boolean | readonly number[] | undefined
}

export interface Bench {
  teardown(run: () => unknown): void
  /** Prints the line, and with a gate whether it held. */
  tell(result: Result): void
  /** Prints that a yardstick is not here, so that its rows are missed by name. */
  tellAbsent(name: string, yardstick: string): void
}

/** Runs `work`, then what it left to tear down, last first; the process ends with 1 where a gate failed. */
export async function benchmark(work: (bench: Bench) => Promise<void>): Promise<void> {
  const ends: (() => unknown)[] = []
  let failed = false
  try {
    await work({
      teardown: run => ends.push(run),
      tell(result) {
        const { value, gate, atLeast } = result
        const pass = gate === undefined ? undefined : atLeast ? value >= gate : value <= gate
        failed ||= pass === false
        process.stdout.write(`${JSON.stringify({ ...result, pass })}\n`)
      },
      tellAbsent(name, yardstick) {
        process.stdout.write(`${JSON.stringify({ name, absent: yardstick })}\n`)
      },
    })
  } finally {
    for (const end of ends.reverse()) await end()
  }
  if (failed) process.exitCode = 1
}

/** How often each side of a comparison is measured: fewer while one works on it, told by the environment. */
export const rounds = Number(process.env.PIERSIDE_BENCH_ROUNDS ?? 5)

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

export const to2 = (value: number): number => Math.round(value * 100) / 100
