// A stack that a crash or a power cut broke off: go on with it, or keep what it has.
import { Act, Said, useJob } from '../parts/act'
import type { Stack } from '../states'
import { clockTime } from '../words'

export function StackBroken({ stack }: { stack: Stack }) {
  const job = useJob()
  const begun = stack.startedMs ? `, begun at ${clockTime(stack.startedMs)},` : ''
  return (
    <section class="card broken-off">
      <h2>Broken off</h2>
      <p>
        The stack{stack.object ? ` of ${stack.object}` : ''}
        {begun} ended with the box. Its frames are on the disk: they are put together again, and more are taken.
      </p>
      <div class="row even">
        <Act job={job} kind="main" icon="play" label="Go on" ask="stack-resume" />
        <Act job={job} label="Only save what was taken" ask="stack-resume" input={{ finish: true }} />
      </div>
      <Said by={job} />
    </section>
  )
}
