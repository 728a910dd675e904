// ZWO's ASI cameras through ZWO's own library, each in a process of its own.
import path from 'node:path'
import { driver, type OpenBox, type Tools } from '../../../ports/driver.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import { z } from '../../../ports/schema.js'
import { openAsiCamera } from './asi-camera.js'
import { type AsiControls, asiControls } from './asi-controls.js'
import { controls as named } from './asi-layout.js'
import { type AsiProcess, startAsiProcess } from './asi-process.js'
import { asiRaw } from './asi-raw.js'
import { asiVideo, openMs } from './asi-video.js'
import type { AsiChoice } from './asi-words.js'

const asiOptions = z.strictObject({
  as: z
    .enum(['camera', 'video'])
    .default('camera')
    .describe('camera: takes frames, raw; video: the pier camera. A sensor cannot be both at once'),
  serial: z
    .string()
    .regex(/^[0-9a-fA-F]{16}$/, 'must be the sixteen hexadecimal digits that its own properties show')
    .optional()
    .describe('Serial number of the camera, as its own properties show it: the surest name'),
  model: z
    .string()
    .min(1)
    .max(60)
    .optional()
    .describe('Model, or some of it: ASI2600MC; what ASI studio wrote behind it counts'),
  port: z
    .string()
    .regex(/^usb:\d+-[\d.]+$/, 'must be like usb:1-1.3')
    .optional()
    .describe('USB socket it is plugged into, for twins without a serial number: usb:1-1.3'),
  library: z
    .string()
    .regex(/^\/[^\0]+$/, 'must be a path from /')
    .optional()
    .describe('ZWO’s libASICamera2.so, where a newer one than Debian’s is wanted'),
  usb_bandwidth: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Share of the USB that it may use, %; the library’s standard when absent. Lower it when exposures fail'),
  controls: z
    .record(z.string(), z.int())
    .default({})
    .describe('What else is set when it is opened, by the names its own properties show: {AntiDewHeater: 1}'),
})

type AsiOptions = z.output<typeof asiOptions>

export const asiDriver = driver<typeof asiOptions>({
  id: 'asi',
  summary: 'A ZWO ASI camera through ZWO’s library libasi, also as pier camera',
  options: asiOptions,
  ports: ({ as }) => (as === 'camera' ? ['camera', 'raw'] : ['video']),
  async open(options, tools, signal) {
    const name = `camera ${path.basename(tools.folder)}`
    const child = await startAsiProcess({ clock: tools.clock, name, lost: fault => tools.lost(fault) })
    const stop = () => void child.close()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const open = options.as === 'camera' ? openImaging : openPier
      // One that was given up meanwhile is not heard any more.
      if (signal.aborted) throw reasonOf(signal)
      return await open(options, { name, child, tools })
    } catch (error) {
      await child.close()
      throw signal.aborted ? reasonOf(signal) : error
    } finally {
      signal.removeEventListener('abort', stop)
    }
  },
})

interface OpenParts {
  readonly name: string
  readonly child: AsiProcess
  readonly tools: Tools
}

async function openImaging(options: AsiOptions, { name, child, tools }: OpenParts): Promise<OpenBox> {
  const { clock, folder, log } = tools
  const opened = await child.ask('open', choiceOf(options), openMs)
  const { info, serial, port, version } = opened
  log.info(`${info.name} is open`, { serial, port, library: version })
  const controls = asiControls(name, opened, child)
  await prepare(name, options, controls)
  const { camera, exposing, close } = await openAsiCamera({ name, opened, child, controls, clock, folder })
  return {
    ports: { camera, raw: asiRaw({ name, opened, controls, exposing }) },
    async close() {
      close()
      await child.close()
    },
  }
}

async function openPier(options: AsiOptions, { name, child, tools }: OpenParts): Promise<OpenBox> {
  const { names } = await child.ask('look', { library: options.library }, openMs)
  if (names.length === 0) throw new Fault('offline', 'no ASI camera is plugged in', 'Plug it in, and look at its cable')
  const choice = (index = 0): AsiChoice => ({ ...choiceOf(options), index })
  const video = asiVideo({ name, child, tools, choice, prepare: controls => prepare(name, options, controls) })
  return { ports: { video }, close: () => child.close() }
}

const choiceOf = ({ library, serial, model, port }: AsiOptions): AsiChoice => ({ library, serial, model, port })

async function prepare(name: string, options: AsiOptions, controls: AsiControls): Promise<void> {
  if (options.usb_bandwidth !== undefined) await controls.set(named.BANDWIDTHOVERLOAD, options.usb_bandwidth)
  for (const [word, value] of Object.entries(options.controls)) {
    const caps = controls.caps.find(one => one.name === word)
    if (!caps?.writable) {
      const names = controls.caps.filter(({ writable }) => writable).map(one => one.name)
      throw new Fault('bad-input', `${name} has no control ${word} to set`, `Use some of: ${names.join(', ')}`)
    }
    await controls.set(caps.control, value)
  }
}
