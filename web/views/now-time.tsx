// A box that does not know when or where it is, said where everybody looks first; a phone that agrees vouches unasked.
import { session } from '../ask'
import { useCell } from '../cell'
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { hereZone, lendClock, useComparison, useLending } from '../phone-clock'
import { hrefOf } from '../route'
import type { BoxTime, Place } from '../states-own'
import { dayTime, duration, fixed } from '../words'

export function TimeAndPlace() {
  const time = useAt<BoxTime>('time')?.value
  return (
    <>
      {time && !time.trusted && <TimeOffer time={time} />}
      <PlaceLine />
    </>
  )
}

/** What a second look would find as well; nobody has to be asked about it, ms. */
const sameMs = 1_000

function TimeOffer({ time }: { time: BoxTime }) {
  const compared = useComparison(time.source)
  const me = useCell(session)
  const job = useJob()
  const same = compared !== undefined && Math.abs(compared.offsetMs) <= sameMs + compared.roundTripMs / 2
  const may = me?.open || (me?.paired && me.role !== 'viewer')
  useLending(compared, same && !!may, order => void job.run('vouch', () => lendClock(order)))
  return (
    <section class="card trouble-card" id="time-offer">
      <h2>The box does not know the time</h2>
      <p class="line">{compared && !same ? saying(compared.offsetMs) : 'Nobody vouches for its clock.'}</p>
      <p class="dim">Goto, dusk and dawn wait for it; frames are taken all the same.</p>
      {compared && (time.settable || same) && (
        <div class="row">
          <Act
            job={job}
            kind="main"
            label="Use this device's clock"
            work={() => lendClock(compared, time.settable ? hereZone() : undefined)}
          />
        </div>
      )}
      {!time.settable && !same && <p class="fix">Set the clock of the computer that Pierside runs on.</p>}
      <Said by={job} />
    </section>
  )
}

/** @param offsetMs this device's clock minus the box's */
function saying(offsetMs: number): string {
  const apart = `${duration(Math.abs(offsetMs) / 1000)} ${offsetMs > 0 ? 'behind' : 'ahead of'} this device`
  return `Its clock says ${dayTime(Date.now() - offsetMs)}, ${apart}.`
}

function PlaceLine() {
  const place = useAt<Place>('place')?.value
  const image = useAt('image')
  if (!place || (place.known && !place.gpsDisagrees)) return null
  return (
    <a class="card trouble-card" href={hrefOf(image ? 'box' : 'devices')}>
      <h2>{place.known ? 'The GPS says another place' : 'Where does the pier stand?'}</h2>
      <p class="dim">
        {place.known
          ? `It stands ${fixed(place.gpsAwayKm, 1)} km from what was said.`
          : 'Name a town or a position: goto, dusk and dawn wait for it.'}
      </p>
    </a>
  )
}
