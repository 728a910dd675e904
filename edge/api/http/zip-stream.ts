// Files in one stream, as a zip that grows while it is read: nothing is made before its turn.
import type { Readable } from 'node:stream'
import type { Response } from 'express'
import { ZipFile } from 'yazl'

export interface ZipEntry {
  readonly name: string
  /** What is known of its length: frames, which hardly compress, are stored as they are. */
  readonly storedBytes?: number
  open(): Readable | Promise<Readable>
}

/**
 * Sends the entries and ends the response. What fails on the way breaks the download off: the client must not take what
 * it has for the whole.
 */
export function sendZip(entries: readonly ZipEntry[], response: Response, tell: (error: Error) => void): void {
  const zip = new ZipFile()
  let open: Readable | undefined
  const breakOff = (error: Error) => {
    tell(error)
    response.destroy()
  }
  zip.on('error', breakOff)
  response.on('close', () => open?.destroy())
  response.setHeader('Content-Type', 'application/zip')
  zip.outputStream.pipe(response)
  for (const { name, storedBytes, open: begin } of entries) {
    const how = storedBytes === undefined ? {} : { compress: false, size: storedBytes }
    zip.addReadStreamLazy(name, how, give => {
      const opened = async () => begin()
      opened().then(stream => {
        open = stream.on('error', breakOff)
        give(null, stream)
      }, breakOff)
    })
  }
  zip.end()
}
