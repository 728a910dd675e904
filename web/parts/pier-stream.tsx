// The pier camera's MJPEG, read part by part instead of handed to an <img>: so the age shown is that of the very
// picture on the screen, a stream that breaks says why, and the connection closes the moment nobody looks.
import { useEffect, useState } from 'preact/hooks'
import { boxNow } from '../live'

export interface PierPicture {
  /** Object URL; the next picture revokes it. */
  readonly address: string
  /** When its light was caught, in the box's time. */
  readonly atMs: number
}

export interface PierStream {
  readonly picture?: PierPicture
  readonly error?: string
  readonly fix?: string
}

const largestPartBytes = 8_000_000
const silentMs = 15_000
const callAgainMs = 2000

const text = new TextDecoder('latin1')

function find(bytes: Uint8Array, end: number, what: readonly number[], from: number): number {
  outer: for (let at = from; at <= end - what.length; at++) {
    for (let k = 0; k < what.length; k++) if (bytes[at + k] !== what[k]) continue outer
    return at
  }
  return -1
}

const headEnd = [13, 10, 13, 10]

/** Cuts a multipart body into its parts. Parts without Content-Length end where the next `--` boundary begins. */
async function eachPart(
  body: ReadableStream<Uint8Array>,
  boundary: string,
  take: (jpeg: Uint8Array<ArrayBuffer>, head: string) => void,
): Promise<void> {
  const mark = [...`\r\n--${boundary}`].map(letter => letter.charCodeAt(0))
  const reader = body.getReader()
  let kept = new Uint8Array(0)
  let used = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    if (used + value.length > kept.length) {
      const wider = new Uint8Array(Math.max(65_536, 2 * (used + value.length)))
      wider.set(kept.subarray(0, used))
      kept = wider
    }
    kept.set(value, used)
    used += value.length
    for (;;) {
      const start = find(kept, used, headEnd, 0)
      if (start < 0) break
      const head = text.decode(kept.subarray(0, start))
      const from = start + headEnd.length
      const length = /content-length:\s*(\d+)/i.exec(head)
      const end = length ? from + Number(length[1]) : find(kept, used, mark, from)
      if (end < 0 || end > used) break
      take(kept.slice(from, end), head)
      kept.copyWithin(0, end, used)
      used -= end
    }
    if (used > largestPartBytes) throw new Error('the stream sent a picture of more than 8 MB')
  }
}

/** Runs while `looking`; calls again by itself after a break. */
export function usePierStream(looking: boolean): PierStream {
  const [stream, setStream] = useState<PierStream>({})
  useEffect(() => {
    if (!looking) return
    const stop = new AbortController()
    let shown: string | undefined
    let again: ReturnType<typeof setTimeout> | undefined
    let watch: ReturnType<typeof setTimeout> | undefined
    const run = async (): Promise<void> => {
      const call = new AbortController()
      const leave = (): void => call.abort()
      stop.signal.addEventListener('abort', leave)
      const expectMore = (): void => {
        clearTimeout(watch)
        watch = setTimeout(leave, silentMs)
      }
      let trouble = { error: 'The pier camera’s stream ended', fix: 'The page calls again by itself' }
      try {
        expectMore()
        const response = await fetch('/api/pier-cam/stream', { signal: call.signal, cache: 'no-store' })
        const boundary = /boundary="?([^";]+)/.exec(response.headers.get('content-type') ?? '')?.[1]
        if (!response.ok || !response.body || !boundary) {
          // A body that is no JSON says nothing; the status still does.
          const said = (await response.json().catch(() => ({}))) as { error?: string; fix?: string }
          trouble = { error: said.error ?? `The box answered ${response.status}`, fix: said.fix ?? trouble.fix }
        } else
          await eachPart(response.body, boundary.replace(/^--/, ''), (jpeg, head) => {
            expectMore()
            const caught = /x-(?:timestamp|picture-at):\s*(\d+(?:\.\d+)?)/i.exec(head)?.[1]
            const said = caught === undefined ? boxNow() : Number(caught)
            const address = URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }))
            if (shown) URL.revokeObjectURL(shown)
            shown = address
            // Seconds or milliseconds: the year 2001 in ms is 1e12.
            setStream({ picture: { address, atMs: said < 1e12 ? said * 1000 : said } })
          })
      } catch (error) {
        if (!call.signal.aborted) trouble = { ...trouble, error: `The pier camera’s stream broke: ${String(error)}` }
        else trouble = { ...trouble, error: 'The pier camera has sent nothing for 15 s' }
      } finally {
        clearTimeout(watch)
        stop.signal.removeEventListener('abort', leave)
        call.abort()
      }
      if (stop.signal.aborted) return
      setStream(({ picture }) => ({ picture, ...trouble }))
      again = setTimeout(() => void run(), callAgainMs)
    }
    void run()
    return () => {
      stop.abort()
      clearTimeout(again)
      clearTimeout(watch)
      if (shown) URL.revokeObjectURL(shown)
      setStream({})
    }
  }, [looking])
  return stream
}
