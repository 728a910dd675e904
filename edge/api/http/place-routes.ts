// Where a pier may stand, by a town's name or by whatever somebody pastes; and the box's clock, to compare others with.
import { Router } from 'express'
import type { Clock } from '../../ports/clock.js'
import { z } from '../../ports/schema.js'
import { readPosition } from '../../science/geographic-position.js'
import { ScienceError } from '../../science/science-error.js'
import { townSearch } from '../../science/towns.js'

const query = z.object({ text: z.string().trim().max(2000).catch('') })

export function placeRoutes({ clock }: { clock: Clock }): Router {
  const router = Router()
  const towns = townSearch()
  router.get('/api/clock', (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.json({ nowMs: clock.now() })
  })
  router.get('/api/places', async (request, response) => {
    const { text } = query.parse(request.query)
    response.json({ ...position(text), towns: await towns(text) })
  })
  return router
}

/** The position, or why it is none. */
function position(text: string) {
  try {
    return { position: readPosition(text) }
  } catch (error) {
    if (error instanceof ScienceError) return { wrong: error.message }
    throw error
  }
}
