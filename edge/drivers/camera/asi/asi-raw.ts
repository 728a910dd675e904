// Every control of an ASI camera by the library's own names, to look at and to set: USB bandwidth, fan, dew heater and
// what newer cameras bring. What exposures and cooling set by themselves only stands there.
import { Fault } from '../../../ports/fault.js'
import type { RawProperties, RawProperty } from '../../../ports/raw-properties.js'
import type { AsiControls } from './asi-controls.js'
import { type ControlCaps, controls as named } from './asi-layout.js'
import type { OpenedCamera } from './asi-words.js'

const byExposure = { locked: 'Use the Expose page: it is set with every exposure' }
const byCooler = { locked: 'Use the cooler: it is kept when the camera is opened again' }
const locks: Readonly<Record<number, { readonly locked: string }>> = {
  [named.EXPOSURE]: byExposure,
  [named.GAIN]: byExposure,
  [named.OFFSET]: byExposure,
  [named.HIGH_SPEED_MODE]: { locked: 'Use the readout mode of the Expose page' },
  [named.COOLER_ON]: byCooler,
  [named.TARGET_TEMP]: byCooler,
  [named.FLIP]: { locked: 'Turn the picture elsewhere: here it would change the colours of the mosaic' },
  [named.MONO_BIN]: { locked: 'Binned pixels of a colour camera are grey' },
}

export interface AsiRawParts {
  /** For messages: `camera main`. */
  readonly name: string
  readonly opened: OpenedCamera
  readonly controls: AsiControls
  exposing(): boolean
}

export function asiRaw({ name, opened, controls, exposing }: AsiRawParts): RawProperties {
  const shown = ({ control, name: word, description, min, max, writable }: ControlCaps): RawProperty => ({
    ...{ name: word, label: description || word, group: 'Controls', kind: 'number', state: 'Ok', writable },
    ...(writable && locks[control]),
    items: [{ name: word, label: word, value: controls.value(control), min, max }],
  })
  return {
    list: () => [told(opened), ...controls.caps.map(shown)],
    async set(property, values, signal) {
      const fix = 'See the names in the list of its properties'
      const caps = controls.caps.find(one => one.name === property)
      if (!caps) throw new Fault('not-found', `${name} has no control ${property}`, fix)
      const lock = locks[caps.control]
      if (lock) throw new Fault('unsafe', `${property} of ${name} is not set here`, lock.locked)
      const value = values[property]
      if (typeof value !== 'number' || Object.keys(values).length !== 1) {
        throw new Fault('bad-input', `${property} of ${name} is one number`, `Give it as ${property}`)
      }
      if (exposing()) throw new Fault('busy', `${name} is exposing`, 'Wait for the frame, or abort it')
      signal.throwIfAborted()
      await controls.set(caps.control, value)
    },
  }
}

/** What an owner may want to write into the config, or into a report. */
function told({ info, serial, port, version }: OpenedCamera): RawProperty {
  const facts = {
    Model: info.name,
    Serial: serial ?? 'none',
    Port: port ?? 'unknown',
    USB: info.usb3 ? 'USB 3 camera' : 'USB 2 camera',
    Converter: `${info.bitDepth} bit`,
    Library: version,
  }
  const items = Object.entries(facts).map(([name, value]) => ({ name, label: name, value }))
  return { name: 'CAMERA', label: 'Camera', group: 'Camera', kind: 'text', state: 'Ok', writable: false, items }
}
