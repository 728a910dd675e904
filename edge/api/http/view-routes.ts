// Pictures looked at closely: a first preview, tiles when one zooms in, and the numbers behind them.
import { createHash } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import type { Display, View, Views } from '../../ports/display.js'
import { Fault } from '../../ports/fault.js'
import type { Region } from '../../ports/frame.js'
import type { EncodedPicture } from '../../ports/pixels.js'
import { z } from '../../ports/schema.js'
import { goneSignal } from './kept-frame.js'

const share = z.coerce.number().min(0).max(1).optional()
const yes = z.enum(['0', '1', 'false', 'true']).transform(word => word === '1' || word === 'true')
/** `version` is of no meaning here but that it makes the address another one when the picture is. */
const version = z.string().max(200).optional()

const displayQuery = {
  stretch: z.enum(['auto', 'asinh', 'linear']).default('auto'),
  black: share,
  mid: share,
  white: share,
  gamma: z.coerce.number().min(0.1).max(10).optional(),
  invert: yes.optional(),
  clipMarks: yes.optional(),
  balance: z.enum(['sky', 'none']).optional(),
  version,
}

const previewQuery = z
  .strictObject({ ...displayQuery, maxWidth: z.coerce.number().int().min(64).max(2048).default(720) })
  .refine(inOrder, { message: 'black must lie below white', path: ['black'] })
const tileQuery = z
  .strictObject(displayQuery)
  .refine(inOrder, { message: 'black must lie below white', path: ['black'] })
const histogramQuery = z.strictObject({ balance: displayQuery.balance, version })
const starsQuery = z.strictObject({ version })

const px = z.coerce.number().int().min(0).max(65_535)
const statisticsQuery = z
  .strictObject({
    x: px.optional(),
    y: px.optional(),
    width: px.min(2).optional(),
    height: px.min(2).optional(),
    version,
  })
  .refine(({ x, y, width, height }) => [x, y, width, height].every(one => (one === undefined) === (x === undefined)), {
    message: 'a region is x, y, width and height, all four of them',
  })

const tilePlace = z.object({
  level: z.coerce.number().int().min(0).max(16),
  column: z.coerce.number().int().min(0).max(4096),
  row: z.coerce.number().int().min(0).max(4096),
})

function inOrder({ black, white }: { black?: number; white?: number }): boolean {
  return black === undefined || white === undefined || black < white
}

/** All of them, for the line that costly answers wait in: of the stack they are made where its frames are folded. */
export const viewPaths = [
  '/api/views/:of/preview',
  '/api/views/:of/tiles/:level/:column/:row',
  '/api/views/:of/histogram',
  '/api/views/:of/stars',
  '/api/views/:of/statistics',
]

export function viewRoutes(views: Views): Router {
  const router = Router()

  router.get('/api/views/:of/preview', async (request, response) => {
    const { maxWidth, version: _, ...display } = parsed(previewQuery, request.query)
    const view = await views.find(request.params.of)
    if (unchanged(request, response, view)) return
    send(response, await view.preview(display satisfies Display, maxWidth, goneSignal(response)))
  })
  router.get('/api/views/:of/tiles/:level/:column/:row', async (request, response) => {
    const { version: _, ...display } = parsed(tileQuery, request.query)
    const at = parsed(tilePlace, request.params)
    const view = await views.find(request.params.of)
    if (unchanged(request, response, view)) return
    send(response, await view.tile(display satisfies Display, at, goneSignal(response)))
  })
  router.get('/api/views/:of/histogram', async (request, response) => {
    const { balance } = parsed(histogramQuery, request.query)
    const view = await views.find(request.params.of)
    if (unchanged(request, response, view)) return
    response.json({ version: view.version, ...(await view.histogram(balance, goneSignal(response))) })
  })
  router.get('/api/views/:of/stars', async (request, response) => {
    parsed(starsQuery, request.query)
    const view = await views.find(request.params.of)
    if (unchanged(request, response, view)) return
    response.json({ version: view.version, ...(await view.stars(goneSignal(response))) })
  })
  router.get('/api/views/:of/statistics', async (request, response) => {
    const { version: _, ...corner } = parsed(statisticsQuery, request.query)
    const region = corner.x === undefined ? undefined : (corner as Region)
    const view = await views.find(request.params.of)
    if (unchanged(request, response, view)) return
    response.json({ version: view.version, ...(await view.statistics(region, goneSignal(response))) })
  })
  return router
}

function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const found = schema.safeParse(value)
  if (found.success) return found.data
  throw new Fault(
    'bad-input',
    z.prettifyError(found.error),
    'Correct the address; /api/openapi.json says what it takes',
  )
}

/** Says what is being shown and how long it may be kept; answers 304 when the asker has it already. */
function unchanged(request: Request, response: Response, { version }: View): boolean {
  const tag = `"${createHash('sha256').update(version).digest('base64url').slice(0, 16)}"`
  response.setHeader('ETag', tag)
  response.setHeader('X-View-Version', version)
  // An address that names the version shows the same for ever; any other is asked for again.
  const named = request.query.version === version
  response.setHeader('Cache-Control', named ? 'private, max-age=86400, immutable' : 'private, no-cache')
  if (request.headers['if-none-match'] !== tag) return false
  response.status(304).end()
  return true
}

function send(response: Response, { bytes, type }: EncodedPicture): void {
  response.type(type).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
