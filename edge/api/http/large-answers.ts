// A few large answers at a time: anyone may look, and whoever looks without end must not take the memory that frames
// need.
import type { Request, RequestHandler, Response } from 'express'
import { Fault } from '../../ports/fault.js'
import { sendFault } from './answer.js'
import { masterPreview } from './calibration-routes.js'
import { viewPaths } from './view-routes.js'

/** A picture of a large sensor is some tens of megabytes as PNG, and stays in memory until its reader has taken it. */
const atOnce = 8
const waitingAtMost = 64

/** Paths whose answers are made whole in memory, or of whole frames. Files and nights stream, thumbnails are small. */
export const largeAnswers = [
  '/api/image',
  '/api/history',
  '/api/history/:id',
  '/api/fits/preview/{*path}',
  '/api/stack/preview',
  '/api/exposures/:id/preview',
  masterPreview,
  ...viewPaths,
]

/** Lets eight through at a time and the others wait their turn, in order; beyond 64 waiting ones it answers `busy`. */
export function fewAtOnce(): RequestHandler {
  const line: (() => void)[] = []
  let under = 0
  return (request: Request, response: Response, next: () => void) => {
    if (request.method !== 'GET') return next()
    if (line.length >= waitingAtMost) {
      const words = `${waitingAtMost} wait for pictures already`
      sendFault(response, new Fault('busy', words, 'Ask again in a moment'))
      return
    }
    let started = false
    const start = () => {
      started = true
      under++
      next()
    }
    response.once('close', () => {
      if (started) {
        under--
        line.shift()?.()
      } else line.splice(line.indexOf(start), 1)
    })
    if (under < atOnce) start()
    else line.push(start)
  }
}
