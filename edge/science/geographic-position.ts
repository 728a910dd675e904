// Where something stands on the Earth, as people write it, paste it and share it: degrees, sixtieths, addresses of
// maps.
import { ScienceError } from './science-error.js'

/** WGS 84. */
export interface GeographicPosition {
  readonly latitudeDeg: number // north positive, −90 … 90
  readonly longitudeDeg: number // east positive, −180 … 180
  readonly elevationMetres?: number
}

/**
 * Reads a position: `48.8567, 2.3508`, `48,8567 2,3508`, `48°51'24"N 2°21'03"E`, `48:51:24 2:21:03`,
 * `N48 51.4 E2 21.05`, `geo:48.8567,2.3508,35` (RFC 5870), or the address of a map that carries its coordinates.
 * Latitude comes first unless letters say otherwise.
 * @throws ScienceError naming what is wrong with it
 */
export function readPosition(text: string): GeographicPosition {
  const trimmed = text.trim()
  if (/^geo:/i.test(trimmed)) return readGeoUri(trimmed)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) return readMapAddress(trimmed)
  const { place, height } = heightApart(trimmed)
  return { ...readWords(place), ...(height === undefined ? {} : { elevationMetres: height }) }
}

/** A third part, behind latitude and longitude, is the height: `46.5, 8.02, 1200 m`. */
function heightApart(text: string): { place: string; height?: number } {
  const parts = text.split(text.includes(';') ? /\s*;\s*/ : /,\s+/)
  const three = parts.length === 1 && /^[^,\s]+\.[^,\s]+,[^,\s]+,[^,\s]+$/.test(text) ? text.split(',') : parts
  if (three.length !== 3) return { place: text }
  return { place: `${three[0]}; ${three[1]}`, height: readMetres(three[2]) }
}

/**
 * Height above the sea, metres: `1200`, `1200 m`, `950,5`.
 * @throws ScienceError for what is none, or lies below -500 or above 9000
 */
export function readMetres(text: string): number {
  const found = /^([+-]?\d+(?:[.,]\d+)?)\s*m?$/i.exec(text.trim().replace(/[−–—]/g, '-'))
  const metres = found ? Number(found[1].replace(',', '.')) : Number.NaN
  if (isHeight(metres)) return metres
  throw new ScienceError(`"${text}" is no height in metres, -500 to 9000`)
}

/** Of a place that a pier may stand at, and a slip of the keyboard beyond. */
export const isHeight = (metres: number) => metres >= -500 && metres <= 9000

/**
 * One angle of a place, degrees, north and east positive: `46.5`, `-46,5`, `46° 30' 12" N`, `W 8 30`.
 * @throws ScienceError for what is none, or is one of the other axis
 */
export function readDegrees(text: string, axis: 'latitude' | 'longitude'): number {
  const angle = readAngle(decimalPoints(plainly(text.trim())), text)
  if (angle.axis !== undefined && angle.axis !== axis) throw new ScienceError(`"${text}" is no ${axis}`)
  const { latitudeDeg, longitudeDeg } = axis === 'latitude' ? checked(angle.degrees, 0) : checked(0, angle.degrees)
  return axis === 'latitude' ? latitudeDeg : longitudeDeg
}

/** RFC 5870 §3.3: `geo:lat,lon[,alt][;crs=wgs84][;u=…]`; phones write the place behind `?q=` when they mean a pin. */
function readGeoUri(text: string): GeographicPosition {
  const [path, query = ''] = text.slice('geo:'.length).split('?', 2)
  const [coordinates, ...parameters] = path.split(';')
  const system = parameters.map(one => /^crs=(.*)$/i.exec(one)?.[1]).find(one => one !== undefined)
  if (system !== undefined && system.toLowerCase() !== 'wgs84')
    throw new ScienceError(`"${text}" counts in ${system}; only WGS 84 can be read`)
  const pin = /(?:^|&)q=([^&]*)/.exec(query)?.[1]
  const parts = (pin === undefined ? coordinates : decoded(pin).replace(/\(.*$/, '')).split(',')
  if (parts.length < 2 || parts.length > 3 || !parts.every(part => plainNumber.test(part.trim())))
    throw unreadable(text)
  const [latitude, longitude, height] = parts.map(Number)
  return checked(latitude, longitude, height)
}

const plainNumber = /^[+-]?\d+(?:\.\d+)?$/
const pair = String.raw`([+-]?\d+(?:\.\d+)?)`
/** What map services put into their addresses, the pin before the middle of the view. */
const mapShapes: readonly RegExp[] = [
  new RegExp(`!3d${pair}!4d${pair}`),
  new RegExp(`[?&#]m?lat(?:itude)?=${pair}&m?lon(?:gitude)?=${pair}`),
  new RegExp(`[?&](?:q|query|ll|sll|coordinate|destination|daddr|cp)=(?:loc:)?${pair}[,~ +]+${pair}`),
  new RegExp(`/@${pair},${pair}`),
  new RegExp(String.raw`#map=[\d.]+/${pair}/${pair}`),
  new RegExp(`/(?:place|search)/${pair},[+ ]*${pair}`),
]

function readMapAddress(text: string): GeographicPosition {
  const address = decoded(text)
  for (const shape of mapShapes) {
    const found = shape.exec(address)
    if (found) return checked(Number(found[1]), Number(found[2]))
  }
  throw new ScienceError('the address carries no coordinates; open it, and copy the numbers that the map shows')
}

/** Text that is no lawful percent-encoding is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

const points: Readonly<Record<string, string>> = { north: 'n', south: 's', east: 'e', west: 'w' }

/** With one sign for each mark, whatever a keyboard or a word processor made of it. */
const plainly = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[−–—]/g, '-')
    .replace(/[′’‘ʹ´`]/g, "'")
    .replace(/[″”“ʺ]|''/g, '"')
    .replace(/[º˚]/g, '°')
    .replace(/\b(north|south|east|west)\b/g, word => points[word])
    // ISO 6709 ends with a slash, and writes both numbers with their signs and nothing between.
    .replace(/\/$/, '')
    .replace(/(\d)\s*d(?![a-z])/g, '$1°')
    .replace(/(\d)\s*m\s*([\d.]+)\s*s(?=[nsew]?(?:\W|$))/g, '$1\'$2"')
    .replace(/(\d)\s*m(?![a-z])/g, "$1'")
    .replace(/^([+-][\d.]+)([+-][\d.]+)$/, '$1 $2')

function readWords(text: string): GeographicPosition {
  const plain = plainly(text)
  if (/\d\s*[°'"]?\s*o\b|\bo\s*\d/.test(plain))
    throw new ScienceError(`"${text}": O is east in German and west in French; write E or W`)
  const found: GeographicPosition[] = []
  let wrong: ScienceError | undefined
  // A comma is a decimal point to some and parts the numbers for others: whichever reading makes sense.
  // Not where commas would do both at once.
  const both = /^[^\s;]*,[^\s;]*,[^\s;]*$/.test(plain)
  for (const reading of new Set([plain, both ? plain : decimalPoints(plain)])) {
    try {
      found.push(readHalves(reading, text))
    } catch (error) {
      if (!(error instanceof ScienceError)) throw error
      wrong ??= error
    }
  }
  if (found.length === 2) throw new ScienceError(`"${text}" can be read in two ways; write decimal points`)
  if (found.length === 0) throw wrong!
  return found[0]
}

const decimalPoints = (text: string): string => text.replace(/(\d),(\d+)/g, '$1.$2')

const label = /\b(lat|lon|lng)[a-z]*\.?\s*[:=]?/g

function readHalves(plain: string, text: string): GeographicPosition {
  // "Latitude: …, Longitude: …" is taken by its words.
  const labels = [...plain.matchAll(label)]
  if (labels.length === 2 && (labels[0][1] === 'lat') !== (labels[1][1] === 'lat')) {
    const first = plain.slice(labels[0].index + labels[0][0].length, labels[1].index).replace(/[,;\s]+$/, '')
    const second = plain.slice(labels[1].index + labels[1][0].length)
    const [latitude, longitude] = labels[0][1] === 'lat' ? [first, second] : [second, first]
    return joined(readAngle(latitude, text), readAngle(longitude, text), text)
  }
  const [first, second] = halvesOf(plain, text)
  return joined(readAngle(first, text), readAngle(second, text), text)
}

const tokens = /[+-]?\d+(?:\.\d+)?|[nsew](?![a-z])|\S/g

/** Where one angle ends and the next begins. */
function halvesOf(plain: string, text: string): [string, string] {
  const parted = plain.split(/\s*[,;]\s*/).filter(part => part !== '')
  if (parted.length === 2) return [parted[0], parted[1]]
  if (parted.length > 2) throw unreadable(text)
  const all = [...plain.matchAll(tokens)]
  const cut = (at: number): [string, string] => [plain.slice(0, at).trim(), plain.slice(at).trim()]
  const letters = all.filter(([token]) => /^[nsew]$/.test(token))
  if (letters.length === 2) {
    const leads = all[0] === letters[0]
    return cut(leads ? letters[1].index : letters[0].index + 1)
  }
  const numbers = all.filter(([token]) => /\d/.test(token))
  // The second number that begins an angle: one with a sign or a mark of degrees, or one not joined by a colon.
  const marked = numbers.filter(number => /^\s*°/.test(plain.slice(number.index + number[0].length)))
  if (marked.length === 2) return cut(marked[1].index)
  const signed = numbers.slice(1).filter(([token]) => /^[+-]/.test(token))
  if (signed.length === 1) return cut(signed[0].index)
  const loose = numbers.filter((number, at) => at > 0 && !/:\s*$/.test(plain.slice(0, number.index)))
  if (plain.includes(':') && loose.length === 1) return cut(loose[0].index)
  if (numbers.length % 2 !== 0 || numbers.length < 2 || numbers.length > 6) throw unreadable(text)
  return cut(numbers[numbers.length / 2].index)
}

interface Angle {
  readonly degrees: number
  readonly axis: 'latitude' | 'longitude' | undefined
}

const number = String.raw`(\d+(?:\.\d+)?)`
const shape = new RegExp(
  String.raw`^([nsew]?)\s*([+-]?)\s*${number}\s*[°:]?\s*(?:${number}\s*[':]?\s*(?:${number}\s*"?)?)?\s*([nsew]?)$`,
)

function readAngle(half: string, text: string): Angle {
  const match = shape.exec(half.trim())
  if (!match) throw unreadable(text)
  const [, before, sign, whole, minutes, seconds, after] = match
  if (before !== '' && after !== '') throw unreadable(text)
  const letter = before || after
  if (letter !== '' && sign === '-') throw new ScienceError(`"${text}" has both a minus and a letter`)
  const fraction = (part: string | undefined) => part?.includes('.') ?? false
  if ((minutes !== undefined && fraction(whole)) || (seconds !== undefined && fraction(minutes)))
    throw new ScienceError(`"${text}" has a fraction before its last part`)
  if (Number(minutes ?? 0) >= 60 || Number(seconds ?? 0) >= 60)
    throw new ScienceError(`"${text}" has 60 or more minutes or seconds`)
  const size = Number(whole) + Number(minutes ?? 0) / 60 + Number(seconds ?? 0) / 3600
  const negative = sign === '-' || letter === 's' || letter === 'w'
  const axis = letter === '' ? undefined : letter === 'n' || letter === 's' ? 'latitude' : 'longitude'
  return { degrees: negative ? -size : size, axis }
}

function joined(first: Angle, second: Angle, text: string): GeographicPosition {
  if (first.axis !== undefined && first.axis === second.axis)
    throw new ScienceError(`"${text}" gives the ${first.axis} twice`)
  const turned = first.axis === 'longitude' || second.axis === 'latitude'
  const [latitude, longitude] = turned ? [second, first] : [first, second]
  return checked(latitude.degrees, longitude.degrees)
}

/** Rounded to 0.000001°, a tenth of a metre. */
function checked(latitude: number, longitude: number, height?: number): GeographicPosition {
  if (!(Math.abs(latitude) <= 90)) throw new ScienceError(`latitude ${latitude}° is outside -90° to 90°`)
  if (!(Math.abs(longitude) <= 180)) throw new ScienceError(`longitude ${longitude}° is outside -180° to 180°`)
  if (height !== undefined && !isHeight(height)) throw new ScienceError(`height ${height} m is outside -500 to 9000 m`)
  const fine = (degrees: number) => Math.round(degrees * 1e6) / 1e6 + 0
  return {
    latitudeDeg: fine(latitude),
    longitudeDeg: fine(longitude),
    ...(height === undefined ? {} : { elevationMetres: height }),
  }
}

const unreadable = (text: string) =>
  new ScienceError(`"${text}" is no position; write it like 48.8567, 2.3508 or 48°51'24"N 2°21'03"E`)

const earthRadiusKm = 6371.0088

/** How far apart two places are along the ground, kilometres (haversine, mean radius of IUGG). */
export function distanceKm(
  one: Pick<GeographicPosition, 'latitudeDeg' | 'longitudeDeg'>,
  other: Pick<GeographicPosition, 'latitudeDeg' | 'longitudeDeg'>,
): number {
  const radians = Math.PI / 180
  const half = (degrees: number) => Math.sin((degrees * radians) / 2) ** 2
  const h =
    half(other.latitudeDeg - one.latitudeDeg) +
    Math.cos(one.latitudeDeg * radians) *
      Math.cos(other.latitudeDeg * radians) *
      half(other.longitudeDeg - one.longitudeDeg)
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h)))
}
