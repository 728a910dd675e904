// A network camera on this machine: known JPEGs made by ffmpeg beforehand, served as multipart MJPEG at a steady pace.
import { execFileSync } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mjpegSplitter } from '../../edge/drivers/video/mjpeg-splitter.js'

/** JPEGs of ffmpeg's test pattern, straight from the program. */
export function testPictures(count: number, size: string, quantiser: number, more: readonly string[] = []): Buffer[] {
  const pattern = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10`, '-frames:v', String(count)]
  const jpeg = ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-q:v', String(quantiser), ...more]
  const bytes = execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', ...pattern, ...jpeg, '-f', 'mjpeg', '-'], {
    maxBuffer: 1 << 28,
  })
  const pictures: Buffer[] = []
  mjpegSplitter(jpeg => pictures.push(Buffer.from(jpeg)), 1 << 24).push(bytes, 0)
  return pictures
}

export interface NetworkCamera {
  readonly url: string
  /** Connections now open. */
  readonly callers: number
  /** Takes calls and says nothing. */
  silent: boolean
  close(): Promise<void>
}

export async function startNetworkCamera(pictures: readonly Uint8Array[], perSecond: number): Promise<NetworkCamera> {
  const open = new Set<ServerResponse>()
  const server = createServer((_request, response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    if (!camera.silent) response.writeHead(200, { 'Content-Type': 'multipart/x-mixed-replace; boundary=pic' })
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', () => settle()))
  let next = 0
  const tick = setInterval(() => {
    if (camera.silent) return
    const picture = pictures[next++ % pictures.length]
    for (const response of open) {
      response.write(`--pic\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`)
      response.write(picture)
      response.write('\r\n')
    }
  }, 1000 / perSecond)
  const camera: NetworkCamera = {
    url: `http://owner:secret@127.0.0.1:${(server.address() as AddressInfo).port}/video.mjpg`,
    get callers() {
      return open.size
    },
    silent: false,
    async close() {
      clearInterval(tick)
      server.closeAllConnections()
      await new Promise<void>(settle => server.close(() => settle()))
    },
  }
  return camera
}
