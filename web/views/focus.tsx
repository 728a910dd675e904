// Focusing by hand, read from two metres away: the star size in huge digits, the best so far, and which way it goes.
import { ask } from '../ask'
import { keptCell, useCell } from '../cell'
import { useAt } from '../live'
import { Act, Said, toTop, useJob } from '../parts/act'
import { BinningChoice, binningOf, GainField, readGain } from '../parts/camera-fields'
import { Choice, Field, Figure, readNumber } from '../parts/fields'
import { Graph } from '../parts/graph'
import { Latest } from '../parts/picture'
import { notReady, useInUse } from '../ready'
import { sizeName, sizeOf } from '../star-size'
import type { Camera, Focus, Observatory } from '../states'
import { fixed, whole } from '../words'
import { FocuserButtons } from './focus-focuser'

const kept = keptCell('focus', { seconds: '1', binning: '1', gain: '', sidePx: '256' })

/** The series as numbers, whether the box sends bare sizes or points with a time. */
function sizesOf(series: readonly unknown[] | undefined): number[] {
  return (series ?? [])
    .map(point => (typeof point === 'object' && point !== null ? (point as { hfdPx?: unknown }).hfdPx : point))
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
}

export function FocusView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const focus = useAt<Focus>('focus/main')?.value
  const camera = useAt<Camera>(observatory?.camera && `camera/${observatory.camera}`)?.value
  const sizes = observatory?.sizes
  const series = sizesOf(focus?.series).map(value => sizeOf(value, sizes)!)
  const digits = fixed(sizeOf(focus?.hfdPx, sizes), 2)
  const best = sizeOf(focus?.bestHfdPx, sizes)
  return (
    <div class={`two ${focus?.running ? '' : 'idle'}`}>
      <div class="stacked">
        <section class="card huge-card" aria-live="off">
          <div class={`huge ${focus?.running ? '' : 'still'}`}>
            <span class="what">
              <span>{sizeName(sizes)}</span>, px
            </span>
            <span class={`digits ${digits.length > 4 ? 'long' : ''}`}>{digits}</span>
          </div>
          <dl class="figures large">
            <Figure label="Best so far" value={fixed(best, 2)} unit="px" />
            <Figure label="Peak" value={whole(focus?.peakAdu)} unit="ADU" class={focus?.saturated ? 'warned' : ''} />
            <Figure label="Stars" value={whole(focus?.stars)} />
          </dl>
          {focus?.running && !!focus.frames && focus.stars === 0 && (
            <p class="warned">No star is found: clouds, a cap, a moving mount, or far out of focus. Expose longer.</p>
          )}
          {focus?.saturated && <p class="warned">Saturated: expose shorter, or choose a fainter star.</p>}
          {focus?.error && <p class="why block">{focus.error}</p>}
          {series.length > 1 && (
            <Graph label={`${sizeName(sizes)} of the last frames`} unit="px" best={best} values={series} />
          )}
        </section>
      </div>
      <div class="stacked">
        {/* While it loops, the buttons that turn the focuser stand next to the number they change. */}
        {focus?.running && <FocuserButtons key="focuser" name={observatory?.focuser} />}
        <Loop key="loop" focus={focus} camera={camera} name={observatory?.camera} />
        {!focus?.running && <FocuserButtons key="focuser" name={observatory?.focuser} />}
        <RegionPicture focus={focus} />
      </div>
    </div>
  )
}

interface LoopProps {
  readonly focus: Focus | undefined
  readonly camera: Camera | undefined
  readonly name: string | undefined
}

function Loop({ focus, camera, name }: LoopProps) {
  const form = useCell(kept)
  const job = useJob()
  const inUse = useInUse(name)
  const seconds = readNumber(form.seconds, { name: 'The exposure', above: 0, max: 60, unit: 's' })
  const gain = readGain(form.gain, camera)
  const start = (): Promise<unknown> =>
    ask('focus-start', {
      camera: name,
      exposureSeconds: seconds.value,
      binning: binningOf(form.binning, camera),
      gain: gain.value,
    })
  return (
    <section class="card">
      {focus?.running ? (
        <>
          <p>
            Looping at {focus.exposureSeconds} s{focus.frames ? `, frame ${focus.frames}` : ''}. These frames are not
            kept.
          </p>
          <Act job={job} kind="danger" class="wide" icon="close" label="Stop the loop" ask="focus-stop" />
        </>
      ) : (
        <>
          <div class="pair">
            <Field
              label="Exposure"
              unit="s"
              keys="decimal"
              value={form.seconds}
              wrong={seconds.wrong}
              onValue={next => kept.set({ ...form, seconds: next })}
            />
            <GainField camera={camera} value={form.gain} onValue={next => kept.set({ ...form, gain: next })} />
          </div>
          <BinningChoice camera={camera} value={form.binning} onValue={next => kept.set({ ...form, binning: next })} />
          <Act
            job={job}
            kind="main"
            class="wide"
            icon="play"
            label="Start the loop"
            work={start}
            onDone={toTop}
            unless={notReady(camera, name) ?? inUse ?? seconds.wrong ?? gain.wrong}
          />
        </>
      )}
      <Said by={job} />
    </section>
  )
}

/** A tap puts the region round a star: only that star is measured. */
function RegionPicture({ focus }: { focus: Focus | undefined }) {
  const form = useCell(kept)
  const job = useJob()
  const { region } = focus ?? {}
  // Regions count in the pixels of the frame as it is read and shown, binned as it may be.
  const frame = focus?.widthPx && focus.heightPx ? { width: focus.widthPx, height: focus.heightPx } : undefined
  const tap = (partX: number, partY: number): void => {
    if (!frame || !focus?.running) return
    const side = Math.min(Number(form.sidePx), frame.width, frame.height)
    const place = (part: number, length: number): number =>
      Math.round(Math.min(length - side, Math.max(0, part * length - side / 2)))
    const aim = { x: place(partX, frame.width), y: place(partY, frame.height), width: side, height: side }
    void job.run('region', () => ask('focus-region', { region: aim }))
  }
  const percent = (part: number): string => `${100 * part}%`
  return (
    <section class="card picture-card">
      <Latest name="focus" alt="The last focus frame" empty="Start the loop: its frames appear here." onTap={tap}>
        {region && frame && (
          <span
            class="region"
            style={{
              left: percent(region.x / frame.width),
              top: percent(region.y / frame.height),
              width: percent(region.width / frame.width),
              height: percent(region.height / frame.height),
            }}
          />
        )}
      </Latest>
      <p class="dim">
        {!focus?.running
          ? 'While the loop runs, tap a star to measure it alone.'
          : region
            ? `Region of ${region.width} × ${region.height} px at ${region.x}, ${region.y}. ` +
              'Tap another star to move it.'
            : 'Tap a star to measure it alone.'}
      </p>
      <Choice
        label="Size of the region"
        value={form.sidePx}
        onValue={next => kept.set({ ...form, sidePx: next })}
        options={['64', '128', '256', '512'].map(value => ({ value, label: `${value} px` }))}
      />
      <Act
        job={job}
        label="Whole frame"
        icon="fit"
        ask="focus-region"
        input={{}}
        yet={!region && 'The whole frame is measured'}
      />
      <Said by={job} />
    </section>
  )
}
