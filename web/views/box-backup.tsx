// Settings, pairings and small states as one file, and back from it.
import { useRef, useState } from 'preact/hooks'
import { post } from '../ask'
import { Act, Said, TwiceTapped, useJob } from '../parts/act'
import { Field } from '../parts/fields'
import { counted } from '../words'

interface Made {
  readonly name: string
  readonly text: string
  readonly secrets: 'none' | 'hidden' | 'left-out'
}
interface Restored {
  readonly node: string
  readonly madeAt: string
  readonly missingSecrets: readonly string[]
}

const leastPassphrase = 8
const shortWords = (phrase: string): string | false =>
  phrase.length > 0 && phrase.length < leastPassphrase && `A passphrase has ${leastPassphrase} characters or more`

function download({ name, text }: Made): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}

const missing = (names: readonly string[]): string =>
  `${counted(names.length, 'password')} must be given anew in the settings: ${names.join(', ')}.`

export function BackupCard() {
  const job = useJob()
  const [phrase, setPhrase] = useState('')
  const [made, setMade] = useState<Made>()
  const take = (answer: unknown): void => {
    setMade(answer as Made)
    download(answer as Made)
  }
  return (
    <section class="card">
      <h2>Backup</h2>
      <p class="dim">
        Settings, who is paired, and what the box keeps in mind, as one file. Frames, stacks and masters are not in it.
      </p>
      <Field
        label="Passphrase that hides the passwords"
        value={phrase}
        onValue={setPhrase}
        placeholder="without one they are left out"
      />
      <Act
        job={job}
        kind="main"
        icon="download"
        label="Make a backup"
        ask="backup-make"
        input={phrase ? { passphrase: phrase } : {}}
        yet={shortWords(phrase)}
        onDone={take}
      />
      {made && (
        <p role="status">
          {made.name}
          {made.secrets === 'left-out' && '. Passwords are not in it; give a passphrase to have them in it, hidden.'}
        </p>
      )}
      <Said by={job} />
      <Restore />
    </section>
  )
}

function Restore() {
  const job = useJob()
  const chosen = useRef<HTMLInputElement>(null)
  const [text, setText] = useState<string>()
  const [phrase, setPhrase] = useState('')
  const [done, setDone] = useState<Restored>()
  const hidden = text !== undefined && /^\s*"secrets": *\{/m.test(text)
  const read = async (): Promise<void> => {
    setDone(undefined)
    setText(await chosen.current?.files?.[0]?.text())
  }
  const restore = (): Promise<unknown> =>
    post('/api/backup/restore', phrase ? { text, passphrase: phrase } : { text, withoutSecrets: true })
  return (
    <>
      <h3>Restore</h3>
      <p class="dim">
        Puts a backup in the place of what is here, and starts anew. What is here is kept aside on the box.
      </p>
      <input ref={chosen} type="file" hidden accept=".json,application/json" onChange={() => void read()} />
      <div class="row">
        <button type="button" class="quiet" onClick={() => chosen.current?.click()}>
          <span>{text === undefined ? 'Choose a backup' : chosen.current?.files?.[0]?.name}</span>
        </button>
      </div>
      {hidden && (
        <Field
          label="Its passphrase"
          value={phrase}
          onValue={setPhrase}
          placeholder="without it, the passwords of this box stay"
        />
      )}
      {text !== undefined && (
        <TwiceTapped
          job={job}
          label="Restore it"
          again="Really replace?"
          work={restore}
          onDone={answer => setDone(answer as Restored)}
        />
      )}
      {done && (
        <p role="status">
          The backup of {done.node} is put in place; the box is back in a moment.
          {done.missingSecrets.length > 0 && ` ${missing(done.missingSecrets)}`}
        </p>
      )}
      <Said by={job} />
    </>
  )
}
