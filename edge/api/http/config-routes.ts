// The configuration: as text, as settings, and what may stand in it. Changing it goes through the actions.
import express, { Router } from 'express'
import type { Actions } from '../../ports/action.js'
import { Fault } from '../../ports/fault.js'
import type { Configuration } from '../../ports/settings.js'
import { demandWho, type GuardParts } from './guard.js'

export function configRoutes(configuration: Configuration, actions: Actions, guard: GuardParts): Router {
  const router = Router()
  router.get('/api/config', (_request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.type('text/yaml').send(configuration.text())
  })
  router.post('/api/config', express.text({ type: () => true, limit: '256kb' }), async (request, response) => {
    const who = await demandWho(request, guard)
    const text = request.body
    if (typeof text !== 'string') throw new Fault('bad-input', 'the body holds no text', 'Send the YAML text')
    response.json({ ok: true, ...(await actions.ask('config-save', { text }, who)).output })
  })
  router.get('/api/config/parsed', (request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.json(request.query.effective === '1' ? configuration.effective() : configuration.loose())
  })
  router.post('/api/config/parsed', express.json({ limit: '256kb' }), async (request, response) => {
    const who = await demandWho(request, guard)
    response.json({ ok: true, ...(await actions.ask('config-merge', { settings: request.body }, who)).output })
  })
  router.get('/api/drivers', (_request, response) => {
    response.json({
      drivers: configuration.drivers(),
      demo: configuration.demo(),
      settings: configuration.schema(),
    })
  })
  return router
}
