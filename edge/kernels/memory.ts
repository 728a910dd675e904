// The memory kernels work in: one shared block, laid out before it is made, so that nothing is allocated while frames
// come.

/** The same bytes under all names. Kernels take byte offsets; `f32[offset >> 2]` is the number there. */
export interface Views {
  readonly u8: Uint8Array
  readonly i16: Int16Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
}

export function viewsOf(buffer: ArrayBufferLike): Views {
  return {
    u8: new Uint8Array(buffer),
    i16: new Int16Array(buffer),
    u16: new Uint16Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  }
}

/** Hands out places one after the other; `bytes` is then the size of the memory that holds them all. */
export interface Layout {
  /** @returns the byte offset of a place of so many bytes, a multiple of 64 so that no two share a cache line */
  take(byteLength: number): number
  readonly bytes: number
}

export function makeLayout(): Layout {
  // Offset 0 stays free: a place that was never set is then noticed by the kernels' tests.
  let next = 64
  return {
    take(byteLength) {
      const offset = next
      next += Math.ceil(byteLength / 64) * 64
      return offset
    },
    get bytes() {
      return next
    },
  }
}

const pageBytes = 65_536
const mostPages = 65_536 // 4 GiB, the end of 32-bit addresses
const spareBytes = 64 // vectors may read beyond the last sample, never write

/**
 * Shared memory for the WebAssembly kernels, zeroed; its pages cost nothing until they are written.
 * @throws RangeError when it is more than 4 GiB or more than the machine gives
 */
export function kernelMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil((bytes + spareBytes) / pageBytes)
  return new WebAssembly.Memory({ initial: pages, maximum: Math.min(pages, mostPages), shared: true })
}
