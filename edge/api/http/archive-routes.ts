// What is on the shelf: lists, pictures, headers, files, whole nights.
import { createReadStream } from 'node:fs'
import { Router } from 'express'
import { Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import { nightFiles } from '../../ports/night-files.js'
import type { Pictures } from '../../ports/pictures.js'
import type { Pixels } from '../../ports/pixels.js'
import { z } from '../../ports/schema.js'
import type { Store } from '../../ports/store.js'
import { goneSignal, keptFrame, sendFits } from './kept-frame.js'
import { sendZip } from './zip-stream.js'

export interface ArchiveParts {
  readonly store: Store
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly log: Log
}

const listQuery = z.object({
  night: z.iso.date().optional(),
  before: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export function archiveRoutes({ store, pixels, pictures, log }: ArchiveParts): Router {
  const router = Router()
  const find = (id: string) => keptFrame(store, id)

  router.get('/api/pictures/:name', (request, response) => {
    const picture = pictures.latest(request.params.name)
    if (!picture) throw new Fault('not-found', `there is no picture "${request.params.name}" yet`, 'Take a frame first')
    response.setHeader('Cache-Control', 'no-cache')
    response.setHeader('ETag', `"${picture.version}"`)
    response.setHeader('X-Picture-At', new Date(picture.atMs).toISOString())
    if (request.headers['if-none-match'] === `"${picture.version}"`) {
      response.status(304).end()
      return
    }
    response.type(picture.type).send(Buffer.from(picture.bytes))
  })

  router.get('/api/exposures', async (request, response) => {
    const parsed = listQuery.safeParse(request.query)
    if (!parsed.success) throw new Fault('bad-input', z.prettifyError(parsed.error), 'Correct the query')
    response.json({ exposures: await store.exposures(parsed.data) })
  })
  router.get('/api/exposures/:id', async (request, response) => {
    response.json(await find(request.params.id))
  })
  router.get('/api/exposures/:id/thumbnail', async (request, response) => {
    const { id } = await find(request.params.id)
    const thumbnail = await store.thumbnail(id)
    if (!thumbnail) throw new Fault('not-found', `exposure ${id} has no thumbnail yet`, 'Wait a moment')
    response.setHeader('Cache-Control', 'public, max-age=86400')
    response.type('image/jpeg').send(Buffer.from(thumbnail))
  })
  router.get('/api/exposures/:id/preview', async (request, response) => {
    const { path } = await find(request.params.id)
    const maxWidth = z.coerce.number().int().min(64).max(4096).catch(1280).parse(request.query.maxWidth)
    const picture = await pixels.render(path, { stretch: 'auto', maxWidth, as: 'jpeg' }, goneSignal(response))
    response.setHeader('Cache-Control', 'public, max-age=86400')
    response.type(picture.type).send(Buffer.from(picture.bytes))
  })
  router.get('/api/exposures/:id/header', async (request, response) => {
    const { path } = await find(request.params.id)
    response.json({ cards: await pixels.header(path) })
  })
  router.get('/api/exposures/:id/fits', async (request, response) => {
    const { path } = await find(request.params.id)
    await sendFits(response, store, path)
  })

  router.get('/api/nights', async (_request, response) => {
    response.json({ nights: await store.nights() })
  })
  router.get('/api/nights/:name', async (request, response) => {
    const night = request.params.name.replace(/\.zip$/, '')
    if (!z.iso.date().safeParse(night).success) {
      throw new Fault('bad-input', `"${night}" is not a night`, 'Use /api/nights/YYYY-MM-DD.zip')
    }
    const files = await nightFiles(store, night)
    if (files.length === 0) throw new Fault('not-found', `nothing was kept in the night ${night}`, 'See /api/nights')
    response.setHeader('Content-Disposition', `attachment; filename="${night}.zip"`)
    const entries = files.map(({ path, absolute, bytes }) => ({
      ...{ name: path, storedBytes: bytes },
      open: () => createReadStream(absolute),
    }))
    sendZip(entries, response, error => log.warn(`the download of the night ${night} broke off: ${error.message}`))
  })
  return router
}
