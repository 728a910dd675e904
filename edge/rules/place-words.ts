// Where something stands, as people paste it: decimal, in sixtieths, from a map (`geo:`, RFC 5870).

export interface Place {
  readonly latitudeDeg: number
  readonly longitudeDeg: number
  readonly elevationMetres?: number
}

const number = String.raw`\d+(?:[.,]\d+)?`
const sixtieths = String.raw`(${number})\s*['m:]?\s*(?:(${number})\s*(?:["s]|'')?)?`
const shape = new RegExp(String.raw`^([NSEW])?\s*([+-]?)(${number})\s*[°d:]?\s*(?:${sixtieths})?\s*([NSEW])?$`, 'i')

/**
 * Degrees of a latitude (`most` 90) or longitude (180): `46.5`, `-46,5`, `46° 30' 12" N`, `W 8 30`. South and west are
 * negative. Undefined for what cannot be read or lies outside.
 */
export function readDegrees(text: string, most: 90 | 180): number | undefined {
  const plain = text
    .trim()
    .replace(/[−–—]/g, '-')
    .replace(/[′’ʹ´]/g, "'")
    .replace(/[″”“ʺ]/g, '"')
  const found = shape.exec(plain)
  if (!found) return undefined
  const [, before, sign, whole, minutes = '0', seconds = '0', after] = found
  const [degrees, minute, second] = [whole, minutes, seconds].map(part => Number(part.replace(',', '.')))
  const side = (before ?? after)?.toUpperCase()
  const wrongSide = side !== undefined && !(most === 90 ? 'NS' : 'EW').includes(side)
  if ((before && after) || wrongSide || minute >= 60 || second >= 60) return undefined
  // To a tenth of a millimetre: sixtieths leave crumbs behind.
  const size = Math.round((degrees + minute / 60 + second / 3600) * 1e9) / 1e9
  if (size > most) return undefined
  return (sign === '-') !== (side === 'S' || side === 'W') && size > 0 ? -size : size
}

/** Latitude, longitude and perhaps the height in metres, parted by commas or a semicolon; undefined for no place. */
export function readPlace(text: string): Place | undefined {
  const bare = text
    .trim()
    .replace(/^geo:/i, '')
    .replace(/[;?].*=.*$/, '')
  const parts = bare.includes(';') ? bare.split(';') : bare.split(/,\s*/)
  if (parts.length < 2 || parts.length > 3) return undefined
  const latitudeDeg = readDegrees(parts[0], 90)
  const longitudeDeg = readDegrees(parts[1], 180)
  const elevationMetres = parts[2] === undefined ? undefined : readMetres(parts[2])
  if (latitudeDeg === undefined || longitudeDeg === undefined) return undefined
  if (parts[2] !== undefined && elevationMetres === undefined) return undefined
  return { latitudeDeg, longitudeDeg, elevationMetres }
}

/** Height above the sea, metres: `1200`, `1200 m`, `1200,5`. */
export function readMetres(text: string): number | undefined {
  const found = /^([+-]?\d+(?:[.,]\d+)?)\s*m?$/i.exec(text.trim().replace(/[−–—]/g, '-'))
  const metres = found ? Number(found[1].replace(',', '.')) : Number.NaN
  return metres >= -500 && metres <= 9000 ? metres : undefined
}
