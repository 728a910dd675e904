// The pixels of an 8-bit PNG without interlace, by its own arithmetic (ISO/IEC 15948): no encoder of ours reads it.
import { inflateSync } from 'node:zlib'
import type { ScreenPicture } from '../../edge/science/stretch.js'

export function pngPixels(png: Uint8Array): ScreenPicture {
  const file = Buffer.from(png)
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)]
  const channels = file[25] === 2 ? 3 : 1
  const parts: Buffer[] = []
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const length = file.readUInt32BE(at)
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + length))
  }
  const rows = inflateSync(Buffer.concat(parts))
  const data = new Uint8Array(channels * width * height)
  const line = channels * width
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (line + 1)]
    for (let i = 0; i < line; i++) {
      const left = i < channels ? 0 : data[y * line + i - channels]
      const up = y === 0 ? 0 : data[(y - 1) * line + i]
      const corner = y === 0 || i < channels ? 0 : data[(y - 1) * line + i - channels]
      const guess = left + up - corner
      const [a, b, c] = [left, up, corner].map(value => Math.abs(guess - value))
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner
      const before = [0, left, up, (left + up) >> 1, paeth][filter]
      data[y * line + i] = rows[y * (line + 1) + 1 + i] + before
    }
  }
  return { width, height, channels, data }
}
