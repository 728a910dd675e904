// The pier camera as browsers show it: multipart JPEG, newest picture only, a slow client skips.
import { type Response, Router } from 'express'
import { Fault } from '../../ports/fault.js'
import type { Pictures, TaggedPicture } from '../../ports/pictures.js'
import type { PierView } from '../../ports/pier-view.js'
import { sendFault } from './answer.js'

const mostClients = 40

export function pierCamRoutes(pictures: Pictures, view: PierView): Router {
  const router = Router()
  let clients = 0

  router.get('/api/pier-cam/stream', (_request, response) => {
    if (clients >= mostClients) {
      const fault = new Fault('busy', `${mostClients} watch the pier camera already`, 'Close one of the other pages')
      sendFault(response, fault)
      return
    }
    clients++
    const leave = view.watch()
    response.setHeader('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
    response.setHeader('Cache-Control', 'no-cache')
    response.setHeader('X-Accel-Buffering', 'no')
    response.flushHeaders()
    const now = pictures.latest('pier')
    if (now) sendPart(response, now)
    const stop = pictures.listen(picture => {
      // What has not left yet is still on its way: this picture is skipped, the next one is newer anyway.
      if (response.writableLength === 0) sendPart(response, picture)
    }, 'pier')
    response.on('close', () => {
      clients--
      stop()
      leave()
    })
  })

  router.get('/api/pier-cam/snapshot', async (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    const picture = pictures.latest('pier')
    if (!picture) {
      response
        .status(404)
        .json({ error: 'No frame available', code: 'not-found', fix: 'See the pier camera on the Devices page' })
      return
    }
    response.setHeader('X-Picture-At', new Date(picture.atMs).toISOString())
    response.type('image/jpeg').send(Buffer.from(picture.bytes))
  })
  return router
}

function sendPart(response: Response, { bytes, atMs }: TaggedPicture) {
  response.cork()
  response.write(
    `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${bytes.length}\r\nX-Timestamp: ${(atMs / 1000).toFixed(3)}\r\n\r\n`,
  )
  response.write(bytes)
  response.write('\r\n')
  response.uncork()
}
