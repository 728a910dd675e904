// The log bundle as one download, for whoever may act here: it says more of the box than strangers need to know.
import { Readable } from 'node:stream'
import { Router } from 'express'
import { Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import type { LogBundle } from '../../ports/log-bundle.js'
import { demandWho, type GuardParts } from './guard.js'
import { goneSignal } from './kept-frame.js'
import { sendZip } from './zip-stream.js'

export function logBundleRoutes(bundle: LogBundle, guard: GuardParts, log: Log): Router {
  const router = Router()
  router.get('/api/log-bundle', async (request, response) => {
    const { role } = await demandWho(request, guard)
    if (role === 'viewer') throw new Fault('forbidden', 'viewers get no log bundle', 'Pair as an observer')
    const gone = goneSignal(response)
    const parts = await bundle.parts()
    response.setHeader('Content-Disposition', `attachment; filename="${bundle.name()}.zip"`)
    response.setHeader('Cache-Control', 'no-store')
    const entries = parts.map(({ name, text }) => ({
      name: `${bundle.name()}/${name}`,
      open: async () => Readable.from([Buffer.from(await text(gone))]),
    }))
    sendZip(entries, response, error => log.warn(`the log bundle broke off: ${error.message}`))
  })
  return router
}
