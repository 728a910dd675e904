// A bundle sent from a phone or a program, in pieces: each is an answer of its own, so that a weak Wi-Fi costs one of
// them and not the whole.
import express, { Router } from 'express'
import { Fault } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import type { UpdateInlet } from '../../ports/updates.js'
import { demandWho, type GuardParts } from './guard.js'

const pieceQuery = z.object({
  from: z.coerce.number().int().min(0),
  total: z.coerce.number().int().min(1),
})

/** Pieces of 4 MB are what the page sends. */
const mostPiece = '8mb'

/** @param inlet absent where no updates are taken */
export function updateRoutes(inlet: UpdateInlet | undefined, guard: GuardParts): Router {
  const router = Router()
  if (!inlet) return router
  const body = express.raw({ type: 'application/octet-stream', limit: mostPiece })
  // Who may not gets no further than his first bytes.
  router.post('/api/update/piece', async (request, _response, next) => {
    const who = await demandWho(request, guard)
    if (who.role !== 'administrator') {
      throw new Fault('forbidden', `updates are for administrators; ${who.name} is ${who.role}`, 'Pair as one')
    }
    next()
  })
  router.post('/api/update/piece', body, async (request, response) => {
    const parsed = pieceQuery.safeParse(request.query)
    if (!parsed.success || !Buffer.isBuffer(request.body)) {
      throw new Fault(
        'bad-input',
        'that is no piece of a bundle',
        'Give ?from= and ?total= and the bytes as octet-stream',
      )
    }
    const { from, total } = parsed.data
    if (from === 0) await inlet.demand(total)
    response.json({ received: await inlet.receive({ from, total, bytes: request.body }) })
  })
  return router
}
