// pierside.txt, the file on the card in which an owner says beforehand what set-up would ask: read forgivingly, every
// complaint with its line, and written anew without the secrets that were taken from it.
import { nearest } from '../ports/nearest.js'
import { sshKey } from '../rules/ssh-key.js'
import { countryOf, isTimeZone, wrongNetworkName, wrongPassphrase } from '../rules/wifi-words.js'
import { readDegrees, readMetres, readPosition } from '../science/geographic-position.js'
import { ScienceError } from '../science/science-error.js'

export interface KnownNetwork {
  readonly name: string
  /** Absent: an open network, unless it was taken. */
  readonly password?: string
  /** Its password was taken from the file before. */
  readonly taken?: true
}

/** What the owner wishes; what stands nowhere in the file is absent. */
export interface BootWishes {
  readonly networks: readonly KnownNetwork[]
  /** Whole lines, as OpenSSH has them. */
  readonly sshKeys: readonly string[]
  /** Two capital letters. */
  readonly country?: string
  readonly hostname?: string
  readonly timeZone?: string
  readonly hotspotPassphrase?: string
  /** Digits that pair one phone as administrator. */
  readonly pairingCode?: string
  readonly siteName?: string
  readonly latitudeDeg?: number
  readonly longitudeDeg?: number
  readonly elevationMetres?: number
}

export interface BootComplaint {
  /** From 1. */
  readonly line: number
  readonly words: string
}

export interface BootFile {
  readonly wishes: BootWishes
  readonly complaints: readonly BootComplaint[]
  /** The file as it is to be written back; undefined when no secret was taken from it. */
  readonly without?: string
}

/** Stands in place of a secret that was taken; too short to be one. */
const takenMark = '(taken)'

/** A card is anybody's: what is longer is no such file. */
const mostCharacters = 65_536
const mostComplaints = 50
const mostNetworks = 16
const mostKeys = 16

type Draft = { -readonly [K in keyof BootWishes]: BootWishes[K] } & { networks: KnownNetwork[]; sshKeys: string[] }

/** Takes a value into the draft, or says what is wrong with it. */
interface Row {
  readonly secret?: true
  readonly take: (value: string, draft: Draft) => string | undefined
  /** The secret was taken before. */
  readonly again?: (draft: Draft) => void
}

const rows: Readonly<Record<string, Row>> = {
  wifi: { take: (name, draft) => wrongNetworkName(name) ?? add(draft.networks, { name }, mostNetworks) },
  'wifi-password': { secret: true, take: takePassword, again: draft => change(draft.networks, { taken: true }) },
  country: { take: (value, draft) => put(draft, 'country', countryOf(value), 'is no country; write two letters: AT') },
  hostname: { take: takeHostname },
  'time-zone': {
    take: (value, draft) =>
      put(draft, 'timeZone', isTimeZone(value) ? value : undefined, `is no time zone; ${zoneLike(value)}`),
  },
  'hotspot-passphrase': {
    secret: true,
    take: (value, draft) => wrongPassphrase(value) ?? put(draft, 'hotspotPassphrase', value),
  },
  'pairing-code': { secret: true, take: takeCode },
  'ssh-key': {
    take(value, draft) {
      const key = sshKey(value)
      return key ? add(draft.sshKeys, key, mostKeys) : 'is no public SSH key; it begins with ssh-ed25519 or ssh-rsa'
    },
  },
  'site-name': {
    take: (value, draft) => put(draft, 'siteName', value.length <= 60 ? value : undefined, 'is longer than 60'),
  },
  position: { take: takePosition },
  // A line may be the link itself, which its colon makes look like a key.
  geo: { take: (value, draft) => takePosition(`geo:${value}`, draft) },
  latitude: {
    take: (value, draft) =>
      put(
        draft,
        'latitudeDeg',
        understood(() => readDegrees(value, 'latitude')),
        'is no latitude; write it like 46.5',
      ),
  },
  longitude: {
    take: (value, draft) =>
      put(
        draft,
        'longitudeDeg',
        understood(() => readDegrees(value, 'longitude')),
        'is no longitude; write it like 8.02',
      ),
  },
  elevation: {
    take: (value, draft) =>
      put(
        draft,
        'elevationMetres',
        understood(() => readMetres(value)),
        'is no height in metres, -500 to 9000',
      ),
  },
}

/** What people write as well. */
const alsoCalled: Readonly<Record<string, string>> = {
  ...{ ssid: 'wifi', 'wi-fi': 'wifi', wlan: 'wifi', 'wifi-name': 'wifi', 'wifi-ssid': 'wifi', network: 'wifi' },
  ...{
    psk: 'wifi-password',
    password: 'wifi-password',
    'wi-fi-password': 'wifi-password',
    'wifi-psk': 'wifi-password',
  },
  ...{ timezone: 'time-zone', tz: 'time-zone', 'host-name': 'hostname', name: 'site-name', site: 'site-name' },
  ...{ passphrase: 'hotspot-passphrase', 'hotspot-password': 'hotspot-passphrase', code: 'pairing-code' },
  ...{ lat: 'latitude', lon: 'longitude', long: 'longitude', altitude: 'elevation', height: 'elevation' },
  ...{ location: 'position', 'ssh-public-key': 'ssh-key' },
}

/** @param bytes the file as it lies on the card */
export function readBootFile(bytes: Uint8Array): BootFile {
  const text = decoded(bytes)
  const draft: Draft = { networks: [], sshKeys: [] }
  const complaints: BootComplaint[] = []
  const complain = (line: number, words: string) => {
    if (complaints.length < mostComplaints) complaints.push({ line, words })
  }
  if (text.length > mostCharacters) {
    return { wishes: draft, complaints: [{ line: 1, words: 'the file is longer than 64 kB; nothing of it is read' }] }
  }
  let taken = 0
  // Whatever ends a line in it (CRLF, LF, the CR of old Macs) stays as it is.
  const pieces = text.split(/(\r\n|\n|\r)/)
  for (let at = 0; at < pieces.length; at += 2) {
    const line = at / 2 + 1
    const found = readLine(pieces[at])
    if (found === undefined) continue
    const { key, value } = found
    const row = Object.hasOwn(rows, key) ? rows[key] : undefined
    if (value === undefined) complain(line, withoutValue(key))
    else if (!row)
      complain(line, `“${shown(key)}” is not a key here; did you mean “${nearest(key, Object.keys(rows))}”?`)
    else if (value === '') continue
    else if (row.secret && value === takenMark) row.again?.(draft)
    else {
      const wrong = row.take(value, draft)
      if (wrong) complain(line, row.secret ? `${key} ${wrong}` : `${key}: “${shown(value)}” ${wrong}`)
      else if (row.secret) {
        pieces[at] = `${key} = ${takenMark}`
        taken++
      }
    }
  }
  return { wishes: draft, complaints, without: taken > 0 ? pieces.join('') : undefined }
}

/** Complaints as a file beside it, in the line ends that Windows wants; undefined when there are none. */
export function saidOf({ complaints }: Pick<BootFile, 'complaints'>): string | undefined {
  if (complaints.length === 0) return undefined
  const lines = complaints.map(({ line, words }) => `line ${line}: ${words}`)
  return ['Not everything in pierside.txt was understood. The rest of it counts.', '', ...lines, ''].join('\r\n')
}

function decoded(bytes: Uint8Array): string {
  // "Unicode" in the editor of older Windows.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Written by an editor that knows no UTF-8.
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** Undefined for an empty line or a comment; no value for one that says none. */
function readLine(line: string): { key: string; value?: string } | undefined {
  const plain = bare(line.replaceAll('\0', ''))
  if (plain === '' || /^[#;]|^\/\//.test(plain)) return undefined
  const found = /^([^=:]*)[=:](.*)$/s.exec(plain)
  const key = bare(found ? found[1] : plain)
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
  const known = Object.hasOwn(alsoCalled, key) ? alsoCalled[key] : key
  return found ? { key: known, value: unquoted(bare(found[2])) } : { key: known }
}

/** Without what editors leave around it: spaces of any width, the mark at the beginning of a file. */
const bare = (text: string) => text.replace(/^[\s\u200b\ufeff]+|[\s\u200b\ufeff]+$/g, '')

const quotes: readonly (readonly [string, string])[] = [
  ...([
    ['"', '"'],
    ["'", "'"],
    ['“', '”'],
    ['„', '“'],
    ['‘', '’'],
    ['«', '»'],
  ] as const),
]

function unquoted(value: string): string {
  const pair = quotes.find(([open, close]) => value.length >= 2 && value.startsWith(open) && value.endsWith(close))
  return pair ? value.slice(1, -1) : value
}

/** What stands on such a line may be a password, or half of a private key: no more of it is told than a known key. */
function withoutValue(key: string): string {
  const known = [...Object.keys(rows), ...Object.keys(alsoCalled)].filter(one => `${key}-`.startsWith(`${one}-`))
  const longest = known.sort((a, b) => b.length - a.length).at(0)
  return longest ? `“${longest}” has no = and no value behind it` : 'there is no = here: a line is a key, = and a value'
}

/** Enough of it to be found again. */
const shown = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

function put<K extends keyof Draft>(draft: Draft, key: K, value: Draft[K] | undefined, wrong = ''): string | undefined {
  if (value === undefined) return wrong
  draft[key] = value
  return undefined
}

function add<T>(list: T[], one: T, most: number): string | undefined {
  if (list.length >= most) return `is one too many; ${most} will do`
  list.push(one)
  return undefined
}

/** The last one gets these fields as well. */
function change(list: KnownNetwork[], fields: Partial<KnownNetwork>): void {
  const last = list.pop()
  if (last) list.push({ ...last, ...fields })
}

function takePassword(password: string, draft: Draft): string | undefined {
  if (draft.networks.length === 0) return 'stands before the wifi it is for; write that one line above it'
  // 64 hexadecimal digits are the key itself.
  const wrong = /^[0-9a-f]{64}$/i.test(password) ? undefined : wrongPassphrase(password)
  if (!wrong) change(draft.networks, { password })
  return wrong
}

function takeHostname(value: string, draft: Draft): string | undefined {
  const name = value.toLowerCase().replace(/\.local$/, '')
  const fits = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && name !== 'localhost'
  return put(draft, 'hostname', fits ? name : undefined, 'is no host name; it has a–z, 0–9 and - only')
}

function takeCode(value: string, draft: Draft): string | undefined {
  const digits = value.replace(/[\s-]/g, '')
  return put(draft, 'pairingCode', /^\d{8,16}$/.test(digits) ? digits : undefined, 'is no code; it has 8 to 16 digits')
}

/** Undefined for what cannot be read as such. */
function understood<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ScienceError) return undefined
    throw error
  }
}

function takePosition(value: string, draft: Draft): string | undefined {
  const place = understood(() => readPosition(value))
  if (!place) return 'is no position; write it like 46.5, 8.02 or geo:46.5,8.02,1200'
  draft.latitudeDeg = place.latitudeDeg
  draft.longitudeDeg = place.longitudeDeg
  if (place.elevationMetres !== undefined) draft.elevationMetres = place.elevationMetres
  return undefined
}

const zoneLike = (value: string) => `did you mean “${nearest(value, Intl.supportedValuesOf('timeZone'))}”?`
