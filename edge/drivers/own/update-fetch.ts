// A bundle from an address of the owner's, over https or http: its signature is judged, not where it comes from. What
// breaks off goes on where it was.
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import type { HearFetch, Updates } from '../../ports/updates.js'

export interface FetchParts {
  readonly folder: string
  readonly clock: Clock
  /** Between two tries. */
  readonly pauseMs?: number
  /** Silence that ends a try. */
  readonly silenceMs?: number
}

/** In a row that bring less than `leastBytes`. */
const mostTries = 8
/** Less within `silenceMs` is silence: a server that trickles would never come to an end. */
const leastBytes = 64 * 1024
/** Twice what an image may have. */
const mostBundleBytes = 2 ** 30

export function updateFetch({ folder, clock, pauseMs = 5_000, silenceMs = 30_000 }: FetchParts): Updates['fetch'] {
  return async (url, hear, signal) => {
    checkAddress(url)
    const part = join(folder, 'fetched.raucb.part')
    const bundle = join(folder, 'fetched.raucb')
    await mkdir(folder, { recursive: true })
    await rm(part, { force: true })
    try {
      await bring(url, part, hear, signal)
      await rename(part, bundle)
    } catch (error) {
      // Frames need the room.
      await rm(part, { force: true })
      throw error
    }
    return bundle
  }

  async function bring(url: string, part: string, hear: HearFetch, signal: AbortSignal): Promise<void> {
    /** Of the file that the first part is of: another one is no continuation. */
    let tag: string | undefined
    for (let tries = 0; ; ) {
      const before = await sizeOf(part)
      let broke: unknown = new Error('what comes is not as long as was said')
      try {
        const { whole, etag } = await clock.outside(piece(url, part, before, tag, hear, signal))
        tag = etag
        if (whole) return
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal)
        const fault = asFault(error, 'the update')
        if (fault.code !== 'broken') throw fault
        broke = error
      }
      tries = (await sizeOf(part)) >= before + leastBytes ? 0 : tries + 1
      if (tries >= mostTries) throw unreachable(url, broke, clock.now())
      await clock.sleep(pauseMs, signal)
    }
  }

  /** What is still missing, or what of it comes before it breaks off. */
  async function piece(
    url: string,
    part: string,
    from: number,
    tag: string | undefined,
    { tell, demand }: HearFetch,
    signal: AbortSignal,
  ): Promise<{ whole: boolean; etag: string | undefined }> {
    const stop = new AbortController()
    const leave = () => stop.abort()
    signal.addEventListener('abort', leave, { once: true })
    let silence = clock.after(silenceMs, leave)
    try {
      // Packed for the way, neither its length nor where to go on would be what is counted here.
      const headers: Record<string, string> = { 'accept-encoding': 'identity' }
      if (from > 0) headers.range = `bytes=${from}-`
      if (from > 0 && tag) headers['if-range'] = tag
      const answer = await fetch(url, { signal: stop.signal, headers })
      const resumed = answer.status === 206
      if (resumed && !answer.headers.get('content-range')?.startsWith(`bytes ${from}-`)) {
        await answer.body?.cancel()
        throw new Error(`${hostOf(url)} goes on elsewhere than was asked`)
      }
      if (!answer.ok || !answer.body) {
        await answer.body?.cancel()
        const words = `${hostOf(url)} answers ${answer.status} ${answer.statusText}`.trim()
        // A server that is busy or being started is asked again.
        if (answer.status >= 500 || answer.status === 429) throw new Error(words)
        throw new Fault('bad-input', words, 'Check the address: open it in a browser')
      }
      const start = resumed ? from : 0
      const packed = (answer.headers.get('content-encoding') ?? 'identity') !== 'identity'
      const length = Number((!packed && answer.headers.get('content-length')) || Number.NaN)
      const total = Number.isFinite(length) ? start + length : undefined
      if ((total ?? 0) > mostBundleBytes) {
        await answer.body.cancel()
        throw new Fault('bad-input', `what lies there has ${total} bytes: that is no update`, 'Check the address')
      }
      await demand((total ?? start) - start).catch(async error => {
        await answer.body?.cancel()
        throw error
      })
      let bytes = start
      let heard = start
      const counted = async function* (source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          bytes += chunk.length
          if (bytes - heard >= leastBytes) {
            heard = bytes
            silence.cancel()
            silence = clock.after(silenceMs, leave)
          }
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

/** What is wrong with it is told to everybody who looks, and so without quoting it. */
function checkAddress(url: string): void {
  const { protocol, username, password } = URL.canParse(url) ? new URL(url) : new URL('none:')
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new Fault('bad-input', 'that is no address of a bundle', 'Give one that begins with https:// or http://')
  }
  if (!username && !password) return
  throw new Fault('bad-input', 'an address with a password in it is not asked', 'Bring the bundle by phone or stick')
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
