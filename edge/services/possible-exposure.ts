// What a camera cannot do is said when it is asked for; the camera itself would only say it later, frame by frame.
import { type Adjustable, type Camera, demandReadout } from '../ports/camera.js'
import { Fault } from '../ports/fault.js'
import type { Region } from '../ports/frame.js'

/** Of an order what a camera may refuse; absent is its standard. */
interface Wanted {
  readonly seconds: number
  readonly binning: number
  readonly gain?: number
  readonly offset?: number
  readonly readout?: string
  /** Unbinned px. */
  readonly region?: Region
}

/**
 * @param name of the camera, for messages
 * @throws Fault `bad-input` with what is possible, `unsupported`
 */
export function demandPossible(name: string, camera: Camera, wanted: Wanted): void {
  const { seconds, binning, region } = wanted
  const { maxBinning, minExposureSeconds: least = 0, maxExposureSeconds: most = 86_400 } = camera.sensor
  if (binning > maxBinning) {
    throw new Fault('bad-input', `Binning must be <= ${maxBinning} with this camera`, 'Choose a smaller binning')
  }
  if (seconds < least || seconds > most) {
    throw new Fault('bad-input', `Duration must be ${least} to ${most} s with this camera`, 'Choose another exposure')
  }
  demandLevel(name, 'gain', camera.gain, wanted.gain)
  demandLevel(name, 'offset', camera.offset, wanted.offset)
  if (wanted.readout !== undefined) demandReadout(`camera ${name}`, camera.readout, wanted.readout)
  if (region) demandRegion(camera, region)
}

function demandLevel(camera: string, what: string, knob: Adjustable | undefined, wanted: number | undefined): void {
  if (wanted === undefined) return
  if (!knob) throw new Fault('unsupported', `camera ${camera} has no ${what} to set`, `Leave the ${what} out`)
  if (wanted >= knob.min && wanted <= knob.max) return
  const words = `${what} ${wanted} is outside ${knob.min} to ${knob.max} of camera ${camera}`
  throw new Fault('bad-input', words, 'Choose one in range')
}

function demandRegion({ sensor: { regions, width, height } }: Camera, region: Region): void {
  if (!regions) throw new Fault('unsupported', 'this camera reads its whole sensor only', 'Leave the region out')
  const wide = width !== undefined && region.x + region.width > width
  const high = height !== undefined && region.y + region.height > height
  if (wide || high) {
    const words = `the region ends at (${region.x + region.width}, ${region.y + region.height})`
    throw new Fault('bad-input', `${words}; the sensor has ${width}×${height} px`, 'Choose a smaller region')
  }
}
