// How the drivers of video cameras are opened for their contracts; a part of the table in bench-devices.ts.
import { csiDriver } from '../../edge/drivers/camera/csi.js'
import { v4l2Driver, v4l2On } from '../../edge/drivers/camera/v4l2.js'
import type { VideoKernel } from '../../edge/drivers/link/v4l2/v4l2-device.js'
import type { BenchRow } from './bench-devices.js'
import { noRpicam, rpicam } from './rpicam.js'
import { noVideoDevice } from './video-device.js'
import { exposureControl, exposureMode, type FakeCamera, gainControl, slowing, videoKernel } from './video-kernel.js'

/** A colour sensor that gives its raw 12 bits, with a slope over each line. */
const rawCamera = (): FakeCamera => ({
  card: 'Raw USB camera',
  formats: {
    RG12: (width, height, value) => {
      const line = Buffer.alloc(2 * width)
      for (let x = 0; x < width; x++) line.writeUInt16LE(value + (x % 16), 2 * x)
      return Buffer.concat(Array.from({ length: height }, () => line))
    },
  },
  sizes: [[128, 96]],
  intervalsMs: [50, 500],
  controls: [exposureMode(), exposureControl(5000), slowing(), gainControl()],
  light: (exposure, gain) => exposure / 10 + gain,
})

/** The driver on a stand-in for the kernel that is made when the row is opened. */
function standIn(name: string, stack: 'sum' | 'mean'): BenchRow {
  let kernel: VideoKernel | undefined
  return {
    name,
    driver: v4l2On(() => kernel!),
    ports: ['camera', 'raw'],
    skip: false,
    async ready(test) {
      const made = videoKernel(test, rawCamera())
      kernel = made.kernel()
      return { options: { device: made.path, stack } }
    },
  }
}

/** The programs of CSI cameras, behind which no camera is. */
function csi(as: 'camera' | 'video'): BenchRow {
  return {
    name: `csi as ${as}`,
    driver: csiDriver,
    ports: [as],
    skip: noRpicam,
    ready: async test => ({ options: { folder: rpicam(test).folder, as, readout_seconds: 4 } }),
  }
}

export const videoRows: readonly BenchRow[] = [
  csi('camera'),
  csi('video'),
  standIn('v4l2 that sums', 'sum'),
  standIn('v4l2 that takes the mean', 'mean'),
  {
    name: 'v4l2 on a real device',
    driver: v4l2Driver,
    ports: ['camera', 'raw'],
    skip: noVideoDevice,
    ready: async () => ({ options: { device: '/dev/video0', size: '640x360', fps: 10, stack: 'sum' } }),
  },
]
