// A camera of a real kernel (vivid, the kernel's own simulated one) as pier camera, by way of ffmpeg.
import t from 'tap'
import { ffmpegDriver } from '../../edge/drivers/video/ffmpeg.js'
import { jpegSize } from '../../edge/science/jpeg-quality.js'
import { bench } from '../support/bench.js'

t.test('pictures come, are of the size that was asked for, and differ; then the camera is free again', async t => {
  const place = bench()
  t.teardown(() => place.close())
  const options = { source: 'v4l2', device: '/dev/video0', size: '320x180', jpeg: 'ffmpeg' }
  const { ports } = await place.open(ffmpegDriver, options)
  for (const round of ['the first time', 'again']) {
    const got: Uint8Array[] = []
    const enough = new AbortController()
    const limit = setTimeout(() => enough.abort(), 120_000)
    await ports.video!.run(
      { framesPerSecond: 5, jpegQuality: 75 },
      ({ jpeg }) => {
        got.push(jpeg)
        if (got.length >= 3) enough.abort()
      },
      enough.signal,
    )
    clearTimeout(limit)
    t.ok(got.length >= 3, `${got.length} pictures ${round}`)
    t.same(jpegSize(got[0]), { width: 320, height: 180 })
    t.notOk(Buffer.compare(got[0], got[2]) === 0, 'they move')
  }
})
