// A USB camera's own controls while ffmpeg has its pictures: the kernel lets them be set beside it.
import type { RawProperties } from '../../ports/raw-properties.js'
import type { VideoOrder } from '../../ports/video-source.js'
import { propertiesOf, setProperty } from '../link/v4l2/v4l2-controls.js'
import { openVideoDevice, ownKernel, type VideoDevice, type VideoKernel } from '../link/v4l2/v4l2-device.js'
import { faultOf } from '../link/v4l2/v4l2-fault.js'
import { lightControlsOf } from '../link/v4l2/v4l2-light.js'

/**
 * Sets what an order says of the light, as far as the camera has it; a value beyond its range becomes the nearest.
 * Rejects with a Fault when the camera is not there.
 */
export async function setUsbLight(path: string, order: VideoOrder, kernel?: VideoKernel): Promise<void> {
  const { automatic, exposureMs, gain } = order
  if (automatic === undefined) return
  await opened(path, kernel, async device => {
    const light = await lightControlsOf(device)
    if (automatic) return light.automatic()
    if (exposureMs !== undefined) await light.exposure?.set(exposureMs / 1000)
    if (gain !== undefined) await light.gain?.set(gain)
  })
}

/** @param pathOf where it is now; rejects when it is not there */
export function usbControls(pathOf: () => Promise<string>, kernel?: VideoKernel): RawProperties {
  return {
    list: async () => opened(await pathOf(), kernel, propertiesOf),
    set: async (property, values) => opened(await pathOf(), kernel, device => setProperty(device, property, values)),
  }
}

async function opened<T>(
  path: string,
  kernel: VideoKernel = ownKernel(),
  use: (device: VideoDevice) => Promise<T>,
): Promise<T> {
  const device = await openVideoDevice(path, kernel)
  try {
    return await use(device)
  } catch (error) {
    throw faultOf(error, path)
  } finally {
    device.close()
  }
}
