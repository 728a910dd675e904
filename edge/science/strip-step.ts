// How whole-frame arithmetic is cut up: a step works on one strip, box or chunk of its frame, on memory that all
// threads share, and leaves the same bits whichever thread ran it and in whatever order strips came.
import type { Kernels } from '../kernels/kernels.js'
import type { Views } from '../kernels/memory.js'

/** One thread's tools. */
export interface Hand {
  readonly kernels: Kernels
  readonly views: Views
  /** Byte offset of memory that no other thread touches while a step runs; nothing in it outlives the step. */
  readonly scratch: number
}

/** `order` is plain data (numbers, strings, arrays of them: it crosses to threads) and the same for all strips. */
export type Step<Order> = (hand: Hand, order: Order, strip: number) => void
