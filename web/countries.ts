// Countries by their English names and two letters (ISO 3166), as the browser knows them.

/** Regions that are no countries, yet have two letters. */
const unions = new Set(['EU', 'EZ', 'UN', 'QO', 'ZZ', 'XA', 'XB'])
const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']

export interface Country {
  readonly code: string
  readonly name: string
}

export function countries(): readonly Country[] {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const codes = letters.flatMap(first => letters.map(second => first + second)).filter(code => !unions.has(code))
  return codes.flatMap(code => {
    const name = names.of(code)
    return name ? [{ code, name }] : []
  })
}

/** Its English name, or the letters themselves. */
export function countryName(code: string): string {
  return new Intl.DisplayNames('en', { type: 'region', fallback: 'code' }).of(code) ?? code
}

/** At most `count` that somebody may mean who has typed so much. */
export function meant(typed: string, all: readonly Country[], count: number): readonly Country[] {
  const text = typed.trim().toLowerCase()
  if (!text) return []
  const same = all.filter(({ code, name }) => code.toLowerCase() === text || name.toLowerCase() === text)
  const like = all.filter(one => !same.includes(one) && one.name.toLowerCase().startsWith(text))
  return [...same, ...like].slice(0, count)
}

/** Of the languages that this device speaks, the first that names a country: `de-AT`. */
export function likelyCountry(): string {
  const region = navigator.languages.map(tag => /^[a-z]{2,3}-(?:[A-Z][a-z]{3}-)?([A-Z]{2})\b/.exec(tag)?.[1])
  return region.find(Boolean) ?? ''
}
