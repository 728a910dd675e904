// How a Fault looks over HTTP: one table of statuses, one shape of body.
import type { ErrorRequestHandler, Response } from 'express'
import { asFault, type Fault, type FaultCode } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'

const statuses: Readonly<Record<FaultCode, number>> = {
  'bad-input': 400,
  unpaired: 401,
  forbidden: 403,
  'not-found': 404,
  busy: 409,
  aborted: 409,
  limit: 422,
  unsafe: 423,
  unsupported: 501,
  broken: 502,
  offline: 503,
  timeout: 504,
  'disk-full': 507,
}

export const statusOf = (fault: Fault): number => statuses[fault.code]

const bodyOf = (fault: Fault): Record<string, unknown> => ({
  error: fault.message,
  code: fault.code,
  fix: fault.fix,
  ...fault.detail,
})

export function sendFault(response: Response, fault: Fault, status = statusOf(fault)): void {
  response.status(status).json(bodyOf(fault))
}

/** Express's own errors (bad JSON, too large a body) carry a status; everything else is a Fault or becomes one. */
export function lastResort(log: Log): ErrorRequestHandler {
  return (error, request, response, _next) => {
    if (response.headersSent) {
      // Half an answer stands already: the client must not take it for a whole one.
      log.warn(`${request.method} ${request.path} broke off: ${asFault(error, 'the answer').message}`)
      response.destroy()
      return
    }
    const own = (error as { status?: number; expose?: boolean }).status
    if (own !== undefined && own < 500) {
      response.status(own).json({ error: error.message, code: 'bad-input', fix: 'Correct the request and try again' })
      return
    }
    const fault = asFault(error, `${request.method} ${request.path}`)
    if (fault.code === 'broken')
      log.error(fault.message, { cause: String((fault.cause as Error)?.stack ?? fault.cause) })
    sendFault(response, fault)
  }
}
