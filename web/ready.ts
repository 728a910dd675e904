// Why a device cannot be used now, in its own words: what disabled buttons say.
import type { Camera, Presence } from './states'
import { sentence } from './words'

/** `undefined` when it can be used. */
export function away(device: Presence | undefined, what: string): string | undefined {
  if (!device?.condition || device.condition === 'ready') return undefined
  return sentence(device.reason ?? `The ${what} is ${device.condition}`)
}

/** Why this camera takes no exposure now. */
export function notReady(camera: Camera | undefined, name: string | undefined): string | undefined {
  if (!camera) return name ? `No camera is called “${name}” now` : 'No camera is configured: see Devices'
  return away(camera, 'camera')
}
