// ImageBytes: 44 bytes of little-endian header, then the samples (ASCOM Alpaca API Reference, "Image Array Bytes").
import type { Clock } from '../../../ports/clock.js'
import { Fault } from '../../../ports/fault.js'
import type { Lend } from '../../../ports/frame.js'
import type { SampleType } from '../../../science/samples.js'
import { alpacaFault, checkTransaction } from '../../link/alpaca/answer.js'
import { elementTypes as is, type Picture, type Shape, type Turning, turnColumns } from './columns.js'

export interface PictureOrder {
  /** For words: `camera "Sky" at 10.0.0.7:11111`. */
  readonly who: string
  readonly transaction: number
  /** A picture is never larger than the sensor, px. */
  readonly sensor: { readonly width: number; readonly height: number }
  readonly maxAdu: number | undefined
  readonly clock: Clock
  readonly lend: Lend
}

interface Element {
  readonly bytes: number
  /** Of one of our own where there is such a type. */
  readonly room: SampleType
  view(buffer: ArrayBuffer, count: number): ArrayLike<number>
}

const elements: Readonly<Record<number, Element>> = {
  [is.int16]: { bytes: 2, room: 'i16', view: (buffer, count) => new Int16Array(buffer, 0, count) },
  [is.int32]: { bytes: 4, room: 'i32', view: (buffer, count) => new Int32Array(buffer, 0, count) },
  [is.double]: { bytes: 8, room: 'f64', view: (buffer, count) => new Float64Array(buffer, 0, count) },
  [is.single]: { bytes: 4, room: 'f32', view: (buffer, count) => new Float32Array(buffer, 0, count) },
  [is.uint64]: { bytes: 8, room: 'f64', view: (buffer, count) => numbers(new BigUint64Array(buffer, 0, count)) },
  [is.byte]: { bytes: 1, room: 'u8', view: (buffer, count) => new Uint8Array(buffer, 0, count) },
  [is.int64]: { bytes: 8, room: 'f64', view: (buffer, count) => numbers(new BigInt64Array(buffer, 0, count)) },
  [is.uint16]: { bytes: 2, room: 'u16', view: (buffer, count) => new Uint16Array(buffer, 0, count) },
  [is.uint32]: { bytes: 4, room: 'f64', view: (buffer, count) => new Uint32Array(buffer, 0, count) },
}

/** What a picture of such a type may be sent as: itself, or something narrower that holds all its values. */
const sentAs: Readonly<Record<number, readonly number[]>> = {
  [is.byte]: [is.byte],
  [is.int16]: [is.int16, is.byte],
  [is.uint16]: [is.uint16, is.byte],
  [is.single]: [is.single],
  [is.double]: [is.double, is.single],
}
const integers: readonly number[] = [...[is.byte, is.int16, is.uint16, is.int32], ...[is.uint32, is.int64, is.uint64]]

const headerBytes = 44
/** A header that is longer than this belongs to a version that we do not know. */
const mostHeaderBytes = 4_096
const mostWords = 10_000
/** Turned in one go. */
const blockBytes = 2 ** 18

/** The body of an answer, taken in pieces of a wanted size. */
interface Source {
  /** Fills `into` from the body; answers how much of it there was. */
  read(into: Uint8Array): Promise<number>
}

function sourceOf(body: AsyncIterable<Buffer>): Source {
  const parts = body[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array()
  return {
    async read(into) {
      let filled = 0
      while (filled < into.length) {
        if (rest.length === 0) {
          const { value, done } = await parts.next()
          if (done) return filled
          rest = value
        }
        const take = Math.min(rest.length, into.length - filled)
        into.set(rest.subarray(0, take), filled)
        rest = rest.subarray(take)
        filled += take
      }
      return filled
    },
  }
}

/**
 * Reads a picture as it arrives. Rejects with what the device says went wrong, `broken` for a header that makes no
 * sense or data that are missing, or the signal's reason; the memory is then back.
 */
export async function readImageBytes(
  body: AsyncIterable<Buffer>,
  order: PictureOrder,
  signal: AbortSignal,
): Promise<Picture> {
  const { who } = order
  const source = sourceOf(body)
  const head = Buffer.alloc(headerBytes)
  if ((await source.read(head)) < headerBytes) throw cutShort(who, 'its header')
  const field = (index: number) => head.readInt32LE(index * 4)
  if (field(0) !== 1) throw broken(who, `a picture of version ${field(0)}`, 'Update the agent')
  checkTransaction(head.readUInt32LE(8), order.transaction, who)
  const dataStart = field(4)
  if (field(1) !== 0) {
    const words = Buffer.alloc(mostWords)
    const long = await source.read(words)
    throw alpacaFault({ what: `${who}, its picture` }, field(1), words.toString('utf8', 0, long))
  }
  if (dataStart < headerBytes || dataStart > mostHeaderBytes)
    throw broken(who, `a picture whose data begin at ${dataStart}`)
  const shape = shapeOf(who, [field(7), field(8), field(9), field(10)], order.sensor)
  const { element, narrow } = elementOf(who, field(5), field(6))
  const gap = Buffer.alloc(dataStart - headerBytes)
  if ((await source.read(gap)) < gap.length) throw cutShort(who, 'its header')

  const room = narrow ? wider(element.room) : (typeOf(field(5)) ?? element.room)
  const turning = await turnColumns({ ...order, shape, room, narrow }, signal)
  try {
    await readColumns(source, element, shape, { turning, who })
    return await turning.finish()
  } finally {
    turning.drop()
  }
}

async function readColumns(
  source: Source,
  { bytes, view }: Element,
  { width, height, planes }: Shape,
  { turning, who }: { turning: Turning; who: string },
): Promise<void> {
  const column = height * planes
  const many = Math.max(1, Math.min(width, Math.floor(blockBytes / (column * bytes))))
  const block = new ArrayBuffer(many * column * bytes)
  while (turning.taken() < width) {
    const count = Math.min(many, width - turning.taken())
    const piece = new Uint8Array(block, 0, count * column * bytes)
    if ((await source.read(piece)) < piece.length) throw cutShort(who, `column ${turning.taken()} of ${width}`)
    turning.take(view(block, count * column), count)
  }
  if ((await source.read(new Uint8Array(1))) > 0) throw broken(who, 'more than its picture')
}

/** @param told rank, then the dimensions */
export function shapeOf(who: string, told: readonly number[], sensor: PictureOrder['sensor']): Shape {
  const [rank, width, height, third] = told
  const planes = rank === 3 ? third : 1
  if (rank !== 2 && rank !== 3) throw broken(who, `a picture of rank ${rank}`)
  if (planes !== 1 && planes !== 3) throw broken(who, `a picture of ${planes} planes`)
  const fits = width > 0 && height > 0 && width <= sensor.width && height <= sensor.height
  if (!fits) throw broken(who, `a picture of ${width}×${height} from a sensor of ${sensor.width}×${sensor.height}`)
  return { width, height, planes }
}

/** The element as it is sent, and whether its samples are integers of no particular size. */
function elementOf(who: string, image: number, sent: number): { element: Element; narrow: boolean } {
  const element = elements[sent]
  if (!element) throw broken(who, `samples of the unknown type ${sent}`)
  const fixed = sentAs[image]
  // Int32 is what every camera has that gives integers, and 0 is a server that does not say.
  const holds = fixed ? fixed.includes(sent) : image === 0 || integers.includes(sent)
  if (!holds) throw broken(who, `samples of type ${sent} for a picture of type ${image}`)
  return { element, narrow: !fixed && integers.includes(sent) }
}

const typeOf = (image: number): SampleType | undefined => (sentAs[image] ? elements[image].room : undefined)

/** Room for samples that are yet to be looked at: what fits into 16 bits with and without a sign fits into 32. */
function wider(room: SampleType): SampleType {
  if (room === 'u8') return 'u16'
  return room === 'i16' ? 'i32' : room
}

function numbers(many: BigInt64Array | BigUint64Array): Float64Array {
  return Float64Array.from(many, Number)
}

export function cutShort(who: string, where: string): Fault {
  return new Fault('broken', `${who} sent a picture cut short at ${where}`, 'Check its network, then take it again')
}

export function broken(who: string, what: string, fix = 'Restart the Alpaca server, then take it again'): Fault {
  return new Fault('broken', `${who} sent ${what}`, fix)
}
