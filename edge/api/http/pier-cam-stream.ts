// The pier camera as browsers show it: multipart JPEG, newest picture only, a slow client skips.
import { type Response, Router } from 'express'
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { Pictures, TaggedPicture } from '../../ports/pictures.js'
import type { PierView } from '../../ports/pier-view.js'
import { sendFault } from './answer.js'

const mostClients = 40
/** A client that has taken nothing for so long is gone (a phone out of reach): it must not keep the camera awake. */
const goneMs = 30_000

export function pierCamRoutes(pictures: Pictures, view: PierView, clock: Clock): Router {
  const router = Router()
  const clients = new Set<Client>()
  let deaf: (() => void) | undefined

  /** One message for all of them: the picture is put between its boundaries once, and nobody copies it. */
  const send = (picture: TaggedPicture) => {
    const message = messageOf(picture)
    for (const client of clients) client.offer(message)
  }
  router.get('/api/pier-cam/stream', (request, response) => {
    const refusal = view.refusal?.()
    const full = clients.size >= mostClients
    if (refusal || full) {
      const words = `${mostClients} watch the pier camera already`
      sendFault(response, refusal ?? new Fault('busy', words, 'Close one of the other pages'))
      return
    }
    response.setHeader('Content-Type', 'multipart/x-mixed-replace; boundary=frame')
    response.setHeader('Cache-Control', 'no-cache')
    response.setHeader('X-Accel-Buffering', 'no')
    // The stream ends with its connection: without chunks a picture goes out in one write.
    response.setHeader('Connection', 'close')
    response.useChunkedEncodingByDefault = false
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    response.flushHeaders()
    // The first boundary and the newest picture there is, whatever its age: its header tells it.
    response.write('--frame\r\n')
    const now = pictures.latest('pier')
    if (now) response.write(messageOf(now))
    const client = clientOf(response, view, clock)
    clients.add(client)
    deaf ??= pictures.listen(send, 'pier')
    response.on('close', () => {
      clients.delete(client)
      client.leave()
      if (clients.size > 0) return
      deaf?.()
      deaf = undefined
    })
  })

  router.get('/api/pier-cam/snapshot', (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    const picture = pictures.latest('pier')
    if (!picture) {
      const fix = view.refusal?.()?.fix ?? 'See the pier camera on the Devices page'
      response.status(404).json({ error: 'No frame available', code: 'not-found', fix })
      return
    }
    response.setHeader('X-Picture-At', new Date(picture.atMs).toISOString())
    response.type('image/jpeg').send(bufferOf(picture.bytes))
  })
  return router
}

interface Client {
  offer(message: Buffer): void
  leave(): void
}

function clientOf(response: Response, view: PierView, clock: Clock): Client {
  let leave: (() => void) | undefined
  /** The camera behind the view may be stopped and started anew with other settings; the client stays. */
  const watch = () => {
    leave = view.watch(() => {
      leave = undefined
    })
  }
  let tookMs = clock.monotonicMs()
  watch()
  return {
    offer(message) {
      if (!leave) watch()
      const nowMs = clock.monotonicMs()
      if (response.writableLength === 0) {
        tookMs = nowMs
        response.write(message)
      } else if (nowMs - tookMs > goneMs) response.destroy()
      // Otherwise the last picture is still on its way: this one is skipped, the next one is newer anyway.
    },
    leave: () => leave?.(),
  }
}

/**
 * Header, picture, and the boundary that begins the next part: browsers show a part when they have seen its end, so
 * that must not wait for the next picture.
 */
function messageOf({ bytes, atMs }: TaggedPicture): Buffer {
  const timestamp = (atMs / 1000).toFixed(3)
  const head = `Content-Type: image/jpeg\r\nContent-Length: ${bytes.length}\r\nX-Timestamp: ${timestamp}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes, Buffer.from('\r\n--frame\r\n', 'latin1')])
}

/** The same memory as a Buffer, which Express sends as it is. */
const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
