// POST /api/actions/<name>: the whole table of actions, one route.
import { Router } from 'express'
import type { Actions } from '../../ports/action.js'
import { demandAsker, type GuardParts } from './guard.js'

export function actionRoutes(actions: Actions, guard: GuardParts): Router {
  const router = Router()
  router.post('/api/actions/:name', async (request, response) => {
    const row = actions.table.find(({ name }) => name === request.params.name)
    const who = await demandAsker(request, guard, row)
    const { output, done } = await actions.ask(request.params.name, request.body, who)
    const activity = actions.find(request.params.name).settles.kind === 'activity'
    if (activity && request.query.wait === '1') response.json({ ...output, ...(await done) })
    else response.status(activity ? 202 : 200).json(output)
  })
  return router
}
