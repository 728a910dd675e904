// The hotspot that the box falls back to: its passphrase, band and channel, the radio's country, and the time in which
// a change has to be confirmed.
import { useEffect, useState } from 'preact/hooks'
import { countryName } from '../countries'
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { CountryField, countryOf } from '../parts/country-field'
import { Choice, Field } from '../parts/fields'
import { Fold } from '../parts/fold'
import { Qr, wifiText } from '../parts/qr'
import { useTick } from '../parts/tick'
import type { Network } from '../states-network'

const bands = [
  { value: '2.4', label: '2.4 GHz' },
  { value: '5', label: '5 GHz' },
] as const

export function HotspotPart({ network }: { network: Network }) {
  const { phase, hotspotSsid = 'the hotspot', hotspotSecured, hotspotBand, country } = network
  const job = useJob()
  const [passphrase, setPassphrase] = useState('')
  const [band, setBand] = useState<'2.4' | '5'>()
  const [channel, setChannel] = useState('')
  const [land, setLand] = useState('')
  /** The passphrase that was asked for: the page alone knows it, and may be cut off by now. */
  const [asked, setAsked] = useState<string>()
  const order = {
    ...(passphrase && { passphrase }),
    ...(band && band !== hotspotBand && { band }),
    ...(/^\d+$/.test(channel) && { channel: Number(channel) }),
  }
  const summary = `${hotspotSsid}, ${hotspotSecured ? 'with a passphrase' : 'open'}`
  return (
    <>
      <Unconfirmed network={network} />
      <Fold label="Hotspot" summary={summary}>
        {phase === 'joined' ? (
          <>
            <p>
              It comes by itself within half a minute when the network is lost and no other known one is heard. Its
              settings are changed while it is up.
            </p>
            <Act job={job} label="Go to the hotspot" ask="network-to-hotspot" />
          </>
        ) : (
          <>
            <Field
              label="New passphrase"
              value={passphrase}
              onValue={setPassphrase}
              placeholder="as it is"
              wrong={passphrase && passphrase.length < 8 ? '8 letters or more' : undefined}
            />
            <Choice label="Band" options={bands} value={band ?? (hotspotBand as '2.4' | '5')} onValue={setBand} />
            <Field label="Channel" value={channel} onValue={setChannel} keys="numeric" placeholder="as it is; 0: any" />
            <Act
              job={job}
              kind="main"
              label="Change the hotspot"
              yet={Object.keys(order).length === 0 ? 'Nothing is changed' : undefined}
              unless={passphrase && passphrase.length < 8 ? 'The passphrase is too short' : undefined}
              ask="network-hotspot"
              input={order}
              onDone={() => setAsked(passphrase || undefined)}
            />
          </>
        )}
        {asked && (
          <div class="stacked" role="status">
            <p>
              The hotspot comes back with its new passphrase in some seconds. Join it again (the camera reads this),
              come back to this page and confirm; otherwise it is undone after two minutes.
            </p>
            <Qr text={wifiText(hotspotSsid, asked)} label={`The hotspot ${hotspotSsid}`} />
          </div>
        )}
        <CountryField value={land} onValue={setLand} placeholder={country ? countryName(country) : 'not set'} />
        <Act
          job={job}
          label="Set the country"
          yet={countryOf(land) ? undefined : 'Say which one'}
          ask="network-country"
          input={{ country: countryOf(land)?.code }}
        />
        <Said by={job} />
      </Fold>
    </>
  )
}

function Unconfirmed({ network: { unconfirmed, undoneSeconds } }: { network: Network }) {
  const toldMs = useAt<Network>('network')?.atMs
  const job = useJob()
  const [heardMs, setHeardMs] = useState(performance.now())
  useTick(1000, unconfirmed !== undefined)
  useEffect(() => setHeardMs(performance.now()), [toldMs])
  if (!unconfirmed) return null
  const seconds = Math.max(0, Math.round((undoneSeconds ?? 0) - (performance.now() - heardMs) / 1000))
  return (
    <div class="stacked" role="status">
      <p class="warned">
        Undone in {seconds} s unless you confirm: {unconfirmed}.
      </p>
      <Act job={job} kind="main" label="It works: keep it" ask="network-confirm" />
      <Said by={job} />
    </div>
  )
}
