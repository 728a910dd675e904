// Finding the camera that is meant among those that are plugged in.
import { Fault } from '../../../ports/fault.js'
import { asiFault } from './asi-faults.js'
import type { CameraInfo } from './asi-layout.js'
import type { AsiLibrary } from './asi-library.js'
import { socketOfOpenCamera } from './asi-port.js'
import type { AsiChoice } from './asi-words.js'

export interface MeantCamera {
  readonly info: CameraInfo
  readonly serial?: string
  readonly port?: string
}

/**
 * Opens those that may be meant one after the other, and closes the others again, which does not disturb who has them.
 * Rejects with a Fault that says what is there.
 */
export async function openMeant(asi: AsiLibrary, { serial, model, port, index }: AsiChoice): Promise<MeantCamera> {
  const all = await asi.cameras()
  const named = serial !== undefined || model !== undefined || port !== undefined
  const fits = ({ name }: CameraInfo) => model === undefined || name.toLowerCase().includes(model.toLowerCase())
  if (!named && index === undefined && all.length > 1) {
    const words = `${all.length} ASI cameras are plugged in: ${all.map(({ name }) => name).join(', ')}`
    throw new Fault('bad-input', words, 'Say which, by serial:, model: or port: under the device')
  }
  const candidates = named || index === undefined ? all.filter(fits) : all.slice(index, index + 1)
  let refusal: unknown
  for (const info of candidates) {
    try {
      await asi.ask('ASIOpenCamera', info.id)
    } catch (error) {
      refusal ??= error
      continue
    }
    const found = { info, serial: await asi.serial(info.id), port: await socketOfOpenCamera() }
    const right =
      (serial === undefined || found.serial === serial.toLowerCase()) && (port === undefined || found.port === port)
    if (right) return found
    await asi.ask('ASICloseCamera', info.id)
  }
  if (refusal) throw asiFault(refusal, 'the ASI camera')
  const there = all.length === 0 ? 'none' : all.map(({ name }) => name).join(', ')
  const words = [serial && `serial number ${serial}`, model, port, !named && index && `number ${index}`]
  const wanted = words.filter(Boolean).join(', ')
  throw new Fault(
    'offline',
    `no ASI camera${wanted ? ` with ${wanted}` : ''} is plugged in (there: ${there})`,
    'Plug it in, and look at its power and cable',
  )
}
