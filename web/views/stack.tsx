// The live stack: the picture as it grows, how deep it is, the night in graphs, and the way to a new one.
import { boot, useAt, usePictureTag } from '../live'
import { TrendWord } from '../parts/trend-word'
import { Viewer } from '../parts/viewer'
import type { Observatory, Stack } from '../states'
import { StackBroken } from './stack-broken'
import { StackNight } from './stack-night'
import { StackStart } from './stack-start'
import { StackState } from './stack-state'

const empty = 'No stack yet. Its picture grows here.'

export function StackView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const stack = useAt<Stack>('stack/main')?.value
  const tag = usePictureTag('stack')
  const version = `${boot.get()}-${tag?.version ?? 0}`
  const camera = stack?.camera ?? observatory?.camera
  return (
    <div class="two pictured">
      <section class="card picture-card">
        {stack || tag ? (
          <Viewer
            picture={{
              of: 'stack',
              version,
              kind: 'stack',
              ready: tag && `/api/pictures/stack?v=${version}`,
              alt: 'The live stack',
            }}
            empty={empty}
          />
        ) : (
          <div class="lit vacant">
            <p>{empty}</p>
          </div>
        )}
      </section>
      <div class="stacked beside">
        <TrendWord camera={camera} />
        {stack?.resumable && !stack.running && <StackBroken stack={stack} />}
        {(stack?.running || stack?.finished || stack?.error || stack?.path) && (
          <StackState stack={stack} sizes={observatory?.sizes} />
        )}
        {!stack?.running && <StackStart observatory={observatory} />}
      </div>
      <StackNight camera={camera} night={observatory?.night} sizes={observatory?.sizes} />
    </div>
  )
}
