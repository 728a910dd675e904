// The frames as a folder of the network, and how one gets there.
import { ask } from '../ask'
import { useAt } from '../live'
import { Said, useJob } from '../parts/act'
import { Toggle } from '../parts/fields'
import { useGone } from '../parts/gone'
import type { Share } from '../states-own'
import { sentence } from '../words'

export function ShareCard() {
  const job = useJob()
  const gone = useGone()
  const share = useAt<Share>('share')?.value
  if (!share) return null
  const host = location.hostname
  const flip = (on: boolean): void => void job.run('share', () => ask('share-set', { on }))
  return (
    <section class="card">
      <h2>Frames on the network</h2>
      <Toggle label="As a folder" on={share.on === true} onToggle={flip} disabled={gone || job.pending !== undefined} />
      <p class="dim">Anyone on this network may read frames, stacks and masters there; nobody can change them.</p>
      {share.on && (
        <ul class="plain">
          <li>
            Windows: <code>{`\\\\${host}\\frames`}</code>
          </li>
          <li>
            macOS, iPhone, Linux: <code>{`smb://${host}/frames`}</code>, as a guest
          </li>
        </ul>
      )}
      {share.trouble && <p class="why block">{sentence(share.trouble)}</p>}
      <Said by={job} />
    </section>
  )
}
