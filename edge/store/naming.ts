// Where a frame goes on the shelf: the owner's template for folders and file name, made safe for every disk it may be
// copied to.

import { Fault } from '../ports/fault.js'
import type { FrameType } from '../ports/frame.js'
import { nearest } from '../ports/nearest.js'
import { safeName } from '../rules/safe-name.js'

/** What a template may say of a frame. What is absent leaves no trace, not even a doubled separator. */
export interface NameValues {
  readonly night: string // YYYY-MM-DD
  readonly startedMs: number // Unix ms UTC
  readonly type: FrameType
  readonly exposureSeconds: number
  readonly binning: number
  readonly camera: string
  readonly number: number
  readonly total: number
  readonly id: string
  readonly object?: string
  readonly filter?: string
  readonly gain?: number
  readonly offset?: number
  readonly sensorCelsius?: number
}

/** Relative path of a frame, `/`-separated, without extension. */
export type Naming = (values: NameValues) => string

export const standardTemplate = '{night}/{object}/{type}_{object}_{filter}_{exposure}s_{number:4}_{time}'

/** Folder at the top of the archive that holds finished products; frames never go there. */
export const productsFolder = 'stacks'
/** Beside it, the calibration library. */
export const mastersFolder = 'calibration'

/** Folders of finished things: no exposures lie there. */
const ownFolders: readonly string[] = [productsFolder, mastersFolder]

/** Whether a path under the archive leads to a finished thing rather than to a frame. */
export function isOwn(relative: string): boolean {
  return ownFolders.some(folder => relative.startsWith(`${folder}/`))
}

const fields: Readonly<Record<string, (values: NameValues) => string | number | undefined>> = {
  night: values => values.night,
  date: values => stamp(values.startedMs).slice(0, 8),
  time: values => stamp(values.startedMs).slice(8, 14),
  object: values => values.object,
  type: values => values.type,
  filter: values => values.filter,
  exposure: values => values.exposureSeconds,
  number: values => values.number,
  total: values => values.total,
  camera: values => values.camera,
  binning: values => values.binning,
  gain: values => values.gain,
  offset: values => values.offset,
  temperature: values => (values.sensorCelsius === undefined ? undefined : Math.round(values.sensorCelsius)),
  id: values => values.id,
}

/** The words that may stand in braces; numbers take a width, `{number:4}`. */
const templateFields: readonly string[] = Object.keys(fields)

const maxFolders = 6
/** Bytes of UTF-8 in one part; ext4 takes 255, and a suffix and the extension come on top. */
const maxPartBytes = 100
/** Characters in all; Windows takes 260 with the folder it is copied into. */
const maxPathLength = 180
const textLimits = [48, 24, 12, 6] // characters of one value, tried in turn until the whole fits
const maxWidth = 12

type Piece = string | { readonly field: string; readonly width: number }

/**
 * Checks a template once and gives what names frames by it.
 * @throws Fault `bad-input` naming the field that is not known and the nearest one, or what else is wrong
 */
export function namingBy(template: string): Naming {
  const parts = template.split('/').map(part => piecesOf(part, template))
  if (template.trim() === '' || parts.some(pieces => pieces.length === 0)) {
    throw wrong(template, 'a folder or file name in it is empty', `The usual one is ${standardTemplate}`)
  }
  if (parts.length > maxFolders + 1) {
    throw wrong(template, `it makes ${parts.length - 1} folders deep`, `Use at most ${maxFolders} folders`)
  }
  const first = parts[0].length === 1 ? parts[0][0] : undefined
  const folder = typeof first === 'string' && parts.length > 1 ? safeName(first).toLowerCase() : ''
  if (ownFolders.includes(folder)) {
    const what = folder === productsFolder ? 'finished stacks' : 'the calibration library'
    throw wrong(template, `the folder "${folder}" is for ${what}`, 'Give frames another folder')
  }
  return values => {
    let names: string[] = []
    for (const limit of textLimits) {
      names = parts.map(pieces => partOf(pieces, values, limit) || values.type)
      if (names.join('/').length <= maxPathLength && names.every(name => byteLength(name) <= maxPartBytes)) break
    }
    // A template of many long fixed words: every part is cut alike, and collisions get their number later.
    const room = Math.min(maxPartBytes, Math.floor(maxPathLength / names.length) - 1)
    if (names.join('/').length > maxPathLength || names.some(name => byteLength(name) > maxPartBytes)) {
      names = names.map(name => safeName(cutBytes(name, room)))
    }
    // Whatever the values are, a frame never lands among the products.
    if (names.length > 1 && names[0].toLowerCase() === productsFolder) names[0] = `${names[0]}_`
    return names.join('/')
  }
}

/** At most so many bytes of UTF-8, never half a character. */
function cutBytes(text: string, maxBytes: number): string {
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += byteLength(character)
    if (bytes > maxBytes) break
    cut += character
  }
  return cut
}

function piecesOf(part: string, template: string): Piece[] {
  const pieces: Piece[] = []
  for (const [whole, inside] of part.matchAll(/\{([^{}]*)\}|[^{}]+|[{}]/g)) {
    if (whole === '{' || whole === '}') throw wrong(template, `a "${whole}" has no partner`, 'Write fields as {night}')
    if (inside === undefined) pieces.push(whole)
    else pieces.push(fieldOf(inside, template))
  }
  return pieces
}

function fieldOf(inside: string, template: string): Piece {
  const [field, width, ...more] = inside.split(':').map(word => word.trim())
  if (!Object.hasOwn(fields, field)) {
    const near = nearest(field.toLowerCase(), templateFields)
    throw wrong(template, `it has no field {${field}}`, `Did you mean {${near}}? Known: ${templateFields.join(', ')}`)
  }
  if (width === undefined) return { field, width: 0 }
  const digits = Number(width)
  if (more.length > 0 || !/^\d+$/.test(width) || digits < 1 || digits > maxWidth) {
    throw wrong(template, `{${inside}} has the width "${width}"`, `Give a width of 1 to ${maxWidth}, as in {number:4}`)
  }
  return { field, width: digits }
}

/** An absent value takes the separator before it along, so that names never show `__` or end in `_`. */
function partOf(pieces: readonly Piece[], values: NameValues, textLimit: number): string {
  let name = ''
  let gap = false
  for (const piece of pieces) {
    let text = typeof piece === 'string' ? piece : written(fields[piece.field](values), piece.width, textLimit)
    if (text === '') {
      gap = true
      continue
    }
    if (gap && /[-_ ]$|^$/.test(name)) text = text.replace(/^[-_ ]+/, '')
    gap = false
    name += text
  }
  return safeName(gap ? name.replace(/[-_ ]+$/, '') : name)
}

function written(value: string | number | undefined, width: number, textLimit: number): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return safeName([...safeName(value)].slice(0, textLimit).join(''))
  if (!Number.isFinite(value)) return ''
  const [whole, fraction] = String(Math.round(Math.abs(value) * 1e6) / 1e6).split('.')
  const digits = whole.padStart(width, '0') + (fraction === undefined ? '' : `.${fraction}`)
  return value < 0 ? `-${digits}` : digits
}

/** `YYYYMMDDHHMMSSmmm`, UTC. */
function stamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\D/g, '')
}

function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

function wrong(template: string, what: string, fix: string): Fault {
  return new Fault('bad-input', `the archive's naming template "${template}": ${what}`, fix)
}
