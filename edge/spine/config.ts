// One YAML file, one schema assembled by main, checked whole before anything starts; comments survive saving.
import { type Document, isMap, isScalar, LineCounter, type Node, parse, parseDocument, visit, YAMLMap } from 'yaml'
import { asFault, Fault } from '../ports/fault.js'
import { nearest } from '../ports/nearest.js'
import { z } from '../ports/schema.js'

export interface ConfigText<T> {
  readonly text: string
  readonly settings: T
}

/** What is wrong with one place of the file. */
export interface Complaint {
  readonly line: number
  readonly path: string
  readonly words: string
}

/** No setting lies deeper than this, by far. */
const deepest = 20
/** A file with more mistakes than this is no configuration; the first ones say so. */
const mostComplaints = 20

/**
 * @param secrets values for `!secret name`; they stand in no complaint
 * @throws Fault `bad-input` with every complaint: line, path, what is wrong, the nearest right key
 */
export function parseConfig<S extends z.ZodType>(
  text: string,
  schema: S,
  secrets: ReadonlyMap<string, string>,
): ConfigText<z.output<S>> {
  const lines = new LineCounter()
  const complaints: Complaint[] = []
  const document = readYaml(text, lines, secrets, complaints)
  if (complaints.length === 0) {
    const parsed = schema.safeParse(plainOf(document) ?? {})
    if (parsed.success) complaints.push(...plainPasswords(text, document, lines))
    if (parsed.success && complaints.length === 0) return { text, settings: parsed.data }
    for (const issue of parsed.error?.issues ?? []) {
      complaints.push(...complaintsOf(issue, document, lines, schema))
      if (complaints.length > mostComplaints) break
    }
  }
  const told = complaints.slice(0, mostComplaints).map(one => withoutSecrets(one, secrets))
  const many = complaints.length > mostComplaints ? `more than ${mostComplaints}` : `${complaints.length}`
  throw new Fault(
    'bad-input',
    `the configuration has ${complaints.length === 1 ? 'a mistake' : `${many} mistakes`}: ${told
      .map(({ line, path, words }) => `line ${line}: ${path ? `${path}: ` : ''}${words}`)
      .join('; ')}`,
    'Correct the lines named and try again; docs/config.md lists every key',
    { detail: { complaints: told } },
  )
}

/**
 * The tree without YAML. @throws Fault `bad-input` for an alias of nothing, or so many that they would fill the memory
 */
function plainOf(document: Document): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    const words = `the configuration cannot be read: ${asFault(cause, 'yaml').message}`
    throw new Fault('bad-input', words, 'Write the settings out instead of referring to them by *', { cause })
  }
}

/** A secret that was put where it is not understood, a name of a device say, would be quoted. */
function withoutSecrets({ line, path, words }: Complaint, secrets: ReadonlyMap<string, string>): Complaint {
  const clean = (text: string) =>
    [...secrets].reduce(
      (said, [name, value]) => (value === '' ? said : said.replaceAll(value, `!secret ${name}`)),
      text,
    )
  return { line, path: clean(path), words: clean(words) }
}

/**
 * The same file with some settings changed: comments and order of the rest stay. `undefined` removes a key.
 * @throws Fault `bad-input` for settings that no file can hold
 */
export function mergeConfig(text: string, changes: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text, { customTags: [secretTag(new Map(), [])] })
  try {
    for (const [key, value] of Object.entries(changes)) put(document, [key], value)
    return document.toString({ lineWidth: 120 })
  } catch (cause) {
    const words = `the settings do not fit into the file: ${asFault(cause, 'yaml').message}`
    throw new Fault('bad-input', words, 'Correct the settings and try again', { cause })
  }
}

function put(document: Document, path: readonly string[], value: unknown): void {
  if (path.length > deepest) throw new Fault('bad-input', `they are nested ${deepest} deep`, 'Send them as in the file')
  const before = document.getIn(path, true)
  if (value === undefined || value === null) document.deleteIn(path)
  else if (isPlain(value)) {
    // Key by key also where there was nothing, so that a secret in it is written as one.
    if (!isMap(before)) document.setIn(path, new YAMLMap())
    for (const [key, inner] of Object.entries(value)) put(document, [...path, key], inner)
  } else {
    const node = nodeOf(document, value)
    // The old node would keep its tag: what was a secret would stay one, whatever it is changed to.
    if (isScalar(before) && isScalar(node)) node.comment = before.comment
    document.setIn(path, node)
  }
}

function nodeOf(document: Document, value: unknown): Node {
  const named = typeof value === 'string' && value.startsWith('!secret ') ? value.slice('!secret '.length) : undefined
  return named === undefined ? document.createNode(value) : document.createNode(new Secret(named), { tag: '!secret' })
}

/**
 * Settings from a form, where a password is typed as it is: each goes into the secrets under a name made of its place,
 * and `!secret name` stands where it stood.
 */
export function hideSecrets(settings: Readonly<Record<string, unknown>>): {
  readonly settings: Record<string, unknown>
  readonly secrets: ReadonlyMap<string, string>
} {
  const secrets = new Map<string, string>()
  const hide = (value: unknown, path: readonly string[]): unknown => {
    if (isPlain(value) && path.length <= deepest) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(inner, [...path, key])]))
    }
    if (typeof value !== 'string' || !isSecret(path.at(-1) ?? '', value) || /^(!secret .*)?$/.test(value)) return value
    const name = path.join('_').replace(/\W+/g, '_').toLowerCase()
    secrets.set(name, value)
    return `!secret ${name}`
  }
  return { settings: hide(settings, []) as Record<string, unknown>, secrets }
}

/** Settings as a form shows them: not checked, without standards, secrets as `!secret name`. */
export function looseSettings(text: string): Record<string, unknown> {
  const document = parseDocument(text, { customTags: [secretTag(new Map(), [])] })
  const plain = JSON.stringify(document.toJS() ?? {}, (_key, value) =>
    value instanceof Secret ? `!secret ${value.name}` : value,
  )
  return JSON.parse(plain)
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Stands in the tree for `!secret name`: prints back as it was written, and tells its value only to the schema. */
class Secret {
  constructor(readonly name: string) {}
}

function secretTag(secrets: ReadonlyMap<string, string>, missing: string[]) {
  return {
    tag: '!secret',
    identify: (value: unknown) => value instanceof Secret,
    resolve(name: string) {
      const value = secrets.get(name)
      if (value === undefined) missing.push(name)
      return value ?? new Secret(name)
    },
    stringify: (item: { value?: unknown; source?: string }) =>
      item.value instanceof Secret ? item.value.name : (item.source ?? String(item.value)),
  }
}

function readYaml(
  text: string,
  lines: LineCounter,
  secrets: ReadonlyMap<string, string>,
  complaints: Complaint[],
): Document {
  const missing: string[] = []
  const document = parseDocument(text, { lineCounter: lines, customTags: [secretTag(secrets, missing)] })
  for (const error of document.errors) {
    complaints.push({ line: error.linePos?.[0].line ?? 1, path: '', words: error.message.split('\n')[0] })
  }
  visit(document, {
    // A name that objects of JavaScript have by themselves is lost on the way, and with it what stands below.
    Pair(_key, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return
      complaints.push({
        line: lines.linePos(key.range?.[0] ?? 0).line,
        path: '__proto__',
        words: 'cannot be a name here',
      })
    },
  })
  for (const name of missing) {
    const at = Math.max(0, text.indexOf(`!secret ${name}`))
    complaints.push({ line: lines.linePos(at).line, path: '', words: `secrets.yaml has no "${name}"` })
  }
  return document
}

function complaintsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, schema: z.ZodType): Complaint[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, mostComplaints + 1).map(key => {
      const near = nearest(key, knownKeys(schema, path))
      return {
        line: lineOf(document, lines, [...path, key]),
        path: [...path, key].join('.'),
        words: near ? `is not a key here; did you mean "${near}"?` : 'is not a key here',
      }
    })
  }
  return [{ line: lineOf(document, lines, path), path: path.join('.'), words: issue.message }]
}

/** Anyone may look at the file over the network: a password in it is told to all. */
function plainPasswords(text: string, document: Document, lines: LineCounter): Complaint[] {
  const found: Complaint[] = []
  const look = (value: unknown, path: readonly string[]) => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) look(inner, [...path, key])
    } else if (isSecret(path.at(-1) ?? '', String(value)) && !String(value).startsWith('!secret ')) {
      const words =
        'must not stand here in the open; give it in the settings of the page, or put it into secrets.yaml as ' +
        '`name: value` and write `!secret name`'
      found.push({ line: lineOf(document, lines, path), path: path.join('.'), words })
    }
  }
  look(looseSettings(text), [])
  return found
}

/** By its name; or an address with a password in it, before the host or behind the question mark. */
function isSecret(key: string, value: string): boolean {
  if (/^(pass(word|wd|phrase)?|pwd|secret|token)$/i.test(key)) return true
  return /^[a-z]+:\/\/[^/\s]*:[^/\s]*@|^[a-z]+:\/\/.*(pass(word|wd)?|pwd|secret|token|key)=[^&]/i.test(value)
}

/** Line of the key at `path`, or of the nearest thing above it that is in the file. */
function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const key of path) {
    if (!isMap(node)) break
    const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === key)
    if (!pair) break
    offset = (pair.key as Node).range?.[0] ?? offset
    node = pair.value
  }
  return lines.linePos(offset).line
}

/** Keys that a strict object at `path` of the schema would take. */
function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let here: unknown = schema
  for (const key of path) here = child(unwrap(here), key)
  const inner = unwrap(here) as { shape?: Record<string, unknown>; def?: { options?: unknown[] } } | undefined
  if (inner?.shape) return Object.keys(inner.shape)
  const choices = inner?.def?.options ?? []
  return choices.flatMap(one => Object.keys((unwrap(one) as { shape?: Record<string, unknown> }).shape ?? {}))
}

function unwrap(schema: unknown): unknown {
  let here = schema as { def?: { innerType?: unknown; in?: unknown } } | undefined
  while (here?.def && (here.def.innerType || here.def.in)) here = (here.def.innerType ?? here.def.in) as typeof here
  return here
}

function child(schema: unknown, key: string): unknown {
  const here = schema as { shape?: Record<string, unknown>; def?: { valueType?: unknown } } | undefined
  return here?.shape?.[key] ?? here?.def?.valueType
}

const secretList = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))

/** A secrets file: one `name: value` a line. @throws Fault `bad-input` that shows no value */
export function parseSecrets(text: string, path: string): ReadonlyMap<string, string> {
  const parsed = secretList.safeParse(readQuietly(text, path) ?? {})
  if (parsed.success) return new Map(Object.entries(parsed.data))
  throw badSecrets(path)
}

/**
 * The same file with some secrets set; comments and the rest stay.
 * @throws Fault `bad-input` as `parseSecrets`
 */
export function mergeSecrets(text: string, secrets: ReadonlyMap<string, string>, path: string): string {
  parseSecrets(text, path)
  const document = parseDocument(text)
  for (const [name, value] of secrets) document.set(name, value)
  return document.toString({ lineWidth: 0 })
}

function readQuietly(text: string, path: string): unknown {
  try {
    return parse(text)
  } catch {
    // YAML's own words quote the line, and with it a secret.
    throw badSecrets(path)
  }
}

const badSecrets = (path: string) =>
  new Fault('bad-input', `${path} is not a list of names with values`, 'Write one `name: value` on each line')
