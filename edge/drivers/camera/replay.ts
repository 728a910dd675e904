// A folder of FITS files as a camera: each order gives the next file, bit by bit, as if it were being taken now.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type Camera, demandReadout, type ExposurePhase, type Sensor2D } from '../../ports/camera.js'
import { driver, type Tools } from '../../ports/driver.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import type { ExposureOrder, Frame, Lend } from '../../ports/frame.js'
import { z } from '../../ports/schema.js'
import { numberOf } from '../../science/fits-header.js'
import type { FitsHeader } from '../../science/fits-layout.js'
import { readFrame, readHeader } from './replay-file.js'

const options = z.strictObject({
  folder: z.string().min(1).describe('Folder with .fits, .fit or .fts files; they come in the order of their names'),
  loop: z.boolean().default(true).describe('Begin again after the last file'),
  pace: z
    .enum(['as-ordered', 'fast'])
    .default('as-ordered')
    .describe('as-ordered: an exposure takes the time that was ordered; fast: files come at once'),
})

/** Compressed ones are listed too, so that they are named as unreadable rather than left out in silence. */
const fitsName = /\.(fits|fit|fts)(\.fz)?$/i
const readoutSeconds = 10
const headersTried = 10

export const replayDriver = driver<typeof options>({
  id: 'replay',
  summary: 'A folder of FITS files, replayed as a camera',
  options,
  ports: () => ['camera'],
  async open(given, tools, signal) {
    const folder = path.resolve(given.folder)
    const names = await tools.clock.outside(filesOf(folder))
    if (names.length === 0) {
      throw new Fault('not-found', `${folder} holds no FITS file`, 'Put .fits files there, or name another folder')
    }
    let known: FitsHeader | undefined
    for (const name of names.slice(0, headersTried)) {
      if (signal.aborted) throw reasonOf(signal)
      try {
        known = await tools.clock.outside(readHeader(path.join(folder, name)))
        break
      } catch (error) {
        tools.log.warn(asFault(error, name).message)
      }
    }
    const closing = new AbortController()
    return {
      ports: { camera: replayCamera(folder, given, tools, known, closing.signal) },
      async close() {
        closing.abort(new Fault('offline', `the replay of ${folder} is closed`, 'Open it again'))
      },
    }
  },
})

function replayCamera(
  folder: string,
  given: z.output<typeof options>,
  tools: Tools,
  first: FitsHeader | undefined,
  closing: AbortSignal,
): Camera {
  const phases = new Set<(phase: ExposurePhase) => void>()
  const tell = (phase: ExposurePhase) => {
    for (const listener of [...phases]) listener(phase)
  }
  let sensor = sensorOf(first)
  let last: string | undefined
  let exposing = false

  const take = async (order: ExposureOrder, lend: Lend, signal: AbortSignal): Promise<Frame> => {
    const orderedMs = tools.clock.now()
    const ms = given.pace === 'fast' ? 0 : order.exposureSeconds * 1000
    const what = `replaying a file of ${folder}`
    const limit = tools.clock.deadline(ms + (readoutSeconds + 10) * 1000, what, signal, closing)
    let phase: ExposurePhase = 'exposing'
    const enter = (next: ExposurePhase) => {
      phase = next
      tell(phase)
    }
    const reminder = tools.clock.every(1000, () => tell(phase))
    try {
      enter('exposing')
      if (ms > 0) await tools.clock.sleep(ms, limit.signal)
      enter('reading')
      const name = await limit.race(tools.clock.outside(nextFile(folder, last, given.loop)))
      const reading = tools.clock.outside(
        readFrame(path.join(folder, name), lend, order.exposureSeconds, orderedMs, limit.signal),
      )
      try {
        const frame = await limit.race(reading)
        last = name
        sensor = { ...sensor, ...shapeOf(frame) }
        return frame
      } catch (error) {
        // An abort leaves the file for the next order; a bad file does not get a second chance.
        if (!limit.signal.aborted) last = name
        // A frame that comes too late gives its memory back; a read that fails has given it back already.
        reading.then(frame => frame.memory.release()).catch(() => {})
        throw error
      }
    } finally {
      limit.cancel()
      reminder.cancel()
      tell('idle')
    }
  }

  return {
    get sensor() {
      return sensor
    },
    async expose(order, lend, signal) {
      if (closing.aborted) throw reasonOf(closing)
      if (signal.aborted) throw reasonOf(signal)
      if (exposing) throw new Fault('busy', 'the replayed camera is exposing', 'Wait for the frame, or abort it')
      checkOrder(order, sensor)
      exposing = true
      try {
        return await take(order, lend, signal)
      } finally {
        exposing = false
      }
    },
    onPhase(listener) {
      phases.add(listener)
      return () => phases.delete(listener)
    },
  }
}

/** Gain and offset are what they were when the file was taken: an order for others is heard, and changes nothing. */
function checkOrder(order: ExposureOrder, sensor: Sensor2D): void {
  if (!(order.exposureSeconds >= 0 && order.exposureSeconds <= 86_400)) {
    throw new Fault('bad-input', `an exposure of ${order.exposureSeconds} s is not possible`, 'Choose 0 to 86400 s')
  }
  if (order.binning !== 1 && order.binning !== sensor.maxBinning) {
    throw new Fault('bad-input', `a replayed file cannot be binned by ${order.binning}`, 'Choose binning 1')
  }
  if (order.readout !== undefined) demandReadout('the replayed camera', undefined, order.readout)
  if (order.region) {
    throw new Fault('bad-input', 'a replayed file comes whole, not as a region', 'Order it without a region')
  }
}

function sensorOf(header: FitsHeader | undefined): Sensor2D {
  const pixelMicrons = header && (numberOf(header.cards, 'PIXSIZE1') ?? numberOf(header.cards, 'XPIXSZ'))
  return {
    ...(header ? { width: header.width, height: header.height } : {}),
    ...(header?.bayer ? { bayer: header.bayer } : {}),
    ...(pixelMicrons ? { pixelMicrons } : {}),
    maxBinning: header ? Math.max(1, numberOf(header.cards, 'XBINNING') ?? 1) : 1,
    readoutSeconds,
    regions: false,
  }
}

function shapeOf(frame: Frame): Partial<Sensor2D> {
  return {
    width: frame.width,
    height: frame.height,
    bayer: frame.bayer,
    ...(frame.pixelMicrons ? { pixelMicrons: frame.pixelMicrons.x } : {}),
  }
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // By code unit, so that every machine replays in the same order.
    return entries
      .filter(entry => !entry.isDirectory() && fitsName.test(entry.name))
      .map(entry => entry.name)
      .sort()
  } catch (error) {
    throw new Fault(
      'not-found',
      `the folder ${folder} cannot be read: ${error instanceof Error ? error.message : error}`,
      'Check the name of the folder and its rights',
      { cause: error },
    )
  }
}

/** Looked up anew each time: files may be added while it runs. */
async function nextFile(folder: string, last: string | undefined, loop: boolean): Promise<string> {
  const names = await filesOf(folder)
  const next = last === undefined ? names[0] : names.find(name => name > last)
  const name = next ?? (loop ? names[0] : undefined)
  if (name !== undefined) return name
  throw new Fault(
    'not-found',
    names.length === 0
      ? `${folder} holds no FITS file any more`
      : `all ${names.length} files of ${folder} were replayed`,
    'Set loop: true to begin again, or add files',
  )
}
