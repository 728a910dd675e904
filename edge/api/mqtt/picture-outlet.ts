// The newest picture of each name as a retained JPEG: one on its way at a time, and none while the link is behind. A
// picture that could not go is replaced by the next one; nothing waits in line.
import type { Clock, Timer } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { Pictures } from '../../ports/pictures.js'
import type { Connection } from './connection.js'
import type { Topics } from './topics.js'

export interface PictureOutletParts {
  readonly pictures: Pictures
  readonly topics: Topics
  readonly clock: Clock
  readonly log: Log
  readonly maxBytes: number
  /** Least time between two pictures of one name, ms; absent: as they come. */
  readonly everyMs: Readonly<Record<string, number>>
}

export interface PictureOutlet {
  begin(connection: Connection): void
  stop(): void
}

/** With more than this waiting in the socket a picture would sit behind it. */
const backlogBytes = 65_536

export function pictureOutlet({ pictures, topics, clock, log, maxBytes, everyMs }: PictureOutletParts): PictureOutlet {
  const wanted = new Set<string>()
  const sent = new Map<string, { version: number; atMs: number }>()
  const tooLarge = new Set<string>()
  let connection: Connection | undefined
  let timer: Timer | undefined
  let busy = false

  /** The first wanted picture whose time has come; otherwise in how many ms to look again. */
  const next = () => {
    const nowMs = clock.monotonicMs()
    let againMs: number | undefined
    for (const name of wanted) {
      const picture = pictures.latest(name)
      const before = sent.get(name)
      const news = picture?.type === 'image/jpeg' && picture.version !== before?.version
      if (!news || !small(name, picture.bytes.length)) {
        wanted.delete(name)
        continue
      }
      const waitMs = before ? before.atMs + (everyMs[name] ?? 0) - nowMs : 0
      if (waitMs <= 0) return { picture }
      againMs = Math.min(againMs ?? waitMs, waitMs)
    }
    return { againMs }
  }
  const small = (name: string, bytes: number) => {
    const fits = bytes <= maxBytes
    if (!fits && !tooLarge.has(name)) {
      log.warn(`pictures "${name}" are above mqtt.picture_max_kb and stay off MQTT`, { bytes, maxBytes })
    }
    if (fits) tooLarge.delete(name)
    else tooLarge.add(name)
    return fits
  }
  const run = async () => {
    if (busy) return
    busy = true
    timer?.cancel()
    timer = undefined
    try {
      while (connection && !connection.ended.aborted) {
        const to = connection
        if (to.backlogBytes > backlogBytes) {
          await to.drained()
          continue
        }
        const { picture, againMs } = next()
        if (!picture) {
          if (againMs !== undefined) timer = clock.after(againMs, kick)
          return
        }
        wanted.delete(picture.name)
        sent.set(picture.name, { version: picture.version, atMs: clock.monotonicMs() })
        await to.pass(topics.picture(picture.name), picture.bytes, true)
      }
    } finally {
      busy = false
    }
  }
  const kick = () => {
    run().catch(error => log.error('pictures could not be published', { error: String(error) }))
  }
  const unhear = pictures.listen(({ name }) => {
    wanted.add(name)
    kick()
  })
  return {
    begin(next) {
      connection = next
      for (const { name } of pictures.all()) wanted.add(name)
      sent.clear()
      kick()
    },
    stop() {
      unhear()
      timer?.cancel()
      connection = undefined
    },
  }
}
