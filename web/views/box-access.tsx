// Who else may act: a code for another device, and keys for SSH.
import { useState } from 'preact/hooks'
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Choice, Field } from '../parts/fields'
import { Fold } from '../parts/fold'
import type { Ssh } from '../states-own'
import { counted } from '../words'

const roles = [
  { value: 'observer', label: 'Observer' },
  { value: 'administrator', label: 'Administrator' },
] as const
type Role = (typeof roles)[number]['value']

export function AccessCard() {
  return (
    <section class="card stacked">
      <h2>Who may act</h2>
      <AnotherDevice />
      <SshKeys />
    </section>
  )
}

function AnotherDevice() {
  const job = useJob()
  const [role, setRole] = useState<Role>('observer')
  const [code, setCode] = useState<string>()
  return (
    <>
      <Choice label="Another phone or computer, as" options={roles} value={role} onValue={setRole} />
      <Act
        job={job}
        icon="key"
        label="A code for it"
        ask="pairing-code"
        input={{ role }}
        onDone={answer => setCode((answer as { code: string }).code)}
      />
      {code && (
        <dl class="keep">
          <dt>Open there</dt>
          <dd>
            {location.origin}/?pair={code}
          </dd>
          <dt>Code</dt>
          <dd>
            {code.slice(0, 4)} {code.slice(4)}
          </dd>
        </dl>
      )}
      {code && <p class="dim">It pairs one device, within ten minutes.</p>}
      <Said by={job} />
    </>
  )
}

function SshKeys() {
  const ssh = useAt<Ssh>('ssh')?.value
  const job = useJob()
  const [keys, setKeys] = useState('')
  if (!ssh) return null
  return (
    <Fold label="SSH" summary={ssh.on ? 'on' : 'off'}>
      {ssh.keys?.map(words => (
        <p key={words} class="dim">
          {words}
        </p>
      ))}
      {!!ssh.onCard && <p class="dim">{counted(ssh.onCard, 'key')} in pierside.txt</p>}
      <Field
        label="Public key, in place of those above"
        value={keys}
        onValue={setKeys}
        placeholder="ssh-ed25519 AAAA…"
        help="Logs in as root. Passwords never do."
      />
      <Act
        job={job}
        label={keys.trim() ? 'Take this key' : 'Take the keys away'}
        ask="ssh-key"
        input={{ keys }}
        yet={!keys.trim() && !ssh.keys?.length && 'There is none'}
        onDone={() => setKeys('')}
      />
      <Said by={job} />
    </Fold>
  )
}
