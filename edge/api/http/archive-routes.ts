// What is on the shelf: lists, pictures, headers, files, whole nights.
import { createReadStream, type ReadStream } from 'node:fs'
import { type Response, Router } from 'express'
import { ZipFile } from 'yazl'
import { Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import type { Pictures } from '../../ports/pictures.js'
import type { Pixels } from '../../ports/pixels.js'
import { z } from '../../ports/schema.js'
import type { Exposure, Store } from '../../ports/store.js'
import { goneSignal, keptFrame, sendFits } from './kept-frame.js'

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
    const files = await filesOf(store, night)
    if (files.length === 0) throw new Fault('not-found', `nothing was kept in the night ${night}`, 'See /api/nights')
    response.setHeader('Content-Type', 'application/zip')
    response.setHeader('Content-Disposition', `attachment; filename="${night}.zip"`)
    sendZip(files, response, error => log.warn(`the download of the night ${night} broke off: ${error.message}`))
  })
  return router
}

interface KeptFile {
  readonly path: string
  readonly absolute: string
  readonly bytes: number
}

/** The files of a night; one deleted since its row was read is left out. */
async function filesOf(store: Store, night: string): Promise<KeptFile[]> {
  const files: KeptFile[] = []
  for (const { path } of await wholeNight(store, night)) {
    try {
      files.push({ path, ...(await store.locate(path)) })
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'not-found') throw error
    }
  }
  return files
}

/** Opens one file after another as the client reads; frames hardly compress, so they are stored as they are. */
function sendZip(files: readonly KeptFile[], response: Response, tell: (error: Error) => void) {
  const zip = new ZipFile()
  let open: ReadStream | undefined
  // A file that goes or changes under our hands: the client must not take what it has for the whole night.
  const breakOff = (error: Error) => {
    tell(error)
    response.destroy()
  }
  zip.on('error', breakOff)
  response.on('close', () => open?.destroy())
  zip.outputStream.pipe(response)
  for (const { path, absolute, bytes } of files) {
    zip.addReadStreamLazy(path, { compress: false, size: bytes }, give => {
      open = createReadStream(absolute).on('error', breakOff)
      give(null, open)
    })
  }
  zip.end()
}

async function wholeNight(store: Store, night: string): Promise<Exposure[]> {
  const all: Exposure[] = []
  for (;;) {
    const page = await store.exposures({ night, limit: 500, before: all.at(-1)?.id })
    all.push(...page)
    if (page.length < 500) return all
  }
}
