// ZWO's errors in words that a person can do something with.
import { Fault, type FaultCode } from '../../../ports/fault.js'
import { errorNames } from './asi-layout.js'
import { AsiError } from './asi-library.js'

type ErrorName = (typeof errorNames)[number]

const gone = 'Look at its cable, its hub and the power; it is opened again by itself when it is back'
const words: Readonly<Partial<Record<ErrorName, readonly [FaultCode, string, string]>>> = {
  INVALID_ID: ['offline', 'is not there any more', gone],
  INVALID_INDEX: ['offline', 'is not there any more', gone],
  CAMERA_CLOSED: ['offline', 'was closed', gone],
  CAMERA_REMOVED: ['offline', 'is gone, or another program has it', gone],
  TIMEOUT: ['timeout', 'gave no picture in time', 'Lower its USB bandwidth, or use another socket or cable'],
  INVALID_CONTROL_TYPE: ['unsupported', 'has no such control', 'Look at its own properties on the Devices page'],
}

/** Whatever failed on the way to the camera, as a Fault. */
export function asiFault(error: unknown, camera: string): Fault {
  if (error instanceof Fault) return error
  if (!(error instanceof AsiError)) {
    const said = error instanceof Error ? error.message : String(error)
    return new Fault('broken', `${camera}: ${said}`, 'See the log; if it happens again, report it', { cause: error })
  }
  const name: ErrorName | undefined = errorNames[error.code - 1]
  const [code, what, fix] = (name && words[name]) ?? ['broken', 'refused', 'It is opened again by itself']
  const said = `${error.call}: ${name ?? `error ${error.code}`}`
  return new Fault(code, `${camera} ${what} (${said})`, fix, { cause: error })
}

/** The library is missing, or is no library of ZWO's. */
export function noLibrary(file: string | undefined, error: unknown): Fault {
  const said = error instanceof Error ? error.message : String(error)
  const what = file === undefined ? 'ZWO’s camera library' : `ZWO’s camera library ${file}`
  const fix =
    file === undefined
      ? 'Install it (sudo apt install libasi, from Debian’s non-free part), or name a file under library:'
      : 'Correct library: under the device in the config'
  return new Fault('not-found', `${what} cannot be loaded: ${said}`, fix, { cause: error })
}
