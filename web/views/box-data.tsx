// Where the data is: on the card, or on a disk on USB that it moves to. What is erased is said in its own words and
// asked for by a word; the way back to the card takes nothing away.
import { useState } from 'preact/hooks'
import { useAt } from '../live'
import { Act, type Job, Said, TwiceTapped, useJob } from '../parts/act'
import { Field, Figure } from '../parts/fields'
import { Sheet } from '../parts/sheet'
import type { DataDisk, PlainDisk } from '../states-own'
import { counted, dayTime, duration, sentence, size } from '../words'

const confirmation = 'erase'
const away =
  'Nothing can be observed meanwhile, this page is away, and the lamp of the box is on for a second, off for a second.'

export function DataCard() {
  const job = useJob()
  const data = useAt<DataDisk>('data-disk')?.value
  const [chosen, setChosen] = useState<string>()
  const [begun, setBegun] = useState(false)
  if (!data) return null
  const { on, name = 'a disk', disks = [] } = data
  const missed = on === 'card' && data.name !== undefined
  const disk = disks.find(one => one.id === chosen)
  return (
    <section class="card">
      <h2>Frames and settings</h2>
      <dl class="figures">
        <Figure label="They are on" value={on === 'disk' ? name : 'the card'} />
        <Figure label="Together" value={size(data.usedBytes ?? 0)} />
      </dl>
      {data.trouble && <p class="why block">{sentence(data.trouble)}.</p>}
      <Last of={data} />
      {begun && <p role="status">They are being moved. The box restarts by itself; do not unplug anything.</p>}
      {on === 'disk' && (
        <>
          <p class="dim">
            The way back takes about {minutesOf(data)}. {away} What is on {name} stays there.
          </p>
          <TwiceTapped
            job={job}
            label="Back to the card"
            again="Really move?"
            ask="data-to-card"
            unless={data.cardFits ? false : 'The card has no room for them'}
            onDone={() => setBegun(true)}
          />
        </>
      )}
      {missed && <TwiceTapped job={job} label={`Give ${name} up`} again="Stay with the card?" ask="data-forget-disk" />}
      {disks.map(one => (
        <Offer key={one.id} of={one} job={job} onErase={() => setChosen(one.id)} onTaken={() => setBegun(true)} />
      ))}
      {disks.length === 0 && on === 'card' && (
        <p class="dim">
          A disk on USB, better an SSD than a stick, lasts longer than a card: plug one in to move them there.
        </p>
      )}
      <Said by={job} />
      {disk && (
        <EraseSheet disk={disk} data={data} onClose={() => setChosen(undefined)} onBegun={() => setBegun(true)} />
      )}
    </section>
  )
}

const minutesOf = ({ minutes = 0 }: DataDisk): string => duration(minutes * 60)

function Last({ of: { lastOk, lastAtMs, lastWords, lastFix, lastTo, lastFiles = 0 } }: { of: DataDisk }) {
  if (lastAtMs === undefined) return null
  if (!lastOk) {
    return (
      <p class="why block">
        {sentence(lastWords ?? 'The last move failed')} ({dayTime(lastAtMs)}). {sentence(lastFix ?? '')}
      </p>
    )
  }
  const moved = lastFiles > 0 ? `${counted(lastFiles, 'file')}, each read back and compared` : 'as they were there'
  return (
    <p class="dim">
      On {lastTo} since {dayTime(lastAtMs)}: {moved}.
    </p>
  )
}

interface OfferProps {
  readonly of: PlainDisk
  readonly job: Job
  readonly onErase: () => void
  readonly onTaken: () => void
}

function Offer({ of, job, onErase, onTaken }: OfferProps) {
  return (
    <>
      <h3>
        {of.name}, {size(of.bytes)}
      </h3>
      <p class="dim">On it now: {heldBy(of)}.</p>
      <div class="row">
        {of.enough ? (
          <button type="button" class="quiet" onClick={onErase}>
            <span>Keep them on it …</span>
          </button>
        ) : (
          <small class="why">It is too small for them</small>
        )}
        {of.ours && (
          <TwiceTapped
            job={job}
            label="Go on with what is on it"
            again="With its settings?"
            ask="data-take-disk"
            input={{ disk: of.id }}
            onDone={onTaken}
          />
        )}
      </div>
    </>
  )
}

function heldBy({ holds, ours }: PlainDisk): string {
  const held = holds.length > 0 ? holds.join('; ') : 'empty, or a file system that is not known here'
  return ours ? `frames and settings of a Pierside box (${held})` : held
}

interface EraseProps {
  readonly disk: PlainDisk
  readonly data: DataDisk
  readonly onClose: () => void
  readonly onBegun: () => void
}

function EraseSheet({ disk, data, onClose, onBegun }: EraseProps) {
  const job = useJob()
  const [typed, setTyped] = useState('')
  const meant = typed.trim().toLowerCase() === confirmation
  return (
    <Sheet title="Move to this disk" onClose={onClose}>
      <p>
        <strong>
          All of {disk.name}, {size(disk.bytes)}, is erased
        </strong>
        . On it now: {heldBy(disk)}.
      </p>
      <p>
        Then frames and settings, {size(data.usedBytes ?? 0)}, are copied there, read back and compared: about{' '}
        {minutesOf(data)}. {away} Should the power go on the way, all of them are still where they were.
      </p>
      <p class="dim">From then on the disk stays plugged in. The card keeps the settings, for a start without it.</p>
      <Field label={`Type “${confirmation}”`} value={typed} onValue={setTyped} />
      <Act
        job={job}
        kind="danger"
        label="Erase it and move"
        ask="data-to-disk"
        input={{ disk: disk.id, confirm: confirmation }}
        yet={!meant && `Type “${confirmation}” first`}
        onDone={() => {
          onBegun()
          onClose()
        }}
      />
      <Said by={job} />
    </Sheet>
  )
}
