// A browser's eye on the pier camera: reads the multipart stream part by part, as slowly as it is told to.
import { connect, type Socket } from 'node:net'

export interface Part {
  readonly jpeg: Buffer
  readonly timestampSeconds: number
  /** When the last byte of it came, ms by this process. */
  readonly gotMs: number
}

export interface PierWatcher {
  /** Status line and headers, once they are there. */
  readonly head: Promise<string>
  readonly parts: readonly Part[]
  /** How many came in all. */
  readonly total: number
  /** Bytes that fit no part. */
  readonly wrong: string[]
  readonly closed: Promise<void>
  /** Settles when that many parts have come in all; rejects after `withinMs`. */
  count(parts: number, withinMs?: number): Promise<void>
  pause(): void
  resume(): void
  leave(): void
}

const headEnd = Buffer.from('\r\n\r\n')
const boundary = '--frame\r\n'

/** @param options.keep how many parts are remembered */
export function watchPier(port: number, { keep = 1_000 }: { readonly keep?: number } = {}): PierWatcher {
  const socket: Socket = connect(port, '127.0.0.1')
  const parts: Part[] = []
  const wrong: string[] = []
  let total = 0
  let waiting: { parts: number; settle: () => void }[] = []
  let bytes = Buffer.alloc(0)
  let headed = false
  let tellHead: (head: string) => void = () => {}
  const head = new Promise<string>(settle => {
    tellHead = settle
  })

  /** @returns whether something was taken */
  const take = (): boolean => {
    const at = bytes.indexOf(headEnd)
    if (at < 0) return false
    const text = bytes.subarray(0, at).toString('latin1')
    if (!headed) {
      headed = true
      tellHead(text)
      bytes = bytes.subarray(at + 4)
      return true
    }
    const length = Number(/^content-length: (\d+)$/im.exec(text)?.[1])
    if (!text.startsWith(boundary) || !/^content-type: image\/jpeg$/im.test(text) || !(length > 0)) {
      wrong.push(text.slice(0, 200))
      bytes = Buffer.alloc(0)
      return false
    }
    const from = at + 4
    if (bytes.length < from + length + 2) return false
    const after = bytes.subarray(from + length, from + length + 2).toString('latin1')
    if (after !== '\r\n') wrong.push(`after a picture: ${JSON.stringify(after)}`)
    parts.push({
      jpeg: Buffer.from(bytes.subarray(from, from + length)),
      timestampSeconds: Number(/^x-timestamp: ([\d.]+)$/im.exec(text)?.[1]),
      gotMs: Date.now(),
    })
    if (parts.length > keep) parts.shift()
    total++
    bytes = bytes.subarray(from + length + 2)
    waiting = waiting.filter(one => {
      if (total < one.parts) return true
      one.settle()
      return false
    })
    return true
  }
  socket.on('connect', () => socket.write(`GET /api/pier-cam/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`))
  socket.on('data', chunk => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    while (take());
  })
  const closed = new Promise<void>(settle => socket.once('close', () => settle()))
  socket.on('error', error => wrong.push(String(error)))

  return {
    head,
    parts,
    get total() {
      return total
    },
    wrong,
    closed,
    count(wanted, withinMs = 20_000) {
      if (total >= wanted) return Promise.resolve()
      return new Promise((settle, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${total} of ${wanted} pictures within ${withinMs} ms`)),
          withinMs,
        )
        waiting.push({
          parts: wanted,
          settle: () => {
            clearTimeout(timer)
            settle()
          },
        })
      })
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    leave: () => void socket.destroy(),
  }
}
