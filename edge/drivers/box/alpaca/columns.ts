// ASCOM's pictures come column by column, [x][y] or [x][y][plane]; a Frame has rows, plane after plane. They are turned
// a few columns at a time as they arrive, so that a whole picture is in memory once.
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { Lend, Lent } from '../../../ports/frame.js'
import { bytesPerSample, type Samples, type SampleType, viewSamples } from '../../../science/samples.js'

export interface Shape {
  readonly width: number
  readonly height: number
  readonly planes: number
}

/** ASCOM's numbers for element types (AlpacaDeviceAPI, "ImageBytes"). */
export const elementTypes = {
  int16: 1,
  int32: 2,
  double: 3,
  single: 4,
  uint64: 5,
  byte: 6,
  int64: 7,
  uint16: 8,
  uint32: 9,
} as const

/** A picture as it was sent, in rows, in lent memory that is the caller's. */
export interface Picture extends Shape {
  readonly type: SampleType
  readonly samples: Samples
  readonly memory: Lent
}

export interface Turning {
  /** Takes the next whole columns: `count` × height × planes numbers. Throws `broken` past the last one. */
  take(columns: ArrayLike<number>, count: number): void
  /** Columns taken so far. */
  taken(): number
  /** The picture; integers that fit into 16 bits are stored in 16. The memory is then no more this turning's. */
  finish(): Promise<Picture>
  /** Gives the memory back, unless it was handed on. */
  drop(): void
}

export interface TurningOrder {
  /** For words: `camera "Sky" at 10.0.0.7:11111`. */
  readonly who: string
  readonly shape: Shape
  /** What the samples are kept in meanwhile. */
  readonly room: SampleType
  /**
   * They are whole numbers of no particular size (ASCOM calls most pictures Int32): stored as u16 or i32 where they
   * fit.
   */
  readonly narrow: boolean
  /** Never stored in 16 bits above this, so that one camera's frames are all alike. */
  readonly maxAdu: number | undefined
  readonly clock: Clock
  readonly lend: Lend
}

/** Memory that does not come within this is a full pool, ms. */
const lendMs = 60_000
/** Narrowed in one go before others get their turn of the event loop. */
const stripSamples = 2 ** 20

export async function turnColumns(order: TurningOrder, signal: AbortSignal): Promise<Turning> {
  const { who, shape, room, narrow, maxAdu, clock } = order
  const { width, height, planes } = shape
  const count = width * height * planes
  const wait = clock.deadline(lendMs, 'memory for a frame', signal)
  const memory = await order.lend(count * bytesPerSample[room], wait.signal).finally(() => wait.cancel())
  const samples = viewSamples(room, memory.buffer, 0, count)
  let column = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let owned = true
  return {
    taken: () => column,
    take(columns, taking) {
      if (column + taking > width) throw new Fault('broken', `${who} sent more than its picture`, 'Take it again')
      if (narrow) {
        for (let i = 0; i < columns.length; i++) {
          const value = columns[i]
          if (value < least) least = value
          if (value > most) most = value
        }
      }
      layColumns({ columns, taking, column }, shape, samples)
      column += taking
    },
    async finish() {
      const type = narrow ? narrowest(least, most, { room, maxAdu }) : room
      const into = type === room ? samples : viewSamples(type, memory.buffer, 0, count)
      // Each sample goes to where one was that has been read already.
      for (let start = 0; into !== samples && start < count; start += stripSamples) {
        if (start > 0) await clock.sleep(0, signal)
        into.set(samples.subarray(start, Math.min(count, start + stripSamples)), start)
      }
      if (signal.aborted) throw reasonOf(signal)
      owned = false
      return { ...shape, type, samples: into, memory }
    },
    drop() {
      if (owned) memory.release()
      owned = false
    },
  }
}

/** Never wider than the room they are in. */
function narrowest(
  least: number,
  most: number,
  { room, maxAdu = 65_535 }: { room: SampleType; maxAdu: number | undefined },
): SampleType {
  if (least >= 0 && most <= 65_535 && maxAdu <= 65_535) return 'u16'
  if (room === 'u16' || room === 'i32') return room
  return least >= -(2 ** 31) && most < 2 ** 31 ? 'i32' : room
}

function layColumns(
  { columns, taking, column }: { columns: ArrayLike<number>; taking: number; column: number },
  { width, height, planes }: Shape,
  into: Samples,
): void {
  const step = height * planes
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      const row = (plane * height + y) * width + column
      for (let x = 0, from = y * planes + plane; x < taking; x++, from += step) into[row + x] = columns[from]
    }
  }
}
