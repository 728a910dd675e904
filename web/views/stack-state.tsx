// How deep the stack is, what was left out and why, what its light went through, and where it was saved.
import { boxNow } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Figure } from '../parts/fields'
import { Bar } from '../parts/ring'
import { useTick } from '../parts/tick'
import { hrefOf } from '../route'
import { sizeName, sizeOf } from '../star-size'
import type { Stack } from '../states'
import { clockTime, combinationWords, counted, duration, fixed, percent, sentence, spoken, whole } from '../words'

/** Below this part of the reference's light something stands in its way. */
const dimBelow = 0.7

export function StackState({ stack, sizes }: { stack: Stack; sizes: 'hfd' | 'hfr' | undefined }) {
  const job = useJob()
  useTick(1000, !!stack.waitingSinceMs)
  const refused = Object.entries(stack.refusals ?? {}).filter(([, count]) => count > 0)
  const { framesAccepted = 0, framesTarget = 0 } = stack
  return (
    <section class="card">
      <p class="line">
        <strong class="count">{framesAccepted}</strong>
        {framesTarget ? ` of ${framesTarget} frames stacked` : ' frames stacked, until stopped'}
      </p>
      {framesTarget > 0 && <Bar part={framesAccepted / framesTarget} label="Frames stacked" />}
      {stack.waitingSinceMs !== undefined && stack.running && (
        <p class="warned" role="status">
          Waiting for stars since {clockTime(stack.waitingSinceMs)} (
          {duration((boxNow() - stack.waitingSinceMs) / 1000)}). It goes on by itself.
        </p>
      )}
      {stack.refolding !== undefined && stack.running && (
        <p role="status">Putting {stack.refolding} frames together again, after the stack was broken off.</p>
      )}
      {framesAccepted > 0 && (
        <dl class="figures">
          <Figure label="Light" value={duration(stack.integratedSeconds ?? 0)} />
          <Figure label="Noise gain √N" value={fixed(stack.snrGain, 2)} unit="×" />
          {stack.measuredGain !== undefined && (
            <Figure label="Measured" value={fixed(stack.measuredGain, 2)} unit="×" />
          )}
          <Figure label="Stars" value={whole(stack.stars)} />
          <Figure label={sizeName(sizes)} value={fixed(sizeOf(stack.hfdPx, sizes), 2)} unit="px" />
          {stack.transparency !== undefined && (
            <Figure
              label="Transparency"
              value={percent(stack.transparency, 0)}
              class={stack.transparency < dimBelow ? 'warned' : ''}
            />
          )}
          {stack.weight !== undefined && <Figure label="Last weight" value={fixed(stack.weight, 2)} />}
          {stack.combine === 'reject' && stack.rejectedShare !== undefined && (
            <Figure label="Pixels left out" value={percent(stack.rejectedShare, 2)} />
          )}
          <Figure label="Drift x, y" value={`${fixed(stack.offsetXPx, 1)}, ${fixed(stack.offsetYPx, 1)}`} unit="px" />
          {stack.rotationDeg !== undefined && <Figure label="Rotation" value={`${fixed(stack.rotationDeg, 2)}°`} />}
          <Figure label="Taken" value={whole(stack.framesTaken)} unit="frames" />
        </dl>
      )}
      <Way stack={stack} />
      {!!stack.framesTaken && <h3>{stack.framesRefused ? `${stack.framesRefused} refused` : 'None refused'}</h3>}
      {refused.length > 0 && (
        <ul class="lines">
          {refused.map(([reason, count]) => (
            <li key={reason}>
              <span>{spoken(reason)}</span>
              <span class="dim">{counted(count, 'frame')}</span>
            </li>
          ))}
        </ul>
      )}
      {stack.lastRefusal && <p class="dim">Last: {sentence(stack.lastRefusal)}</p>}
      {stack.error && <p class="why block">{sentence(stack.error)}</p>}
      {stack.running ? (
        <Act
          job={job}
          kind="danger"
          class="wide"
          icon="close"
          label="Stop and save"
          ask="stack-stop"
          unless={stack.finishing && 'It is being saved'}
        />
      ) : (
        stack.path && (
          <div class="saved">
            <p>
              {stack.cancelled ? 'Stopped by hand, and saved' : 'Saved'} as <span class="path">{stack.path}</span>
            </p>
            <a
              class="button"
              href={`/api/fits/download/${stack.path.split('/').map(encodeURIComponent).join('/')}`}
              download
            >
              Download the stack (FITS)
            </a>
          </div>
        )
      )}
      <Said by={job} />
    </section>
  )
}

/** What the frames went through on their way into the stack. */
function Way({ stack }: { stack: Stack }) {
  const reference = referenceWords(stack.reference)
  if (!stack.combine && !stack.calibration) return null
  return (
    <ul class="lines way">
      {stack.combine && (
        <li>
          <span class="dim">Combined</span>
          <span>{combinationWords(stack)}</span>
        </li>
      )}
      {stack.calibration && (
        <li>
          <span class="dim">Calibrated</span>
          <span>{stack.calibration === 'none' ? 'with nothing' : `with ${spoken(stack.calibration)}`}</span>
        </li>
      )}
      {stack.uncalibrated && (
        <li>
          <span class="dim">Missing</span>
          <span>
            {sentence(stack.uncalibrated)} <a href={hrefOf('calibration')}>Make them</a>
          </span>
        </li>
      )}
      {reference && (
        <li>
          <span class="dim">Reference</span>
          <span>{reference}</span>
        </li>
      )}
    </ul>
  )
}

/** `20260321T210412512Z-main` → the clock time of that frame; ids begin with it. */
function referenceWords(id: string | undefined): string | undefined {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(id ?? '') ?? []
  return y ? `the frame of ${clockTime(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`))}` : undefined
}
