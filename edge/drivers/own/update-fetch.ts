// A bundle from an address of the owner's, over https or http: its signature is judged, not where it comes from. What
// breaks off goes on where it was.
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../ports/clock.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Updates } from '../../ports/updates.js'

export interface FetchParts {
  readonly folder: string
  readonly clock: Clock
  /** Between two tries. */
  readonly pauseMs?: number
  /** Silence that ends a try. */
  readonly silenceMs?: number
}

/** In a row without a byte. */
const mostTries = 8
/** Twice what an image may have. */
const mostBundleBytes = 2 ** 30

export function updateFetch({ folder, clock, pauseMs = 5_000, silenceMs = 30_000 }: FetchParts): Updates['fetch'] {
  return async (url, tell, signal) => {
    checkAddress(url)
    const part = join(folder, 'fetched.raucb.part')
    await mkdir(folder, { recursive: true })
    await rm(part, { force: true })
    /** Of the file that the first part is of: another one is no continuation. */
    let tag: string | undefined
    for (let tries = 0; ; ) {
      const before = await sizeOf(part)
      try {
        const { whole, etag } = await clock.outside(piece(url, part, before, tag, tell, signal))
        tag = etag
        if (whole) break
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal)
        if (error instanceof Fault) throw error
        const after = await sizeOf(part)
        tries = after > before ? 0 : tries + 1
        if (tries >= mostTries) throw unreachable(url, error, clock.now())
      }
      await clock.sleep(pauseMs, signal)
    }
    const bundle = join(folder, 'fetched.raucb')
    await rename(part, bundle)
    return bundle
  }

  /** What is still missing, or what of it comes before it breaks off. */
  async function piece(
    url: string,
    part: string,
    from: number,
    tag: string | undefined,
    tell: (bytes: number, total: number | undefined) => void,
    signal: AbortSignal,
  ): Promise<{ whole: boolean; etag: string | undefined }> {
    const stop = new AbortController()
    const leave = () => stop.abort()
    signal.addEventListener('abort', leave, { once: true })
    let silence = clock.after(silenceMs, leave)
    try {
      const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {}
      if (from > 0 && tag) headers['if-range'] = tag
      const answer = await fetch(url, { signal: stop.signal, headers })
      const resumed = answer.status === 206
      if (!answer.ok || !answer.body) {
        await answer.body?.cancel()
        const words = `${hostOf(url)} answers ${answer.status} ${answer.statusText}`.trim()
        // A server that is busy or being started is asked again.
        if (answer.status >= 500 || answer.status === 429) throw new Error(words)
        throw new Fault('bad-input', words, 'Check the address: open it in a browser')
      }
      const start = resumed ? from : 0
      const length = Number(answer.headers.get('content-length') ?? Number.NaN)
      const total = Number.isFinite(length) ? start + length : undefined
      if ((total ?? 0) > mostBundleBytes) {
        await answer.body.cancel()
        throw new Fault('bad-input', `what lies there has ${total} bytes: that is no update`, 'Check the address')
      }
      let bytes = start
      const counted = async function* (source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          silence.cancel()
          silence = clock.after(silenceMs, leave)
          bytes += chunk.length
          if (bytes > mostBundleBytes)
            throw new Fault('bad-input', 'more comes than any update has', 'Check the address')
          tell(bytes, total)
          yield chunk
        }
      }
      const body = Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream)
      await pipeline(body, counted, createWriteStream(part, { flags: resumed ? 'a' : 'w', flush: true }))
      const etag = answer.headers.get('etag') ?? undefined
      return { whole: total === undefined || bytes === total, etag }
    } finally {
      silence.cancel()
      signal.removeEventListener('abort', leave)
    }
  }
}

function checkAddress(url: string): void {
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' }
  if (protocol === 'https:' || protocol === 'http:') return
  throw new Fault('bad-input', `"${url}" is no address of a bundle`, 'Give one that begins with https:// or http://')
}

/** Addresses may hide a password; their host does not. */
const hostOf = (url: string) => new URL(url).host

function unreachable(url: string, error: unknown, nowMs: number): Fault {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  const code = cause?.code ?? ''
  if (/^(CERT_|ERR_TLS|DEPTH_|UNABLE_|SELF_)/.test(code)) {
    const today = new Date(nowMs).toISOString().slice(0, 10)
    const fix = `If it is not ${today}, set the clock of the box; http:// will do as well, for updates are signed`
    return new Fault('offline', `${hostOf(url)} cannot be trusted (${code}) by this box's clock`, fix, { cause: error })
  }
  const fix = 'Check that the box is on a network that reaches it, or bring the bundle by phone or stick'
  return new Fault('offline', `${hostOf(url)} is not reached: ${cause?.message ?? message}`, fix, { cause: error })
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
