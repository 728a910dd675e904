// A country, by its name or two letters; what may be meant is offered.
import { type Country, countries, meant } from '../countries'
import { Field } from './fields'

const all = countries()

/** The country that these words mean, once they mean one. */
export function countryOf(words: string): Country | undefined {
  const text = words.trim().toLowerCase()
  return meant(words, all, 4).find(one => [one.code, one.name].some(name => name.toLowerCase() === text))
}

interface CountryFieldProps {
  readonly value: string
  readonly onValue: (words: string) => void
  readonly placeholder?: string
}

export function CountryField({ value, onValue, placeholder }: CountryFieldProps) {
  const chosen = countryOf(value)
  const offered = chosen ? [] : meant(value, all, 4)
  return (
    <>
      <Field
        label="Country"
        value={value}
        onValue={onValue}
        placeholder={placeholder}
        wrong={chosen || !value.trim() ? undefined : 'Choose one below, or write its two letters'}
        help="Its laws say which Wi-Fi channels may be used."
      />
      {offered.length > 0 && (
        <div class="chips">
          {offered.map(one => (
            <button key={one.code} type="button" onClick={() => onValue(one.name)}>
              {one.name}
            </button>
          ))}
        </div>
      )}
    </>
  )
}
