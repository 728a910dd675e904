// A backup that is brought back: larger than what other actions take. Made it is by the action alone.
import express, { Router } from 'express'
import type { Actions } from '../../ports/action.js'
import { demandWho, type GuardParts } from './guard.js'

export function backupRoutes(actions: Actions, guard: GuardParts): Router {
  const router = Router()
  router.post(
    '/api/backup/restore',
    async (request, response, next) => {
      // Before the body: from nobody else so much is taken in.
      response.locals.who = await demandWho(request, guard)
      next()
    },
    // As the action's own bound, with room for how JSON writes quotation marks.
    express.json({ limit: '20mb' }),
    async (request, response) => {
      response.json((await actions.ask('backup-restore', request.body, response.locals.who)).output)
    },
  )
  return router
}
