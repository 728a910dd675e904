// An INDI image as a Frame: the FITS file lies in lent memory already, and its samples are brought to the front of that
// same memory and turned to the machine's byte order there.
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { ExposureOrder, Frame, Lend, Lent, Region } from '../../../ports/frame.js'
import { dateObsMs } from '../../../science/fits-date.js'
import { type Card, numberOf } from '../../../science/fits-header.js'
import { isStraight, isStructural } from '../../../science/fits-layout.js'
import { bytesPerSample, type Samples, viewSamples } from '../../../science/samples.js'
import { decodeSamples } from '../../../science/stored-samples.js'
import type { TakenImage } from './exposure.js'
import type { IndiSession } from './session.js'

/** Turned in one go before others get their turn of the event loop: some 5 ms on a Pi 4. */
const stripBytes = 2 ** 22
const lendMs = 60_000

export interface Taking {
  readonly order: ExposureOrder
  readonly session: IndiSession
  readonly setCelsius: number | undefined
  readonly readout: string | undefined
}

/**
 * Takes over the image's memory: the frame has it, or it is released. Rejects with the signal's reason when that fires
 * on the way, `broken` when data are missing.
 */
export async function frameOf(taken: TakenImage, taking: Taking, lend: Lend, signal: AbortSignal): Promise<Frame> {
  const { header, memory: file } = taken
  const { order, session } = taking
  const { cards, type, width, height, planes, topDown, bayer, dataOffset, dataBytes } = header
  let memory = file
  try {
    if (!isStraight(header)) {
      const what = `INDI camera "${session.name}" sent an image that is packed or has its colours pixel by pixel`
      throw new Fault('broken', what, 'Switch its compression off')
    }
    if (taken.byteLength < dataOffset + dataBytes) {
      const what = `INDI camera "${session.name}" sent an image of ${width}×${height}×${planes} cut short`
      throw new Fault('broken', what, 'Take it again')
    }
    const count = width * height * planes
    const sampleBytes = count * bytesPerSample[type]
    // Scaled integers become floats, which may need more room than the file.
    if (sampleBytes > dataBytes) memory = await lendSoon(sampleBytes, session, lend, signal)
    else new Uint8Array(memory.buffer).copyWithin(0, dataOffset, dataOffset + dataBytes)
    const data = new Uint8Array(file.buffer, memory === file ? 0 : dataOffset, dataBytes)
    const samples = viewSamples(type, memory.buffer, 0, count)
    await decode(taken, data, samples, { session, signal })
    if (memory !== file) file.release()
    const binning = { x: numberOf(cards, 'XBINNING') ?? order.binning, y: numberOf(cards, 'YBINNING') ?? order.binning }
    return {
      width,
      height,
      planes,
      type,
      samples,
      topDown,
      ...(bayer ? { bayer } : {}),
      memory,
      startedMs: dateObsMs(cards) ?? taken.beganMs,
      exposureSeconds: numberOf(cards, 'EXPTIME') ?? order.exposureSeconds,
      binning,
      region: regionOf(order, width * binning.x, height * binning.y),
      // Of a DSLR its ISO number.
      gain: numberOf(cards, 'GAIN') ?? numberOf(cards, 'ISOSPEED'),
      offset: numberOf(cards, 'OFFSET'),
      readout: taking.readout,
      sensorCelsius: numberOf(cards, 'CCD-TEMP'),
      setCelsius: taking.setCelsius,
      pixelMicrons: pixelOf(cards),
      electronsPerAdu: numberOf(cards, 'EGAIN'),
      cards: cards.filter(({ keyword }) => !isStructural(keyword)),
    }
  } catch (error) {
    if (memory !== file) memory.release()
    file.release()
    throw error
  }
}

async function lendSoon(byteLength: number, session: IndiSession, lend: Lend, signal: AbortSignal): Promise<Lent> {
  const wait = session.clock.deadline(lendMs, 'memory for a frame', signal)
  return lend(byteLength, wait.signal).finally(() => wait.cancel())
}

/** Strip by strip, so that the event loop never stands still for a whole frame. */
async function decode(
  { header }: TakenImage,
  data: Uint8Array,
  samples: Samples,
  { session, signal }: { session: IndiSession; signal: AbortSignal },
): Promise<void> {
  const stored = data.length / samples.length
  for (let start = 0; start < data.length; start += stripBytes) {
    if (start > 0) await session.clock.sleep(0, signal)
    const stop = Math.min(start + stripBytes, data.length)
    decodeSamples(header.form, header.type, data.subarray(start, stop), samples.subarray(start / stored, stop / stored))
  }
  if (signal.aborted) throw reasonOf(signal)
}

/** The ordered region, if the picture is of that size; drivers round to what their sensor can. */
function regionOf({ region, binning }: ExposureOrder, width: number, height: number): Region | undefined {
  if (!region) return undefined
  const near = Math.abs(width - region.width) < 2 * binning && Math.abs(height - region.height) < 2 * binning
  return near ? region : { ...region, width, height }
}

function pixelOf(cards: readonly Card[]): { x: number; y: number } | undefined {
  const x = numberOf(cards, 'PIXSIZE1')
  return x === undefined ? undefined : { x, y: numberOf(cards, 'PIXSIZE2') ?? x }
}
