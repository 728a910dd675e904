// The first set-up, as it opens by itself on a phone: one form, then what to keep, then the way into a real browser.
// Nothing here is stored, and nothing is fetched but its one answer: it works inside the phone's own little window.
import { useState } from 'preact/hooks'
import { pair, post, thisDevice } from '../ask'
import { inCaptiveSheet } from '../captive-sheet'
import { countryName, likelyCountry } from '../countries'
import { boxNow, useAt } from '../live'
import { Said, useJob } from '../parts/act'
import { CountryField, countryOf } from '../parts/country-field'
import { Field } from '../parts/fields'
import { useGone } from '../parts/gone'
import { Icon } from '../parts/icon'
import { useTick } from '../parts/tick'
import { lendClock, useComparison, useLending } from '../phone-clock'
import { hrefOf } from '../route'
import type { BoxTime, Setup } from '../states-own'
import { duration } from '../words'

/** As POST /api/setup answers. */
interface Answer {
  readonly code: string
  readonly untilMs: number
  readonly ssid: string
  readonly passphrase?: string
  readonly switchesMs?: number
  readonly byAddress: string
  readonly byName: string
  readonly linkQr: string
  readonly wifiQr?: string
}

/** Twelve letters that nobody mistakes for others, in threes: 58 bits of chance. */
function freshPassphrase(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const picked: string[] = []
  while (picked.length < 12) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < letters.length * 8) picked.push(letters[byte % letters.length])
  }
  return [0, 3, 6, 9].map(at => picked.slice(at, at + 3).join('')).join('-')
}

const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone ?? ''

/** In place of the whole page, while the box waits to be set up. */
export function SetUpView() {
  const setup = useAt<Setup>('setup')?.value
  const [answer, setAnswer] = useState<Answer>()
  if (!setup) return null
  const waiting = setup.step === 'waiting'
  return (
    <main class="view view-setup">
      <header class="hello">
        <p class="dim">{setup.ssid ?? 'Pierside'}</p>
        <h1>{answer && waiting ? 'Almost done' : 'Set up this box'}</h1>
      </header>
      {answer && waiting ? (
        <Next answer={answer} />
      ) : waiting ? (
        <Elsewhere untilMs={setup.untilMs ?? 0} />
      ) : (
        <Form guarded={setup.step === 'guarded'} again={!!answer} onAnswer={setAnswer} />
      )}
      {setup.complaints?.map(words => (
        <p key={words} class="why block">
          {words}
        </p>
      ))}
      <p class="aside">
        <a href={hrefOf('now')}>Look around first</a>
      </p>
    </main>
  )
}

interface FormProps {
  /** The card has given a passphrase. */
  readonly guarded: boolean
  /** It was completed before, and nobody came in time. */
  readonly again: boolean
  readonly onAnswer: (answer: Answer) => void
}

/** What the form begins with. */
function likelyCountryName(): string {
  const code = likelyCountry()
  return code && countryName(code)
}

function Form({ guarded, again, onAnswer }: FormProps) {
  const [name, setName] = useState('My observatory')
  const [passphrase, setPassphrase] = useState(freshPassphrase)
  const [country, setCountry] = useState(likelyCountryName)
  const [zone, setZone] = useState(zoneHere)
  const job = useJob()
  const gone = useGone()
  const chosen = countryOf(country)
  const wrongPassphrase = /^[\x20-\x7e]{8,63}$/.test(passphrase)
    ? undefined
    : '8 to 63 letters, digits and signs, without accents'
  const missing = !name.trim()
    ? 'Give it a name'
    : !guarded && wrongPassphrase
      ? 'The passphrase will not do'
      : !chosen
        ? 'Say in which country it stands'
        : undefined
  const send = async (): Promise<void> => {
    const order = {
      name,
      passphrase: guarded ? undefined : passphrase,
      country: chosen?.code,
      timeZone: zone || undefined,
    }
    const answer = await job.run('setup', () => post<Answer>('/api/setup', order, { deadlineMs: 20_000 }))
    if (!answer) return
    onAnswer(answer)
    scrollTo(0, 0)
  }
  return (
    <form
      class="card stacked"
      noValidate
      onSubmit={event => {
        event.preventDefault()
        if (!missing && !gone && !job.pending) void send()
      }}
    >
      {again && <p class="why block">Nobody came with the code in time, so the box is as new. Begin again.</p>}
      <p>Until this is done, everybody may look, and nothing can be moved or switched.</p>
      <Field label="Name of the observatory" value={name} onValue={setName} />
      {guarded ? (
        <p class="dim">Its Wi-Fi has the passphrase from pierside.txt.</p>
      ) : (
        <>
          <Field
            label="Passphrase of its Wi-Fi"
            value={passphrase}
            onValue={setPassphrase}
            wrong={wrongPassphrase}
            help="Keep this one, or write your own. You will need it on each phone."
          />
          <button type="button" class="quiet" onClick={() => setPassphrase(freshPassphrase())}>
            <Icon name="again" />
            <span>Another one</span>
          </button>
        </>
      )}
      <CountryField value={country} onValue={setCountry} />
      <Field label="Time zone" value={zone} onValue={setZone} help="As this device has it." />
      <LentClock />
      <Said by={job} />
      <button type="submit" class="main" disabled={!!missing || gone || !!job.pending} aria-describedby="setup-why">
        {job.pending ? 'Setting up …' : 'Set up'}
      </button>
      {missing && (
        <small id="setup-why" class="why">
          {missing}
        </small>
      )}
    </form>
  )
}

/** A box that nobody has told the time takes it from the phone that sets it up: no one else is there to be asked. */
function LentClock() {
  const time = useAt<BoxTime>('time')?.value
  const job = useJob()
  const waits = time?.trusted === false
  useLending(useComparison(time?.source), waits, order => void job.run('clock', () => lendClock(order)))
  return (
    <>
      {time?.source === 'phone' && <p class="dim">The box has its time from a phone.</p>}
      <Said by={job} />
    </>
  )
}

/** What the owner keeps, in one picture of the screen, before the Wi-Fi changes under this very page. */
function Next({ answer }: { answer: Answer }) {
  useTick(1000)
  const job = useJob()
  const [asked, setAsked] = useState(false)
  const { code, ssid, passphrase, switchesMs, wifiQr } = answer
  const sheet = inCaptiveSheet()
  const changes = passphrase !== undefined
  const leftMs = switchesMs === undefined ? 0 : switchesMs - boxNow()
  const closing = asked || leftMs <= 0
  const change = async (): Promise<void> => {
    if (await job.run('switch', () => post('/api/setup/switch', {}))) setAsked(true)
  }
  return (
    <>
      <section class="card stacked">
        <h2>Keep this</h2>
        {sheet && <p class="why block">Take a picture of it now: this window closes with the Wi-Fi.</p>}
        <dl class="keep">
          {changes && (
            <>
              <dt>Wi-Fi</dt>
              <dd>{ssid}</dd>
              <dt>Passphrase</dt>
              <dd>{passphrase}</dd>
            </>
          )}
          <dt>Link</dt>
          <dd>{answer.byAddress}</dd>
          <dt>or</dt>
          <dd>{answer.byName}</dd>
          <dt>Code</dt>
          <dd>
            {code.slice(0, 4)} {code.slice(4)}
          </dd>
        </dl>
        <p>
          {changes &&
            (closing ? 'The open Wi-Fi is gone: join' : `The open Wi-Fi closes in ${duration(leftMs / 1000)}: join`)}
          {changes && ' again with the passphrase, then open the link in your browser. '}
          Whoever opens the link first is administrator. It works once, until {clockOf(answer.untilMs)}.
        </p>
        {!sheet && (
          <a class="button main" href={answer.byAddress}>
            Go on in this browser
          </a>
        )}
        {changes && (
          <button type="button" class="quiet" disabled={closing || !!job.pending} onClick={() => void change()}>
            I have it: change the Wi-Fi now
          </button>
        )}
        <Said by={job} />
      </section>
      <section class="card stacked">
        <h2>For another phone</h2>
        {wifiQr && (
          <>
            <p>Joins the Wi-Fi:</p>
            <Qr svg={wifiQr} words={`Joins ${ssid}`} />
          </>
        )}
        <p>Opens the link:</p>
        <Qr svg={answer.linkQr} words="Opens the box and pairs" />
      </section>
    </>
  )
}

/** For whoever has the code, and for whoever has to wait. */
function Elsewhere({ untilMs }: { untilMs: number }) {
  const [code, setCode] = useState('')
  const job = useJob()
  const gone = useGone()
  const sheet = inCaptiveSheet()
  const send = async (): Promise<void> => {
    await job.run('pair', () => pair(code, thisDevice()))
  }
  if (sheet) {
    return (
      <section class="card stacked">
        <p>This is the phone’s own little window, which forgets everything.</p>
        <p>
          Open your browser, go to <strong>{location.host}</strong>, and give the code there.
        </p>
      </section>
    )
  }
  return (
    <form
      class="card stacked"
      noValidate
      onSubmit={event => {
        event.preventDefault()
        if (code.trim() && !gone) void send()
      }}
    >
      <p>The box has been set up and waits for its administrator, until {clockOf(untilMs)}. After that it is as new.</p>
      <Field label="Code" value={code} onValue={setCode} keys="numeric" placeholder="as shown when it was set up" />
      <Said by={job} />
      <button type="submit" class="main" disabled={!code.trim() || gone || !!job.pending}>
        {job.pending ? 'Pairing …' : 'Pair this device'}
      </button>
    </form>
  )
}

/** This device's own wall clock: the box may not know the time yet. */
function clockOf(boxMs: number): string {
  const here = new Date(Date.now() + boxMs - boxNow())
  return `${String(here.getHours()).padStart(2, '0')}:${String(here.getMinutes()).padStart(2, '0')}`
}

/** From the box itself; drawn in the colours of the theme. */
function Qr({ svg, words }: { svg: string; words: string }) {
  return <div class="qr" role="img" aria-label={words} dangerouslySetInnerHTML={{ __html: svg }} />
}
