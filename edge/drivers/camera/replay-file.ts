// One FITS file of a replayed folder: its header, its pixels in lent memory, and what its cards say of the exposure.
import { type FileHandle, open } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { asFault, Fault } from '../../ports/fault.js'
import type { Frame, Lend, Lent } from '../../ports/frame.js'
import { dateObsMs } from '../../science/fits-date.js'
import { type Card, numberOf, textOf } from '../../science/fits-header.js'
import { type FitsHeader, findImage, isStructural } from '../../science/fits-layout.js'
import { checkTiles, plainUnpacker, tileScratchBytes, tilesSpan, unpackTiles } from '../../science/fits-tiles.js'
import { bytesPerSample, type Samples, viewSamples } from '../../science/samples.js'
import { ScienceError } from '../../science/science-error.js'
import { decodeSamples, storedBytes } from '../../science/stored-samples.js'

/** Decoded at a time between two reads: half a millisecond of work on a PC, a few on a Pi; then the loop is free. */
const sliceBytes = 1024 * 1024
/** Unpacked at a time: a few milliseconds on a PC. */
const sliceSamples = 256 * 1024

/** The header of a file's image. Rejects with `broken`, naming the file, when it holds none that can be read. */
export async function readHeader(path: string): Promise<FitsHeader> {
  const file = await openFile(path)
  try {
    return await headerOf(file, path)
  } finally {
    await file.close()
  }
}

/**
 * The file as a frame, bit by bit: samples in the machine's byte order, nothing scaled that was not scaled in the file.
 * @param orderedSeconds stands in where the header gives no exposure time, `orderedMs` where it gives no date
 */
export async function readFrame(
  path: string,
  lend: Lend,
  orderedSeconds: number,
  orderedMs: number,
  signal: AbortSignal,
): Promise<Frame> {
  const file = await openFile(path)
  let memory: Lent | undefined
  try {
    const header = await headerOf(file, path)
    if (header.interleaved && !header.packing) {
      throw new ScienceError('FITS card NAXIS1 is 3: colours stored pixel by pixel are not replayed')
    }
    const count = header.width * header.height * header.planes
    memory = await lend(count * bytesPerSample[header.type], signal)
    const samples = viewSamples(header.type, memory.buffer, 0, count)
    if (header.packing) {
      await unpack(file, header, samples, path, signal)
      return { memory, samples, ...factsOf(header, orderedSeconds, orderedMs) }
    }
    const storedSize = storedBytes[header.form.type]
    // Where stored and decoded samples are of one size the disk writes straight into the lent memory.
    const inPlace = storedSize === bytesPerSample[header.type]
    const aside = inPlace ? undefined : new Uint8Array(sliceBytes)
    for (let at = 0; at < header.dataBytes; at += sliceBytes) {
      if (signal.aborted) throw signal.reason
      const length = Math.min(sliceBytes, header.dataBytes - at)
      const piece = aside ? aside.subarray(0, length) : new Uint8Array(memory.buffer, at, length)
      await fill(file, piece, header.dataOffset + at, path, header)
      const first = at / storedSize
      decodeSamples(header.form, header.type, piece, samples.subarray(first, first + length / storedSize))
    }
    return { memory, samples, ...factsOf(header, orderedSeconds, orderedMs) }
  } catch (error) {
    memory?.release()
    throw named(error, path)
  } finally {
    await file.close()
  }
}

/** Group by group of tiles, each read and unpacked before the next, so that the loop is free in between. */
async function unpack(file: FileHandle, header: FitsHeader, samples: Samples, path: string, signal: AbortSignal) {
  const { packing, dataOffset, dataBytes } = header
  if (!packing) return
  if ((await file.stat()).size < dataOffset + dataBytes) {
    throw new ScienceError(`FITS card PCOUNT: ${dataBytes} bytes of packed tiles are not all there`)
  }
  const data = new Uint8Array(dataBytes)
  await fill(file, data.subarray(0, packing.heapOffset), dataOffset, path, header)
  checkTiles(header, data)
  const unpacker = plainUnpacker(tileScratchBytes(header), (gzipped, maxOutputLength) =>
    gunzipSync(gzipped, { maxOutputLength }),
  )
  const group = Math.max(1, Math.floor((sliceSamples * packing.rows) / samples.length))
  for (let tile = 0; tile < packing.rows; tile += group) {
    if (signal.aborted) throw signal.reason
    const tiles = Math.min(group, packing.rows - tile)
    const { from, to } = tilesSpan(header, data, tile, tiles)
    await fill(file, data.subarray(from, to), dataOffset + from, path, header)
    unpackTiles(header, data, samples, unpacker, tile, tiles)
  }
}

type Facts = Omit<Frame, 'memory' | 'samples'>

function factsOf(header: FitsHeader, orderedSeconds: number, orderedMs: number): Facts {
  const { cards, bayer } = header
  const binning = { x: numberOf(cards, 'XBINNING') ?? 1, y: numberOf(cards, 'YBINNING') ?? 1 }
  const number = (...keywords: string[]) => {
    for (const keyword of keywords) {
      const value = numberOf(cards, keyword)
      if (value !== undefined) return value
    }
    return undefined
  }
  const readout = textOf(cards, 'READOUTM')
  const pixelX = number('PIXSIZE1') ?? divided(number('XPIXSZ'), binning.x)
  const pixelY = number('PIXSIZE2') ?? divided(number('YPIXSZ'), binning.y) ?? pixelX
  return {
    width: header.width,
    height: header.height,
    planes: header.planes,
    type: header.type,
    topDown: header.topDown,
    ...(bayer ? { bayer } : {}),
    startedMs: dateObsMs(cards) ?? orderedMs,
    exposureSeconds: exposureOf(cards) ?? orderedSeconds,
    binning,
    ...present('gain', number('GAIN')),
    ...present('offset', number('OFFSET', 'BLKLEVEL')),
    ...(readout === undefined ? {} : { readout }),
    ...present('sensorCelsius', number('CCD-TEMP')),
    ...present('setCelsius', number('SET-TEMP')),
    ...present('electronsPerAdu', positive(number('EGAIN'))),
    ...(pixelX && pixelY ? { pixelMicrons: { x: pixelX, y: pixelY } } : {}),
    cards: cards.filter(card => !isStructural(card.keyword)),
  }
}

/** Seconds from the header; `undefined` when it does not say, or says nonsense. */
function exposureOf(cards: readonly Card[]): number | undefined {
  const seconds = numberOf(cards, 'EXPTIME') ?? numberOf(cards, 'EXPOSURE')
  return seconds !== undefined && seconds >= 0 ? seconds : undefined
}

function present<K extends string>(key: K, value: number | undefined): { [P in K]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: number })
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined
}

function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw new Fault(
      'not-found',
      `${path} cannot be opened: ${words(error)}`,
      'Check that the file is there and readable',
      {
        cause: error,
      },
    )
  }
}

async function headerOf(file: FileHandle, path: string): Promise<FitsHeader> {
  try {
    const search = findImage((await file.stat()).size)
    let wanted = search.next()
    while (!wanted.done) {
      const { position, length } = wanted.value
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position)
      wanted = search.next(buffer.subarray(0, bytesRead))
    }
    return wanted.value
  } catch (error) {
    throw named(error, path)
  }
}

async function fill(file: FileHandle, piece: Uint8Array, position: number, path: string, header: FitsHeader) {
  for (let done = 0; done < piece.length; ) {
    const { bytesRead } = await file.read(piece, done, piece.length - done, position + done)
    if (bytesRead === 0) {
      const { width, height, planes, dataBytes } = header
      const present = position + done - header.dataOffset
      const promised = `NAXIS says ${width}×${height}×${planes}, which needs ${dataBytes} bytes`
      const fix = 'Copy the file again, or take it out of the folder'
      throw new Fault('broken', `${path} is cut short: ${promised}, ${present} are there`, fix)
    }
    done += bytesRead
  }
}

function named(error: unknown, path: string): unknown {
  if (error instanceof ScienceError) {
    return new Fault('broken', `${path}: ${error.message}`, 'Take the file out of the folder, or convert it', {
      cause: error,
    })
  }
  return error instanceof Fault ? error : asFault(error, path)
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
