// The box as one Home Assistant device: a pure projection of states, their described fields and the action table into
// the device-based discovery payload (Home Assistant 2024.12 and later; home-assistant.io/integrations/mqtt, "Device
// discovery").
import { type Action, harmlessLate } from '../../ports/action.js'
import type { State } from '../../ports/feed.js'
import type { Field } from '../../ports/field.js'
import { kinds } from '../../ports/fields.js'
import type { Json, JsonObject } from '../../ports/json.js'
import { jsonSchemaOf } from '../../ports/schema.js'
import { bindingLevels, levelOf, type Topics } from './topics.js'

export interface Household {
  readonly node: string
  readonly topics: Topics
  readonly states: readonly State[]
  readonly actions: readonly Action[]
  bindings(action: Action): readonly { path?: string; input: Record<string, string> }[]
  /** Components announced before: a field that has been there stays announced while its state exists. */
  readonly known: ReadonlySet<string>
  readonly box?: { readonly model?: string; readonly serial?: string }
}

export type Component = { readonly platform: string } & Readonly<Record<string, Json | undefined>>

/** Component id → its configuration. The ids are stable over restarts and part of every unique_id. */
export type Components = Readonly<Record<string, Component>>

/** The retained payload of `<prefix>/device/<node>/config`. */
export function discoveryPayload(house: Household, components: Components): JsonObject {
  const observatory = house.states.find(state => state.path === 'observatory')?.value
  const version = text(observatory?.version) ?? 'unknown'
  return {
    device: {
      identifiers: [`pierside_${house.node}`],
      name: text(observatory?.name) ?? house.node,
      manufacturer: 'Pierside',
      model: house.box?.model ?? 'Pier agent',
      serial_number: house.box?.serial,
      sw_version: version,
    },
    origin: { name: 'Pierside', sw_version: version },
    availability: [{ topic: house.topics.status }],
    availability_mode: 'all',
    components,
  }
}

export function componentsOf(house: Household): Components {
  const all: Record<string, Component> = {}
  for (const state of house.states) {
    for (const [key, field] of Object.entries(kinds[state.kind]?.fields ?? {})) {
      const id = componentId(state.path, key)
      if (field.entity && (present(state.value[key]) || house.known.has(id)))
        all[id] = fieldComponent(house, state, key)
    }
  }
  for (const action of house.actions) {
    for (const binding of action.entity ? house.bindings(action) : []) {
      const id = componentId(['do', action.name, ...bindingLevels(binding)].join('/'), '')
      const component = actionComponent(house, action, binding, id)
      if (component) all[id] = component
    }
  }
  return { ...all, ...pictureComponents(house) }
}

/** `camera/main`, `sensorCelsius` → `camera_main_sensorCelsius`; an underscore of the path is doubled to stay apart. */
function componentId(path: string, field: string): string {
  const levels = path.split('/').map(level => levelOf(level).replaceAll('_', '__'))
  return [...levels, ...(field ? [field] : [])].join('_')
}

function entity(house: Household, platform: string, id: string, name: string) {
  const slug = `${house.node}_${id}`
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
  return { platform, name, unique_id: `pierside_${house.node}_${id}`, default_entity_id: `${platform}.${slug}` }
}

/**
 * Of the box, and of the state it speaks of: a stale state or a device that is not ready makes its entities
 * unavailable.
 */
function availability(house: Household, path: string | undefined) {
  if (path === undefined) return {}
  const gone = "value_json is not defined or value_json.stale or value_json.condition | default('ready') != 'ready'"
  return {
    availability: [
      { topic: house.topics.status },
      { topic: house.topics.state(path), value_template: `{{ 'offline' if ${gone} else 'online' }}` },
    ],
    availability_mode: 'all',
  }
}

function fieldComponent(house: Household, state: State, key: string): Component {
  const field = kinds[state.kind].fields[key]
  const platform = field.type === 'flag' ? 'binary_sensor' : 'sensor'
  return {
    ...entity(house, platform, componentId(state.path, key), `${labelOf(state)} ${lowerFirst(field.name)}`),
    state_topic: house.topics.state(state.path),
    value_template: fieldTemplate(key, field),
    device_class: field.type === 'time' ? 'timestamp' : field.deviceClass,
    ...(field.type === 'number' && {
      state_class: field.stateClass,
      unit_of_measurement: field.unit,
      suggested_display_precision: field.precision,
    }),
    entity_category: field.diagnostic ? 'diagnostic' : undefined,
    icon: field.icon,
    ...availability(house, state.path),
  }
}

/** A state that was dropped is an empty payload, for which Home Assistant defines no `value_json`. */
const fieldOf = (key: string) => `(value_json | default({})).${key}`

/** "None" is Home Assistant's word for a value that is not known; a state of more than 255 characters it refuses. */
function fieldTemplate(key: string, field: Field): string {
  const value = fieldOf(key)
  switch (field.type) {
    case 'flag':
      return `{{ None if ${value} is not defined else 'ON' if ${value} else 'OFF' }}`
    case 'number':
      return `{{ ${value} | default(None) }}`
    case 'time':
      return `{{ (${value} / 1000) | as_datetime if ${value} is number else None }}`
    default:
      return `{{ (${value} | default(None) | string)[:255] }}`
  }
}

/**
 * Undefined when the thing at the binding has nothing for this action: a dimmer has a value but no on and off.
 * An action that may do harm when late is asked for with an id and an expiry, which Home Assistant writes by a
 * template.
 */
function actionComponent(
  house: Household,
  action: Action,
  binding: { path?: string; input: Record<string, string> },
  id: string,
): Component | undefined {
  const row = action.entity!
  const state = house.states.find(({ path }) => path === binding.path)
  if (row.shows !== undefined && !house.known.has(id) && !present(state?.value[row.shows])) return undefined
  const specific = platformOptions(action, state)
  if (!specific) return undefined
  return {
    ...entity(house, row.platform, id, nameOf(action, state)),
    command_topic: house.topics.command(action.name, bindingLevels(binding)),
    command_template: harmlessLate(action, binding.input) ? undefined : envelopeTemplate(action),
    ...(row.shows !== undefined && state && { state_topic: house.topics.state(state.path) }),
    ...specific,
    entity_category: row.diagnostic ? 'diagnostic' : undefined,
    icon: row.icon,
    ...availability(house, binding.path),
  }
}

function platformOptions(action: Action, state: State | undefined): Record<string, Json | undefined> | undefined {
  const row = action.entity!
  const shown = row.shows === undefined ? undefined : fieldOf(row.shows)
  const value_template = shown && `{{ ${shown} | default(None) }}`
  switch (row.platform) {
    case 'button':
      return { payload_press: 'PRESS' }
    case 'switch':
      return {
        payload_on: 'ON',
        payload_off: 'OFF',
        value_template: shown && `{{ None if ${shown} is not defined else 'ON' if ${shown} else 'OFF' }}`,
      }
    case 'number': {
      const from = (bound: number | string) => {
        const said = typeof bound === 'number' ? bound : state?.value[bound]
        return typeof said === 'number' ? said : undefined
      }
      const unit = row.unit ?? text(state?.value.unit)
      const min = from(row.min ?? 'min')
      const max = from(row.max ?? 'max')
      if (min !== undefined && max !== undefined && min >= max) return undefined
      const step = from(row.step ?? 'step')
      return { min, max, step, mode: 'box', unit_of_measurement: unit, value_template }
    }
    case 'select': {
      const options = optionsOf(action, state)
      return options.length > 0 ? { options, value_template } : undefined
    }
  }
}

/** What may be chosen: the values the input allows, or the names that the bound state lists. */
function optionsOf(action: Action, state: State | undefined): string[] {
  const properties = jsonSchemaOf(action.input).properties as Record<string, { enum?: unknown }> | undefined
  const allowed = properties?.[action.entity?.field ?? '']?.enum ?? state?.value.names
  return Array.isArray(allowed) ? allowed.filter(option => typeof option === 'string') : []
}

/** Valid for half a minute by Home Assistant's clock: what waits longer in a broker is not obeyed. */
function envelopeTemplate({ entity }: Action): string {
  const ms = '(now().timestamp() * 1000) | int'
  const parts = [
    `"id": "ha-{{ ${ms} }}-{{ range(1000, 9999) | random }}"`,
    `"issued": {{ ${ms} }}`,
    `"expires": {{ (now().timestamp() * 1000) | int + 30000 }}`,
  ]
  if (entity?.field !== undefined && entity.platform !== 'button') {
    const value =
      entity.platform === 'switch'
        ? "{{ 'true' if value == 'ON' else 'false' }}"
        : entity.platform === 'number'
          ? '{{ value }}'
          : '{{ value | tojson }}'
    parts.push(`"${entity.field}": ${value}`)
  }
  return `{${parts.join(', ')}}`
}

function pictureComponents(house: Household): Components {
  const has = (kind: string) => house.states.some(state => state.kind === kind)
  const image = (name: string, label: string): Component => ({
    ...entity(house, 'image', `picture_${name}`, label),
    image_topic: house.topics.picture(name),
    content_type: 'image/jpeg',
  })
  return {
    ...(has('camera') && { picture_frame: image('frame', 'Latest frame') }),
    ...(has('stack') && { picture_stack: image('stack', 'Live stack picture') }),
    ...(has('video') && {
      picture_pier: {
        ...entity(house, 'camera', 'picture_pier', 'Pier camera picture'),
        topic: house.topics.picture('pier'),
      },
    }),
  }
}

/** `camera/main` → Camera; `camera/guide` → Camera guide; a switch with a name of its own by that name. */
function labelOf(state: State): string {
  const kind = kinds[state.kind]?.name ?? state.kind
  const rest = state.path.split('/').slice(1).join(' ')
  if (state.kind === 'power') return text(state.value.name) ?? `${kind} ${rest}`
  return rest === '' || rest === 'main' || rest === state.kind ? kind : `${kind} ${rest}`
}

function nameOf(action: Action, state: State | undefined): string {
  const [noun, ...verb] = action.name.split('-')
  if (!state) return upperFirst([noun, ...verb].join(' '))
  const plain = action.entity?.shows !== undefined && verb.length <= 1
  return plain && state.kind === 'power' ? labelOf(state) : `${labelOf(state)} ${verb.join(' ')}`.trim()
}

const present = (value: Json | undefined) => value !== undefined && value !== null
const text = (value: Json | undefined) => (typeof value === 'string' && value !== '' ? value : undefined)
const upperFirst = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)
const lowerFirst = (words: string) => words.charAt(0).toLowerCase() + words.slice(1)
