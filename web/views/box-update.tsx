// Versions: which one runs, how another is brought, put in and started, and why one did not stay.
import { useState } from 'preact/hooks'
import { ask, post, Refusal } from '../ask'
import { useAt } from '../live'
import { Act, type Job, Said, TwiceTapped, useJob } from '../parts/act'
import { Field, Figure, Toggle } from '../parts/fields'
import { useGone } from '../parts/gone'
import { PickFile } from '../parts/pick-file'
import { Bar } from '../parts/ring'
import type { BoxUpdate } from '../states-own'
import { dayTime, sentence, size } from '../words'

/** What a bundle said of itself when it was judged. */
interface Offer {
  readonly from: string
  readonly version: string
  readonly older: boolean
}

export function UpdateCard() {
  const update = useAt<BoxUpdate>('update')?.value
  if (!update) return null
  return (
    <section class="card">
      <h2>Versions</h2>
      <dl class="figures">
        <Figure label="Running" value={update.version ?? '–'} />
        <Figure label="The one beside it" value={otherWords(update)} />
      </dl>
      {update.onTrial && <Trial missing={update.missing ?? []} />}
      {!update.onTrial && <Last of={update} />}
      {update.pendingReboot && <Ready of={update} />}
      {update.refusal && <p class="why block">{sentence(update.refusal)}.</p>}
      {!update.refusal && !update.onTrial && <Bring of={update} />}
    </section>
  )
}

function otherWords({ otherVersion, otherGood }: BoxUpdate) {
  if (!otherVersion) return 'nothing yet'
  return otherGood ? otherVersion : `${otherVersion}, which does not start`
}

/** Until it has been judged, the old version comes back at the next trouble. */
function Trial({ missing }: { missing: readonly string[] }) {
  const job = useJob()
  if (missing.length === 0) {
    return <p role="status">This version is being looked at; in a minute it stays, or the one before comes back.</p>
  }
  return (
    <>
      <p class="why block">
        This version has not found again what was there before. If it does not within ten minutes, the one before comes
        back. Is it only unplugged?
      </p>
      {missing.map(device => (
        <div class="row even" key={device}>
          <span>{device}</span>
          <Act job={job} label={`${device} was unplugged`} ask="update-excuse" input={{ device }}>
            <span>It was unplugged</span>
          </Act>
        </div>
      ))}
      <Said by={job} />
    </>
  )
}

function Last({ of: { lastOk, lastVersion, lastReason, lastAtMs } }: { of: BoxUpdate }) {
  if (lastVersion === undefined || lastAtMs === undefined) return null
  if (lastOk)
    return (
      <p class="dim">
        Version {lastVersion} was found in order, {dayTime(lastAtMs)}.
      </p>
    )
  return (
    <p class="why block">
      Version {lastVersion} did not stay ({dayTime(lastAtMs)}): {lastReason}. The version before is back.
    </p>
  )
}

function Ready({ of: { otherVersion, waitsFor = [] } }: { of: BoxUpdate }) {
  const job = useJob()
  return (
    <>
      <p role="status">
        Version {otherVersion} is ready. It starts when the box restarts, which takes about a minute; if it is not in
        order then, this version comes back by itself.
      </p>
      {waitsFor.length > 0 && <p class="dim">The restart waits: {waitsFor.join(', ')}.</p>}
      <TwiceTapped job={job} label="Restart now" again="Really restart?" ask="update-restart" />
      <Said by={job} />
    </>
  )
}

function Bring({ of }: { of: BoxUpdate }) {
  const job = useJob()
  const [offer, setOffer] = useState<Offer>()
  const [address, setAddress] = useState('')
  const [byItself, setByItself] = useState(false)
  const { phase = 'idle', progress, progressPercent = 0, found = [] } = of
  const restart = byItself ? 'idle' : 'ask'
  const look = async (from: string) => setOffer({ from, ...(await ask<Omit<Offer, 'from'>>('update-look', { from })) })
  if (phase === 'fetching' || phase === 'judging' || phase === 'installing') {
    return (
      <>
        <Bar part={progressPercent / 100} label={progress ?? 'The new version'} />
        <p role="status">{progress} … Observing goes on meanwhile.</p>
        <Said by={job} />
      </>
    )
  }
  return (
    <>
      {offer ? (
        <>
          <p>
            Version <strong>{offer.version}</strong>, rightly signed.
            {offer.older && ' It is older: it goes on with settings and lists as they were kept before; frames stay.'}
          </p>
          <div class="row">
            <Act
              job={job}
              kind="main"
              label={`Put version ${offer.version} in`}
              ask="update-install"
              input={{ from: offer.from, restart }}
              onDone={() => setOffer(undefined)}
            />
            <button type="button" class="quiet" onClick={() => setOffer(undefined)}>
              Not now
            </button>
          </div>
        </>
      ) : (
        <>
          <Send job={job} onSent={() => look('sent')} />
          {found.map(({ path, name, bytes }) => (
            <Act
              key={path}
              job={job}
              icon="download"
              label={`From the stick: ${name} (${size(bytes)})`}
              work={() => look(path)}
            />
          ))}
          <Field label="Or from an address" value={address} onValue={setAddress} placeholder="https://" />
          <Act
            job={job}
            label="Fetch and put in"
            ask="update-install"
            input={{ from: address.trim(), restart }}
            yet={!/^https?:\/\/./.test(address.trim()) && 'Give the address of a .raucb file'}
          />
        </>
      )}
      <Toggle label="Restart by itself in an idle moment" on={byItself} onToggle={setByItself}>
        <small class="dim"> once nothing has run, moved or been kept cold for ten minutes</small>
      </Toggle>
      <Said by={job} />
    </>
  )
}

const pieceBytes = 4 * 2 ** 20
/** In a row, of one piece. */
const mostTries = 5

/** Sends a bundle in pieces, going on where the box says that it is. */
function Send({ job, onSent }: { job: Job; onSent: () => Promise<void> }) {
  const gone = useGone()
  const [part, setPart] = useState<number>()
  const send = async (file: File) => {
    let from = 0
    let tries = 0
    while (from < file.size) {
      const piece = file.slice(from, from + pieceBytes)
      try {
        const path = `/api/update/piece?from=${from}&total=${file.size}`
        from = (await post<{ received: number }>(path, piece)).received
        tries = 0
      } catch (error) {
        const lost = error instanceof Refusal && (error.status === 0 || error.detail.received !== undefined)
        if (!lost || ++tries >= mostTries) throw error
        from = Number(error.detail.received ?? from)
        await new Promise(settle => setTimeout(settle, 2000))
      }
      setPart(from / file.size)
    }
    await onSent()
  }
  return (
    <>
      <PickFile
        accept=".raucb"
        label={job.pending === 'send' ? 'Sending …' : 'Bring a new version (.raucb)'}
        disabled={gone || job.pending !== undefined}
        onPick={file => void job.run('send', () => send(file)).finally(() => setPart(undefined))}
      />
      {part !== undefined && <Bar part={part} label="Sent" />}
    </>
  )
}
