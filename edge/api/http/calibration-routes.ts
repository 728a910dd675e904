// The calibration library's files: pictures of masters, the files themselves, and masters brought from elsewhere. All
// else is in the state `calibration/library` and in the actions.
import { createWriteStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Request, Router } from 'express'
import type { Actions } from '../../ports/action.js'
import { uploadName } from '../../ports/calibration.js'
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { Pixels } from '../../ports/pixels.js'
import { z } from '../../ports/schema.js'
import type { Store } from '../../ports/store.js'
import { demandWho, type GuardParts } from './guard.js'
import { goneSignal, sendFits } from './kept-frame.js'

export interface CalibrationParts {
  readonly store: Store
  readonly pixels: Pixels
  readonly actions: Actions
  readonly guard: GuardParts
  readonly clock: Clock
}

/** A master of the largest sensors there are, in colour. */
const mostBytes = 2 ** 30
const previewPx = 720

export const masterPreview = '/api/calibration/preview'

const uploadQuery = z.object({ name: z.string().min(1).max(120), kind: z.string().max(10).optional() })

export function calibrationRoutes({ store, pixels, actions, guard, clock }: CalibrationParts): Router {
  const router = Router()
  let uploads = 0

  router.get(masterPreview, async (request, response) => {
    const path = await masterPath(store, request)
    const maxWidth = z.coerce.number().int().min(64).max(4096).catch(previewPx).parse(request.query.maxWidth)
    const picture = await pixels.render(path, { stretch: 'auto', maxWidth, as: 'jpeg' }, goneSignal(response))
    response.setHeader('Cache-Control', 'no-cache')
    response.type(picture.type).send(Buffer.from(picture.bytes))
  })
  router.get('/api/calibration/header', async (request, response) => {
    response.json({ cards: await pixels.header(await masterPath(store, request)) })
  })
  router.get('/api/calibration/file', async (request, response) => {
    await sendFits(response, store, await masterPath(store, request))
  })
  router.post('/api/calibration/file', async (request, response) => {
    const who = await demandWho(request, guard)
    if (who.role === 'viewer') throw new Fault('forbidden', 'viewers may look only', 'Pair as an observer')
    const parsed = uploadQuery.safeParse(request.query)
    if (!parsed.success) throw new Fault('bad-input', z.prettifyError(parsed.error), 'Give ?name= of the file')
    const { name, kind } = parsed.data
    const bytes = Number(request.headers['content-length'])
    if (!(bytes > 0 && bytes <= mostBytes)) {
      throw new Fault('bad-input', `a master of ${bytes} bytes is not taken`, 'Send one FITS file of at most 1 GB')
    }
    await store.demandSpace(bytes, 1)
    const upload = `${clock.now().toString(36)}-${++uploads}`
    const aside = await store.productAside(uploadName(upload))
    try {
      await clock.outside(pipeline(request, noLonger(bytes), createWriteStream(aside, { flags: 'wx' })))
    } catch (error) {
      // What cannot even be removed is cleared away at the next start.
      await unlink(aside).catch(() => {})
      throw new Fault('broken', `the upload of ${name} broke off`, 'Send it again', { cause: error })
    }
    try {
      response.json((await actions.ask('calibration-adopt', { upload, name, kind }, who)).output)
    } finally {
      // Taken over, it is no longer there; refused, it must not lie about until the next start.
      await unlink(aside).catch(() => {})
    }
  })
  return router
}

/** @throws Fault `bad-input`, `not-found` */
async function masterPath(store: Store, request: Request): Promise<string> {
  const { path } = request.query
  if (typeof path !== 'string' || !path.startsWith('calibration/')) {
    throw new Fault('bad-input', 'that is no path of a master', 'Use ?path= as the list of the library gives it')
  }
  await store.locate(path)
  return path
}

/** Whoever sends more than was announced is cut off. */
function noLonger(bytes: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > bytes) done(new Error('more bytes came than were announced'))
      else done(null, chunk)
    },
  })
}
