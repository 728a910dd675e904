// The live stack: start and stop, how deep it is, what was refused and why, and the picture as it grows.
import { useEffect, useState } from 'preact/hooks'
import { ask, fetched } from '../ask'
import { keptCell, useCell } from '../cell'
import { boxNow, useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { BinningChoice, binningOf, FilterChoice, filterOf, GainField, readGain } from '../parts/camera-fields'
import { Field, Figure, readNumber } from '../parts/fields'
import { Latest } from '../parts/picture'
import { Bar } from '../parts/ring'
import { useTick } from '../parts/tick'
import { notReady, useInUse } from '../ready'
import { sizeName, sizeOf } from '../star-size'
import type { Camera, Observatory, Stack, Wheel } from '../states'
import { objectHint, useTarget } from '../target'
import { clockTime, duration, fixed, sentence, spoken, whole } from '../words'

const kept = keptCell('stack', { frames: '', seconds: '', every: '', binning: '1', gain: '', filter: '', object: '' })

export function StackView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const stack = useAt<Stack>('stack/main')?.value
  return (
    <div class="two picture-first">
      <div class="stacked">
        <section class="card picture-card">
          <Latest name="stack" alt="The live stack" empty="No stack yet. Its picture grows here." />
        </section>
      </div>
      <div class="stacked">
        {(stack?.running || stack?.finished || stack?.error) && <State stack={stack} sizes={observatory?.sizes} />}
        {!stack?.running && <Start observatory={observatory} />}
      </div>
    </div>
  )
}

function State({ stack, sizes }: { stack: Stack; sizes: 'hfd' | 'hfr' | undefined }) {
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
      {framesAccepted > 0 && (
        <dl class="figures">
          <Figure label="Noise gain √N" value={fixed(stack.snrGain, 2)} unit="×" />
          <Figure label="Measured" value={fixed(stack.measuredGain, 2)} unit="×" />
          <Figure label="Light" value={duration(stack.integratedSeconds ?? 0)} />
          <Figure label="Stars" value={whole(stack.stars)} />
          <Figure label={sizeName(sizes)} value={fixed(sizeOf(stack.hfdPx, sizes), 2)} unit="px" />
          <Figure label="Drift x, y" value={`${fixed(stack.offsetXPx, 1)}, ${fixed(stack.offsetYPx, 1)}`} unit="px" />
          {stack.rotationDeg !== undefined && <Figure label="Rotation" value={`${fixed(stack.rotationDeg, 2)}°`} />}
          <Figure label="Taken" value={whole(stack.framesTaken)} unit="frames" />
        </dl>
      )}
      {!!stack.framesTaken && <h3>{stack.framesRefused ? `${stack.framesRefused} refused` : 'None refused'}</h3>}
      {refused.length > 0 && (
        <ul class="lines">
          {refused.map(([reason, count]) => (
            <li key={reason}>
              <span>{spoken(reason)}</span>
              <span class="dim">
                {count} {count === 1 ? 'frame' : 'frames'}
              </span>
            </li>
          ))}
        </ul>
      )}
      {stack.lastRefusal && <p class="dim">Last: {spoken(stack.lastRefusal)}</p>}
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

interface Stacking {
  readonly frames?: number
  readonly exposure_s?: number
  readonly preview_every?: number
}

function Start({ observatory }: { observatory: Observatory | undefined }) {
  const form = useCell(kept)
  const job = useJob()
  const camera = useAt<Camera>(observatory?.camera && `camera/${observatory.camera}`)?.value
  const filters = useAt<Wheel>(observatory?.wheel && `wheel/${observatory.wheel}`)?.value.names ?? []
  // Fields left empty stay with the configuration; this only shows what that is.
  const inUse = useInUse(observatory?.camera)
  const target = useTarget()
  const [configured, setConfigured] = useState<Stacking>({})
  useEffect(() => {
    fetched<{ stacking?: Stacking }>('/api/config/parsed?effective=1').then(
      config => setConfigured(config.stacking ?? {}),
      () => {},
    )
  }, [])
  const change = (fields: Partial<typeof form>): void => kept.set({ ...form, ...fields })
  const frames = readNumber(form.frames, { name: 'Frames', min: 0, max: 100_000, integer: true, optional: true })
  const seconds = readNumber(form.seconds, { name: 'The exposure', above: 0, max: 86_400, unit: 's', optional: true })
  const every = readNumber(form.every, { name: 'It', min: 1, max: 1000, integer: true, optional: true })
  const gain = readGain(form.gain, camera)
  const start = (): Promise<unknown> =>
    ask('stack-start', {
      frames: frames.value,
      exposureSeconds: seconds.value,
      previewEvery: every.value,
      binning: binningOf(form.binning, camera),
      gain: gain.value,
      filter: filterOf(form.filter, filters),
      object: form.object.trim() || target,
    })
  return (
    <section class="card">
      <h2>New stack</h2>
      <div class="pair">
        <Field
          label="Frames stacked"
          keys="numeric"
          value={form.frames}
          wrong={frames.wrong}
          placeholder={String(configured.frames ?? 20)}
          help={frames.value === 0 ? 'until stopped' : '0: until stopped'}
          onValue={next => change({ frames: next })}
        />
        <Field
          label="Exposure"
          unit="s"
          keys="decimal"
          value={form.seconds}
          wrong={seconds.wrong}
          placeholder={String(configured.exposure_s ?? 10)}
          onValue={next => change({ seconds: next })}
        />
      </div>
      <div class="pair">
        <Field
          label="Picture every"
          unit="frames"
          keys="numeric"
          value={form.every}
          wrong={every.wrong}
          placeholder={String(configured.preview_every ?? 1)}
          onValue={next => change({ every: next })}
        />
        <GainField camera={camera} value={form.gain} onValue={next => change({ gain: next })} />
      </div>
      <Field
        label="Object"
        value={form.object}
        onValue={next => change({ object: next })}
        placeholder={target ? `${target}, where the mount points` : objectHint}
      />
      <FilterChoice filters={filters} value={form.filter} onValue={next => change({ filter: next })} />
      <BinningChoice camera={camera} value={form.binning} onValue={next => change({ binning: next })} />
      <Said by={job} />
      <Act
        job={job}
        kind="main"
        class="wide"
        icon="stack"
        label="Start stacking"
        work={start}
        unless={
          notReady(camera, observatory?.camera) ?? inUse ?? frames.wrong ?? seconds.wrong ?? every.wrong ?? gain.wrong
        }
      />
    </section>
  )
}
