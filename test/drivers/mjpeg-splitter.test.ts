// A camera's stream cut into its pictures, as real encoders write it and as cables break it; and a JPEG's quality.
import t from 'tap'
import { ffmpegArguments, ffmpegOptions } from '../../edge/drivers/video/ffmpeg-arguments.js'
import { mjpegSplitter } from '../../edge/drivers/video/mjpeg-splitter.js'
import { jpegQuality, jpegSize } from '../../edge/science/jpeg-quality.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { convertPicture } from '../../edge/workers/pictures-codec.js'
import { testPictures } from '../support/network-camera.js'

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

/** What the splitter makes of bytes that come in such pieces. */
function split(pieces: Iterable<Uint8Array>, mostBytes?: number) {
  const pictures: Uint8Array[] = []
  const splitter = mjpegSplitter(jpeg => pictures.push(jpeg), mostBytes)
  for (const piece of pieces) splitter.push(piece, 0)
  return { pictures, strayBytes: splitter.strayBytes }
}
function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const segment = (marker: number, body: Uint8Array) =>
  Buffer.concat([Buffer.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255), body])
/** The picture with another segment after its SOI. */
const withSegment = (jpeg: Uint8Array, marker: number, body: Uint8Array) =>
  Buffer.concat([jpeg.subarray(0, 2), segment(marker, body), jpeg.subarray(2)])

t.test('a camera’s stream is cut between its pictures and nowhere else', async t => {
  const [plain, small] = testPictures(2, '64x48', 20)
  const restarting = testPictures(1, '64x64', 20, ['-threads', '4', '-thread_type', 'slice'])[0]
  t.ok(/\xff[\xd0-\xd7]/.test(Buffer.from(restarting).toString('latin1')), 'one picture has restart markers')
  const thumbnail = withSegment(plain, 0xe1, Buffer.concat([Buffer.from('Exif\0\0'), small]))
  const chatty = withSegment(plain, 0xfe, Buffer.of(0xff, 0xd9, 0xff, 0xd8, 0xff, 0xff, 0xd9))
  // Two scans, as progressive files have them, fill bytes before a marker, and stuffing in the data.
  const scans = Buffer.concat([
    Buffer.of(0xff, 0xd8, 0xff, 0xff),
    segment(0xc2, Buffer.alloc(15, 1)).subarray(1),
    segment(0xda, Buffer.of(1, 1, 0, 0, 0, 0)),
    Buffer.of(1, 2, 0xff, 0x00, 0xd9, 0xff, 0xd3, 7, 0xff, 0xff, 0xd4),
    segment(0xc4, Buffer.alloc(20, 0xff)),
    segment(0xda, Buffer.of(1, 1, 0, 1, 0x3f, 0)),
    Buffer.of(9, 0xff, 0x00, 9, 0xff, 0xff, 0xff, 0xd9),
  ])
  const pictures = [plain, thumbnail, chatty, scans, restarting, small]

  t.test('whatever the pieces it comes in', async t => {
    const stream = Buffer.concat(pictures)
    for (const size of [1, 2, 3, 7, 1000, stream.length]) {
      const got = split(pieces(stream, size))
      t.ok(got.pictures.length === pictures.length && got.pictures.every((one, i) => same(one, pictures[i])), `${size}`)
      t.equal(got.strayBytes, 0)
    }
    let wrong = 0
    for (let at = 1; at < stream.length; at++) {
      const got = split([stream.subarray(0, at), stream.subarray(at)])
      if (got.pictures.length !== pictures.length || !got.pictures.every((one, i) => same(one, pictures[i]))) wrong++
    }
    t.equal(wrong, 0, `cut in two at each of ${stream.length} bytes`)
  })

  t.test('noise between pictures is passed over, and a picture cut short does not spoil the next one', async t => {
    const random = seededRandom(11)
    const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)))
    let wrong = 0
    for (let round = 0; round < 500; round++) {
      const harmless = Buffer.from(noise(300).map(byte => (byte === 0xd8 ? 0 : byte)))
      // Cut inside its picture data: as a lost packet leaves it.
      const short = thumbnail.subarray(0, thumbnail.length - 1 - Math.floor(random.next() * 200))
      const got = split(pieces(Buffer.concat([harmless, plain, harmless, short, chatty, noise(50)]), 97))
      if (!got.pictures.some(one => same(one, plain)) || !got.pictures.some(one => same(one, chatty))) wrong++
      if (got.pictures.length !== 2) wrong++
    }
    t.equal(wrong, 0)
  })

  t.test('bytes changed anywhere cost that picture and at most one more', async t => {
    const random = seededRandom(5)
    let lost = 0
    for (let round = 0; round < 3000; round++) {
      const stream = Buffer.concat([...pictures, ...pictures, plain, plain, plain])
      const start = Math.floor(random.next() * thumbnail.length)
      stream[start] = Math.floor(random.next() * 256)
      const { pictures: got } = split(pieces(stream, 4096))
      // A changed length may swallow up to 64 kB: the whole of this short stream, but nothing of a real camera's.
      if (got.length >= 1 && !same(got[got.length - 1], plain)) lost++
      for (const one of got) if (one.length > stream.length) lost++
    }
    t.equal(lost, 0)
  })

  t.test('a picture above the bound is left out, and counted', async t => {
    const large = withSegment(plain, 0xe2, Buffer.alloc(60_000))
    const got = split(pieces(Buffer.concat([plain, large, small]), 4096), 50_000)
    t.same(
      got.pictures.map(one => one.length),
      [plain.length, small.length],
    )
    t.ok(split([large], 50_000).strayBytes > 50_000)
    t.equal(split([Buffer.alloc(5000, 0xff)]).pictures.length, 0)
    t.ok(split([Buffer.alloc(5000, 0xff)]).strayBytes >= 4999)
  })

  t.test('a picture is told with the time of its first byte', async t => {
    const times: number[] = []
    const splitter = mjpegSplitter((_jpeg, atMs) => times.push(atMs))
    splitter.push(plain.subarray(0, 30), 1000)
    splitter.push(Buffer.concat([plain.subarray(30), small.subarray(0, 1)]), 2000)
    splitter.push(small.subarray(1), 3000)
    t.equal(times[0], 1000)
    t.equal(times.length, 2)
  })
})

t.test('the quality of a JPEG is read from its own tables', async t => {
  const [picture] = testPictures(1, '320x240', 2)
  t.same(jpegSize(picture), { width: 320, height: 240 })
  for (const quality of [5, 20, 49, 50, 51, 75, 80, 90, 95, 99, 100]) {
    t.equal(jpegQuality(await convertPicture(picture, { as: 'jpeg', quality })), quality)
  }
  t.equal(jpegQuality(withSegment(picture, 0xfe, Buffer.alloc(10))), jpegQuality(picture))
  t.equal(jpegQuality(Buffer.of(0xff, 0xd8, 0xff, 0xd9)), undefined, 'no table, no answer')
  t.equal(jpegQuality(picture.subarray(0, 40)), undefined)
  t.equal(jpegSize(Buffer.from('not a picture at all')), undefined)
  const ranks = testPictures(1, '64x48', 2).concat(testPictures(1, '64x48', 8), testPictures(1, '64x48', 31))
  const estimates = ranks.map(one => jpegQuality(one)!)
  t.ok(estimates[0] > estimates[1] && estimates[1] > estimates[2], `ffmpeg’s own tables are ranked: ${estimates}`)
  for (const wish of [20, 50, 75, 90]) {
    const words = ffmpegArguments(ffmpegOptions.parse({ source: 'test' }), undefined, {
      framesPerSecond: 10,
      jpegQuality: wish,
    })
    const [made] = testPictures(1, '320x240', Number(words[words.indexOf('-q:v') + 1]))
    t.ok(Math.abs(jpegQuality(made)! - wish) <= 5, `${wish} is asked of ffmpeg, ${jpegQuality(made)} comes`)
  }
})
