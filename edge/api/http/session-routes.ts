// Pairing: a one-time code for a token, kept by the browser as a cookie; and the cookie passed on from one name of the
// box to another, since browsers keep one for each.
import { type Request, type Response, Router } from 'express'
import { roles } from '../../ports/action.js'
import { Fault } from '../../ports/fault.js'
import { complaints, z } from '../../ports/schema.js'
import { cookieName, demandWho, type GuardParts, isOurs, tokenOf, whoIs } from './guard.js'

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
    const passed = await guard.access.takeOver(parsed.data.code, seenAt(request))
    if (passed) {
      const own = await whoIs(request, guard)
      const better = own && roles.indexOf(own.role) >= roles.indexOf(passed.role) ? own : undefined
      if (!better) keep(response, passed.token, yearSeconds)
      const { name, role } = better ?? passed
      response.json({ name, role })
      return
    }
    const pairing = await guard.access.pair(parsed.data.code, parsed.data.name)
    keep(response, pairing.token, yearSeconds)
    response.json(pairing)
  })
  router.post('/api/session/pass', async (request, response) => {
    await demandWho(request, guard)
    const token = tokenOf(request)
    if (token === undefined) throw new Fault('unpaired', 'there is nothing to pass on', 'Pair this phone first')
    response.setHeader('Cache-Control', 'no-store')
    response.json({ code: guard.access.passOn(token, seenAt(request)) })
  })
  // Asked under two names, the same answer says that both lead here, and by the same way: a stranger between shows.
  router.get('/api/which-box', (request, response) => {
    const { origin } = request.headers
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('Vary', 'Origin')
    if (origin && URL.canParse(origin) && isOurs(new URL(origin).host, guard.hosts)) {
      response.setHeader('Access-Control-Allow-Origin', origin)
    }
    response.json({ box: `${guard.mark} ${seenAt(request)}` })
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

const seenAt = ({ socket }: Request): string => (socket.remoteAddress ?? '').replace(/^::ffff:/, '')

function keep(response: Response, token: string, seconds: number) {
  response.setHeader('Set-Cookie', `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`)
}
