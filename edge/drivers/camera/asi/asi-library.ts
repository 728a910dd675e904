// ZWO's library as functions that answer or throw: in the process of one camera, and never in the agent.
import { type CFunction, loadLibrary, type Word } from '../../link/c-library.js'
import {
  type AsiFunction,
  type CameraInfo,
  type ControlCaps,
  functions,
  readCameraInfo,
  readControlCaps,
  roomFor,
} from './asi-layout.js'

/** ASI_ERROR_CODE other than success, of the function that gave it. */
export class AsiError extends Error {
  constructor(
    readonly call: AsiFunction,
    readonly code: number,
  ) {
    super(`${call} failed with ${code}`)
  }
}

export interface AsiLibrary {
  /** Calls a function that answers an ASI_ERROR_CODE. @throws AsiError */
  ask(call: AsiFunction, ...words: readonly Word[]): Promise<void>
  version(): Promise<string>
  /** Looks at the USB afresh; the first call of all. */
  cameras(): Promise<CameraInfo[]>
  /** Per step of the converter, at the gain that is set now. */
  electronsPerAdu(id: number): Promise<number>
  /** Sixteen hexadecimal digits; undefined where the camera has none. */
  serial(id: number): Promise<string | undefined>
  capsOf(id: number): Promise<ControlCaps[]>
  value(id: number, control: number): Promise<number>
  /** A function that fills in ints. */
  ints(call: AsiFunction, id: number, count: 1 | 2): Promise<number[]>
}

/** Debian's file, then one that somebody put where the linker looks. */
const standardFiles = ['libASICamera2.so.1', 'libASICamera2.so']

/** @param file of the owner's choice @throws Error in the words of the dynamic linker */
export function loadAsi(file: string | undefined): AsiLibrary {
  if (!['x64', 'arm64'].includes(process.arch)) throw new Error('how it lays out its data is known for 64 bits only')
  const calls = loadFirst(file === undefined ? standardFiles : [file])
  const plain = async (call: AsiFunction, ...words: readonly Word[]) => (await calls[call](...words)).value
  const ask = async (call: AsiFunction, ...words: readonly Word[]) => {
    const code = Number(await plain(call, ...words))
    if (code !== 0) throw new AsiError(call, code)
  }
  const ints = async (call: AsiFunction, id: number, count: 1 | 2) => {
    const filled = Array.from({ length: count }, () => Buffer.alloc(4))
    await ask(call, id, ...filled)
    return filled.map(bytes => bytes.readInt32LE(0))
  }
  return {
    ask,
    ints,
    version: async () => String(await plain('ASIGetSDKVersion')),
    async cameras() {
      const count = Number(await plain('ASIGetNumOfConnectedCameras'))
      const found: CameraInfo[] = []
      for (let index = 0; index < count; index++) {
        const bytes = roomFor('cameraInfo')
        await ask('ASIGetCameraProperty', bytes, index)
        found.push(readCameraInfo(bytes))
      }
      return found
    },
    async electronsPerAdu(id) {
      const bytes = roomFor('cameraInfo')
      await ask('ASIGetCameraPropertyByID', id, bytes)
      return readCameraInfo(bytes).electronsPerAdu
    },
    async serial(id) {
      const bytes = roomFor('id')
      const code = Number(await plain('ASIGetSerialNumber', id, bytes))
      // Old cameras have none, and some say so by zeros.
      const digits = bytes.toString('hex', 0, 8)
      return code !== 0 || /^0+$/.test(digits) ? undefined : digits
    },
    async capsOf(id) {
      const [count] = await ints('ASIGetNumOfControls', id, 1)
      const found: ControlCaps[] = []
      for (let index = 0; index < count; index++) {
        const bytes = roomFor('controlCaps')
        await ask('ASIGetControlCaps', id, index, bytes)
        found.push(readControlCaps(bytes))
      }
      return found
    },
    async value(id, control) {
      const [bytes, automatic] = [Buffer.alloc(8), Buffer.alloc(4)]
      await ask('ASIGetControlValue', id, control, bytes, automatic)
      return Number(bytes.readBigInt64LE(0))
    },
  }
}

function loadFirst(files: readonly string[]): Readonly<Record<AsiFunction, CFunction>> {
  let first: unknown
  for (const file of files) {
    try {
      const library = loadLibrary(file)
      const found = Object.entries(functions).map(([name, [result, ...parameters]]) => {
        return [name, library.find(name, result, parameters)] as const
      })
      return Object.fromEntries(found) as Record<AsiFunction, CFunction>
    } catch (error) {
      first ??= error
    }
  }
  throw first
}
