// The power of the station: every channel with what hangs on it, the orders for the whole, the battery, the night's
// end.
import { useAt, useKind } from '../live'
import { Act, Said, TwiceTapped, useJob } from '../parts/act'
import { Figure } from '../parts/fields'
import type { Activity, Battery } from '../states'
import { fixed } from '../words'
import { Inputs, Switches } from './power-switches'

const levelWords: Readonly<Record<string, string>> = {
  good: 'Good',
  low: 'Low: it lasts for the night’s end, not for the night',
  critical: 'Nearly empty: everything is being stopped',
  unknown: 'Not known: its sensor is not heard',
}

export function PowerView() {
  return (
    <div class="two">
      <div class="stacked">
        <Switches />
        <Inputs />
      </div>
      <div class="stacked">
        <Whole />
        <Supply />
      </div>
    </div>
  )
}

const orders = ['power-up', 'power-down', 'night-end']

function Whole() {
  const job = useJob()
  const running = useKind<Activity>('activity').find(
    ({ value }) => value.status === 'running' && orders.includes(value.action ?? ''),
  )?.value
  const busy = running && 'One order at a time'
  return (
    <section class="card">
      <h2>The station</h2>
      <p class="dim">
        What feeds devices, one channel after the other in the order of the settings; on waits until each device
        answers. Off leaves other channels as they are, and the mount where it stands.
      </p>
      <div class="row">
        <Act job={job} label="Switch on" ask="power-up" unless={busy}>
          <span>Switch on</span>
        </Act>
        <TwiceTapped job={job} label="Switch off" again="Really off?" ask="power-down" unless={busy} />
      </div>
      <p class="dim">
        The end of the night stops what runs, parks the mount, switches heaters off, warms cooled cameras slowly, and
        then switches the station off.
      </p>
      <TwiceTapped job={job} label="End the night" again="Really end it?" ask="night-end" unless={busy} />
      {running && <p role="status">{running.summary} …</p>}
      <Said by={job} />
    </section>
  )
}

function Supply() {
  const battery = useAt<Battery>('battery')?.value
  if (!battery) return null
  const { level = 'unknown', volts, warnVolts, criticalVolts } = battery
  return (
    <section class="card">
      <h2>Battery</h2>
      <dl class="figures">
        <Figure label="Voltage" value={volts === undefined ? '–' : `${fixed(volts, 2)} V`} />
        <Figure label="Warned of below" value={`${fixed(warnVolts, 1)} V`} />
        <Figure label="Everything stops below" value={`${fixed(criticalVolts, 1)} V`} />
      </dl>
      <p class={level === 'good' ? 'dim' : 'why'}>{levelWords[level]}</p>
    </section>
  )
}
