// One stream for all: the whole state first, then every change, event, log line and new picture, as Server-Sent Events.
import { type Request, type Response, Router } from 'express'
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { Feed, FeedEvent } from '../../ports/feed.js'
import type { LogLine } from '../../ports/log.js'
import type { Pictures, TaggedPicture } from '../../ports/pictures.js'

export interface LogSource {
  recent(): readonly LogLine[]
  listen(listener: (line: LogLine) => void): () => void
}

export interface StreamParts {
  readonly feed: Feed
  readonly pictures: Pictures
  readonly logs: LogSource
  readonly clock: Clock
}

const tickMs = 2_000
const keepaliveMs = 15_000
/** A client that reads so slowly that this much waits for it is cut off; it reconnects and gets the whole state. */
const mostWaitingBytes = 2_000_000
/** Missed events are read so many at a time. */
const pageOfEvents = 1_000
/** A page holds one stream; more than this is a program gone wrong. */
const mostClients = 200

export function streamRoutes(parts: StreamParts): Router {
  const { feed, pictures, logs, clock } = parts
  const router = Router()
  let clients = 0
  /** Opens a stream, or refuses: too many, or a HEAD, which has no use for one. */
  const admit = (request: Request, response: Response) => {
    if (request.method === 'HEAD') {
      response.type('text/event-stream').end()
      return undefined
    }
    if (clients >= mostClients) {
      throw new Fault('busy', `${mostClients} streams are open already`, 'Close other pages or programs of this box')
    }
    clients++
    response.on('close', () => {
      clients--
    })
    return openStream(response)
  }

  router.get('/api/state', async (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.json(await whole(parts))
  })

  router.get('/api/events', async (request, response) => {
    const send = admit(request, response)
    if (!send) return
    const asked = Number(request.headers['last-event-id'] ?? request.query.after ?? Number.NaN)
    // Changes that come while the past is read wait their turn.
    const early: (() => void)[] = []
    let caughtUp = false
    const inTurn = (say: () => void) => (caughtUp ? say() : early.push(say))
    let told = 0
    // An event that came while the past was read stands in both: it is told once.
    const sayEvent = (event: FeedEvent) => {
      if (event.cursor <= told) return
      told = event.cursor
      send('event', event, event.cursor)
    }
    const stops = [
      feed.listen({
        state: (state, gone) => inTurn(() => (gone ? send('gone', { path: state.path }) : send('state', state))),
        event: event => inTurn(() => sayEvent(event)),
      }),
      logs.listen(line => inTurn(() => send('log', line))),
      pictures.listen(picture => isTold(picture) && inTurn(() => send('picture', tagOf(picture)))),
    ]
    const tick = clock.every(tickMs, () => send('tick', { nowMs: clock.now() }))
    response.on('close', () => {
      tick.cancel()
      for (const stop of stops) stop()
    })

    const now = await whole(parts)
    send('hello', now)
    for (const line of logs.recent()) send('log', line)
    for (const picture of pictures.all().filter(isTold)) send('picture', tagOf(picture))
    for (let after = asked; Number.isFinite(after) && !response.destroyed; ) {
      const missed = await feed.eventsAfter(after, pageOfEvents)
      for (const event of missed) sayEvent(event)
      after = missed.length < pageOfEvents ? Number.NaN : missed[missed.length - 1].cursor
    }
    caughtUp = true
    for (const say of early) say()
  })

  router.get('/api/logs', (request, response) => {
    const send = admit(request, response)
    if (!send) return
    const say = ({ atMs, level, from, message }: LogLine) =>
      send(undefined, { time: new Date(atMs).toISOString(), level: level.toUpperCase(), name: from, msg: message })
    for (const line of logs.recent()) say(line)
    const stop = logs.listen(say)
    const alive = clock.every(keepaliveMs, () => response.write(': keepalive\n\n'))
    response.on('close', () => {
      stop()
      alive.cancel()
    })
  })
  return router
}

async function whole({ feed, clock }: StreamParts) {
  const { node, boot } = feed
  // The cursor first: what happens while it is read comes after it.
  const cursor = await feed.newestCursor()
  return { node, boot, nowMs: clock.now(), cursor, states: feed.states() }
}

/** The pier camera has a stream of its own: ten tags a second would say nothing. */
const isTold = ({ name }: TaggedPicture) => name !== 'pier'

const tagOf = ({ name, version, atMs, of }: TaggedPicture) => ({ name, version, atMs, of })

/** Writes one event after another; a client that does not read is cut off rather than queued for without end. */
function openStream(response: Response) {
  response.setHeader('Content-Type', 'text/event-stream')
  response.setHeader('Cache-Control', 'no-cache')
  response.setHeader('X-Accel-Buffering', 'no')
  response.flushHeaders()
  response.write('retry: 1000\n\n')
  return (kind: string | undefined, data: unknown, id?: number) => {
    if (response.writableLength > mostWaitingBytes) {
      response.destroy()
      return
    }
    const head = `${id === undefined ? '' : `id: ${id}\n`}${kind === undefined ? '' : `event: ${kind}\n`}`
    response.write(`${head}data: ${JSON.stringify(data)}\n\n`)
  }
}
