// The HTTP face: routes in a fixed order, one listener, a clean end.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import type { Actions } from '../../ports/action.js'
import type { Clock } from '../../ports/clock.js'
import type { Views } from '../../ports/display.js'
import { Fault } from '../../ports/fault.js'
import type { Feed } from '../../ports/feed.js'
import type { Log } from '../../ports/log.js'
import type { LogBundle } from '../../ports/log-bundle.js'
import type { Pictures } from '../../ports/pictures.js'
import type { PierView } from '../../ports/pier-view.js'
import type { Pixels } from '../../ports/pixels.js'
import { z } from '../../ports/schema.js'
import type { Configuration } from '../../ports/settings.js'
import type { Store } from '../../ports/store.js'
import type { UpdateInlet } from '../../ports/updates.js'
import { actionRoutes } from './action-routes.js'
import { lastResort } from './answer.js'
import { archiveRoutes } from './archive-routes.js'
import { backupRoutes } from './backup-routes.js'
import { calibrationRoutes } from './calibration-routes.js'
import { captivePortal } from './captive-portal.js'
import { catalogueRoutes } from './catalogue-routes.js'
import { configRoutes } from './config-routes.js'
import { dashboardRoutes, dashboardTable } from './dashboard.js'
import { type LogSource, streamRoutes } from './event-stream.js'
import { checkOrigin, type GuardParts, isOurs } from './guard.js'
import { fewAtOnce, largeAnswers } from './large-answers.js'
import { logBundleRoutes } from './log-bundle-routes.js'
import { openApi } from './openapi.js'
import { pageFiles } from './page-files.js'
import { pierCamRoutes } from './pier-cam-stream.js'
import { placeRoutes } from './place-routes.js'
import { sessionRoutes } from './session-routes.js'
import { type SetUpRouteParts, setUpRoutes } from './setup-routes.js'
import { updateRoutes } from './update-routes.js'
import { viewRoutes } from './view-routes.js'

export const httpSettings = z
  .strictObject({
    host: z.string().default('0.0.0.0').describe('Address to listen on; 127.0.0.1 for this machine alone'),
    hosts: z.array(z.string().toLowerCase()).default([]).describe('Further names under which the box is reached'),
  })
  .describe('The page and the HTTP API')

export interface HttpParts {
  readonly feed: Feed
  readonly actions: Actions
  readonly store: Store
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly views: Views
  readonly pierView: PierView
  readonly configuration: Configuration
  readonly logs: LogSource
  /** Where bundles of other versions go; absent but on the image. */
  readonly updates?: UpdateInlet
  readonly logBundle: LogBundle
  readonly clock: Clock
  readonly log: Log
  readonly guard: GuardParts
  /** On Pierside's own image. */
  readonly settingUp?: SetUpRouteParts
  /** Folder of the files. */
  readonly archive: string
  /** Folder of the built page. */
  readonly page: string
  readonly version: string
}

export interface HttpFace {
  readonly port: number
  /** Ends streams, lets short answers finish, closes within `graceMs`. */
  close(): Promise<void>
}

const graceMs = 2_000
/** Every connection costs a file number, of which the frames need some too. A phone opens six at most. */
const mostConnections = 512
/** Longer than any answer is worked on: whoever takes nothing of one for so long lets its memory go. */
const readerMs = 150_000

function routes(parts: HttpParts): Express {
  const { feed, actions, store, pixels, pictures, guard, clock } = parts
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  if (parts.settingUp) {
    const { setUp } = parts.settingUp
    app.use(captivePortal({ settingUp: () => !!setUp.closed(), ours: host => isOurs(host, guard.hosts) }))
  }
  app.use(checkOrigin(guard))
  app.use((request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Referrer-Policy', 'no-referrer')
    // What is asked to be done may take an exposure's time to answer.
    const looking = request.method === 'GET' || request.method === 'HEAD'
    request.socket.setTimeout(looking ? readerMs : 0)
    next()
  })
  app.all(largeAnswers, fewAtOnce())
  app.use(configRoutes(parts.configuration, actions, guard))
  app.use(backupRoutes(actions, guard))
  app.use(express.json({ limit: '256kb' }))
  app.use(streamRoutes({ feed, pictures, logs: parts.logs, clock }))
  app.use(sessionRoutes(guard))
  if (parts.settingUp) app.use(setUpRoutes(parts.settingUp))
  app.use(logBundleRoutes(parts.logBundle, guard, parts.log))
  app.use(actionRoutes(actions, guard))
  app.use(archiveRoutes({ store, pixels, pictures, log: parts.log }))
  app.use(updateRoutes(parts.updates, guard))
  app.use(viewRoutes(parts.views))
  app.use(calibrationRoutes({ store, pixels, actions, guard, clock }))
  app.use(catalogueRoutes({ feed, clock }))
  app.use(placeRoutes({ clock }))
  app.use(pierCamRoutes(pictures, parts.pierView, clock))
  app.use(dashboardRoutes({ feed, actions, store, pixels, pictures, archive: parts.archive, guard, clock }))
  app.get('/api/openapi.json', (_request, response) => {
    response.json(openApi(actions, dashboardTable, parts.version))
  })
  app.use(pageFiles(parts.page, feed))
  app.use((request, _response, next) =>
    next(new Fault('not-found', `there is nothing at ${request.method} ${request.path}`, 'See /api/openapi.json')),
  )
  app.use(lastResort(parts.log))
  return app
}

/** Listens before it settles. Rejects with `busy` when the port is taken. */
export async function startHttp(parts: HttpParts, host: string, port: number): Promise<HttpFace> {
  const server = createServer(routes(parts))
  server.requestTimeout = 60_000
  server.maxConnections = mostConnections
  await listen(server, host, port)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>(settle => server.close(() => settle()))
      server.closeIdleConnections()
      const deadline = parts.clock.deadline(graceMs, 'closing the page')
      try {
        await deadline.race(closed)
      } catch {
        // Streams never end by themselves: what is still open after the grace is cut.
        server.closeAllConnections()
        await closed
      } finally {
        deadline.cancel()
      }
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', error => {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EACCES') {
        const fix = 'Set PIERSIDE_PORT to a number above 1023, or start it with the right to use that port'
        reject(new Fault('forbidden', `port ${port} may not be used by this user`, fix, { cause: error }))
        return
      }
      const taken = code === 'EADDRINUSE'
      const words = taken ? `port ${port} is in use by another program` : `port ${port}: ${error.message}`
      reject(
        new Fault('busy', words, 'Stop the other program, or set PIERSIDE_PORT to another number', { cause: error }),
      )
    })
    server.listen(port, host, () => settle())
  })
}
