// What a new stack is to be: how many frames, how long, of what, and how they become one.
import { useEffect, useState } from 'preact/hooks'
import { ask, fetched, type Refusal } from '../ask'
import { keptCell, useCell } from '../cell'
import { useAt } from '../live'
import { Act, asRefusal, Said, Trouble, toTop, useJob } from '../parts/act'
import { BinningChoice, binningOf, FilterChoice, filterOf, GainField, readGain } from '../parts/camera-fields'
import { Field, readNumber } from '../parts/fields'
import { Fold } from '../parts/fold'
import { type JsonSchema, readValues, SchemaForm, type Values } from '../parts/schema-form'
import { notReady, useInUse } from '../ready'
import type { Camera, Observatory, Wheel } from '../states'
import { objectHint, useTarget } from '../target'
import { combinationWords } from '../words'

const kept = keptCell('stack', { frames: '', seconds: '', every: '', binning: '1', gain: '', filter: '', object: '' })
/** What has no field of its own below: how frames are combined, and whatever the box learns to do later. */
const keptMore = keptCell<Values>('stack.more', {})
const shownAbove = ['frames', 'exposureSeconds', 'previewEvery', 'binning', 'gain', 'filter', 'object', 'camera']

/** The configuration of stacks, under its own names. */
type Stacking = Readonly<Record<string, unknown>>

const configName = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** The schema of what `stack-start` takes; what is left out stays with the configuration, which is shown instead. */
function useOrderSchema(configured: Stacking, wanted: boolean): { schema?: JsonSchema; trouble?: Refusal } {
  const [said, setSaid] = useState<{ schema?: JsonSchema; trouble?: Refusal }>({})
  useEffect(() => {
    if (!wanted) return
    interface Operation {
      readonly requestBody: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
    }
    fetched<{ paths: Readonly<Record<string, { readonly post: Operation }>> }>('/api/openapi.json').then(
      ({ paths }) =>
        setSaid({ schema: paths['/api/actions/stack-start'].post.requestBody.content['application/json'].schema }),
      error => setSaid({ trouble: asRefusal(error) }),
    )
  }, [wanted])
  const fields = Object.entries(said.schema?.properties ?? {}).map(([name, field]) => [
    name,
    { ...field, default: field.default ?? configured[configName(name)] },
  ])
  return { schema: said.schema && { ...said.schema, properties: Object.fromEntries(fields) }, trouble: said.trouble }
}

export function StackStart({ observatory }: { observatory: Observatory | undefined }) {
  const form = useCell(kept)
  const job = useJob()
  const camera = useAt<Camera>(observatory?.camera && `camera/${observatory.camera}`)?.value
  const filters = useAt<Wheel>(observatory?.wheel && `wheel/${observatory.wheel}`)?.value.names ?? []
  // Fields left empty stay with the configuration; this only shows what that is.
  const inUse = useInUse(observatory?.camera)
  const target = useTarget()
  const [configured, setConfigured] = useState<Stacking>({})
  const more = useCell(keptMore)
  const [opened, setOpened] = useState(false)
  const { schema, trouble } = useOrderSchema(configured, opened || Object.keys(more).length > 0)
  const read = schema && readValues(schema, more, shownAbove)
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
      ...(read?.values ?? more),
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
      <Fold
        label="How frames become one"
        onOpen={() => setOpened(true)}
        summary={combinationWords({ ...configured, ...more })}
      >
        <Trouble of={trouble} />
        {!schema && !trouble && <p class="dim">Reading …</p>}
        {schema && (
          <SchemaForm schema={schema} values={more} without={shownAbove} onValues={next => keptMore.set(next)} />
        )}
      </Fold>
      <Said by={job} />
      <Act
        job={job}
        kind="main"
        class="wide"
        icon="stack"
        label="Start stacking"
        work={start}
        onDone={toTop}
        unless={
          notReady(camera, observatory?.camera) ??
          inUse ??
          frames.wrong ??
          seconds.wrong ??
          every.wrong ??
          gain.wrong ??
          read?.wrong
        }
      />
    </section>
  )
}
