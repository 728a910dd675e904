// Where the tube points and where it shall: catalogue, coordinates, arrows, park. Limits refuse in the box's own words.
import { ask } from '../ask'
import { keptCell, useCell } from '../cell'
import { useAt } from '../live'
import { Act, type Job, Said, useJob, Why } from '../parts/act'
import { Choice, Figure, Toggle } from '../parts/fields'
import { useGone } from '../parts/gone'
import { Icon } from '../parts/icon'
import { away } from '../ready'
import type { Mount, Observatory } from '../states'
import { azimuth, declination, fixed, holderWords, rightAscension } from '../words'
import { Catalogue } from './mount-catalogue'
import { Coordinates } from './mount-coordinates'
import { Roof } from './mount-roof'

const kept = keptCell('mount', { arcmin: '5' })

export function MountView() {
  const observatory = useAt<Observatory>('observatory')?.value
  const name = observatory?.mount
  const state = useAt<Mount>(name && `mount/${name}`)
  const mount = state?.value
  const job = useJob()
  const off = mount
    ? away(mount, 'mount')
    : name
      ? `No mount is called “${name}” now`
      : 'No mount is configured: see Devices'
  const still = off ?? (mount?.slewing ? 'It is slewing; STOP ends that' : undefined)
  const moving = still ?? (mount?.parked ? 'It is parked: unpark it first' : undefined)
  return (
    <div class="two">
      <div class="stacked">
        <section class="card">
          <dl class="figures large">
            <Figure label="Right ascension (J2000)" value={rightAscension(mount?.raHours)} />
            <Figure label="Declination" value={declination(mount?.decDeg)} />
          </dl>
          <dl class="figures">
            <Figure label="Altitude" value={`${fixed(mount?.altDeg, 1)}°`} />
            <Figure label="Azimuth" value={azimuth(mount?.azDeg)} />
            <Figure label="Tube on the" value={mount?.pierSide ? `${mount.pierSide} side` : '–'} />
            {mount?.target && <Figure label="Target" value={mount.target} />}
          </dl>
          <p class="line" role="status">
            {mount?.slewing
              ? 'Slewing …'
              : mount?.parked
                ? 'Parked.'
                : mount?.tracking
                  ? 'Tracking the sky.'
                  : 'Standing still.'}
            {mount?.holder && <span class="dim"> In use: {holderWords(mount.holder)}.</span>}
          </p>
          {state?.stale && <p class="why">The mount has not been heard lately: this may be old.</p>}
          <Why id="mount-why" words={off} />
          <Said by={job} />
          <Keep job={job} mount={mount} name={name} still={still} />
        </section>
        <Arrows job={job} name={name} why={moving} />
        <Roof name={observatory?.dome} />
      </div>
      <div class="stacked">
        <Catalogue name={name} why={moving} />
        <Coordinates name={name} why={moving} />
      </div>
    </div>
  )
}

interface KeepProps {
  readonly job: Job
  readonly mount: Mount | undefined
  readonly name: string | undefined
  readonly still: string | undefined
}

function Keep({ job, mount, name, still }: KeepProps) {
  const gone = useGone()
  const parked = mount?.parked
  const track = (on: boolean): void => void job.run('tracking', () => ask('mount-tracking', { mount: name, on }))
  return (
    <>
      <Toggle
        label="Tracking"
        on={!!mount?.tracking}
        disabled={gone || !!still || !!parked || !!job.pending}
        describedBy={gone ? 'box-gone' : still || parked ? 'keep-why' : undefined}
        onToggle={track}
      />
      <div class="row even">
        {parked ? (
          <Act job={job} label="Unpark" ask="mount-unpark" input={{ mount: name }} unless={still} told="keep-why" />
        ) : (
          <Act job={job} label="Park" ask="mount-park" input={{ mount: name }} unless={still} told="keep-why" />
        )}
        <Act
          job={job}
          kind="danger"
          label="Stop mount"
          ask="mount-stop"
          input={{ mount: name }}
          unless={!mount && 'There is no mount'}
          told="mount-why"
        />
      </div>
      <Why id="keep-why" words={still ?? (parked ? 'Parked: tracking starts after unparking.' : undefined)} />
    </>
  )
}

const arrows = [
  { direction: 'north', icon: 'up', label: 'N' },
  { direction: 'west', icon: 'left', label: 'W' },
  { direction: 'east', icon: 'right', label: 'E' },
  { direction: 'south', icon: 'down', label: 'S' },
] as const

function Arrows({ job, name, why }: { job: Job; name: string | undefined; why: string | undefined }) {
  const { arcmin } = useCell(kept)
  return (
    <section class="card">
      <h2>Arrows</h2>
      <div class="pad">
        {arrows.map(({ direction, icon, label }) => (
          <Act
            key={direction}
            job={job}
            class={direction}
            label={`${arcmin} arcminutes ${direction}`}
            ask="mount-nudge"
            input={{ mount: name, direction, arcmin: Number(arcmin) }}
            unless={why}
            told="pad-why"
          >
            <Icon name={icon} />
            <span>{label}</span>
          </Act>
        ))}
        <span class="hub" aria-hidden="true">
          {arcmin}′
        </span>
      </div>
      <Choice
        label="Step"
        value={arcmin}
        onValue={next => kept.set({ arcmin: next })}
        options={['1', '5', '15', '60'].map(value => ({ value, label: value === '60' ? '1°' : `${value}′` }))}
      />
      <Why id="pad-why" words={why} />
    </section>
  )
}
