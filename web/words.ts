// Numbers and times as people at a pier read them: local time, units always, astronomers' sexagesimal.

const two = (value: number): string => String(value).padStart(2, '0')

/** `Rotator east`; one that is called as what it is needs no second name. */
export function titled(what: string, name: string): string {
  return what.toLowerCase().split(' ').includes(name.toLowerCase()) ? what : `${what} ${name}`
}

/** `1 frame`, `20 frames`. */
export const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`

/** `22:04` in this device's local time. */
export function clockTime(ms: number): string {
  const at = new Date(ms)
  return `${two(at.getHours())}:${two(at.getMinutes())}`
}

/** `22:04:31` in this device's local time. */
export function clockSeconds(ms: number): string {
  return `${clockTime(ms)}:${two(new Date(ms).getSeconds())}`
}

/** `20 Nov, 22:04` where the day matters. */
export function dayTime(ms: number): string {
  const at = new Date(ms)
  return `${at.getDate()} ${at.toLocaleString('en', { month: 'short' })}, ${clockTime(ms)}`
}

/** `Fri 20 Nov 2026` of a night's name `2026-11-20`, the evening it began. */
export function nightName(night: string): string {
  const at = new Date(`${night}T12:00:00`)
  if (Number.isNaN(at.getTime())) return night
  return at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds)
  if (s < 10) return `${s.toFixed(1)} s`
  if (s < 60) return `${Math.round(s)} s`
  const whole = Math.round(s)
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} days`
}

/** `2.6 MB`, `212 GB`; decimal, as cards are sold. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** Fixed decimals with a real minus, or an en dash where there is no number. */
export function fixed(value: number | undefined, decimals: number): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  const text = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(text) > 0 ? `−${text}` : text
}

/** `80 930`, with a thin space between thousands. */
export function whole(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

function sixty(value: number, decimals: number): [number, number, string] {
  const scale = 10 ** decimals
  const ticks = Math.round(Math.abs(value) * 3600 * scale)
  const seconds = (ticks % (60 * scale)) / scale
  return [
    Math.floor(ticks / (3600 * scale)),
    Math.floor(ticks / (60 * scale)) % 60,
    seconds.toFixed(decimals).padStart(decimals ? 3 + decimals : 2, '0'),
  ]
}

/** `5h 35m 16.8s` */
export function rightAscension(hours: number | undefined): string {
  if (hours === undefined || !Number.isFinite(hours)) return '–'
  const [h, m, s] = sixty(((hours % 24) + 24) % 24, 1)
  return `${h % 24}h ${two(m)}m ${s}s`
}

/** `−5° 23′ 28″` */
export function declination(deg: number | undefined): string {
  if (deg === undefined || !Number.isFinite(deg)) return '–'
  const [d, m, s] = sixty(deg, 0)
  return `${deg < 0 ? '−' : '+'}${d}° ${two(m)}′ ${s}″`
}

/**
 * Reads `5 35 16.8`, `5h35m16.8s`, `-05:23:28`, `83.8`: hours or degrees, as the field wants.
 * @returns `undefined` where that is not such a number
 */
export function fromSexagesimal(words: string): number | undefined {
  const text = words.trim().replace(/[−–]/g, '-').replace(/,/g, '.')
  if (!/^[-+]?\d+(\.\d+)?([\s:hmd°'′"″s]+\d+(\.\d+)?){0,2}[\s"″s'′m°dh]*$/i.test(text)) return undefined
  const [big, middle = 0, small = 0] = text
    .replace(/^[-+]/, '')
    .match(/\d+(\.\d+)?/g)!
    .map(Number)
  if (middle >= 60 || small >= 60) return undefined
  const value = big + middle / 60 + small / 3600
  return text.startsWith('-') ? -value : value
}

const compassPoints = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW']

/** `162° S` */
export function azimuth(deg: number | undefined): string {
  if (deg === undefined || !Number.isFinite(deg)) return '–'
  return `${Math.round(deg)}° ${compassPoints[Math.round(deg / 45) % 8]}`
}

/** `few-stars` → `few stars` */
export const spoken = (code: string): string => code.replace(/[-_]/g, ' ')

/** What the box calls by the name of an action, in an owner's words. */
const deeds: Readonly<Record<string, string>> = {
  'camera-expose': 'exposure',
  'camera-cool': 'cooling',
  'stack-start': 'live stack',
  'calibration-take': 'calibration series',
  'calibration-make': 'making of a master',
  'focus-start': 'focus loop',
  'focuser-move': 'move of the focuser',
  'wheel-select': 'turn of the filter wheel',
  'rotator-move': 'turn of the camera',
  'dome-open': 'opening of the roof',
  'dome-close': 'closing of the roof',
  'cover-open': 'opening of the cover',
  'cover-close': 'closing of the cover',
  'mount-slew': 'slew',
  'mount-park': 'parking',
  'mount-unpark': 'unparking',
  'mount-nudge': 'move by arrows',
  'mount-move': 'move by arrows',
  'mount-sync': 'sync',
  'config-save': 'change of the settings',
  'config-merge': 'change of the settings',
  'link-look': 'look for devices',
}
const namedDeeds = new RegExp(`\\b(${Object.keys(deeds).join('|')})\\b(?!-)`, 'g')

/** `camera-expose (Linux)` → `exposure by Linux` */
export function holderWords(holder: string): string {
  const [, action, who] = /^(\S+) \((.*)\)$/.exec(holder) ?? []
  return action ? `${deeds[action] ?? spoken(action)} by ${who}` : holder
}

/** The box's words as a sentence; programs keep their own spelling. */
export function sentence(words: string): string {
  const trimmed = words.trim().replace(namedDeeds, name => `the ${deeds[name]}`)
  const begun = /^(ffmpeg|indiserver|mosquitto)/.test(trimmed)
    ? trimmed
    : trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}

const portNames: Readonly<Record<string, string>> = {
  wheel: 'filter wheel',
  dome: 'roof or dome',
  cover: 'cover or light panel',
  gps: 'GPS',
  safety: 'safety monitor',
  video: 'video',
  station: 'weather and sensors',
  guidePort: 'guide port',
}

/** What a box is, in an owner's words. */
export const portWords = (ports: readonly string[]): string => ports.map(port => portNames[port] ?? port).join(', ')

/** `0.9823` → `98 %` */
export const percent = (part: number | undefined, decimals: number): string =>
  part === undefined ? '–' : `${fixed(100 * part, decimals)} %`

const combinations: Readonly<Record<string, string>> = { mean: 'mean', sum: 'sum', reject: 'mean without outliers' }

/** How frames become one, as the state, the order or the configuration says it. */
export function combinationWords(of: {
  readonly combine?: unknown
  readonly kappa?: unknown
  readonly kernel?: unknown
}): string {
  const way = of.combine === undefined ? '' : (combinations[String(of.combine)] ?? String(of.combine))
  const beyond = of.combine === 'reject' && of.kappa !== undefined ? `${way} beyond ${of.kappa} σ` : way
  return [beyond, of.kernel === undefined ? '' : of.kernel === 'cubic' ? 'sharp' : String(of.kernel)]
    .filter(Boolean)
    .join(', ')
}
