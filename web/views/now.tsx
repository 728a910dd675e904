// The night in one sentence, and beneath it what each part is doing.
import { boxNow, useAt, useKind } from '../live'
import { Figure } from '../parts/fields'
import { Latest } from '../parts/picture'
import { Bar } from '../parts/ring'
import { useTick } from '../parts/tick'
import { TrendWord } from '../parts/trend-word'
import { hrefOf } from '../route'
import { sizeName, sizeOf } from '../star-size'
import type { Activity, Box, Camera, Dome, Mount, Observatory, Readings, Stack, Storage } from '../states'
import {
  azimuth,
  clockTime,
  declination,
  duration,
  fixed,
  nightName,
  rightAscension,
  sentence,
  size,
  spoken,
  whole,
} from '../words'
import { Attention } from './now-attention'
import { Lately } from './now-lately'
import { TimeAndPlace } from './now-time'

export function NowView() {
  const state = useAt<Observatory>('observatory')
  const observatory = state?.value
  return (
    <>
      <p class="sentence" aria-live="polite">
        {observatory?.sentence ?? 'Listening …'}
      </p>
      {observatory?.night && <p class="dim night-of">Night of {nightName(observatory.night)}</p>}
      <TrendWord />
      <TimeAndPlace />
      <div class="two">
        <div class="stacked">
          <a class="card picture-card" href={hrefOf('expose')} aria-label="Last frame: go to Expose">
            <Latest
              name="frame"
              orKeptOf={observatory?.camera}
              alt="The last frame, stretched"
              empty="No frame yet."
              tools={false}
            />
          </a>
          <Lately />
        </div>
        <div class="stacked">
          <Troubles />
          <Attention />
          <Running />
          <CameraCard name={observatory?.camera} sizes={observatory?.sizes} />
          <StackCard />
          <MountCard name={observatory?.mount} />
          <RoofCard name={observatory?.dome} />
          <SkyCard />
          <DiskCard />
        </div>
      </div>
    </>
  )
}

function Running() {
  const running = useKind<Activity>('activity').filter(({ value }) => value.status === 'running')
  useTick(1000, running.length > 0)
  if (!running.length) return null
  return (
    <section class="card">
      <h2>Under way</h2>
      <ul class="lines">
        {running.map(({ path, value }) => (
          <li key={path}>
            <span>{value.summary ?? spoken(value.action ?? path)}</span>
            <span class="dim">
              {value.who ? `asked by ${value.who}, ` : ''}
              {value.startedMs ? `for ${duration((boxNow() - value.startedMs) / 1000)}` : ''}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Troubles() {
  const ill = useKind<Box>('device').filter(
    ({ value }) => value.condition === 'unavailable' || value.condition === 'retrying',
  )
  const off = ill.filter(({ value }) => value.switchedOff !== undefined)
  const lost = ill.filter(({ value }) => value.switchedOff === undefined)
  return (
    <>
      {off.length > 0 && (
        <a class="card" href={hrefOf('power')}>
          <h2>Switched off</h2>
          <p class="line">{off.map(({ path }) => path.slice('device/'.length)).join(', ')}</p>
        </a>
      )}
      {lost.length > 0 && <Lost devices={lost} />}
    </>
  )
}

function Lost({ devices }: { devices: readonly { path: string; value: Box }[] }) {
  return (
    <a class="card trouble-card" href={hrefOf('devices')}>
      <h2>{devices.length === 1 ? 'One device is not there' : `${devices.length} devices are not there`}</h2>
      <ul class="lines">
        {devices.map(({ path, value }) => (
          <li key={path}>
            <span>{path.slice(7)}</span>
            <span class="dim">{sentence(value.reason ?? value.condition ?? '')}</span>
          </li>
        ))}
      </ul>
    </a>
  )
}

function CameraCard({ name, sizes }: { name: string | undefined; sizes: 'hfd' | 'hfr' | undefined }) {
  const camera = useAt<Camera>(name && `camera/${name}`)?.value
  useTick(500, !!camera?.exposing)
  if (!camera) return null
  const passed = camera.exposureStartedMs ? (boxNow() - camera.exposureStartedMs) / 1000 : 0
  const left = Math.max(0, (camera.exposureSeconds ?? 0) - passed)
  return (
    <a class="card" href={hrefOf('expose')}>
      <h2>Camera</h2>
      {camera.exposing && camera.exposureSeconds ? (
        <>
          <p class="line">
            {camera.phase === 'exposing' ? `${duration(left)} left` : spoken(camera.phase ?? '')}
            {camera.total !== undefined && camera.total !== 1 && (
              <span class="dim">
                {' '}
                · frame {camera.number}
                {camera.total ? ` of ${camera.total}` : ''}
              </span>
            )}
          </p>
          <Bar part={passed / camera.exposureSeconds} label="Exposure" />
        </>
      ) : null}
      <dl class="figures">
        {!camera.exposing && (
          <Figure
            label="Doing"
            value={spoken(camera.condition === 'ready' ? (camera.phase ?? 'idle') : (camera.condition ?? ''))}
          />
        )}
        {camera.sensorCelsius !== undefined && (
          <Figure label="Sensor" value={fixed(camera.sensorCelsius, 1)} unit="°C" />
        )}
        {camera.lastStars !== undefined && <Figure label="Stars" value={whole(camera.lastStars)} />}
        {camera.lastHfdPx !== undefined && (
          <Figure label={sizeName(sizes)} value={fixed(sizeOf(camera.lastHfdPx, sizes), 2)} unit="px" />
        )}
      </dl>
    </a>
  )
}

function StackCard() {
  const stack = useAt<Stack>('stack/main')?.value
  if (!stack || (!stack.running && !stack.finished)) return null
  return (
    <a class="card" href={hrefOf('stack')}>
      <h2>Live stack</h2>
      {stack.waitingSinceMs && <p class="warned">Waiting for stars since {clockTime(stack.waitingSinceMs)}</p>}
      {stack.running && !!stack.framesTarget && (
        <Bar part={(stack.framesAccepted ?? 0) / stack.framesTarget} label="Frames stacked" />
      )}
      <dl class="figures">
        <Figure
          label="Stacked"
          value={`${stack.framesAccepted ?? 0}${stack.framesTarget ? ` of ${stack.framesTarget}` : ''}`}
        />
        <Figure label="Refused" value={stack.framesRefused ?? 0} />
        <Figure label="Light" value={duration(stack.integratedSeconds ?? 0)} />
      </dl>
    </a>
  )
}

function MountCard({ name }: { name: string | undefined }) {
  const state = useAt<Mount>(name && `mount/${name}`)
  const mount = state?.value
  if (!mount) return null
  const doing = mount.slewing ? 'slewing' : mount.parked ? 'parked' : mount.tracking ? 'tracking' : 'standing still'
  return (
    <a class="card" href={hrefOf('mount')}>
      <h2>Mount</h2>
      <dl class="figures">
        <Figure label="Doing" value={mount.condition === 'ready' ? doing : (mount.condition ?? '–')} />
        <Figure label="Altitude" value={`${fixed(mount.altDeg, 1)}°`} />
        <Figure label="Azimuth" value={azimuth(mount.azDeg)} />
      </dl>
      <p class="dim mono">
        {mount.target && `${mount.target} · `}
        {rightAscension(mount.raHours)} {declination(mount.decDeg)}
      </p>
      {state?.stale && <p class="why">Not heard lately: this may be old.</p>}
    </a>
  )
}

function RoofCard({ name }: { name: string | undefined }) {
  const dome = useAt<Dome>(name && `dome/${name}`)?.value
  if (!dome) return null
  return (
    <a class="card" href={hrefOf('mount')}>
      <h2>{dome.build === 'dome' ? 'Dome' : 'Roof'}</h2>
      <p class="line">{dome.condition === 'ready' ? dome.shutter : dome.condition}</p>
      {dome.trouble && <p class="why block">{sentence(dome.trouble)}</p>}
    </a>
  )
}

function SkyCard() {
  const state = useKind<Readings>('weather')[0]
  if (!state) return null
  const value = state.value as Record<string, number | undefined>
  return (
    <a class="card" href={hrefOf('devices')}>
      <h2>Sky</h2>
      <dl class="figures">
        {value.ambientCelsius !== undefined && <Figure label="Air" value={fixed(value.ambientCelsius, 1)} unit="°C" />}
        {value.humidityPercent !== undefined && (
          <Figure label="Humidity" value={fixed(value.humidityPercent, 0)} unit="%" />
        )}
        {value.cloudPercent !== undefined && <Figure label="Cloud" value={fixed(value.cloudPercent, 0)} unit="%" />}
        {state.value.raining !== undefined && <Figure label="Rain" value={state.value.raining ? 'yes' : 'no'} />}
      </dl>
      {state.stale && <p class="why">Not heard lately: this may be old.</p>}
    </a>
  )
}

function DiskCard() {
  const disk = useAt<Storage>('storage')?.value
  if (disk?.freeBytes === undefined) return null
  return (
    <a class="card" href={hrefOf('files')}>
      <h2>Disk</h2>
      <dl class="figures">
        <Figure label="Free" value={size(disk.freeBytes)} />
        {disk.framesLeft !== undefined && <Figure label="Frames left" value={whole(disk.framesLeft)} />}
        {disk.hoursLeft !== undefined && (
          <Figure label="Hours left" value={fixed(disk.hoursLeft, disk.hoursLeft < 10 ? 1 : 0)} unit="h" />
        )}
      </dl>
      {disk.low && <p class="warned">Nearly full: download and delete a night.</p>}
    </a>
  )
}
