// Search of the sky catalogue, with where each thing stands now.
import { Router } from 'express'
import type { Clock } from '../../ports/clock.js'
import type { Feed } from '../../ports/feed.js'
import { z } from '../../ports/schema.js'
import { search } from '../../science/catalogue.js'
import { altAz } from '../../science/sky.js'

const query = z.object({
  search: z.string().max(60).catch(''),
  limit: z.coerce.number().int().min(1).max(50).catch(12),
})

export function catalogueRoutes({ feed, clock }: { feed: Feed; clock: Clock }): Router {
  const router = Router()
  router.get('/api/catalogue', (request, response) => {
    const { search: text, limit } = query.parse(request.query)
    const nowMs = clock.now()
    const { latitudeDeg, longitudeDeg } = (feed.get('observatory')?.value ?? {}) as Record<string, number | undefined>
    // What stands where is said of a known place at a known time only.
    const trusted = feed.get('time')?.value.trusted === true
    const known = trusted && latitudeDeg !== undefined && longitudeDeg !== undefined
    const site = known ? { latitudeDeg, longitudeDeg, elevationMetres: 0 } : undefined
    const found = search(text, nowMs, limit, site).map(entry => {
      if (!site) return entry
      const { raHours, decDeg } = entry
      const at = altAz({ raHours, decDeg, equinox: 'j2000' }, site, nowMs)
      return { ...entry, ...at, up: at.altDeg > 0 }
    })
    response.json({ found })
  })
  return router
}
