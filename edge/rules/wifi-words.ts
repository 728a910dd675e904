// What names and passwords of a Wi-Fi may be (IEEE 802.11-2020, 9.4.2.2 and J.4.1), and which countries there are.

/** What is wrong with a passphrase, in words; undefined when it will do. */
export function wrongPassphrase(text: string): string | undefined {
  if (text.length < 8 || text.length > 63) return `has ${text.length} characters; a Wi-Fi takes 8 to 63`
  if (!/^[\x20-\x7e]+$/.test(text)) return 'has a letter that a Wi-Fi does not take; use those without accents'
  return undefined
}

/** The same of the name of a network, which is counted in bytes. */
export function wrongNetworkName(text: string): string | undefined {
  const bytes = Buffer.byteLength(text)
  return bytes < 1 || bytes > 32 ? `has ${bytes} bytes; a Wi-Fi has 1 to 32` : undefined
}

/** What a QR code says that a phone joins a network by. @param passphrase of WPA */
export function wifiQrText(ssid: string, passphrase: string): string {
  const escaped = (text: string) => text.replace(/([\\;,:"])/g, '\\$1')
  return `WIFI:T:WPA;S:${escaped(ssid)};P:${escaped(passphrase)};;`
}

const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
/** Regions that are no countries, yet have two letters. */
const unions = new Set(['EU', 'EZ', 'UN', 'QO', 'ZZ', 'XA', 'XB'])

/** Two capital letters of ISO 3166, from those or from an English name (`at`, `Austria`); undefined for neither. */
export function countryOf(text: string): string | undefined {
  const wanted = text.trim().toLowerCase()
  return countries().find(code => wanted === code.toLowerCase() || wanted === names.of(code)?.toLowerCase())
}

function countries(): string[] {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  return letters
    .flatMap(first => letters.map(second => first + second))
    .filter(code => !unions.has(code) && names.of(code) !== undefined)
}

/** Whether this is a name of the time zone database, as in `Europe/Vienna`. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(text)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== undefined
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
