// What went wrong with a video device, by the error number of the kernel.
import { Fault } from '../../../ports/fault.js'

/** What drivers say of a device that was pulled out. */
export const goneCodes: ReadonlySet<string> = new Set(['ENODEV', 'ENXIO', 'EIO', 'EPROTO', 'EPIPE'])

/** @param error of an ioctl, or a Fault, which stays what it is */
export function faultOf(error: unknown, path: string): Fault {
  if (error instanceof Fault) return error
  const { code = 'EIO', message } = error as NodeJS.ErrnoException
  if (code === 'EBUSY') {
    return new Fault('busy', `the camera ${path} is in use`, 'Another program uses the camera: close it')
  }
  if (goneCodes.has(code)) {
    return new Fault('offline', `the camera ${path} is gone (${code})`, 'Check its USB cable', { cause: error })
  }
  const fix = 'Unplug it and plug it in again'
  return new Fault('broken', `the camera ${path} does not do what is asked: ${message}`, fix, { cause: error })
}
