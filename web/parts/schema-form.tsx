// A form made from a JSON Schema: a new driver's options get their fields without a line being written here.
import { Choice, Field, readNumber, Toggle } from './fields'

export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
}

export type Values = Readonly<Record<string, unknown>>

interface FormProps {
  readonly schema: JsonSchema
  readonly values: Values
  readonly onValues: (values: Values) => void
  /** Fields that are asked for elsewhere. */
  readonly without?: readonly string[]
}

const labelOf = (name: string): string => {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
    .toLowerCase()
  return words[0].toUpperCase() + words.slice(1)
}

/** `anyOf` of one real kind and null, or of constants, as plain kinds. */
function plain(schema: JsonSchema): JsonSchema {
  const kinds = schema.anyOf?.filter(kind => kind.type !== 'null')
  if (!kinds?.length) return schema
  if (kinds.every(kind => kind.const !== undefined)) return { ...schema, enum: kinds.map(kind => kind.const) }
  return { ...kinds[0], ...schema, anyOf: undefined }
}

const typeOf = (schema: JsonSchema): string =>
  schema.enum
    ? 'enum'
    : Array.isArray(schema.type)
      ? schema.type.find(type => type !== 'null')
      : ((schema.type as string) ?? (schema.properties ? 'object' : 'any'))

const shownAs = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

export function SchemaForm({ schema, values, onValues, without = [] }: FormProps) {
  return (
    <>
      {Object.entries(schema.properties ?? {})
        .filter(([name]) => !without.includes(name))
        .map(([name, kind]) => (
          <One
            key={name}
            name={name}
            schema={plain(kind)}
            value={values[name]}
            onValue={value => onValues(withField(values, name, value))}
          />
        ))}
    </>
  )
}

function withField(values: Values, name: string, value: unknown): Values {
  const { [name]: _old, ...others } = values
  return value === undefined ? others : { ...others, [name]: value }
}

interface OneProps {
  readonly name: string
  readonly schema: JsonSchema
  readonly value: unknown
  readonly onValue: (value: unknown) => void
}

function One({ name, schema, value, onValue }: OneProps) {
  const type = typeOf(schema)
  const label = schema.title ?? labelOf(name)
  if (type === 'object' && schema.properties)
    return (
      <fieldset class="group">
        <legend>{label}</legend>
        {schema.description && <p class="help">{schema.description}</p>}
        <SchemaForm
          schema={schema}
          values={(value as Values) ?? {}}
          onValues={next => onValue(Object.keys(next).length ? next : undefined)}
        />
      </fieldset>
    )
  if (type === 'boolean')
    return (
      <div class="field">
        <Toggle label={label} on={Boolean(value ?? schema.default ?? false)} onToggle={onValue} />
        {schema.description && <small class="help">{schema.description}</small>}
      </div>
    )
  if (type === 'enum')
    return (
      <Choice
        label={label}
        value={shownAs(value ?? schema.default)}
        onValue={next => onValue(schema.enum!.find(option => shownAs(option) === next))}
        options={schema.enum!.map(option => ({ value: shownAs(option), label: shownAs(option) }))}
        help={schema.description}
      />
    )
  const number = type === 'number' || type === 'integer'
  const plainText = type === 'string'
  return (
    <Field
      label={label}
      keys={number ? 'decimal' : 'text'}
      value={shownAs(value)}
      placeholder={shownAs(schema.default)}
      wrong={wrongWith(value, schema, type, label)}
      help={schema.description}
      // Numbers stay words until they can be read, so that "-" and "1." may be typed; `readValues` reads them later.
      onValue={next => onValue(next === '' ? undefined : number || plainText ? next : readFlow(next))}
    />
  )
}

/** A list or a record as the settings file has it, `{mount: {line: GPIO17}}`; the words themselves while it is none. */
function readFlow(words: string): unknown {
  const quoted = words.replace(/"[^"]*"|[A-Za-z_/$][^\s,:{}[\]"]*(:\/\/[^\s,{}[\]"]*)?/g, word =>
    word.startsWith('"') || /^(true|false|null)$/.test(word) ? word : JSON.stringify(word),
  )
  try {
    return JSON.parse(quoted)
  } catch {
    return words
  }
}

const isNested = (type: string): boolean => type === 'object' || type === 'array'

function wrongWith(value: unknown, schema: JsonSchema, type: string, name: string): string | undefined {
  if (value === undefined) return undefined
  if (isNested(type)) {
    if (typeof value === 'object') return undefined
    return `${name}: write it as ${type === 'array' ? 'a list, [a, b]' : 'names with what they mean, {name: value}'}`
  }
  if (type !== 'number' && type !== 'integer') return undefined
  const { minimum: min, maximum: max, exclusiveMinimum: above } = schema
  // zod writes the ends of safe integers where there is no bound.
  const bound = (limit: number | undefined): number | undefined =>
    limit !== undefined && Math.abs(limit) < 9e15 ? limit : undefined
  return readNumber(String(value), {
    name,
    min: bound(min),
    max: bound(max),
    above: bound(above),
    integer: type === 'integer',
  }).wrong
}

/** The values as the schema wants them, and what still hinders: the first field that is missing or wrong. */
export function readValues(
  schema: JsonSchema,
  values: Values,
  without: readonly string[] = [],
): { values: Values; wrong?: string } {
  const read: Record<string, unknown> = { ...values }
  let wrong: string | undefined
  for (const [name, asWritten] of Object.entries(schema.properties ?? {})) {
    if (without.includes(name)) continue
    const kind = plain(asWritten)
    const type = typeOf(kind)
    const value = values[name]
    if (value === undefined) {
      if (schema.required?.includes(name) && kind.default === undefined) wrong ??= `${labelOf(name)} is missing`
    } else if (type === 'number' || type === 'integer') {
      wrong ??= wrongWith(value, kind, type, labelOf(name))
      read[name] = Number(String(value).replace(',', '.'))
    } else if (type === 'object' && kind.properties) {
      const inner = readValues(kind, value as Values)
      wrong ??= inner.wrong
      read[name] = inner.values
    } else wrong ??= wrongWith(value, kind, type, labelOf(name))
  }
  return { values: read, wrong }
}
