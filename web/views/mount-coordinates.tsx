// Slew or sync to numbers: right ascension and declination (J2000), or altitude and azimuth.
import { ask } from '../ask'
import { keptCell, useCell } from '../cell'
import { Act, Said, TwiceTapped, useJob, Why } from '../parts/act'
import { Choice, Field } from '../parts/fields'
import { declination, fromSexagesimal, rightAscension } from '../words'

const kept = keptCell('coordinates', { way: 'radec' as 'radec' | 'altaz', ra: '', dec: '', alt: '', az: '' })

interface Read {
  readonly value?: number
  readonly wrong?: string
}

function angle(words: string, name: string, least: number, most: number, unit: string): Read {
  if (!words.trim()) return { wrong: `${name} is missing` }
  const value = fromSexagesimal(words)
  if (value === undefined) return { wrong: `“${words}” is not ${name.toLowerCase()}: write 5 35 17 or 5.588` }
  return value < least || value > most ? { wrong: `${name} is from ${least} to ${most} ${unit}` } : { value }
}

export function Coordinates({ name, why }: { name: string | undefined; why: string | undefined }) {
  const form = useCell(kept)
  const job = useJob()
  const change = (fields: Partial<typeof form>): void => kept.set({ ...form, ...fields })
  const onSky = form.way === 'radec'
  const first = onSky ? angle(form.ra, 'Right ascension', 0, 24, 'h') : angle(form.alt, 'Altitude', -90, 90, '°')
  const second = onSky ? angle(form.dec, 'Declination', -90, 90, '°') : angle(form.az, 'Azimuth', 0, 360, '°')
  const wrong = first.wrong ?? second.wrong
  const empty = !(onSky ? form.ra + form.dec : form.alt + form.az).trim()
  const against = why ?? (empty ? undefined : wrong)
  const yet = empty && wrong
  const shown = (read: Read, words: string): string | undefined => (words.trim() ? read.wrong : undefined)
  return (
    <section class="card">
      <h2>Coordinates</h2>
      <Choice
        bare
        label="Kind of coordinates"
        value={form.way}
        onValue={next => change({ way: next })}
        options={[
          { value: 'radec', label: 'RA, Dec (J2000)' },
          { value: 'altaz', label: 'Altitude, azimuth' },
        ]}
      />
      {onSky ? (
        <div class="pair">
          <Field
            label="Right ascension"
            unit="h"
            value={form.ra}
            placeholder="5 35 17"
            wrong={shown(first, form.ra)}
            help={first.value === undefined ? undefined : rightAscension(first.value)}
            onValue={next => change({ ra: next })}
          />
          <Field
            label="Declination"
            unit="°"
            value={form.dec}
            placeholder="-5 23 28"
            wrong={shown(second, form.dec)}
            help={second.value === undefined ? undefined : declination(second.value)}
            onValue={next => change({ dec: next })}
          />
        </div>
      ) : (
        <div class="pair">
          <Field
            label="Altitude"
            unit="°"
            keys="decimal"
            value={form.alt}
            wrong={shown(first, form.alt)}
            placeholder="45"
            onValue={next => change({ alt: next })}
          />
          <Field
            label="Azimuth"
            unit="°"
            keys="decimal"
            value={form.az}
            wrong={shown(second, form.az)}
            placeholder="180"
            onValue={next => change({ az: next })}
          />
        </div>
      )}
      <Said by={job} />
      <div class="row even">
        <Act
          job={job}
          kind="main"
          label="Slew there"
          work={() =>
            ask(
              'mount-slew',
              onSky
                ? { mount: name, raHours: first.value, decDeg: second.value }
                : { mount: name, altDeg: first.value, azDeg: second.value },
            )
          }
          unless={against}
          yet={yet}
          told="there-why"
        />
        {onSky && (
          <TwiceTapped
            job={job}
            label="Sync there"
            again="Tap again: it stands exactly there"
            work={() => ask('mount-sync', { mount: name, raHours: first.value, decDeg: second.value })}
            unless={against}
            yet={yet}
            told="there-why"
          />
        )}
      </div>
      <Why id="there-why" words={against} />
    </section>
  )
}
