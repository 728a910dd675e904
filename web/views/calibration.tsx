// Darks, flats, bias frames: what the night lacks, one tap to take it, and the library.
import { useState } from 'preact/hooks'
import type { Master } from '../../edge/ports/calibration'
import { post } from '../ask'
import { keptCell, useCell } from '../cell'
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { BinningChoice, binningOf, FilterChoice, filterOf, GainField, readGain } from '../parts/camera-fields'
import { Choice, Field, readNumber } from '../parts/fields'
import { useGone } from '../parts/gone'
import { Icon } from '../parts/icon'
import { PickFile } from '../parts/pick-file'
import { Ring } from '../parts/ring'
import { notReady, useInUse } from '../ready'
import type { Camera, Observatory, Wheel } from '../states'
import { counted, sentence } from '../words'
import { MasterSheet } from './calibration-master'
import {
  type CalibrationLibrary,
  fileName,
  kindNames,
  many,
  masterOrigin,
  masterTraits,
  type Need,
  seconds,
  type Taken,
} from './calibration-words'

const kept = keptCell('calibration', { kind: 'dark', frames: '20', seconds: '', binning: '1', gain: '', filter: '' })

type Form = ReturnType<typeof kept.get>

/** What the cap has to do with it. */
const ready: Readonly<Record<Taken, string>> = { dark: 'Cap is on', bias: 'Cap is on', flat: 'Light is even' }

export function CalibrationView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const library = useAt<CalibrationLibrary>('calibration/library')?.value
  const camera = useAt<Camera>(observatory?.camera && `camera/${observatory.camera}`)?.value
  const inUse = useInUse(observatory?.camera)
  const unless = library?.taking ? 'A series is being taken' : (notReady(camera, observatory?.camera) ?? inUse)
  return (
    <div class="two">
      <div class="stacked">
        <Taking library={library} exposing={!!camera?.exposing} />
        <Missing library={library} unless={unless} />
        <Take camera={camera} wheel={observatory?.wheel} unless={unless} />
      </div>
      <div class="stacked">
        <Library library={library} />
      </div>
    </div>
  )
}

function Taking({ library, exposing }: { library: CalibrationLibrary | undefined; exposing: boolean }) {
  const job = useJob()
  if (!library?.taking) {
    if (!library?.warning && !library?.error) return null
    return (
      <section class="card" role="status">
        <p class="warned">{sentence(library.error ?? library.warning ?? '')}</p>
      </section>
    )
  }
  const { taking, number = 0, total = 0 } = library
  // The last frame has a number too while its light is gathered.
  const combining = number >= total && !exposing
  return (
    <section class="card progress">
      <Ring part={total > 0 && !combining ? (number - 1) / total : undefined} label="Calibration series">
        <strong class={combining ? 'word' : ''}>{combining ? 'combining' : `${number}`}</strong>
        <small>{combining ? counted(total, 'frame') : `of ${total}`}</small>
      </Ring>
      <div class="stacked">
        <p>
          {number === 0 || combining ? 'Working on' : 'Taking'} {many[taking]}.{' '}
          {taking !== 'flat' && !combining && 'Leave the cap on.'}
        </p>
        <Act job={job} kind="danger" icon="close" label="Abort" ask="camera-abort" input={{}} />
        <Said by={job} />
      </div>
    </section>
  )
}

interface Guarded {
  /** Why nothing can be taken now. */
  readonly unless: string | undefined
}

function Missing({ library, unless }: Guarded & { library: CalibrationLibrary | undefined }) {
  const form = useCell(kept)
  const job = useJob()
  const needs = library?.needs ?? []
  if (library?.enabled === false) return <p class="dim">Calibration is switched off: calibration.enabled is false.</p>
  return (
    <section class="card">
      <h2>Missing</h2>
      {library && needs.length === 0 && (
        <p class="dim">
          <Icon name="check" /> The lights of this night and the next stack have all masters they need.
        </p>
      )}
      {needs.map(need => (
        <div key={`${need.kind}${need.words}`} class="need">
          <p>
            <strong>{needTitle(need)}</strong>
            <br />
            <small class="dim">
              {sentence(need.words)}
              {need.lights > 0
                ? ` ${counted(need.lights, 'light')} of this night ${need.lights === 1 ? 'waits' : 'wait'} for it.`
                : ' The next stack would lack it.'}
            </small>
          </p>
          <Act
            job={job}
            icon="play"
            label={
              need.kind === 'dark'
                ? `Cap is on: take ${seconds(need.exposureSeconds)} darks`
                : `Light is even: take ${seconds(flatSeconds(form))} flats`
            }
            ask="calibration-take"
            input={need.kind === 'dark' ? orderOf(need) : flatOf(need, form)}
            unless={unless}
            told="calibration-why"
          />
        </div>
      ))}
      {needs.length > 0 && unless && (
        <p id="calibration-why" class="why block">
          {unless}
        </p>
      )}
      <Said by={job} />
    </section>
  )
}

function needTitle(need: Need): string {
  if (need.kind === 'flat') return need.filter ? `Flats with ${need.filter}` : 'Flats'
  return `Darks of ${masterTraits({ ...need, kind: 'dark' })}`
}

const orderOf = ({ kind, camera, exposureSeconds, binning, gain, offset }: Need) => ({
  ...{ kind, camera, binning, gain, offset },
  seconds: exposureSeconds,
})

/** Flats have an exposure of their own: that of the form, when it is one for flats. */
function flatSeconds(form: Form): number {
  const typed = form.kind === 'flat' ? Number(form.seconds.replace(',', '.')) : 0
  return typed > 0 && typed <= 3600 ? typed : 1
}

const flatOf = ({ kind, camera, binning, gain, offset, filter }: Need, form: Form) => ({
  ...{ kind, camera, binning, gain, offset, filter },
  seconds: flatSeconds(form),
})

function Take({ camera, wheel, unless }: Guarded & { camera: Camera | undefined; wheel: string | undefined }) {
  const form = useCell(kept)
  const job = useJob()
  const filters = useAt<Wheel>(wheel && `wheel/${wheel}`)?.value.names ?? []
  const change = (fields: Partial<typeof form>): void => kept.set({ ...form, ...fields })
  const kind = form.kind as Taken
  const frames = readNumber(form.frames, { name: 'Frames', min: 3, max: 100, integer: true, optional: true })
  const exposure = readNumber(form.seconds, { name: 'The exposure', above: 0, max: 3600, unit: 's', optional: true })
  const gain = readGain(form.gain, camera)
  const order = {
    kind,
    frames: frames.value,
    seconds: kind === 'bias' ? undefined : exposure.value,
    binning: binningOf(form.binning, camera),
    gain: gain.value,
    filter: kind === 'flat' ? filterOf(form.filter, filters) : undefined,
  }
  return (
    <section class="card">
      <h2>Take a series</h2>
      <Choice
        label="What"
        value={kind}
        onValue={next => change({ kind: next })}
        options={[
          { value: 'dark', label: 'Darks' },
          { value: 'bias', label: 'Bias' },
          { value: 'flat', label: 'Flats' },
        ]}
      />
      <div class="pair">
        <Field
          label="Frames"
          keys="numeric"
          value={form.frames}
          wrong={frames.wrong}
          placeholder="20"
          onValue={next => change({ frames: next })}
        />
        {kind !== 'bias' && (
          <Field
            label="Exposure"
            unit="s"
            keys="decimal"
            value={form.seconds}
            wrong={exposure.wrong}
            placeholder="the stack’s"
            onValue={next => change({ seconds: next })}
          />
        )}
      </div>
      <GainField camera={camera} value={form.gain} onValue={next => change({ gain: next })} />
      {kind === 'flat' && (
        <FilterChoice filters={filters} value={form.filter} onValue={next => change({ filter: next })} />
      )}
      <BinningChoice camera={camera} value={form.binning} onValue={next => change({ binning: next })} />
      <Said by={job} />
      <Act
        job={job}
        kind="main"
        class="wide"
        icon="expose"
        label={`${ready[kind]}: take ${frames.value ?? 20} ${many[kind]}`}
        ask="calibration-take"
        input={order}
        unless={unless ?? frames.wrong ?? exposure.wrong ?? gain.wrong}
      />
    </section>
  )
}

const kinds = ['dark', 'bias', 'flat', 'bad'] as const

function Library({ library }: { library: CalibrationLibrary | undefined }) {
  const [open, setOpen] = useState<string>()
  const masters = library?.masters ?? []
  const shown = masters.find(({ path }) => path === open)
  return (
    <section class="card">
      <h2>Library</h2>
      {library && masters.length === 0 && <p class="dim">No masters yet.</p>}
      {kinds.map(kind => {
        const some = masters.filter(master => master.kind === kind)
        return (
          some.length > 0 && (
            <div key={kind} class="masters">
              <h3>{kindNames[kind]}</h3>
              {some.map(master => (
                <button key={master.path} type="button" class="quiet" onClick={() => setOpen(master.path)}>
                  <span>{masterTraits(master) || fileName(master.path)}</span>
                  <small class={master.old ? 'warned' : 'dim'}>{marks(master)}</small>
                </button>
              ))}
            </div>
          )
        )
      })}
      {(library?.unreadable ?? []).map(({ path, words }) => (
        <p key={path} class="why block">
          {fileName(path)}: {words}
        </p>
      ))}
      <Bring />
      {shown && <MasterSheet master={shown} onClose={() => setOpen(undefined)} />}
    </section>
  )
}

function marks(master: Master & { readonly old?: boolean }): string {
  return [
    masterOrigin(master),
    ...(master.old ? ['old'] : []),
    ...(master.use === undefined ? [] : [master.use === 'always' ? 'always used' : 'not used']),
  ].join(' · ')
}

/** Masters from elsewhere. */
function Bring() {
  const job = useJob()
  const gone = useGone()
  const send = (file: File): Promise<unknown> =>
    post(`/api/calibration/file?name=${encodeURIComponent(file.name)}`, file)
  return (
    <>
      <div class="row even">
        <PickFile
          accept=".fits,.fit,.fts,.fz"
          label={job.pending === 'upload' ? 'Sending …' : 'Bring a FITS file'}
          disabled={gone || job.pending !== undefined}
          onPick={file => void job.run('upload', () => send(file))}
        />
        <Act job={job} icon="again" label="Look again" ask="calibration-refresh" />
      </div>
      <Said by={job} />
    </>
  )
}
