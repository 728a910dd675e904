// Why a device cannot be used now, in its own words: what disabled buttons say.
import { useAt } from './live'
import type { Camera, Focus, Presence, Stack } from './states'
import { holderWords, sentence } from './words'

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

/**
 * Who has this camera now. Only what the states say for sure: in the seconds where they cannot, the box itself refuses
 * with the holder's name.
 */
export function useInUse(name: string | undefined): string | undefined {
  const camera = useAt<Camera>(name && `camera/${name}`)?.value
  const stack = useAt<Stack>('stack/main')?.value
  const focus = useAt<Focus>('focus/main')?.value
  if (stack?.running && stack.camera === name) return 'The live stack uses this camera'
  if (focus?.running && focus.camera === name) return 'The focus loop uses this camera'
  if (camera?.exposing) return camera.holder ? `In use: ${holderWords(camera.holder)}` : 'An exposure is under way'
  return undefined
}
