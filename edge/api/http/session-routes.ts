// Pairing: a one-time code for a token, kept by the browser as a cookie.
import { type Response, Router } from 'express'
import { roles } from '../../ports/action.js'
import { Fault } from '../../ports/fault.js'
import { complaints, z } from '../../ports/schema.js'
import { cookieName, type GuardParts, tokenOf, whoIs } from './guard.js'

const pairInput = z.strictObject({
  code: z.string().min(4).max(20),
  name: z.string().trim().min(1).max(40).default('phone'),
})
const yearSeconds = 365 * 86_400

export function sessionRoutes(guard: GuardParts): Router {
  const router = Router()
  router.get('/api/session', async (request, response) => {
    const who = await whoIs(request, guard)
    const paired = who !== undefined && who.name !== 'anyone'
    response.setHeader('Cache-Control', 'no-store')
    response.json({ paired, name: who?.name, role: who?.role ?? 'viewer', open: guard.open(), roles })
  })
  router.post('/api/pair', async (request, response) => {
    const parsed = pairInput.safeParse(request.body ?? {})
    if (!parsed.success) throw new Fault('bad-input', complaints(parsed.error).join('; '), 'Send {"code", "name"}')
    const pairing = await guard.access.pair(parsed.data.code, parsed.data.name)
    keep(response, pairing.token, yearSeconds)
    response.json(pairing)
  })
  router.post('/api/unpair', async (request, response) => {
    const token = tokenOf(request)
    if (token === undefined || !(await guard.access.whoHas(token))) {
      throw new Fault('unpaired', 'this phone or program is not paired', 'There is nothing to undo')
    }
    await guard.access.forget(token)
    keep(response, '', 0)
    response.json({ ok: true })
  })
  return router
}

function keep(response: Response, token: string, seconds: number) {
  response.setHeader('Set-Cookie', `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`)
}
