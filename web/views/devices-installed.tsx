// What somebody has, chosen from what is installed by maker and model: fills the list of drivers of a link.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../ask'
import { Said, useJob } from '../parts/act'
import { Field } from '../parts/fields'
import type { Values } from '../parts/schema-form'

interface Offer {
  readonly group: string
  readonly maker: string
  readonly model: string
  readonly options: Readonly<Record<string, readonly string[]>>
}

/** So many lines are read before somebody types another letter. */
const mostShown = 12

/** `Sky-Watcher` and `SkyWatcher` are one. */
const bare = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')

interface InstalledProps {
  readonly link: string
  readonly values: Values
  readonly onValues: (values: Values) => void
}

export function Installed({ link, values, onValues }: InstalledProps) {
  const [offers, setOffers] = useState<readonly Offer[]>([])
  const [words, setWords] = useState('')
  const job = useJob()
  useEffect(() => {
    void job.run('offers', async () => {
      setOffers((await ask<{ offers: readonly Offer[] }>('link-offers', { driver: link })).offers)
    })
  }, [link])
  if (!offers.length) return <Said by={job} />
  const wanted = words.split(/\s+/).map(bare).filter(Boolean)
  const fitting = wanted.length
    ? offers.filter(({ maker, model, group }) =>
        wanted.every(word => bare(`${maker} ${model} ${group}`).includes(word)),
      )
    : []
  const listed = (name: string): readonly string[] => (Array.isArray(values[name]) ? (values[name] as string[]) : [])
  const taken = ({ options }: Offer) =>
    Object.entries(options).every(([name, more]) => more.every(one => listed(name).includes(one)))
  const turn = (offer: Offer) => {
    const next = Object.entries(offer.options).map(([name, more]) => {
      const others = listed(name).filter(one => !more.includes(one))
      return [name, taken(offer) ? others : [...others, ...more]]
    })
    onValues({ ...values, ...Object.fromEntries(next.map(([name, list]) => [name, list.length ? list : undefined])) })
  }
  return (
    <>
      <Field
        label="Maker or model"
        value={words}
        placeholder={`${offers.length} are installed`}
        onValue={setWords}
        help="Plugged into this box? Find it here, and its driver is started for you."
      />
      <ul class="choices">
        {fitting.slice(0, mostShown).map(offer => (
          <li key={`${offer.maker} ${offer.model} ${offer.group}`}>
            <button type="button" aria-pressed={taken(offer)} onClick={() => turn(offer)}>
              <span>
                <strong>{offer.model.startsWith(offer.maker) ? offer.model : `${offer.maker} ${offer.model}`}</strong>
                <small class="dim">{taken(offer) ? 'chosen' : offer.group}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {wanted.length > 0 && !fitting.length && (
        <p class="dim">
          No driver that is installed names it. Debian has more: indi-eqmod (Sky-Watcher, Orion), indi-gphoto (DSLR),
          indi-asi, indi-playerone … Install one, and look again.
        </p>
      )}
      {fitting.length > mostShown && <p class="dim">… and {fitting.length - mostShown} more: type another word.</p>}
      <Said by={job} />
    </>
  )
}
