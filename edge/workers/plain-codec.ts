// JPEG and PNG in plain JavaScript, for machines that sharp has no binary for: several times slower, and on the thread
// that asks.
import { crc32, deflate } from 'node:zlib'
import jpegJs from 'jpeg-js'
import type { ScreenPicture } from '../science/stretch.js'
import type { Codec } from './pictures-codec.js'

export function plainCodec(): Codec {
  const fileOf = async (picture: ScreenPicture, as: 'jpeg' | 'png', quality: number) =>
    as === 'png' ? encodePng(picture) : jpegJs.encode({ ...picture, data: withAlpha(picture) }, quality).data
  return {
    name: 'jpeg-js',
    encode: fileOf,
    decode: async picture => decoded(picture),
    async convert(picture, { as, quality = 80, maxWidth }) {
      const read = decoded(picture)
      return fileOf(maxWidth === undefined ? read : narrowed(read, maxWidth), as, quality)
    },
  }
}

function decoded(picture: Uint8Array): ScreenPicture {
  const { width, height, data } = jpegJs.decode(picture, { useTArray: true, formatAsRGBA: false })
  return { width, height, channels: 3, data }
}

function withAlpha({ width, height, channels, data }: ScreenPicture): Uint8Array {
  const rgba = new Uint8Array(4 * width * height).fill(255)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[channels * i + (channels === 3 ? c : 0)]
  }
  return rgba
}

/** Each pixel the mean of those it stands for. */
function narrowed(picture: ScreenPicture, maxWidth: number): ScreenPicture {
  const { width, height, channels, data } = picture
  if (width <= maxWidth) return picture
  const columns = Math.max(1, Math.floor(maxWidth))
  const rows = Math.max(1, Math.round((height * columns) / width))
  const small = new Uint8Array(channels * columns * rows)
  const edge = (i: number, from: number, to: number) => Math.floor((i * from) / to)
  for (let row = 0; row < rows; row++) {
    const top = edge(row, height, rows)
    const bottom = Math.max(top + 1, edge(row + 1, height, rows))
    for (let column = 0; column < columns; column++) {
      const left = edge(column, width, columns)
      const right = Math.max(left + 1, edge(column + 1, width, columns))
      for (let c = 0; c < channels; c++) {
        let sum = 0
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += data[channels * (y * width + x) + c]
        small[channels * (row * columns + column) + c] = Math.round(sum / ((bottom - top) * (right - left)))
      }
    }
  }
  return { width: columns, height: rows, channels, data: small }
}

const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)

/** PNG (ISO/IEC 15948): IHDR, one IDAT whose rows are differences from the pixel before (filter 1, Sub), IEND. */
async function encodePng({ width, height, channels, data }: ScreenPicture): Promise<Uint8Array> {
  const rowBytes = channels * width
  const filtered = new Uint8Array((rowBytes + 1) * height)
  for (let row = 0; row < height; row++) {
    const from = row * rowBytes
    const to = row * (rowBytes + 1)
    filtered[to] = 1
    for (let i = 0; i < rowBytes; i++)
      filtered[to + 1 + i] = data[from + i] - (i < channels ? 0 : data[from + i - channels])
  }
  const packed = await new Promise<Uint8Array>((settle, reject) => {
    deflate(filtered, { level: 3 }, (error, bytes) => (error ? reject(error) : settle(bytes)))
  })
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = 8 // bits
  head[9] = channels === 3 ? 2 : 0 // truecolour or grey
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', packed), chunk('IEND', new Uint8Array(0))])
}

function chunk(type: string, body: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + body.length)
  whole.writeUInt32BE(body.length, 0)
  whole.write(type, 4, 'latin1')
  whole.set(body, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + body.length)), 8 + body.length)
  return whole
}
