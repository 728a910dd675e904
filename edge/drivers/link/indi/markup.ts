// The small part of XML that INDI speaks: tags with attributes, entities, and how to write them.
import { Fault } from '../../../ports/fault.js'

export type Attributes = ReadonlyMap<string, string>

export interface Tag {
  readonly name: string
  readonly attributes: Attributes
  readonly kind: 'open' | 'close' | 'empty'
}

const closing = /^\/([^\s/<>"'=]+)\s*$/
const opening = /^([^\s/<>"'=]+)/
const attribute = /\s+([^\s=/"'>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y
const ending = /\s*(\/?)$/y
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** @param inside what stands between `<` and `>`. Throws `broken` where that is no tag */
export function parseTag(inside: string): Tag {
  const close = closing.exec(inside)
  if (close) return { name: close[1], attributes: new Map(), kind: 'close' }
  const open = opening.exec(inside)
  if (!open) throw noTag(inside)
  const attributes = new Map<string, string>()
  let at = open[0].length
  for (;;) {
    attribute.lastIndex = at
    const found = attribute.exec(inside)
    if (!found) break
    attributes.set(found[1], unescapeText(found[2] ?? found[3]))
    at = attribute.lastIndex
  }
  ending.lastIndex = at
  const end = ending.exec(inside)
  if (!end) throw noTag(inside)
  return { name: open[1], attributes, kind: end[1] ? 'empty' : 'open' }
}

/** Entities become characters; one that is unknown, or a lone `&` as some drivers write it, stays as it is. */
export function unescapeText(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? all
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : all
  })
}

/** For text and for attributes in double quotes; control characters, which XML cannot say, become blanks. */
export function escapeText(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, ' ')
    .replace(/[<>&"']/g, found => `&${Object.keys(named).find(name => named[name] === found)};`)
}

function noTag(inside: string): Fault {
  const shown = JSON.stringify(inside.length > 60 ? `${inside.slice(0, 60)}…` : inside)
  return new Fault(
    'broken',
    `the INDI server sent ${shown} where a tag belongs`,
    'Check that the port is an INDI server',
  )
}
