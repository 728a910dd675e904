// What may leave the box in a log: text in which no secret stands any more. Known ones are found wherever they stand,
// also written as JSON, an address or base64 would; unknown ones by the words before them. Pure.

export const leftOut = '‹left out›'

/** Shorter ones would be found in half of all lines; they go only where they stand alone. */
const shortest = 5
const keys = '(?:wep|wpa|private|secret|session|api)[_-]?key\\d?'
/** What stands before such a name in one word is let stand: to look where it begins takes the square of a long line. */
const names = `(?:pass(?:word|wd|phrase)?|pwd|psk|secret|token|${keys}|cookie|authorization)`
/** `key: value` of a file: the value goes to the end of its line. A reference into secrets.yaml is none. */
const fileLine = new RegExp(`^(\\s*(?:- )?["']?[\\w-]*${names}["']?\\s*[=:]\\s*)(?=\\S)(?!!secret ).+$`, 'i')
/** In the middle of a line it goes to its closing quotation mark, or to the next blank. */
const within = new RegExp(
  `(${names}\\\\?["']?\\s*[=:]\\s*)(?=\\S)(?!!secret )(?:\\\\?"(?:[^"\\\\]|\\\\(?!"))*\\\\?"|'[^']*'|[^\\s"',;&}]+)`,
  'gi',
)
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${leftOut}`],
  [/(:\/\/)[^\s/@]+@/g, `$1${leftOut}@`],
  [/([?&;]\s*pierside=|[?&](?:pair|key|token|code)=)[^\s&;"']+/gi, `$1${leftOut}`],
  [/(pairing code\D{0,20})\d{4}\s?\d{4}/gi, `$1${leftOut}`],
]

/**
 * @param secrets as they are; of several lines each counts by itself
 * @returns what takes them out of one line of text
 */
export function redactor(secrets: Iterable<string>): (line: string) => string {
  const forms = new Set<string>()
  const alone = new Set<string>()
  for (const secret of [...secrets].flatMap(one => one.split(/\r?\n/)).map(one => one.trim())) {
    if (secret === '') continue
    if (secret.length < shortest) alone.add(secret)
    else for (const form of formsOf(secret)) forms.add(form)
  }
  // The longer first: one may be a part of another.
  const known = [...forms].sort((a, b) => b.length - a.length).map(escaped)
  const whole = [...alone].map(one => `(?<![\\w])${escaped(one)}(?![\\w])`)
  const literal = known.length + whole.length > 0 ? new RegExp([...known, ...whole].join('|'), 'g') : undefined
  return line => {
    let clean = literal ? line.replace(literal, leftOut) : line
    if (fileLine.test(clean)) return clean.replace(fileLine, `$1${leftOut}`)
    for (const [pattern, instead] of patterns) clean = clean.replace(pattern, instead)
    return clean.replace(within, `$1${leftOut}`)
  }
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  return [secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), base64(secret)]
}

/** Without the padding, which depends on what stands around it. */
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '')

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
