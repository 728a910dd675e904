// Towns by name without any network: where a pier stands, to a kilometre or two.

/** A town's middle. */
export interface Town {
  readonly name: string
  readonly country: string // ISO 3166, two letters
  readonly latitudeDeg: number // north positive
  readonly longitudeDeg: number // east positive
  readonly elevationMetres?: number
}

export type TownSearch = (text: string, limit?: number) => Promise<Town[]>

interface Row {
  readonly line: string
  /** `|zurich|zuerich|`: every spelling of every name. */
  readonly keys: string
}

/**
 * Finds towns by their whole name, then by the beginning of it, or of a later word of it: with or without accents,
 * `Zuerich` like `Zürich`, and with the country behind a comma (`Rome, IT`). At most `limit` (8), of each kind the
 * largest first.
 */
export function townSearch(): TownSearch {
  // Megabytes that most never ask for: made at the first question.
  let known: Promise<readonly Row[]> | undefined
  return async (text, limit = 8) => {
    const [first, ...rest] = text.split(',')
    const wanted = folded(first)
    const country = rest.join(' ').trim().toUpperCase()
    if (wanted.length < 2) return []
    const whole: Town[] = []
    const begun: Town[] = []
    const within: Town[] = []
    known ??= readRows()
    for (const { line, keys } of await known) {
      if (!keys.includes(wanted)) continue
      const columns = line.split('|')
      if (!columns[1].startsWith(country)) continue
      if (keys.includes(`|${wanted}|`)) whole.push(townOf(columns))
      else if (begun.length < limit && keys.includes(`|${wanted}`)) begun.push(townOf(columns))
      else if (within.length < limit && keys.includes(` ${wanted}`)) within.push(townOf(columns))
    }
    return [...whole, ...begun, ...within].slice(0, Math.max(0, limit))
  }
}

async function readRows(): Promise<readonly Row[]> {
  const { towns } = await import('./towns.data.js')
  return towns
    .trim()
    .split('\n')
    .map(line => {
      const [name, , , , , ...others] = line.split('|')
      return { line, keys: `|${[name, ...others].flatMap(spellings).join('|')}|` }
    })
}

function townOf([name, country, latitude, longitude, height]: readonly string[]): Town {
  return {
    name,
    country,
    latitudeDeg: Number(latitude),
    longitudeDeg: Number(longitude),
    ...(height === '' ? {} : { elevationMetres: Number(height) }),
  }
}

/** Letters that Unicode does not take apart into a plain one and its accent. */
const plain: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', æ: 'ae', œ: 'oe', ı: 'i', þ: 'th', ħ: 'h', ə: 'e' },
}
const written: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' }

/** A name as it is compared: small letters without accents, one space between words. */
function folded(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9 ]/g, letter => plain[letter] ?? (/\p{L}/u.test(letter) ? letter : ' '))
    .replace(/ +/g, ' ')
    .trim()
}

/** With accents left away, and as typewriters without them write it. */
function spellings(name: string): string[] {
  // Most names need no more, and there are many.
  if (/^[A-Za-z ]*$/.test(name)) return [name.toLowerCase()]
  const small = name.toLowerCase().normalize('NFC')
  const spelt = small.replace(/[äöüåø]/g, letter => written[letter])
  return spelt === small ? [folded(small)] : [folded(small), folded(spelt)]
}
