// Dashboard rows about files and history (N3–N6, N9–N11).

import { Fault } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import type { Exposure } from '../../ports/store.js'
import type { Call, DashboardRow } from './dashboard.js'
import { goneSignal, keptFrame, sendFits } from './kept-frame.js'

const historyLength = 400
const thumbPx = 220

export const archiveRows: readonly DashboardRow[] = [
  {
    method: 'GET',
    path: '/api/image',
    summary: 'Last image of the main camera, PNG',
    async run(call) {
      const main = call.feed.get('observatory')?.value.camera
      const [last] = (await call.store.exposures({ limit: 50 })).filter(
        one => main === undefined || one.camera === main,
      )
      if (!last) throw new Fault('not-found', 'No image available', 'Take a frame first')
      await sendPng(call, last)
    },
  },
  {
    method: 'GET',
    path: '/api/fits/list',
    summary: 'Names of the FITS files; ?detail=1 for records',
    async run({ request, store }) {
      const all = await store.exposures({ limit: 1000 })
      if (request.query.detail !== '1') return all.map(({ path }) => path)
      return {
        files: all.map(one => ({
          filename: one.path.split('/').at(-1),
          date: new Date(one.startedMs).toISOString(),
          size_kb: Math.round(one.bytes / 1024),
          object: one.object ?? '',
          date_obs: new Date(one.startedMs).toISOString(),
          path: one.path,
          id: one.id,
        })),
      }
    },
  },
  {
    method: 'GET',
    path: '/api/fits/download/{*path}',
    summary: 'A FITS file',
    words: { 'bad-input': 'Invalid path' },
    async run({ request, response, store }) {
      await sendFits(response, store, wildcard(request.params.path))
      await new Promise<void>(settle => response.on('close', settle))
    },
  },
  {
    method: 'GET',
    path: '/api/fits/preview/{*path}',
    summary: 'A stretched picture of a FITS file',
    words: { 'bad-input': 'Invalid path' },
    async run({ request, response, store, pixels }) {
      const path = wildcard(request.params.path)
      await store.locate(path)
      const picture = await pixels.render(path, { stretch: 'asinh', maxWidth: 1280, as: 'jpeg' }, goneSignal(response))
      response.type(picture.type).send(Buffer.from(picture.bytes))
    },
  },
  {
    method: 'GET',
    path: '/api/history',
    summary: 'The last 400 exposures with thumbnails',
    async run({ store, pixels, response }) {
      const all = await store.exposures({ limit: historyLength })
      const signal = goneSignal(response)
      const images = []
      for (const one of all) {
        const jpeg = await store.thumbnail(one.id)
        const png = jpeg && (await pixels.convert(jpeg, { as: 'png', maxWidth: thumbPx }, signal))
        images.push({ ...entryOf(one), thumb: png ? Buffer.from(png).toString('base64') : '' })
      }
      return { images }
    },
  },
  {
    method: 'GET',
    path: '/api/history/:id',
    summary: 'Full picture of an exposure, PNG',
    async run(call) {
      await sendPng(call, await keptFrame(call.store, String(call.request.params.id)))
    },
  },
  {
    method: 'PATCH',
    path: '/api/history/:id/metadata',
    summary: 'Corrects what is known of an exposure',
    async run({ body, ask, store, request }) {
      const fields = z
        .object({
          target: z.string().max(60).optional(),
          exp_dur: z.number().positive().optional(),
          binning: z.int().min(1).optional(),
          frame: z.int().min(0).optional(),
          total: z.int().min(0).optional(),
        })
        .safeParse(body)
      if (!fields.success) throw new Fault('bad-input', z.prettifyError(fields.error), 'Correct the value')
      const { target, exp_dur, binning, frame, total } = fields.data
      if (Object.values(fields.data).every(field => field === undefined)) {
        throw new Fault('bad-input', 'No valid fields provided', 'Send any of target, exp_dur, binning, frame, total')
      }
      const { id } = await keptFrame(store, String(request.params.id))
      await ask('frame-amend', { id, object: target, exposureSeconds: exp_dur, binning, number: frame, total })
      return { entry: entryOf(await keptFrame(store, id)) }
    },
  },
]

const entryOf = (one: Exposure) => ({
  id: one.id,
  target: one.object ?? '',
  ts: one.startedMs / 1000,
  date: new Date(one.startedMs).toISOString(),
  exp_dur: one.exposureSeconds,
  binning: one.binning,
  frame: one.number,
  total: one.total,
  path: one.path,
})

async function sendPng({ response, pixels }: Call, { path }: Exposure) {
  const picture = await pixels.render(path, { stretch: 'asinh', maxWidth: 8192, as: 'png' }, goneSignal(response))
  response.setHeader('Cache-Control', 'no-store')
  response.type('image/png').send(Buffer.from(picture.bytes))
}

/** Express gives a wildcard as the list of its parts. */
const wildcard = (parts: unknown) => (Array.isArray(parts) ? parts.join('/') : String(parts ?? ''))
