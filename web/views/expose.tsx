// One exposure or a run of them: what to take, how far it is, and the last frame.
import { useCell } from '../cell'
import { boxNow, useAt, useKind } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Choice, Figure } from '../parts/fields'
import { LastExposure } from '../parts/last-exposure'
import { Ring } from '../parts/ring'
import { useTick } from '../parts/tick'
import { hrefOf } from '../route'
import { sizeName, sizeOf } from '../star-size'
import type { Camera, Observatory } from '../states'
import { duration, fixed, holderWords, spoken, whole } from '../words'
import { Cooling } from './expose-cooling'
import { type ExposeForm, exposeForm, Order } from './expose-order'

export function ExposeView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const form = useCell(exposeForm)
  const cameras = useKind<Camera>('camera')
  const chosen = cameras.find(({ path }) => path === `camera/${form.camera}`)
  const name = chosen ? form.camera : observatory?.camera
  const camera = useAt<Camera>(name && `camera/${name}`)?.value
  const change = (fields: Partial<ExposeForm>): void => exposeForm.set({ ...form, ...fields })
  return (
    <div class="two">
      <div class="stacked">
        <Progress camera={camera} name={name} />
        <LastFrame camera={camera} sizes={observatory?.sizes} name={name} />
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
          <strong class={integrating ? '' : 'word'}>
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
            {camera.holder && <span class="dim"> · {holderWords(camera.holder)}</span>}
          </p>
        )}
        <Said by={job} />
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
  name,
}: {
  camera: Camera | undefined
  sizes: 'hfd' | 'hfr' | undefined
  name: string | undefined
}) {
  return (
    <section class="card picture-card">
      <LastExposure key={name} camera={name} />
      <dl class="figures">
        <Figure label="Stars" value={whole(camera?.lastStars)} />
        <Figure label={sizeName(sizes)} value={fixed(sizeOf(camera?.lastHfdPx, sizes), 2)} unit="px" />
        <Figure label="Sky" value={whole(camera?.lastBackgroundAdu)} unit="ADU" />
      </dl>
      {camera?.lastId && (
        <a class="button" href={hrefOf('files', '-', 'history', camera.lastId)}>
          Open in history
        </a>
      )}
    </section>
  )
}
