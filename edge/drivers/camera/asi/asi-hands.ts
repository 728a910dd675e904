// What the process of a camera can do, by the agent's words: each a few calls into ZWO's library.
import { Fault } from '../../../ports/fault.js'
import { bytesAt, loadLibrary } from '../../link/c-library.js'
import { noLibrary } from './asi-faults.js'
import { type CameraInfo, controls, errorNames, exposureStates, guideDirections } from './asi-layout.js'
import { AsiError, type AsiLibrary, loadAsi } from './asi-library.js'
import { openMeant } from './asi-meant.js'
import type { AsiWord, AsiWork } from './asi-words.js'
import { sharedMemory } from './shared-memory.js'

export type AsiHands = {
  readonly [K in AsiWord]: (input: Parameters<AsiWork[K]>[0]) => Promise<ReturnType<AsiWork[K]>>
}

/** A library that hangs while it is loaded takes the process with it. */
const loadSeconds = 20
/** The library holds back a few pictures at most. */
const heldBack = 8
const timedOut = errorNames.indexOf('TIMEOUT') + 1

/**
 * @param memoryFd where the shared memory is
 * @param next runs one piece of work after those before it
 * @param endAfter the process is ended after so many seconds, whatever it hangs in; 0: not any more
 */
export function asiHands(
  memoryFd: number,
  next: (run: () => Promise<void>) => Promise<void>,
  endAfter: (seconds: number) => void,
): AsiHands {
  const usleep = loadLibrary('libc.so.6').find('usleep', 'int', ['unsigned int'])
  const memory = sharedMemory(memoryFd)
  let loaded: AsiLibrary | undefined
  let info: CameraInfo | undefined
  /** Of each direction whose contact is closed, the pulse that has it. */
  const pulses = new Map<number, symbol>()

  const load = async (file: string | undefined): Promise<AsiLibrary> => {
    if (loaded) return loaded
    endAfter(loadSeconds)
    try {
      loaded = loadAsi(file)
      return loaded
    } catch (error) {
      throw noLibrary(file, error)
    } finally {
      endAfter(0)
    }
  }
  const asi = () => {
    if (loaded && info) return { ...loaded, id: info.id }
    throw new Fault('offline', 'no ASI camera is open', 'It is opened again by itself')
  }
  const release = async () => {
    if (!loaded || !info) return
    const { ask } = loaded
    const { id, cooled, guidePort } = info
    info = undefined
    pulses.clear()
    // Each by itself: one that the camera cannot do any more must not keep the others from being done.
    const each = async (work: Promise<void>) => work.catch(error => process.stderr.write(`${error.message}\n`))
    if (guidePort) for (const way of Object.values(guideDirections)) await each(ask('ASIPulseGuideOff', id, way))
    await each(ask('ASIStopExposure', id))
    await each(ask('ASIStopVideoCapture', id))
    if (cooled) await each(ask('ASISetControlValue', id, controls.COOLER_ON, 0, 0))
    await each(ask('ASICloseCamera', id))
  }
  /** False when no picture came in time. */
  const picture = async (at: number, byteLength: number, waitMs: number): Promise<boolean> => {
    const { ask, id } = asi()
    try {
      await ask('ASIGetVideoData', id, at, byteLength, waitMs)
      return true
    } catch (error) {
      if (error instanceof AsiError && error.code === timedOut) return false
      throw error
    }
  }

  const works: AsiHands = {
    async look({ library }) {
      const { version, cameras } = await load(library)
      return { version: await version(), names: (await cameras()).map(({ name }) => name) }
    },
    async open(choice) {
      const library = await load(choice.library)
      const found = await openMeant(library, choice)
      info = found.info
      const { ask, capsOf, value } = library
      const { id } = info
      await ask('ASIInitCamera', id)
      await ask('ASIDisableDarkSubtract', id)
      const caps = await capsOf(id)
      const put = async (control: number, to: number) => {
        if (caps.some(one => one.control === control)) await ask('ASISetControlValue', id, control, to, 0)
      }
      await put(controls.FLIP, 0)
      // A binned mosaic that keeps its colours is neither one nor the other: binned pixels are grey.
      await put(controls.MONO_BIN, 1)
      const values: number[] = []
      for (const { control } of caps) values.push(await value(id, control))
      return { version: await library.version(), ...found, caps, values }
    },
    async set({ control, value }) {
      const { ask, id, value: read } = asi()
      await ask('ASISetControlValue', id, control, value, 0)
      return read(id, control)
    },
    async read({ controls: wanted }) {
      const { id, value } = asi()
      const values: number[] = []
      for (const control of wanted) values.push(await value(id, control))
      return values
    },
    async format({ x, y, width, height, binning, type }) {
      const { ask, ints, id } = asi()
      await ask('ASISetROIFormat', id, width, height, binning, type)
      await ask('ASISetStartPos', id, x, y)
      const [realX, realY] = await ints('ASIGetStartPos', id, 2)
      return { x: realX, y: realY }
    },
    async electrons() {
      const { electronsPerAdu, id } = asi()
      return electronsPerAdu(id)
    },
    async start({ dark }) {
      const { ask, ints, id } = asi()
      const [state] = await ints('ASIGetExpStatus', id, 1)
      if (state !== exposureStates.IDLE) await ask('ASIStopExposure', id)
      await ask('ASIStartExposure', id, dark ? 1 : 0)
    },
    async state() {
      const { ints, id } = asi()
      return (await ints('ASIGetExpStatus', id, 1))[0]
    },
    async stop() {
      const { ask, id } = asi()
      await ask('ASIStopExposure', id)
    },
    async fetch({ byteLength }) {
      const { ask, id } = asi()
      await ask('ASIGetDataAfterExp', id, await memory.room(byteLength), byteLength)
    },
    async pulse({ direction, ms }) {
      const { ask, id } = asi()
      const mine = Symbol('pulse')
      pulses.set(direction, mine)
      await ask('ASIPulseGuideOn', id, direction)
      const over = usleep(Math.round(ms * 1000)).then(() =>
        next(async () => {
          // It was ended already, a later one has the contact, or the camera is closed.
          if (pulses.get(direction) !== mine || !info) return
          pulses.delete(direction)
          await ask('ASIPulseGuideOff', id, direction)
        }),
      )
      // The agent switches it off as well, and hears there what is wrong.
      over.catch(error => process.stderr.write(`${error.message}\n`))
    },
    async pulseOff({ direction }) {
      const { ask, id } = asi()
      pulses.delete(direction)
      await ask('ASIPulseGuideOff', id, direction)
    },
    async film({ on }) {
      const { ask, id } = asi()
      await ask(on ? 'ASIStartVideoCapture' : 'ASIStopVideoCapture', id)
    },
    async picture({ width, height, colour, waitMs, fresh }) {
      const pixels = width * height
      const at = await memory.room(pixels * 3)
      const byteLength = colour ? pixels * 3 : pixels
      for (let held = 0; fresh && held < heldBack && (await picture(at, byteLength, 1)); held++);
      if (!(await picture(at, byteLength, waitMs))) return false
      toRgb(bytesAt(at, pixels * 3), pixels, colour)
      return true
    },
    leave: release,
  }
  return works
}

/** ZWO's colours come blue first; grey becomes three alike, from the end so that nothing is overwritten unread. */
function toRgb(bytes: Uint8Array, pixels: number, colour: boolean): void {
  for (let pixel = pixels - 1; pixel >= 0; pixel--) {
    const at = pixel * 3
    if (colour) {
      const blue = bytes[at]
      bytes[at] = bytes[at + 2]
      bytes[at + 2] = blue
    } else bytes.fill(bytes[pixel], at, at + 3)
  }
}
