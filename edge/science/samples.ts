// Arrays of samples as files and sensors have them: which numbers, how many, laid out how. The lowest word of the
// house.

/** `u16` means unsigned 16-bit and so on; `f32` and `f64` are IEEE floats. */
export type SampleType = 'u8' | 'u16' | 'i16' | 'i32' | 'f32' | 'f64'

export type Samples = Uint8Array | Uint16Array | Int16Array | Int32Array | Float32Array | Float64Array

export const bytesPerSample: Readonly<Record<SampleType, number>> = { u8: 1, u16: 2, i16: 2, i32: 4, f32: 4, f64: 8 }

/** Colour filter array, named from the top-left pixel of the stored rows as they are shown (top-down). */
export type BayerPattern = 'rggb' | 'bggr' | 'grbg' | 'gbrg'

/**
 * A picture in memory: `planes` × `height` × `width` samples, plane after plane, row by row.
 * Sample 0 is the first pixel of the first row; `topDown` says whether that row is the top of the picture.
 */
export interface Image {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number // 1 mono or Bayer, 3 colour
  readonly type: SampleType
  readonly samples: Samples // ADU; planes * height * width long
  readonly bayer?: BayerPattern
  readonly topDown: boolean
}

/**
 * A typed view of `type` on `buffer`, in the machine's byte order.
 * @param offset bytes into the buffer; must be a multiple of the sample's size
 * @param count samples
 */
export function viewSamples(type: SampleType, buffer: ArrayBufferLike, offset: number, count: number): Samples {
  switch (type) {
    case 'u8':
      return new Uint8Array(buffer, offset, count)
    case 'u16':
      return new Uint16Array(buffer, offset, count)
    case 'i16':
      return new Int16Array(buffer, offset, count)
    case 'i32':
      return new Int32Array(buffer, offset, count)
    case 'f32':
      return new Float32Array(buffer, offset, count)
    case 'f64':
      return new Float64Array(buffer, offset, count)
  }
}
