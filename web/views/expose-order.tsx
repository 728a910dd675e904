// What to take: the few things that change every time in sight, the others folded away.
import { ask } from '../ask'
import { keptCell } from '../cell'
import { useAt } from '../live'
import { Act, Said, toTop, useJob } from '../parts/act'
import {
  BinningChoice,
  binningOf,
  FilterChoice,
  filterOf,
  GainField,
  OffsetField,
  ReadoutChoice,
  readGain,
  readOffset,
  readoutOf,
} from '../parts/camera-fields'
import { Choice, Field, readNumber } from '../parts/fields'
import { Fold } from '../parts/fold'
import { notReady, useInUse } from '../ready'
import type { Camera, Storage, Wheel } from '../states'
import { objectHint, useTarget } from '../target'
import { duration, size, whole } from '../words'
import { RegionFields, readRegion } from './expose-region'

const standard = {
  camera: '',
  seconds: '1',
  count: '1',
  binning: '1',
  gain: '',
  offset: '',
  readout: '',
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
export const exposeForm = keptCell('expose', standard)
const secondsOffered = ['0.1', '1', '5', '10', '30', '60', '120', '300']

interface OrderProps {
  readonly form: ExposeForm
  readonly change: (fields: Partial<ExposeForm>) => void
  readonly camera: Camera | undefined
  readonly name: string | undefined
  readonly wheel: string | undefined
}

export function Order({ form, change, camera, name, wheel }: OrderProps) {
  const job = useJob()
  const inUse = useInUse(name)
  const target = useTarget()
  const aim = form.frameType === 'light' ? target : undefined
  const filters = useAt<Wheel>(wheel && `wheel/${wheel}`)?.value.names ?? []
  const above = form.frameType === 'bias' ? undefined : 0
  const seconds = readNumber(form.seconds, { name: 'The exposure', above, min: 0, max: 86_400, unit: 's' })
  const count = readNumber(form.count, { name: 'The count', min: 0, max: 100_000, integer: true })
  const gain = readGain(form.gain, camera)
  const offset = readOffset(form.offset, camera)
  const region = readRegion(form, camera)
  const binning = binningOf(form.binning, camera)
  const folded = gain.wrong ?? offset.wrong ?? region.wrong
  const start = (): Promise<unknown> =>
    ask('camera-expose', {
      camera: name,
      seconds: seconds.value,
      count: count.value,
      binning,
      gain: gain.value,
      offset: offset.value,
      readout: readoutOf(form.readout, camera),
      region: region.value,
      filter: filterOf(form.filter, filters),
      frameType: form.frameType,
      object: form.object.trim() || aim,
    })
  const summary = [
    folded,
    form.frameType,
    `${binning} × ${binning}`,
    gain.value !== undefined && `gain ${gain.value}`,
    offset.value !== undefined && `offset ${offset.value}`,
    readoutOf(form.readout, camera),
    region.value ? `${region.value.width} × ${region.value.height} px` : 'whole sensor',
  ]
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
          help={count.value === 0 ? 'until aborted' : '0: until aborted'}
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
      <Field
        label="Object"
        value={form.object}
        onValue={next => change({ object: next })}
        placeholder={aim ? `${aim}, where the mount points` : objectHint}
      />
      <FilterChoice filters={filters} value={form.filter} onValue={next => change({ filter: next })} />
      <Fold label="More" summary={summary.filter(Boolean).join(' · ')}>
        <Choice
          label="Frame type"
          value={form.frameType}
          onValue={next => change({ frameType: next })}
          options={(['light', 'dark', 'bias', 'flat'] as const).map(value => ({ value, label: value }))}
        />
        <BinningChoice camera={camera} value={form.binning} onValue={next => change({ binning: next })} />
        <div class="pair">
          <GainField camera={camera} value={form.gain} onValue={next => change({ gain: next })} />
          <OffsetField camera={camera} value={form.offset} onValue={next => change({ offset: next })} />
        </div>
        <ReadoutChoice camera={camera} value={form.readout} onValue={next => change({ readout: next })} />
        <RegionFields form={form} change={change} camera={camera} />
      </Fold>
      <Said by={job} />
      <Act
        job={job}
        kind="main"
        icon="expose"
        class="wide"
        label={
          count.value === 1 ? 'Expose' : count.value === 0 ? 'Expose until aborted' : `Expose ${form.count} frames`
        }
        work={start}
        onDone={toTop}
        unless={notReady(camera, name) ?? inUse ?? seconds.wrong ?? count.wrong ?? folded}
      />
      <Room />
    </section>
  )
}

/** Frames and hours are known once a frame has shown how large it is. */
function Room() {
  const disk = useAt<Storage>('storage')?.value
  if (disk?.freeBytes === undefined) return null
  const free = size(disk.freeBytes)
  const time = duration(3600 * (disk.hoursLeft ?? 0))
  return (
    <p class={disk.low ? 'warned' : 'dim'}>
      {disk.framesLeft === undefined
        ? `${free} are free on the disk.`
        : `The disk has room for ${whole(disk.framesLeft)} frames, ${time} (${free} free).`}
    </p>
  )
}
