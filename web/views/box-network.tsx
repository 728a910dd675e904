// How the box is reached: what it is on, what is around, and the way back to it when this phone loses it meanwhile.
import { useState } from 'preact/hooks'
import { useAt } from '../live'
import { Act, Said, TwiceTapped, useJob } from '../parts/act'
import { Field, Figure } from '../parts/fields'
import { Fold } from '../parts/fold'
import { Qr, wifiText } from '../parts/qr'
import type { Network } from '../states-network'
import { counted } from '../words'
import { HotspotPart } from './box-hotspot'

export function NetworkCard() {
  const network = useAt<Network>('network')?.value
  if (!network) return null
  const { phase, ssid, signalPercent, addresses = [], cable = [], name, phones = 0, known = [] } = network
  return (
    <section class="card stacked">
      <h2>Network</h2>
      <p>
        {phase === 'joined' && <>On the network {ssid}.</>}
        {phase === 'hotspot' && (
          <>
            On its own hotspot {ssid}
            {phones > 0 && `, with ${counted(phones, 'phone')}`}.
          </>
        )}
        {(phase === 'joining' || phase === 'idle') && 'Between networks: it takes some seconds.'}
        {phase === 'none' && 'There is no Wi-Fi in this box.'}
      </p>
      <Trouble network={network} />
      <dl class="figures">
        {name && <Figure label="Found at" value={name} />}
        {addresses.concat(cable).map(address => (
          <Figure key={address} label={cable.includes(address) ? 'By cable' : 'Address'} value={address} />
        ))}
        {signalPercent !== undefined && <Figure label="Signal" value={signalPercent} unit="%" />}
      </dl>
      {phase !== 'none' && <Joining network={network} />}
      {known.length > 0 && <KnownOnes known={known} />}
      {phase !== 'none' && <HotspotPart network={network} />}
    </section>
  )
}

function Trouble({ network }: { network: Network }) {
  if (network.trying) return <p role="status">Joining {network.trying} …</p>
  if (network.lastJoined !== false) return null
  return (
    <p class="why block">
      {network.lastSsid} was not joined: {network.lastReason}. {network.lastFix}.
    </p>
  )
}

function Joining({ network }: { network: Network }) {
  const { around = [], phase, name = 'pierside.local', hotspotSsid } = network
  const job = useJob()
  const looking = useJob()
  const [ssid, setSsid] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const [hidden, setHidden] = useState(false)
  /** What was asked for: shown although the box may be gone by now. */
  const [asked, setAsked] = useState<{ ssid: string; passphrase?: string }>()
  const found = around.find(one => one.ssid === ssid)
  const open = found ? found.security === 'open' : passphrase === ''
  const missing = !ssid
    ? 'Choose a network'
    : !open && passphrase.length < 8
      ? 'A passphrase has 8 letters or more'
      : undefined
  const order = { ssid, hidden, ...(!open && { passphrase }) }
  return (
    <Fold label="Join a network" summary={counted(around.length, 'network')}>
      <ul class="choices">
        {around.map(one => (
          <li key={one.ssid}>
            <button
              type="button"
              aria-pressed={one.ssid === ssid}
              disabled={one.security === 'other'}
              onClick={() => {
                setSsid(one.ssid)
                setHidden(false)
              }}
            >
              <span>{one.ssid}</span>
              <span class="dim">
                {one.signalPercent} %
                {one.security === 'open' ? ', open' : one.security === 'other' ? ', not by page' : ''}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Act job={looking} label="Look again" ask="network-look" />
      {phase === 'hotspot' && <p class="dim">While it carries the hotspot, a radio may hear nothing new.</p>}
      <Said by={looking} />
      <Field
        label="Network"
        value={ssid}
        onValue={value => {
          setSsid(value)
          setHidden(!around.some(one => one.ssid === value))
        }}
        help={hidden && ssid ? 'Not in the list: it is looked for as a hidden one' : undefined}
      />
      {found?.security !== 'open' && (
        <Field label="Passphrase" value={passphrase} onValue={setPassphrase} placeholder="none, for an open network" />
      )}
      <Act
        job={job}
        kind="main"
        label={`Join ${ssid || 'it'}`}
        yet={missing}
        ask="network-join"
        input={order}
        onDone={() => setAsked({ ssid, ...(!open && { passphrase }) })}
      />
      <Said by={job} />
      {asked && (
        <div class="stacked" role="status">
          <p>
            The box changes to {asked.ssid} now, and this phone may lose it. Let the phone follow (the camera reads
            this), then open <strong>http://{name}</strong>.
          </p>
          <Qr text={wifiText(asked.ssid, asked.passphrase)} label={`The network ${asked.ssid}`} />
          <p class="dim">
            If it does not work, the box is back on {hotspotSsid ?? 'its hotspot'} within a minute, and says why here.
          </p>
        </div>
      )}
    </Fold>
  )
}

function KnownOnes({ known }: { known: NonNullable<Network['known']> }) {
  const job = useJob()
  return (
    <Fold label="Known networks" summary={counted(known.length, 'network')}>
      <ul class="lines">
        {known.map(({ id, ssid }) => (
          <li key={id}>
            <span>{ssid}</span>
            <TwiceTapped
              job={job}
              label="Forget"
              again={`Tap again to forget ${ssid}`}
              ask="network-forget"
              input={{ id }}
            />
          </li>
        ))}
      </ul>
      <Said by={job} />
    </Fold>
  )
}
