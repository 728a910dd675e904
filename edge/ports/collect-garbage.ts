// A full garbage collection on demand. Shared memory is freed only when every thread's wrappers of it have been
// collected, and an idle agent makes so little garbage that this would not come about for hours.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how?: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Holds up the calling thread for some tens of milliseconds: for when nothing goes on. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  collect()
  // The last resort also gives emptied pages back to the system, 20 MB after the start. Node 20 knows no such wish and
  // looks at the youngest objects only, which is why it does not stand alone.
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
