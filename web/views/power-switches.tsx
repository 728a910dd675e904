// Relays, heaters, lamps: on or off, or a number in a range.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../ask'
import { useKind } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Field, Figure, readNumber, Toggle } from '../parts/fields'
import { useGone } from '../parts/gone'
import { away } from '../ready'
import { hrefOf } from '../route'
import type { Heater, Input, Power } from '../states'
import { fixed } from '../words'

export function Switches() {
  const switches = useKind<Power>('power')
  const heaters = useKind<Heater>('heater')
  if (!switches.length) {
    return (
      <section class="card">
        <h2>Channels</h2>
        <p class="dim">There is no switch box yet: add a relay board on the Devices page.</p>
      </section>
    )
  }
  return (
    <section class="card">
      <h2>Channels</h2>
      <ul class="switches">
        {switches.map(({ path, value }) => {
          const [, device, channel] = path.split('/')
          const heater = heaters.find(one => one.value.channel === `${device}/${channel}`)
          return (
            <li key={path}>
              {heater ? (
                <Heated power={value} heater={heater.path.slice('heater/'.length)} />
              ) : value.moves ? (
                <Moving power={value} moves={value.moves} />
              ) : value.max !== undefined && value.value !== undefined ? (
                <Level power={value} device={device} channel={channel} />
              ) : (
                <OnOff power={value} device={device} channel={channel} />
              )}
              <Measured power={value} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** What a dew heater sets is not set by hand beside it: it would be overruled within a second. */
function Heated({ power: { name, on, value, unit }, heater }: { power: Power; heater: string }) {
  return (
    <>
      <div class="row ends">
        <strong>{name}</strong>
        <span>{unit && value !== undefined ? `${value} ${unit}` : on ? 'on' : 'off'}</span>
      </div>
      <div class="row ends">
        <small class="dim">set by the dew heater {heater}</small>
        <a class="button" href={hrefOf('devices')} aria-label={`Dew heater ${heater}`}>
          Set it
        </a>
      </div>
    </>
  )
}

/** Contacts, which are only read. */
export function Inputs() {
  const inputs = useKind<Input>('input')
  if (!inputs.length) return null
  return (
    <section class="card">
      <h2>Inputs</h2>
      <dl class="figures">
        {inputs.map(({ path, value }) => (
          <Figure
            key={path}
            label={value.name ?? path}
            value={away(value, 'input') ?? (value.on === undefined ? '–' : value.on ? 'On' : 'Off')}
          />
        ))}
      </dl>
    </section>
  )
}

/** A relay of a roof: only the roof itself is asked to move. */
function Moving({ power: { name, on }, moves }: { power: Power; moves: string }) {
  return (
    <>
      <div class="row ends">
        <strong>{name}</strong>
        <span>{on ? 'on' : 'off'}</span>
      </div>
      <div class="row ends">
        <small class="dim">moves {moves}</small>
        <a class="button" href={hrefOf('mount')} aria-label={`Move ${moves}`}>
          Move it
        </a>
      </div>
    </>
  )
}

/** What hangs on a channel, and what flows through it. */
function Measured({ power: { feeds = [], amperes, volts } }: { power: Power }) {
  const words = [
    ...(feeds.length > 0 ? [`feeds ${feeds.join(', ')}`] : []),
    ...(amperes === undefined ? [] : [`${fixed(amperes, 2)} A`]),
    ...(volts === undefined ? [] : [`${fixed(volts, 2)} V`]),
  ]
  return words.length > 0 ? <small class="dim">{words.join(' · ')}</small> : null
}

interface SwitchProps {
  readonly power: Power
  readonly device: string
  readonly channel: string
}

const awayOf = (power: Power): string | undefined => away(power, 'switch')

function OnOff({ power, device, channel }: SwitchProps) {
  const job = useJob()
  const gone = useGone()
  const [doubted, setDoubted] = useState(false)
  const off = awayOf(power)
  const id = `switch-${device}-${channel}`
  const { on = false, feeds = [] } = power
  const name = power.name ?? `${device} ${channel}`
  useEffect(() => setDoubted(false), [on])
  const set = (next: boolean) => ask('power-set', { device, channel, on: next })
  return (
    <>
      <Toggle
        label={name}
        on={on}
        disabled={gone || !!off || !!job.pending}
        describedBy={gone ? 'box-gone' : off ? id : undefined}
        onToggle={next => (next || !feeds.length ? void job.run('set', () => set(next)) : setDoubted(!doubted))}
      />
      {doubted && (
        <Act
          job={job}
          kind="danger"
          label={`Really off? It feeds ${feeds.join(', ')}`}
          work={() => set(false)}
          onDone={() => setDoubted(false)}
        />
      )}
      {off && (
        <p id={id} class="why block">
          {off}
        </p>
      )}
      <Said by={job} />
    </>
  )
}

function Level({ power, device, channel }: SwitchProps) {
  const job = useJob()
  const [wish, setWish] = useState<string>()
  const { min = 0, max = 100, step = 1, unit = '', value = min } = power
  const name = power.name ?? `${device} ${channel}`
  const typed = readNumber(wish ?? '', { name, min, max, unit })
  const off = awayOf(power)
  const set = (next: number) => ({ device, channel, value: Math.min(max, Math.max(min, Number(next.toFixed(6)))) })
  return (
    <>
      <div class="row ends">
        <strong>{name}</strong>
        <span>
          {value} {unit}
        </span>
      </div>
      <div class="row beside">
        <Act
          job={job}
          icon="minus"
          label={`${name} down`}
          ask="power-set"
          input={set(value - step)}
          unless={off}
          yet={value <= min && 'It is the lowest'}
        >
          <span>
            {step} {unit}
          </span>
        </Act>
        <Act
          job={job}
          icon="plus"
          label={`${name} up`}
          ask="power-set"
          input={set(value + step)}
          unless={off}
          yet={value >= max && 'It is the highest'}
        >
          <span>
            {step} {unit}
          </span>
        </Act>
        <Field
          label="Set to"
          unit={unit}
          keys="decimal"
          value={wish ?? ''}
          wrong={wish ? typed.wrong : undefined}
          placeholder={String(value)}
          onValue={setWish}
        />
        <Act
          job={job}
          label={`Set ${name}`}
          work={() => ask('power-set', { device, channel, value: typed.value })}
          unless={off ?? (wish && typed.wrong)}
          yet={!wish && 'Type a value'}
          onDone={() => setWish(undefined)}
        >
          <span>Set</span>
        </Act>
      </div>
      <Said by={job} />
    </>
  )
}
