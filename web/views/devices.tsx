// Every device with its lamp, and what to do about it; filters, weather; and the way to one's own equipment.
import { useState } from 'preact/hooks'
import { ask, fetched, pairingWish, post, session, unpair } from '../ask'
import { useCell } from '../cell'
import { deviceLeaving, type Gear } from '../equipment'
import { boxNow, useAt, useKind } from '../live'
import { Act, Said, TwiceTapped, useJob } from '../parts/act'
import { Choice } from '../parts/fields'
import { useGone } from '../parts/gone'
import { Lamp } from '../parts/lamp'
import { useTick } from '../parts/tick'
import { away } from '../ready'
import { hrefOf } from '../route'
import type { Box, Link, Mqtt, Observatory, Wheel } from '../states'
import { counted, duration, portWords, sentence, spoken } from '../words'
import { BackupCard } from './box-backup'
import { PlaceCard, TimeCard } from './box-time'
import { BoxCard } from './devices-box'
import { Equipment } from './devices-equipment'
import { Heaters } from './devices-heaters'
import { PluggedIn } from './devices-plugged'
import { Properties } from './devices-properties'
import { Settings } from './devices-settings'
import { Stations } from './devices-stations'
import { Train } from './devices-train'

export function DevicesView() {
  const observatory = useAt<Observatory>('observatory')?.value
  // On its own image the box has a view of its own for what is its own affair.
  const own = useAt('image') !== undefined
  const [open, setOpen] = useState<'equipment' | 'settings'>()
  return (
    <>
      <section class="card invites">
        <div>
          <h2>{observatory?.simulated ? 'This is the simulated observatory' : 'Your equipment'}</h2>
          <p class="dim">
            {observatory?.simulated
              ? 'Its sky is made of arithmetic: try everything, nothing can break. ' +
                'When you are ready, let it look for your own devices.'
              : 'Look again for devices, change what is used, or go back to the simulated observatory.'}
          </p>
        </div>
        <div class="row">
          <button type="button" class="main" onClick={() => setOpen('equipment')}>
            {observatory?.simulated ? 'Use my equipment' : 'Change the equipment'}
          </button>
          <button type="button" class="quiet" onClick={() => setOpen('settings')}>
            Settings
          </button>
        </div>
      </section>
      <div class="two">
        <div class="stacked">
          <Boxes kind="device" title="Devices" />
          <Boxes kind="link" title="Links" />
          <PluggedIn />
        </div>
        <div class="stacked">
          <Heaters />
          <FilterChoice name={observatory?.wheel} />
          <Train />
          <Stations />
          <Broker />
          {/* On its own image they stand with the box. */}
          {!own && <PlaceCard />}
          {!own && <TimeCard />}
          <BoxCard />
          {!own && <BackupCard />}
          <ThisDevice />
        </div>
      </div>
      {open === 'equipment' && <Equipment onClose={() => setOpen(undefined)} onSettings={() => setOpen('settings')} />}
      {open === 'settings' && <Settings onClose={() => setOpen(undefined)} />}
    </>
  )
}

const worstFirst = ['unavailable', 'retrying', 'opening', 'closed', 'ready']
const wellness = ({ condition }: Box): number => worstFirst.indexOf(condition ?? 'opening')

function Boxes({ kind, title }: { kind: 'device' | 'link'; title: string }) {
  // What needs somebody comes first.
  const boxes = [...useKind<Link>(kind)].sort((a, b) => wellness(a.value) - wellness(b.value))
  useTick(10_000)
  if (!boxes.length) return null
  return (
    <section class="card">
      <h2>{title}</h2>
      <ul class="boxes">
        {boxes.map(({ path, value }) => (
          <BoxRow key={path} name={path.slice(kind.length + 1)} box={value} reconnects={kind === 'device'} />
        ))}
      </ul>
    </section>
  )
}

function BoxRow({ name, box, reconnects }: { name: string; box: Link; reconnects: boolean }) {
  const job = useJob()
  const [open, setOpen] = useState(false)
  const well = box.condition === 'ready'
  const forget = async (): Promise<boolean> => {
    await post('/api/config/parsed', deviceLeaving(await fetched<Gear>('/api/config/parsed'), name))
    return true
  }
  return (
    <li class={well ? 'well' : ''}>
      <div class="ends row">
        <strong>{name}</strong>
        <Lamp condition={!well && box.switchedOff ? 'switched off' : box.condition} />
      </div>
      <p class="dim">
        {[
          box.ports && portWords(box.ports.filter(port => port !== 'raw')),
          box.driver && `driver ${box.driver}`,
          box.link && `over ${box.link}`,
          !well && box.sinceMs !== undefined && `for ${duration((boxNow() - box.sinceMs) / 1000)}`,
          !well && box.attempts ? counted(box.attempts, 'attempt') : undefined,
          box.resets ? counted(box.resets, 'reset') : undefined,
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {!well && box.switchedOff && (
        <div class="row ends">
          <p class="dim">Its power, {box.switchedOff}, is off.</p>
          <a class="button" href={hrefOf('power')}>
            Power
          </a>
        </div>
      )}
      {!well && !box.switchedOff && box.reason && <p class="why block">{sentence(box.reason)}</p>}
      {!well && !box.switchedOff && box.fix && <p class="fix">{sentence(box.fix)}</p>}
      {!well && reconnects && (
        <div class="row">
          <Act job={job} icon="again" label={`Reconnect ${name}`} ask="device-reconnect" input={{ device: name }}>
            <span>Reconnect</span>
          </Act>
          <TwiceTapped job={job} icon="bin" label="Forget it" again={`Tap again: ${name} leaves`} work={forget} />
        </div>
      )}
      {well && box.ports?.includes('raw') && (
        <button type="button" class="quiet" onClick={() => setOpen(true)} aria-label={`Properties of ${name}`}>
          Its own properties
        </button>
      )}
      {!!box.parts?.length && (
        <ul class="plain">
          {box.parts.map(part => (
            <li key={part.name} class={part.condition === 'running' ? 'dim' : 'why'}>
              {part.name}: {part.condition}
              {part.restarts > 0 && `, started again ${counted(part.restarts, 'time')}`}
              {part.restarts > 0 && part.reason && ` (it ${part.reason})`}
            </li>
          ))}
        </ul>
      )}
      {open && <Properties device={name} onClose={() => setOpen(false)} />}
      <Said by={job} />
    </li>
  )
}

function FilterChoice({ name }: { name: string | undefined }) {
  const wheel = useAt<Wheel>(name && `wheel/${name}`)?.value
  const job = useJob()
  const gone = useGone()
  if (!wheel?.names?.length) return null
  const off = away(wheel, 'wheel')
  return (
    <section class="card">
      <h2>Filter wheel</h2>
      <Choice
        bare
        label="Filter in the light"
        value={wheel.filter}
        disabled={gone || !!off || !!job.pending}
        onValue={filter => void job.run('wheel', () => ask('wheel-select', { wheel: name, filter }))}
        options={wheel.names.map(value => ({ value, label: value }))}
        help={off ?? (job.pending || wheel.filter === undefined ? 'The wheel turns …' : undefined)}
      />
      <Said by={job} />
    </section>
  )
}

function Broker() {
  const mqtt = useAt<Mqtt>('mqtt')?.value
  if (!mqtt) return null
  return (
    <section class="card">
      <div class="row ends">
        <h2>MQTT and Home Assistant</h2>
        <Lamp condition={mqtt.connected ? 'ready' : 'retrying'} />
      </div>
      <p class="dim">
        {mqtt.embedded ? 'Broker of our own' : 'Broker'} {mqtt.broker}
        {mqtt.waitingEvents ? ` · ${mqtt.waitingEvents} events wait` : ''}
      </p>
      {!mqtt.connected && mqtt.reason && <p class="why block">{sentence(mqtt.reason)}</p>}
    </section>
  )
}

function ThisDevice() {
  const me = useCell(session)
  const job = useJob()
  if (!me) return null
  return (
    <section class="card">
      <h2>This device</h2>
      {me.paired ? (
        <>
          <p class="dim">
            Paired{me.name ? ` as “${me.name}”` : ''}
            {me.role ? `, ${spoken(me.role)}` : ''}.
          </p>
          {!me.open && <Act job={job} label="Unpair this device" work={unpair} />}
        </>
      ) : (
        <>
          <p class="dim">
            {me.open
              ? 'Open access: it may act without pairing.'
              : 'Not paired: it may look, and is asked for the code when it acts.'}
          </p>
          {!me.open && (
            <button type="button" class="quiet" onClick={() => pairingWish.set({ answer: () => {} })}>
              Pair it now
            </button>
          )}
        </>
      )}
      <Said by={job} />
    </section>
  )
}
