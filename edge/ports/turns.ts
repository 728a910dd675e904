// One thing after the other, where two at once would undo each other.

/** Has its turn when all that came before is done, well or not; whoever asked hears how it ended. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** A queue of its own. Whoever asks bounds their own work: the next one waits for it. */
export function takingTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const mine = last.then(work)
    last = Promise.allSettled([mine])
    return mine
  }
}
