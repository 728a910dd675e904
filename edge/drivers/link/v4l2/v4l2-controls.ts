// What can be set of a video device: listed, read and set as its driver names it.
import { Fault } from '../../../ports/fault.js'
import type { RawProperty, RawValue } from '../../../ports/raw-properties.js'
import { addressOf } from '../c-library.js'
import type { VideoDevice } from './v4l2-device.js'
import { controlFlags, controlTypes, offsets, requests, sizes, text } from './v4l2-structs.js'

export interface Control {
  readonly id: number
  readonly name: string
  readonly kind: 'number' | 'boolean' | 'menu' | 'button'
  readonly min: number
  readonly max: number
  readonly step: number
  readonly wide: boolean
  readonly writable: boolean
  readonly readable: boolean
  /** Without effect while another control stands as it does: an exposure while the camera chooses its own. */
  readonly inactive: boolean
  /** Of a menu, by their numbers. */
  readonly choices: ReadonlyMap<number, string>
}

/** More of them than any camera has; one that answers for ever is broken. */
const mostControls = 300
const mostChoices = 64
/** Of any other type, a block of numbers say, come controls too odd to show. */
const kinds = new Map<number, Control['kind']>([
  [controlTypes.integer, 'number'],
  [controlTypes.integer64, 'number'],
  [controlTypes.bitmask, 'number'],
  [controlTypes.boolean, 'boolean'],
  [controlTypes.menu, 'menu'],
  [controlTypes.integerMenu, 'menu'],
  [controlTypes.button, 'button'],
])

export async function controlsOf(device: VideoDevice): Promise<Control[]> {
  const all: Control[] = []
  let after = 0
  for (let count = 0; count < mostControls; count++) {
    const bytes = Buffer.alloc(sizes.queryControl)
    // V4L2_CTRL_FLAG_NEXT_CTRL: the one after this number.
    bytes.writeUInt32LE((after | controlFlags.next) >>> 0, 0)
    try {
      await device.ioctl(device.fd, requests.queryControl, bytes)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EINVAL' || code === 'ENOTTY') return all
      throw error
    }
    after = bytes.readUInt32LE(0)
    const control = await controlOf(device, bytes)
    if (control) all.push(control)
  }
  return all
}

async function controlOf(device: VideoDevice, bytes: Buffer): Promise<Control | undefined> {
  const type = bytes.readUInt32LE(offsets.controlType)
  const kind = kinds.get(type)
  const flags = bytes.readUInt32LE(offsets.controlFlags)
  if (!kind || flags & controlFlags.disabled || bytes.readUInt32LE(offsets.controlDimensions) > 0) return undefined
  const number = (at: number) => Number(bytes.readBigInt64LE(at))
  const [min, max] = [number(offsets.controlMin), number(offsets.controlMax)]
  const id = bytes.readUInt32LE(0)
  return {
    id,
    name: text(bytes, offsets.controlName, 32),
    kind,
    min,
    max,
    step: Math.max(1, number(offsets.controlStep)),
    wide: type === controlTypes.integer64,
    writable: !(flags & (controlFlags.readOnly | controlFlags.grabbed)),
    readable: kind !== 'button' && !(flags & controlFlags.writeOnly),
    inactive: (flags & controlFlags.inactive) !== 0,
    choices: kind === 'menu' ? await choicesOf(device, { id, min, max, type }) : new Map(),
  }
}

async function choicesOf(
  { ioctl, fd }: VideoDevice,
  { id, min, max, type }: { id: number; min: number; max: number; type: number },
): Promise<Map<number, string>> {
  const choices = new Map<number, string>()
  for (let index = min; index <= max && choices.size < mostChoices; index++) {
    const bytes = Buffer.alloc(sizes.queryMenu)
    bytes.writeUInt32LE(id, 0)
    bytes.writeUInt32LE(index, offsets.menuIndex)
    try {
      await ioctl(fd, requests.queryMenu, bytes)
    } catch (error) {
      // A menu may have gaps.
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') continue
      throw error
    }
    const whole = type === controlTypes.integerMenu
    choices.set(index, whole ? String(bytes.readBigInt64LE(offsets.menuName)) : text(bytes, offsets.menuName, 32))
  }
  return choices
}

export async function readControl({ ioctl, fd }: VideoDevice, { id, wide }: Control): Promise<number> {
  const { list, one } = request(id, 0, wide)
  await ioctl(fd, requests.getControls, list)
  return wide ? Number(one.readBigInt64LE(offsets.value)) : one.readInt32LE(offsets.value)
}

/** Rejects with `bad-input` for a value outside of its range, `busy` while the driver holds it. */
export async function writeControl(device: VideoDevice, control: Control, value: number): Promise<void> {
  const { name, min, max, wide } = control
  const thing = `${name} of ${device.path}`
  if (!control.writable) throw new Fault('unsupported', `${thing} can only be read now`, 'Set something else')
  if (!Number.isInteger(value) || (control.kind !== 'button' && (value < min || value > max))) {
    throw new Fault('bad-input', `${thing} cannot be ${value}`, `Give a whole number from ${min} to ${max}`)
  }
  const { list } = request(control.id, value, wide)
  try {
    await device.ioctl(device.fd, requests.setControls, list)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const words = `${thing} was not set to ${value} (${code})`
    if (code === 'EBUSY' || code === 'EACCES') throw new Fault('busy', words, 'Stop what uses the camera', { cause })
    if (code === 'EINVAL' || code === 'ERANGE') throw new Fault('bad-input', words, 'Try another value', { cause })
    throw new Fault('offline', words, 'Check its USB cable', { cause })
  }
}

/** struct v4l2_ext_controls with one control; `one` is named so that its memory lives as long as the list. */
function request(id: number, value: number, wide: boolean): { readonly list: Buffer; readonly one: Buffer } {
  const one = Buffer.alloc(sizes.control)
  one.writeUInt32LE(id, 0)
  if (wide) one.writeBigInt64LE(BigInt(value), offsets.value)
  else one.writeInt32LE(value | 0, offsets.value)
  const list = Buffer.alloc(sizes.controls)
  list.writeUInt32LE(1, offsets.controlsCount)
  list.writeBigUInt64LE(addressOf(one), offsets.controlsAt)
  return { list, one }
}

/** As a device's own properties: each control one, by its number in the driver's words. */
export async function propertiesOf(device: VideoDevice): Promise<RawProperty[]> {
  const all: RawProperty[] = []
  for (const control of await controlsOf(device)) {
    const now = control.readable ? await readControl(device, control) : undefined
    all.push({
      name: nameOf(control),
      label: control.name,
      group: groupOf(control.id),
      kind: control.kind === 'number' ? 'number' : 'switch',
      state: control.inactive ? 'without effect now' : 'Ok',
      writable: control.writable,
      items: itemsOf(control, now),
    })
  }
  return all
}

function itemsOf(control: Control, now: number | undefined): RawProperty['items'] {
  const { kind, min, max, choices, name } = control
  if (kind === 'number') return [{ name: 'VALUE', label: name, value: now, min, max }]
  if (kind === 'menu') {
    return [...choices].map(([index, label]) => ({ name: String(index), label, value: index === now }))
  }
  return [{ name: 'ON', label: kind === 'button' ? 'Do it' : name, value: now === 1 }]
}

/** Sets one of `propertiesOf`. Rejects with `not-found`, `bad-input`. */
export async function setProperty(
  device: VideoDevice,
  name: string,
  values: Readonly<Record<string, RawValue>>,
): Promise<void> {
  const control = (await controlsOf(device)).find(one => nameOf(one) === name)
  const fix = 'See the names in the list of its properties'
  if (!control) throw new Fault('not-found', `${device.path} has no control ${name}`, fix)
  await writeControl(device, control, wantedOf(control, values))
}

function wantedOf(control: Control, values: Readonly<Record<string, RawValue>>): number {
  const [item, value] = Object.entries(values)[0] ?? []
  const known = itemsOf(control, 0).some(({ name }) => name === item)
  if (item === undefined || !known || Object.keys(values).length > 1) {
    const names = itemsOf(control, 0).map(({ name }) => name)
    throw new Fault('bad-input', `${control.name} cannot be set by that`, `Set one of: ${names.join(', ')}`)
  }
  if (control.kind === 'number' && typeof value === 'number') return value
  if (control.kind !== 'number' && typeof value === 'boolean') {
    if (control.kind !== 'menu') return value ? 1 : 0
    if (value) return Number(item)
  }
  const fix = control.kind === 'number' ? 'Give a number' : 'Switch on what you want of it'
  throw new Fault('bad-input', `${control.name} cannot be set to ${JSON.stringify(value)}`, fix)
}

/** V4L2's own numbers are what does not change with the language or the driver's taste. */
const nameOf = ({ id }: Control) => `0x${id.toString(16).padStart(8, '0')}`

/** By the classes of <linux/v4l2-controls.h>, which are the upper half of the number. */
function groupOf(id: number): string {
  return { 152: 'Picture', 154: 'Camera', 158: 'Sensor', 159: 'Processing' }[id >>> 16] ?? 'Others'
}
