// What the archive's own routes and the dashboard's share: finding a kept frame, handing its file over, and noticing
// that the client has gone.
import type { Response } from 'express'
import { Fault } from '../../ports/fault.js'
import type { Exposure, Store } from '../../ports/store.js'

/** Throws `not-found` when there is no such exposure. */
export async function keptFrame(store: Store, id: string): Promise<Exposure> {
  const found = await store.exposure(id)
  if (found) return found
  throw new Fault('not-found', `there is no exposure "${id}"`, 'It may have been deleted; reload the list')
}

/** Sends the FITS file at `path` of the archive as a download; throws before anything is sent when it is not there. */
export async function sendFits(response: Response, store: Store, path: string): Promise<void> {
  const { absolute } = await store.locate(path)
  response.setHeader('Content-Type', 'application/fits')
  // The archive may lie beneath a folder whose name begins with a dot; Express would say that it is not there.
  response.download(absolute, path.split('/').at(-1)!, { dotfiles: 'allow' })
}

/** Fires when the client has gone: nobody waits for the picture any more. */
export function goneSignal(response: Response): AbortSignal {
  const control = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) control.abort(new Fault('aborted', 'the client went away', 'Ask again'))
  })
  return control.signal
}
