// When and where: who says so, how well it is known, and what this device could say.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { countryName } from '../countries'
import { boxNow, useAt } from '../live'
import { Act, Said, Trouble, useJob } from '../parts/act'
import { Field, Figure } from '../parts/fields'
import { useAnswers } from '../parts/search'
import { useTick } from '../parts/tick'
import { type Comparison, hereZone, lendClock, useComparison } from '../phone-clock'
import type { BoxTime, Place } from '../states-own'
import { clockSeconds, duration, fixed } from '../words'

export function TimeCard() {
  const time = useAt<BoxTime>('time')?.value
  const compared = useComparison(time?.source)
  const job = useJob()
  useTick(1000)
  if (!time) return null
  const { settable, synchronised, zone, uncertaintySeconds, gpsDiffersSeconds } = time
  const zoneHere = hereZone()
  return (
    <section class="card" id="time-card">
      <h2>Time</h2>
      <dl class="figures">
        <Figure label="Clock of the box" value={clockSeconds(boxNow())} />
        <Figure label="Known from" value={sourceWords(time)} />
        <Figure
          label="May be off by"
          value={uncertaintySeconds === undefined ? 'not known' : duration(Math.max(0.1, uncertaintySeconds))}
        />
      </dl>
      <p class="dim">{new Date(boxNow()).toLocaleDateString('en-GB', { dateStyle: 'full' })}</p>
      {zone && <p class="dim">Time zone {zone}</p>}
      {!time.trusted && (
        <p class="why block">
          Not known well enough: goto, dusk and dawn wait for it. Frames are taken all the same, and say so in their
          header.
        </p>
      )}
      {gpsDiffersSeconds !== undefined && (
        <p class="why block">A GPS receiver says a time that is {duration(gpsDiffersSeconds)} from it.</p>
      )}
      <Difference of={compared} />
      <div class="row">
        {settable && !synchronised && compared && (
          <Act
            job={job}
            kind={time.trusted ? 'quiet' : 'main'}
            label="Use this device's clock"
            work={() => lendClock(compared, zoneHere)}
          />
        )}
        {settable && synchronised && compared && zone !== zoneHere && (
          <Act job={job} label={`Use time zone ${zoneHere}`} work={() => lendClock(compared, zoneHere)} />
        )}
      </div>
      <Said by={job} />
    </section>
  )
}

/** Below this clocks agree; ms. */
const agreeMs = 2_000

function Difference({ of }: { of: Comparison | undefined }) {
  if (!of) return null
  const off = Math.abs(of.offsetMs)
  if (off <= agreeMs + of.roundTripMs / 2) return <p class="dim">It agrees with the clock of this device.</p>
  return (
    <p class="warned" id="clocks-differ">
      The clock of this device is {duration(off / 1000)} {of.offsetMs > 0 ? 'ahead of' : 'behind'} it.
    </p>
  )
}

const sources: Readonly<Record<string, string>> = {
  gps: 'GPS',
  ntp: 'the network',
  phone: 'a phone',
  rtc: 'its battery clock',
  'last-saved': 'before the power went',
  none: 'nobody',
}

function sourceWords({ source, settable }: BoxTime): string {
  return source === 'rtc' && !settable ? 'this computer' : (sources[source ?? 'none'] ?? '–')
}

export function PlaceCard() {
  const place = useAt<Place>('place')?.value
  const job = useJob()
  if (!place) return null
  const { gpsLatitudeDeg, gpsLongitudeDeg, gpsElevationMetres } = place
  const byGps = gpsLatitudeDeg !== undefined && gpsLongitudeDeg !== undefined
  const wins = place.gpsDisagrees || !place.known
  return (
    <section class="card" id="place-card">
      <h2>Place</h2>
      {place.known ? (
        <dl class="figures">
          <Figure label="Latitude" value={degrees(place.latitudeDeg, 'N', 'S')} />
          <Figure label="Longitude" value={degrees(place.longitudeDeg, 'E', 'W')} />
          <Figure label="Height" value={fixed(place.elevationMetres, 0)} unit="m" />
          <Figure label="Known from" value={placeWords(place)} />
        </dl>
      ) : (
        <p class="why block">Nobody has said where the pier stands: goto, dusk and dawn wait for it.</p>
      )}
      {place.gpsDisagrees && (
        <p class="why block">
          The GPS stands {fixed(place.gpsAwayKm, 1)} km from there. What was said holds until you change it.
        </p>
      )}
      {byGps && wins && (
        <Act
          job={job}
          kind="main"
          label="Use the GPS's place"
          work={() =>
            settle(
              { latitudeDeg: gpsLatitudeDeg, longitudeDeg: gpsLongitudeDeg, elevationMetres: gpsElevationMetres },
              'gps',
            )
          }
        />
      )}
      <Said by={job} />
      <PlaceSearch />
    </section>
  )
}

interface Position {
  readonly latitudeDeg: number
  readonly longitudeDeg: number
  readonly elevationMetres?: number
}

interface Town extends Position {
  readonly name: string
  readonly country: string
}

interface Places {
  readonly position?: Position
  readonly wrong?: string
  readonly towns: readonly Town[]
}

function PlaceSearch() {
  const [words, setWords] = useState('')
  const job = useJob()
  const wanted = words.trim()
  const { found, failed } = useAnswers<Places>(
    wanted.length < 2 ? undefined : `/api/places?text=${encodeURIComponent(wanted)}`,
  )
  const done = (): void => setWords('')
  const { position, towns = [] } = found ?? {}
  // A text with figures in it was meant as a position.
  const wrong =
    found && !position && towns.length === 0
      ? /\d/.test(wanted)
        ? found.wrong
        : 'No town begins like this'
      : undefined
  return (
    <>
      <Field
        label="Town, position or link of a map"
        value={words}
        onValue={setWords}
        placeholder="Bern · 46.95, 7.44 · 46°57'N 7°26'E"
        wrong={wrong}
      />
      <ul class="found">
        {position && (
          <Found
            where={position}
            title="This position"
            job={job}
            onDone={done}
            work={() => settle(position, 'typed')}
          />
        )}
        {!position &&
          towns.map(town => (
            <Found
              key={`${town.name} ${town.latitudeDeg} ${town.longitudeDeg}`}
              where={town}
              title={`${town.name}, ${countryName(town.country)}`}
              job={job}
              onDone={done}
              work={() => settle(town, 'town', `${town.name}, ${town.country}`)}
            />
          ))}
      </ul>
      <Trouble of={failed} />
      <Said by={job} />
      {towns.length > 0 && !position && <p class="dim">Towns: GeoNames, CC BY 4.0. Good to some kilometres.</p>}
    </>
  )
}

interface FoundProps {
  readonly where: Position
  readonly title: string
  readonly job: ReturnType<typeof useJob>
  readonly work: () => Promise<unknown>
  readonly onDone: () => void
}

function Found({ where, title, job, work, onDone }: FoundProps) {
  return (
    <li>
      <div class="what">
        <strong>{title}</strong>
        <small class="mono">
          {degrees(where.latitudeDeg, 'N', 'S')} {degrees(where.longitudeDeg, 'E', 'W')}
          {where.elevationMetres !== undefined && ` · ${fixed(where.elevationMetres, 0)} m`}
        </small>
      </div>
      <Act job={job} label={`The pier stands here: ${title}`} work={work} onDone={onDone}>
        <span>Here</span>
      </Act>
    </li>
  )
}

function settle(where: Position, source: string, place: string | null = null): Promise<unknown> {
  const site = {
    latitude: where.latitudeDeg,
    longitude: where.longitudeDeg,
    ...(where.elevationMetres === undefined ? {} : { elevation: where.elevationMetres }),
    position_from: source,
    place,
  }
  return ask('config-merge', { settings: { site } })
}

function placeWords({ source, name }: Place): string {
  if (source === 'gps') return 'GPS'
  if (source === 'simulated') return 'the simulated observatory'
  return source === 'town' ? (name ?? 'a town') : 'what was typed'
}

const degrees = (value: number | undefined, plus: string, minus: string): string =>
  value === undefined ? '–' : `${Math.abs(value).toFixed(4)}° ${value < 0 ? minus : plus}`
