// "Use my equipment": what have you got → where is it → which of these → save. No YAML is edited by hand on the way.
import { useEffect, useState } from 'preact/hooks'
import { ask, fetched, post, type Refusal } from '../ask'
import {
  type Candidate,
  chosenGear,
  type DriverRow,
  duties,
  type Gear,
  gearChanges,
  isDemo,
  portsOf,
  siteLeaving,
  siteReturning,
  type Use,
} from '../equipment'
import { useAt } from '../live'
import { Act, asRefusal, Said, Trouble, TwiceTapped, useJob } from '../parts/act'
import { Choice, Toggle } from '../parts/fields'
import { Icon } from '../parts/icon'
import { readValues, SchemaForm, type Values } from '../parts/schema-form'
import { Sheet } from '../parts/sheet'
import type { Observatory } from '../states'
import { portWords } from '../words'
import { Installed } from './devices-installed'

/** What a mount needs to know its horizon, once it is a real one. */
interface Saved {
  readonly siteMissing?: boolean
}

/** Whatever it can be, by any of its options; its own properties are nothing to use it as. */
const couldBe = ({ ports = [], portsAs = {} }: DriverRow): string[] =>
  [...new Set([...ports, ...Object.values(portsAs).flat()])].filter(port => port !== 'raw')

interface EquipmentProps {
  readonly onClose: () => void
  readonly onSettings: () => void
}

export function Equipment({ onClose, onSettings }: EquipmentProps) {
  const simulated = useAt<Observatory>('observatory')?.value.simulated
  const [said, setSaid] = useState<{ readonly drivers: readonly DriverRow[]; readonly demo?: Gear }>()
  const [failed, setFailed] = useState<Refusal>()
  const [driver, setDriver] = useState<DriverRow>()
  const [saved, setSaved] = useState<Saved>()
  const job = useJob()
  useEffect(() => {
    fetched<{ drivers: readonly DriverRow[]; demo?: Gear }>('/api/drivers').then(setSaid, error =>
      setFailed(asRefusal(error)),
    )
  }, [])
  const backToDemo = async (): Promise<boolean> => {
    const gear = await fetched<Gear>('/api/config/parsed')
    const demo = said!.demo!
    await post('/api/config/parsed', { ...gearChanges(gear, demo), ...siteReturning(gear.site, demo.site) })
    setSaved({})
    return true
  }
  if (saved)
    return (
      <Sheet title="Saved" onClose={onClose}>
        <div class="stacked">
          <p>The configuration is saved, and the devices are being opened. Their lamps tell how far that is.</p>
          {saved.siteMissing && (
            <>
              <p>Where the pier stands is not known yet. Until it is, the mount has no horizon and does not slew.</p>
              <button type="button" class="main wide" onClick={onSettings}>
                Set latitude and longitude
              </button>
            </>
          )}
          <button type="button" class={saved.siteMissing ? 'quiet wide' : 'main wide'} onClick={onClose}>
            Show the devices
          </button>
        </div>
      </Sheet>
    )
  if (driver)
    return (
      <Sheet title={driver.link?.summary ?? driver.summary} onClose={onClose}>
        <Describe
          driver={driver}
          simulated={!!simulated}
          demo={said?.demo}
          onBack={() => setDriver(undefined)}
          onSaved={setSaved}
        />
      </Sheet>
    )
  return (
    <Sheet title="What have you got?" onClose={onClose}>
      <div class="stacked">
        <Trouble of={failed} />
        {!said && !failed && <p class="dim">Asking the box what it can drive …</p>}
        <ul class="choices">
          {said?.drivers
            .filter(row => !isDemo(row.id))
            .map(row => (
              <li key={row.id}>
                <button type="button" onClick={() => setDriver(row)}>
                  <span>
                    <strong>{row.summary}</strong>
                    <small class="dim">
                      {couldBe(row).length ? `can be: ${portWords(couldBe(row))}` : `driver ${row.id}`}
                    </small>
                  </span>
                  <Icon name="right" />
                </button>
              </li>
            ))}
        </ul>
        {!simulated && said?.demo && (
          <TwiceTapped
            job={job}
            label="Back to the simulated observatory"
            again="Tap again: your equipment leaves the config"
            work={backToDemo}
          />
        )}
        <Said by={job} />
      </div>
    </Sheet>
  )
}

interface DescribeProps {
  readonly driver: DriverRow
  readonly simulated: boolean
  readonly demo: Gear | undefined
  readonly onBack: () => void
  readonly onSaved: (saved: Saved) => void
}

function Describe({ driver, simulated, demo, onBack, onSaved }: DescribeProps) {
  const asked = driver.link?.options ?? driver.options
  const [values, setValues] = useState<Values>({})
  const [found, setFound] = useState<readonly Candidate[]>()
  const job = useJob()
  const read = readValues(asked, values, ['driver', 'link'])
  const proceed = async (): Promise<void> => {
    if (!driver.link) {
      setFound([{ name: driver.id, driver: driver.id, options: read.values, ports: portsOf(driver, read.values) }])
      return
    }
    const said = await ask<{ found: readonly Candidate[] }>('link-look', {
      driver: driver.link.id,
      options: read.values,
    })
    setFound(said.found)
  }
  if (found)
    return (
      <Choose
        driver={driver}
        linkOptions={driver.link && read.values}
        found={found}
        simulated={simulated}
        demo={demo}
        onBack={() => setFound(undefined)}
        onSaved={onSaved}
      />
    )
  return (
    <div class="stacked">
      {driver.link && <Installed link={driver.link.id} values={values} onValues={setValues} />}
      <SchemaForm schema={asked} values={values} onValues={setValues} without={['driver', 'link']} />
      {!Object.keys(asked.properties ?? {}).length && <p class="dim">It needs no settings.</p>}
      <Said by={job} />
      <div class="row even">
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
        <Act
          job={job}
          kind="main"
          label={driver.link ? 'Look what is there' : 'Go on'}
          work={async () => proceed().then(() => true)}
          unless={read.wrong}
        />
      </div>
      {job.pending && driver.link && <p class="dim">Looking …</p>}
    </div>
  )
}

interface ChooseProps extends DescribeProps {
  readonly linkOptions: Values | undefined
  readonly found: readonly Candidate[]
}

/** The first device with the port takes the duty, until somebody says otherwise. */
function proposed(found: readonly Candidate[]): Partial<Record<Use, string>> {
  const use: Partial<Record<Use, string>> = {}
  for (const { port, use: duty } of duties) {
    const able = found.filter(({ name, ports }) => ports.includes(port) && !(port === 'camera' && name === use.camera))
    // A camera that calls itself a guide camera is not the first choice for the main one.
    const guides = able.filter(({ name }) => /guid/i.test(name))
    use[duty] = (duty === 'guide_camera' ? guides[0] : (able.find(one => !guides.includes(one)) ?? able[0]))?.name
  }
  return use
}

function Choose({ driver, linkOptions, found, simulated, demo, onBack, onSaved }: ChooseProps) {
  const [left, setLeft] = useState<readonly string[]>([])
  const [use, setUse] = useState(() => proposed(found))
  const [keepOthers, setKeepOthers] = useState(!simulated)
  const job = useJob()
  const chosen = found.filter(({ name }) => !left.includes(name))
  const save = async (): Promise<boolean> => {
    const gear = await fetched<Gear>('/api/config/parsed')
    const wanted = chosenGear(gear, { driver, linkOptions, chosen, use, keepOthers })
    const leaving = simulated ? siteLeaving(gear.site, demo?.site) : {}
    await post('/api/config/parsed', { ...gearChanges(gear, wanted), ...leaving })
    const { site } = await fetched<Gear>('/api/config/parsed')
    onSaved({ siteMissing: !!wanted.use.mount && (site?.latitude === undefined || site.longitude === undefined) })
    return true
  }
  return (
    <div class="stacked">
      {!found.length && (
        <p>Nothing was found there. Start the drivers of your devices on that server, then look again.</p>
      )}
      {found.length > 1 && <p class="dim">Found {found.length} devices. Take those that are yours to use.</p>}
      <ul class="switches">
        {found.map(({ name, ports }) => (
          <li key={name}>
            <Toggle
              label={name}
              on={!left.includes(name)}
              onToggle={on => setLeft(on ? left.filter(other => other !== name) : [...left, name])}
            >
              <small class="dim"> {portWords(ports.filter(port => port !== 'raw')) || 'nothing we know'}</small>
            </Toggle>
          </li>
        ))}
      </ul>
      {duties.map(({ port, use: duty, label }) => {
        const able = chosen.filter(({ ports }) => ports.includes(port))
        if (!able.length) return null
        return (
          <Choice
            key={duty}
            label={label}
            value={able.some(({ name }) => name === use[duty]) ? use[duty]! : ''}
            onValue={name => setUse({ ...use, [duty]: name || undefined })}
            options={[...able.map(({ name }) => ({ value: name, label: name })), { value: '', label: 'none of these' }]}
          />
        )
      })}
      {!simulated && <Toggle label="Keep the devices configured already" on={keepOthers} onToggle={setKeepOthers} />}
      {simulated && found.length > 0 && (
        <p class="dim">The simulated observatory makes room. You can go back to it here at any time.</p>
      )}
      <Said by={job} />
      <div class="row even">
        <button type="button" class="quiet" onClick={onBack}>
          Back
        </button>
        <Act
          job={job}
          kind="main"
          label="Save and use them"
          work={save}
          unless={!chosen.length && 'Take at least one device'}
        />
      </div>
    </div>
  )
}
