// What one can point at by name without any network: deep-sky objects, bright stars, the Moon and the planets.

import { deepSkyRows } from './catalogue-deep-sky.data.js'
import { constellationRows, starRows } from './catalogue-stars.data.js'
import { designationKey, foldWords, spacelessKey } from './catalogue-words.js'
import { constellationOf, type Site, type Wanderer, wandererMagnitude, wandererPlace } from './sky.js'

export type CatalogueKind =
  | 'galaxy'
  | 'galaxy cluster'
  | 'open cluster'
  | 'globular cluster'
  | 'cluster with nebula'
  | 'nebula'
  | 'emission nebula'
  | 'reflection nebula'
  | 'dark nebula'
  | 'planetary nebula'
  | 'supernova remnant'
  | 'star cloud'
  | 'asterism'
  | 'double star'
  | 'star'
  | 'planet'
  | 'moon'

/** One thing to point at. Positions are J2000. */
export interface CatalogueEntry {
  readonly id: string // 'M 42', 'NGC 7000', 'HIP 91262', 'jupiter'
  readonly name: string // what people call it, or its designation
  readonly type: CatalogueKind
  readonly raHours: number
  readonly decDeg: number
  readonly magnitude?: number
  readonly sizeArcmin?: number // the longer side
  readonly constellation?: string // three letters
  readonly also: readonly string[] // further designations and names
}

const kinds: Readonly<Record<string, CatalogueKind>> = {
  g: 'galaxy',
  gg: 'galaxy cluster',
  oc: 'open cluster',
  gc: 'globular cluster',
  cn: 'cluster with nebula',
  bn: 'nebula',
  en: 'emission nebula',
  rn: 'reflection nebula',
  dn: 'dark nebula',
  pn: 'planetary nebula',
  snr: 'supernova remnant',
  cloud: 'star cloud',
  asterism: 'asterism',
  double: 'double star',
}

const wanderers: readonly Wanderer[] = [
  'moon',
  'mercury',
  'venus',
  'mars',
  'jupiter',
  'saturn',
  'uranus',
  'neptune',
  'pluto',
]

const j2000Ms = Date.UTC(2000, 0, 1, 12)
const yearMs = 365.25 * 86_400_000

/** An entry with what `search` compares. A star keeps its place at epoch 2000 and how fast it goes. */
interface Listed {
  readonly entry: CatalogueEntry
  readonly keys: readonly string[] // designations, spaceless
  readonly names: readonly string[] // folded words
  readonly motion?: { readonly raMas: number; readonly decMas: number } // per year, RA times cos dec
}

interface Parsed {
  readonly deepSky: readonly CatalogueEntry[]
  readonly listed: readonly Listed[]
  readonly byKey: ReadonlyMap<string, Listed>
}

// The tables are text until somebody asks, and parsed once: an agent that never searches never pays for them.
let parsed: Parsed | undefined

/**
 * Finds objects by designation in any spelling (`m42`, `NGC 7000`, `alpha lyr`, `HIP 91262`) or by name (`andromeda`,
 * `vega`, `jupiter`), best match first, brighter before fainter.
 * @param text what was typed; nothing in, nothing out
 * @param atMs Unix time for the Moon, the planets and the stars' own motion
 * @param limit at most so many
 * @param site from where the Moon is seen; without it, from the centre of the Earth (up to a degree off)
 */
export function search(text: string, atMs: number, limit = 20, site?: Site): CatalogueEntry[] {
  const words = foldWords(text)
  if (words === '') return []
  const key = designationKey(text)
  const spaceless = spacelessKey(words)
  const query = { words: words.split(' '), phrase: words, spaceless, key, number: /^\d+$/.test(spaceless) }
  const found: { rank: number; brightness: number; place: number; take: () => CatalogueEntry }[] = []
  const { listed } = tables()
  for (let place = 0; place < listed.length; place++) {
    const rank = rankOf(listed[place], query)
    if (rank === undefined) continue
    const one = listed[place]
    found.push({ rank, brightness: one.entry.magnitude ?? 99, place, take: () => movedTo(one, atMs) })
  }
  for (const body of wanderers) {
    const rank = nameRank(body, query)
    if (rank !== undefined)
      found.push({ rank, brightness: -99, place: -1, take: () => wandererEntry(body, atMs, site) })
  }
  found.sort((a, b) => a.rank - b.rank || a.brightness - b.brightness || a.place - b.place)
  return found.slice(0, Math.max(0, limit)).map(one => one.take())
}

/** The one object of that designation or exact name, or undefined. `id` of any entry finds it again. */
export function catalogueEntry(id: string, atMs: number, site?: Site): CatalogueEntry | undefined {
  const body = wanderers.find(name => name === foldWords(id))
  if (body) return wandererEntry(body, atMs, site)
  const one = tables().byKey.get(designationKey(id) ?? spacelessKey(foldWords(id)))
  return one ? movedTo(one, atMs) : undefined
}

/**
 * Every deep-sky object: Messier first, then NGC, IC and the rest, by number. Moon, planets and stars come by `search`.
 */
export function catalogueList(): readonly CatalogueEntry[] {
  return tables().deepSky
}

interface Query {
  readonly words: readonly string[]
  readonly phrase: string
  readonly spaceless: string
  readonly key: string | undefined
  readonly number: boolean
}

/** 0 is what was typed, larger is further away; undefined is no match. */
function rankOf(one: Listed, query: Query): number | undefined {
  if (query.key !== undefined) {
    if (one.keys.includes(query.key)) return 0
    // While a number is being typed, `NGC 70` goes on to `NGC 700`; but it is not looked for inside names.
    return one.keys.some(key => key.startsWith(query.key as string)) ? 5 : undefined
  }
  if (one.keys.includes(query.spaceless)) return 0
  // A bare number is a Messier, NGC or IC number, in this order.
  if (query.number) {
    const way = ['m', 'ngc', 'ic'].findIndex(prefix => one.keys.includes(prefix + query.spaceless))
    return way < 0 ? undefined : 1 + way
  }
  let best: number | undefined
  for (const name of one.names) {
    const rank = nameRank(name, query)
    if (rank !== undefined && (best === undefined || rank < best)) best = rank
  }
  return best
}

function nameRank(name: string, query: Query): number | undefined {
  if (name === query.phrase || spacelessKey(name) === query.spaceless) return 0
  if (name.startsWith(`${query.phrase} `)) return 1
  if (name.startsWith(query.phrase)) return 2
  const parts = name.split(' ')
  if (query.words.every(word => parts.includes(word))) return 3
  return query.words.every(word => parts.some(part => part.startsWith(word))) ? 4 : undefined
}

function tables(): Parsed {
  parsed ??= parse()
  return parsed
}

function parse(): Parsed {
  const listed: Listed[] = deepSkyRows.split('\n').map(deepSkyFrom)
  const deepSky = listed.map(one => one.entry)
  const genitives = new Map(constellationRows.split('\n').map(row => [row.slice(0, 3), row.split('\t')[2]] as const))
  for (const row of starRows.split('\n')) listed.push(starFrom(row, genitives))
  const byKey = new Map<string, Listed>()
  // Designations go before names, and what stands earlier in the list (brighter, for stars) keeps a name that two
  // share.
  for (const one of listed) for (const key of one.keys) if (!byKey.has(key)) byKey.set(key, one)
  for (const one of listed)
    for (const name of one.names) {
      const key = spacelessKey(name)
      if (!byKey.has(key)) byKey.set(key, one)
    }
  return { deepSky, listed, byKey }
}

const split = (cell: string) => (cell === '' ? [] : cell.split(';'))
const maybe = (cell: string | undefined) => (cell === undefined || cell === '' ? undefined : Number(cell))

function deepSkyFrom(row: string): Listed {
  const [id, kind, ra, dec, constellation, magnitude, size, designations, names] = row.split('\t')
  const otherIds = split(designations)
  const called = split(names)
  const entry = {
    id,
    name: called[0] ?? id,
    type: kinds[kind],
    raHours: Number(ra) / 15,
    decDeg: Number(dec),
    magnitude: maybe(magnitude),
    sizeArcmin: maybe(size),
    constellation,
    also: [...otherIds, ...called.slice(1)],
  }
  const keys = [id, ...otherIds].map(keyOfListed)
  return { entry, keys, names: called.map(foldWords) }
}

/** The tables spell designations one way, so nearly all of them need no folding. */
function keyOfListed(id: string): string {
  return /^[A-Za-z0-9 ]+$/.test(id) ? spacelessKey(id.toLowerCase()) : spacelessKey(foldWords(id))
}

function starFrom(row: string, genitives: ReadonlyMap<string, string>): Listed {
  const [hip, ra, dec, constellation, magnitude, bayer, flamsteed, hd, name, raMas, decMas] = row.split('\t')
  const id = `HIP ${hip}`
  const letters = bayer ? `${bayer} ${constellation}` : undefined
  const number = flamsteed ? `${flamsteed} ${constellation}` : undefined
  const otherIds = [letters, number, hd ? `HD ${hd}` : undefined].filter(text => text !== undefined)
  const shown = name || letters || number || id
  const genitive = genitives.get(constellation) ?? constellation
  const names = [name, letters, number].filter(text => text !== undefined && text !== '') as string[]
  if (bayer) names.push(`${bayer} ${genitive}`)
  if (flamsteed) names.push(`${flamsteed} ${genitive}`)
  const entry = {
    id,
    name: shown,
    type: 'star' as const,
    raHours: Number(ra) / 15,
    decDeg: Number(dec),
    magnitude: maybe(magnitude),
    constellation,
    also: otherIds.filter(text => text !== shown),
  }
  const keys = [`hip${hip}`, ...(hd ? [`hd${hd}`] : [])]
  const motion = raMas && decMas ? { raMas: Number(raMas), decMas: Number(decMas) } : undefined
  return { entry, keys, names: names.map(foldWords), motion }
}

/**
 * Straight-line motion from epoch 2000: within 0.1″ over a century for every star that has one here, poles excepted.
 */
function movedTo({ entry, motion }: Listed, atMs: number): CatalogueEntry {
  if (!motion) return entry
  const years = (atMs - j2000Ms) / yearMs
  const raDeg = (motion.raMas * years) / 3.6e6 / Math.cos((entry.decDeg * Math.PI) / 180)
  return {
    ...entry,
    raHours: (entry.raHours + raDeg / 15 + 24) % 24,
    decDeg: entry.decDeg + (motion.decMas * years) / 3.6e6,
  }
}

function wandererEntry(body: Wanderer, atMs: number, site?: Site): CatalogueEntry {
  const { raHours, decDeg } = wandererPlace(body, atMs, site)
  return {
    id: body,
    name: body[0].toUpperCase() + body.slice(1),
    type: body === 'moon' ? 'moon' : 'planet',
    raHours,
    decDeg,
    magnitude: Math.round(wandererMagnitude(body, atMs) * 10) / 10,
    constellation: constellationOf({ raHours, decDeg }),
    also: [],
  }
}
