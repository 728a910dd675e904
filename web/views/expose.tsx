// One exposure or a run of them: what to take, how far it is, and the last frame.
import { ask } from '../ask'
import { keptCell, useCell } from '../cell'
import { boxNow, useAt, useKind } from '../live'
import { Act, Trouble, useJob } from '../parts/act'
import { Choice, Field, Figure, readNumber } from '../parts/fields'
import { Latest } from '../parts/picture'
import { Ring } from '../parts/ring'
import { useTick } from '../parts/tick'
import { hrefOf } from '../route'
import { sizeName, sizeOf } from '../star-size'
import type { Camera, Observatory, Storage, Wheel } from '../states'
import { duration, fixed, sentence, size, spoken, whole } from '../words'
import { Cooling } from './expose-cooling'
import { RegionFields, readRegion } from './expose-region'

const standard = {
  camera: '',
  seconds: '1',
  count: '1',
  binning: '1',
  gain: '',
  offset: '',
  filter: '',
  frameType: 'light' as 'light' | 'dark' | 'bias' | 'flat',
  object: '',
  region: 'whole' as 'whole' | 'half' | 'quarter' | 'own',
  x: '0',
  y: '0',
  width: '',
  height: '',
}
export type ExposeForm = typeof standard
const kept = keptCell('expose', standard)
const secondsOffered = ['0.1', '1', '5', '10', '30', '60', '120', '300']

/** Why this camera takes no exposure now, in the words of the device. */
export function notReady(camera: Camera | undefined, name: string | undefined): string | undefined {
  if (!camera) return name ? `No camera is called “${name}” now` : 'No camera is configured: see Devices'
  if (camera.condition && camera.condition !== 'ready')
    return sentence(camera.reason ?? `The camera is ${camera.condition}`)
  return undefined
}

export function ExposeView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const form = useCell(kept)
  const cameras = useKind<Camera>('camera')
  const chosen = cameras.find(({ path }) => path === `camera/${form.camera}`)
  const name = chosen ? form.camera : observatory?.camera
  const camera = useAt<Camera>(name && `camera/${name}`)?.value
  const change = (fields: Partial<ExposeForm>): void => kept.set({ ...form, ...fields })
  return (
    <div class="two">
      <div class="stacked">
        <Progress camera={camera} name={name} />
        <LastFrame camera={camera} sizes={observatory?.sizes} main={name === observatory?.camera} />
      </div>
      <div class="stacked">
        {cameras.length > 1 && (
          <Choice
            label="Camera"
            value={name}
            onValue={next => change({ camera: next })}
            options={cameras.map(({ path }) => ({ value: path.slice(7), label: path.slice(7) }))}
          />
        )}
        <Order form={form} change={change} camera={camera} name={name} wheel={observatory?.wheel} />
        <Cooling camera={camera} name={name} />
      </div>
    </div>
  )
}

interface OrderProps {
  readonly form: ExposeForm
  readonly change: (fields: Partial<ExposeForm>) => void
  readonly camera: Camera | undefined
  readonly name: string | undefined
  readonly wheel: string | undefined
}

function Order({ form, change, camera, name, wheel }: OrderProps) {
  const job = useJob()
  const filters = useAt<Wheel>(wheel && `wheel/${wheel}`)?.value.names ?? []
  const disk = useAt<Storage>('storage')?.value
  const bias = form.frameType === 'bias'
  const seconds = readNumber(form.seconds, {
    name: 'The exposure',
    above: bias ? undefined : 0,
    min: 0,
    max: 86_400,
    unit: 's',
  })
  const count = readNumber(form.count, { name: 'The count', min: 0, max: 100_000, integer: true })
  const gain = readNumber(form.gain, { name: 'Gain', min: camera?.gainMin, max: camera?.gainMax, optional: true })
  const offset = readNumber(form.offset, {
    name: 'Offset',
    min: camera?.offsetMin,
    max: camera?.offsetMax,
    unit: 'ADU',
    optional: true,
  })
  const region = readRegion(form, camera)
  const most = Math.min(8, Math.max(1, camera?.maxBinning ?? 1))
  const wrong = seconds.wrong ?? count.wrong ?? gain.wrong ?? offset.wrong ?? region.wrong
  const start = (): Promise<unknown> =>
    ask('camera-expose', {
      camera: name,
      seconds: seconds.value,
      count: count.value,
      binning: Math.min(most, Number(form.binning)),
      gain: camera?.gainMax === undefined ? undefined : gain.value,
      offset: camera?.offsetMax === undefined ? undefined : offset.value,
      region: region.value,
      filter: filters.includes(form.filter) ? form.filter : undefined,
      frameType: form.frameType,
      object: form.object.trim() || undefined,
    })
  const held = camera?.holder ? `In use by ${camera.holder}` : camera?.exposing ? 'An exposure is under way' : undefined
  return (
    <section class="card">
      <div class="pair">
        <Field
          label="Exposure"
          unit="s"
          keys="decimal"
          value={form.seconds}
          wrong={seconds.wrong}
          onValue={next => change({ seconds: next })}
        />
        <Field
          label="Frames"
          keys="numeric"
          value={form.count}
          wrong={count.wrong}
          help={count.value === 0 ? 'until aborted' : undefined}
          onValue={next => change({ count: next })}
        />
      </div>
      <Choice
        bare
        label="Exposure offered"
        value={form.seconds}
        onValue={next => change({ seconds: next })}
        options={secondsOffered.map(value => ({ value, label: `${value} s` }))}
      />
      <Choice
        label="Frame type"
        value={form.frameType}
        onValue={next => change({ frameType: next })}
        options={(['light', 'dark', 'bias', 'flat'] as const).map(value => ({ value, label: value }))}
      />
      <Field
        label="Object"
        value={form.object}
        onValue={next => change({ object: next })}
        placeholder="goes into the file and its name"
      />
      {filters.length > 0 && (
        <Choice
          label="Filter"
          value={filters.includes(form.filter) ? form.filter : ''}
          onValue={next => change({ filter: next })}
          options={[{ value: '', label: 'as it is' }, ...filters.map(value => ({ value, label: value }))]}
        />
      )}
      {most > 1 && (
        <Choice
          label="Binning"
          value={String(Math.min(most, Number(form.binning)))}
          onValue={next => change({ binning: next })}
          options={Array.from({ length: most }, (_, index) => ({
            value: String(index + 1),
            label: `${index + 1} × ${index + 1}`,
          }))}
        />
      )}
      {(camera?.gainMax !== undefined || camera?.offsetMax !== undefined) && (
        <div class="pair">
          {camera.gainMax !== undefined && (
            <Field
              label="Gain"
              keys="decimal"
              value={form.gain}
              wrong={gain.wrong}
              placeholder={String(camera.gain ?? '')}
              help={`${camera.gainMin} to ${camera.gainMax}; empty: as it is`}
              onValue={next => change({ gain: next })}
            />
          )}
          {camera.offsetMax !== undefined && (
            <Field
              label="Offset"
              unit="ADU"
              keys="decimal"
              value={form.offset}
              wrong={offset.wrong}
              placeholder={String(camera.offset ?? '')}
              help={`${camera.offsetMin} to ${camera.offsetMax}; empty: as it is`}
              onValue={next => change({ offset: next })}
            />
          )}
        </div>
      )}
      <RegionFields form={form} change={change} camera={camera} />
      <Trouble of={job.trouble} onClose={job.clear} />
      <Act
        job={job}
        kind="main"
        icon="expose"
        class="wide"
        label={
          count.value === 1 ? 'Expose' : count.value === 0 ? 'Expose until aborted' : `Expose ${form.count} frames`
        }
        work={start}
        unless={notReady(camera, name) ?? held ?? wrong}
      />
      {disk?.framesLeft !== undefined && (
        <p class={disk.low ? 'warned' : 'dim'}>
          The disk has room for {whole(disk.framesLeft)} frames
          {disk.hoursLeft !== undefined && `, ${fixed(disk.hoursLeft, disk.hoursLeft < 10 ? 1 : 0)} h`}
          {disk.freeBytes !== undefined && ` (${size(disk.freeBytes)} free)`}.
        </p>
      )}
    </section>
  )
}

function Progress({ camera, name }: { camera: Camera | undefined; name: string | undefined }) {
  const job = useJob()
  useTick(100, !!camera?.exposing)
  if (!camera?.exposing && !job.trouble) return null
  const seconds = camera?.exposureSeconds ?? 0
  const passed = camera?.exposureStartedMs ? (boxNow() - camera.exposureStartedMs) / 1000 : 0
  const integrating = camera?.phase === 'exposing' && passed < seconds
  return (
    <section class="card progress">
      {camera?.exposing && (
        <Ring part={integrating ? passed / seconds : undefined} label="Exposure">
          <strong>
            {integrating
              ? duration(seconds - passed)
              : spoken(camera.phase === 'exposing' ? 'reading' : (camera.phase ?? ''))}
          </strong>
          <small>{integrating ? 'left' : `after ${duration(seconds)}`}</small>
        </Ring>
      )}
      <div class="stacked">
        {camera?.exposing && (
          <p>
            {camera.frameType && camera.frameType !== 'light' ? `${camera.frameType}, ` : ''}
            {duration(seconds)}
            {camera.object && ` of ${camera.object}`}
            {camera.number !== undefined && camera.total !== 1 && (
              <>
                <br />
                Frame {camera.number}
                {camera.total ? ` of ${camera.total}` : ', until aborted'}
              </>
            )}
            {camera.holder && <span class="dim"> · {camera.holder}</span>}
          </p>
        )}
        <Trouble of={job.trouble} onClose={job.clear} />
        <Act
          job={job}
          kind="danger"
          icon="close"
          label="Abort"
          ask="camera-abort"
          input={{ camera: name }}
          unless={!camera?.exposing && 'Nothing is being exposed'}
        />
      </div>
    </section>
  )
}

function LastFrame({
  camera,
  sizes,
  main,
}: {
  camera: Camera | undefined
  sizes: 'hfd' | 'hfr' | undefined
  main: boolean
}) {
  return (
    <section class="card picture-card">
      <Latest
        name="frame"
        alt="The last frame of the main camera, stretched"
        empty="No frame yet. The first one appears here."
      />
      <dl class="figures">
        <Figure label="Stars" value={whole(camera?.lastStars)} />
        <Figure label={sizeName(sizes)} value={fixed(sizeOf(camera?.lastHfdPx, sizes), 2)} unit="px" />
        <Figure label="Sky" value={whole(camera?.lastBackgroundAdu)} unit="ADU" />
      </dl>
      {!main && <p class="dim">The picture is the main camera’s; the numbers are this camera’s.</p>}
      {camera?.lastId && (
        <a class="button" href={hrefOf('files', '-', 'history', camera.lastId)}>
          Open in history
        </a>
      )}
    </section>
  )
}
