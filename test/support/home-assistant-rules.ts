// Home Assistant's rules for a device discovery payload, as its documentation and core schemas state them: what a real
// installation would refuse or log as an error. Tests hold our payloads against it.

type Config = Record<string, unknown>

const shared = ['platform', 'name', 'unique_id', 'default_entity_id', 'icon', 'entity_category', 'enabled_by_default']
const available = ['availability', 'availability_mode', 'availability_topic', 'availability_template']
const stated = ['state_topic', 'value_template', 'json_attributes_topic', 'json_attributes_template', 'qos']
const commanded = ['command_topic', 'command_template', 'qos']

/** Keys that each platform knows, and those it must have. */
const platforms: Record<string, { keys: string[]; must: string[] }> = {
  sensor: {
    keys: [...stated, 'device_class', 'state_class', 'unit_of_measurement', 'suggested_display_precision', 'options'],
    must: ['state_topic'],
  },
  binary_sensor: { keys: [...stated, 'device_class', 'payload_on', 'payload_off', 'off_delay'], must: ['state_topic'] },
  switch: {
    keys: [...stated, ...commanded, 'payload_on', 'payload_off', 'state_on', 'state_off', 'optimistic', 'device_class'],
    must: ['command_topic'],
  },
  button: { keys: [...commanded, 'payload_press', 'device_class'], must: ['command_topic'] },
  number: {
    keys: [...stated, ...commanded, 'min', 'max', 'step', 'mode', 'unit_of_measurement', 'device_class', 'optimistic'],
    must: ['command_topic'],
  },
  select: { keys: [...stated, ...commanded, 'options', 'optimistic'], must: ['command_topic', 'options'] },
  image: { keys: ['image_topic', 'url_topic', 'content_type', 'image_encoding', 'url_template'], must: [] },
  camera: { keys: ['topic', 'image_encoding'], must: ['topic'] },
}

/** Device classes of sensors with the units they allow (core: components/sensor/const.py, DEVICE_CLASS_UNITS). */
const sensorUnits: Record<string, string[]> = {
  temperature: ['°C', '°F', 'K'],
  humidity: ['%'],
  power_factor: ['%'],
  wind_speed: ['m/s', 'km/h', 'mph', 'kn', 'ft/s', 'Beaufort'],
  atmospheric_pressure: ['hPa', 'Pa', 'kPa', 'mbar', 'bar', 'mmHg', 'inHg', 'psi', 'cbar'],
  voltage: ['V', 'mV', 'µV', 'kV', 'MV'],
  current: ['A', 'mA'],
  power: ['W', 'kW', 'mW', 'MW', 'GW', 'TW'],
  data_size: ['bit', 'kbit', 'Mbit', 'Gbit', 'B', 'kB', 'MB', 'GB', 'TB', 'PB', 'KiB', 'MiB', 'GiB', 'TiB'],
  duration: ['d', 'h', 'min', 's', 'ms', 'µs'],
  illuminance: ['lx'],
  distance: ['km', 'm', 'cm', 'mm', 'mi', 'yd', 'in', 'ft', 'nmi'],
}
const sensorsWithoutUnit = ['timestamp', 'date', 'enum']
const anyStateClass = ['data_size', 'duration', 'distance']
const binaryClasses =
  `battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light lock moisture motion
  moving occupancy opening plug power presence problem running safety smoke sound tamper update vibration window`.split(
    /\s+/,
  )
const buttonClasses = ['identify', 'restart', 'update']

/** Every rule the payload breaks, in words; empty when Home Assistant would take all of it. */
export function discoveryComplaints(topic: string, payload: Config): string[] {
  const bad: string[] = []
  if (!/^[^/+#]+\/device\/([a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/.test(topic)) bad.push(`topic ${topic}`)
  const device = (payload.device ?? {}) as Config
  const origin = (payload.origin ?? {}) as Config
  const named = [device.identifiers, device.connections].some(list => Array.isArray(list) && list.length > 0)
  if (!named) bad.push('device: neither identifiers nor connections')
  for (const key of ['name', 'manufacturer', 'model', 'sw_version']) {
    if (typeof device[key] !== 'string') bad.push(`device: ${key} is no text`)
  }
  if (typeof origin.name !== 'string') bad.push('origin: no name')
  bad.push(...availabilityComplaints('device', payload))
  const ids = new Set<unknown>()
  const entities = new Set<unknown>()
  for (const [key, component] of Object.entries((payload.components ?? {}) as Record<string, Config>)) {
    if (!/^[a-zA-Z0-9_-]+$/.test(key)) bad.push(`${key}: not a component id`)
    // The removal form: a platform and nothing else.
    if (Object.keys(component).length === 1 && typeof component.platform === 'string') continue
    bad.push(...componentComplaints(component).map(words => `${key}: ${words}`))
    if (ids.has(component.unique_id)) bad.push(`${key}: unique_id is used twice`)
    if (entities.has(component.default_entity_id)) bad.push(`${key}: default_entity_id is used twice`)
    ids.add(component.unique_id)
    entities.add(component.default_entity_id)
  }
  return bad
}

function componentComplaints(component: Config): string[] {
  const bad: string[] = []
  const name = String(component.platform)
  const platform = platforms[name]
  if (!platform) return [`platform ${name}`]
  const known = new Set([...shared, ...available, ...platform.keys])
  for (const key of Object.keys(component)) if (!known.has(key)) bad.push(`${name} does not know ${key}`)
  for (const key of platform.must) if (component[key] === undefined) bad.push(`${key} is missing`)
  if (typeof component.unique_id !== 'string' || component.unique_id === '') bad.push('unique_id is missing')
  if (!new RegExp(`^${name}\\.[a-z0-9_]+$`).test(String(component.default_entity_id))) {
    bad.push(`default_entity_id ${component.default_entity_id}`)
  }
  if (typeof component.name !== 'string' || component.name.trim() === '') bad.push('name is missing')
  if (component.icon !== undefined && !/^mdi:[a-z0-9-]+$/.test(String(component.icon))) bad.push('icon')
  const readOnly = ['sensor', 'binary_sensor', 'image', 'camera'].includes(name)
  const categories = readOnly ? [undefined, 'diagnostic'] : [undefined, 'diagnostic', 'config']
  if (!categories.includes(component.entity_category as string))
    bad.push(`entity_category ${component.entity_category}`)
  for (const [key, value] of Object.entries(component)) {
    if (key.endsWith('topic') && !validTopic(value)) bad.push(`${key} ${value}`)
    if (key.endsWith('template') && !validTemplate(value)) bad.push(`${key} ${value}`)
  }
  bad.push(...availabilityComplaints(name, component))
  const rules: Record<string, (component: Config) => string[]> = {
    sensor,
    binary_sensor,
    number,
    select,
    button,
    image,
  }
  return [...bad, ...(rules[name]?.(component) ?? [])]
}

function sensor(component: Config): string[] {
  const bad: string[] = []
  const { device_class, state_class, unit_of_measurement, suggested_display_precision } = component
  if (device_class !== undefined) {
    const units = sensorUnits[String(device_class)]
    if (sensorsWithoutUnit.includes(String(device_class))) {
      if (unit_of_measurement !== undefined || state_class !== undefined)
        bad.push(`${device_class} takes neither unit nor state class`)
    } else if (!units) bad.push(`device_class ${device_class}`)
    else {
      if (!units.includes(String(unit_of_measurement))) bad.push(`${device_class} in ${unit_of_measurement}`)
      const classes = anyStateClass.includes(String(device_class))
        ? ['measurement', 'total', 'total_increasing']
        : ['measurement']
      if (state_class !== undefined && !classes.includes(String(state_class)))
        bad.push(`${device_class} as ${state_class}`)
    }
  } else if (state_class !== undefined && !['measurement', 'total', 'total_increasing'].includes(String(state_class))) {
    bad.push(`state_class ${state_class}`)
  }
  if (
    suggested_display_precision !== undefined &&
    !(Number.isInteger(suggested_display_precision) && Number(suggested_display_precision) >= 0)
  ) {
    bad.push('suggested_display_precision is no whole number')
  }
  return bad
}

const binary_sensor = ({ device_class }: Config) =>
  device_class === undefined || binaryClasses.includes(String(device_class)) ? [] : [`device_class ${device_class}`]

const button = ({ device_class }: Config) =>
  device_class === undefined || buttonClasses.includes(String(device_class)) ? [] : [`device_class ${device_class}`]

function number({ min = 1, max = 100, step = 1, mode = 'auto' }: Config): string[] {
  const bad: string[] = []
  if (!(Number(min) < Number(max))) bad.push(`min ${min} is not below max ${max}`)
  if (!(Number(step) >= 0.001)) bad.push(`step ${step}`)
  if (!['auto', 'box', 'slider'].includes(String(mode))) bad.push(`mode ${mode}`)
  return bad
}

const select = ({ options }: Config) =>
  Array.isArray(options) && options.length > 0 && options.every(option => typeof option === 'string') ? [] : ['options']

const image = ({ image_topic, url_topic, content_type }: Config) => {
  const one = (image_topic === undefined) !== (url_topic === undefined)
  return [
    ...(one ? [] : ['exactly one of image_topic and url_topic']),
    ...(url_topic && content_type ? ['content_type'] : []),
  ]
}

function availabilityComplaints(where: string, config: Config): string[] {
  const bad: string[] = []
  const { availability, availability_mode } = config
  if (availability !== undefined) {
    if (config.availability_topic !== undefined) bad.push(`${where}: availability and availability_topic together`)
    if (!Array.isArray(availability)) return [...bad, `${where}: availability is no list`]
    for (const { topic, value_template, ...rest } of availability as Config[]) {
      if (!validTopic(topic)) bad.push(`${where}: availability topic ${topic}`)
      if (value_template !== undefined && !validTemplate(value_template)) bad.push(`${where}: availability template`)
      const extra = Object.keys(rest).filter(key => !['payload_available', 'payload_not_available'].includes(key))
      if (extra.length > 0) bad.push(`${where}: availability has ${extra}`)
    }
  }
  if (availability_mode !== undefined && !['all', 'any', 'latest'].includes(String(availability_mode))) {
    bad.push(`${where}: availability_mode ${availability_mode}`)
  }
  return bad
}

const validTopic = (topic: unknown) =>
  typeof topic === 'string' &&
  topic.length > 0 &&
  topic.length < 65_536 &&
  !/[+#\0]/.test(topic) &&
  !topic.startsWith('/')

const validTemplate = (template: unknown) => {
  if (typeof template !== 'string') return false
  return template.split('{{').length === template.split('}}').length && template.includes('{{')
}
