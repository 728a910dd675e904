// docs/config.md, made from the schema: every key with its meaning, range and standard.
import { demoConfig, driverSheets } from './main-config.js'
import { recoverySettings } from './main-recovery.js'
import { jsonSchemaOf, type z } from './ports/schema.js'

interface Sheet {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Sheet>>
  /** What stands behind names of the owner's. */
  readonly additionalProperties?: Sheet | boolean
  readonly required?: readonly string[]
  readonly items?: Sheet
}

export function configDocs(schema: z.ZodType): string {
  const whole = jsonSchemaOf(schema) as Sheet
  const sections = Object.entries(whole.properties ?? {}).filter(([key]) => key !== 'links' && key !== 'devices')
  const links = new Map(driverSheets().flatMap(({ link }) => (link ? [[link.id, link]] : [])))
  return [
    '# The configuration, key by key',
    '',
    'Made by `pierside config docs` from the schema the agent checks the file with. One YAML file: `pierside.yaml`, or',
    'where `PIERSIDE_CONFIG` points. Secrets stand in `secrets.yaml` beside it and appear here as `!secret name`.',
    '',
    '## The simulated observatory, as an example',
    '',
    '```yaml',
    demoConfig.trimEnd(),
    '```',
    ...sections.flatMap(([key, sheet]) => ['', `## ${key}`, '', sheet.description ?? '', '', ...table(sheet, '')]),
    '',
    '## links',
    '',
    '`links: {name: {driver: …}}`',
    ...[...links.values()].flatMap(link => [
      '',
      `### driver: ${link.id}`,
      '',
      link.summary,
      '',
      ...table(link.options as Sheet, ''),
    ]),
    '',
    '## devices',
    '',
    '`devices: {name: {driver: …, link: …, recovery: …}}`',
    '',
    'Every device may have:',
    '',
    ...table({ properties: { recovery: jsonSchemaOf(recoverySettings) as Sheet } }, ''),
    ...driverSheets().flatMap(one => {
      const over = one.link ? [`Speaks over a link of the kind \`${one.link.id}\`.`, ''] : []
      return ['', `### driver: ${one.id}`, '', one.summary, '', ...over, ...table(one.options as Sheet, '')]
    }),
    '',
  ].join('\n')
}

function table(sheet: Sheet, prefix: string): string[] {
  const rows = rowsOf(sheet, prefix)
  return rows.length === 0 ? ['No options.'] : ['| key | meaning | values | standard |', '|---|---|---|---|', ...rows]
}

function rowsOf(sheet: Sheet, prefix: string): string[] {
  return Object.entries(sheet.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`
    if (field.properties) return rowsOf(field, `${name}.`)
    const standard = field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``
    const row = `| \`${name}\` | ${inCell(field.description ?? '')} | ${inCell(rangeOf(field))} | ${standard} |`
    const each = typeof field.additionalProperties === 'object' ? field.additionalProperties : {}
    return [row, ...rowsOf(each, `${name}.<name>.`)]
  })
}

function rangeOf({ type, enum: choices, minimum, maximum, exclusiveMinimum, items }: Sheet): string {
  if (choices) return choices.map(one => `\`${one}\``).join(', ')
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : `> ${exclusiveMinimum}`)
  const safe = (bound: number | string | undefined) =>
    typeof bound === 'number' && Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound
  const range = [safe(low), safe(maximum)].filter(one => one !== undefined).join(' to ')
  const words = type === 'array' ? `list of ${items?.type ?? 'values'}` : String(type ?? 'any')
  return range ? `${words}, ${range}` : words
}

const inCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
