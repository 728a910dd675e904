// A client that stands beside the box in tests: sees what a dashboard would see, and speaks as one would.
import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'

export interface Seen {
  readonly topic: string
  readonly payload: Buffer
  readonly text: string
  readonly retained: boolean
}

export interface Watcher {
  /** Everything seen so far, in order. */
  readonly seen: readonly Seen[]
  /** The first message from now on, or seen before, that fits. Rejects after 20 s with what was seen last. */
  until(what: string, fits: (message: Seen) => boolean): Promise<Seen>
  /** The newest payload of a topic. */
  last(topic: string): Seen | undefined
  forget(): void
  say(topic: string, payload: string | Buffer, options?: { retain?: boolean; qos?: 0 | 1 }): Promise<void>
  close(): Promise<void>
}

export interface WatcherOrder {
  readonly url: string
  readonly user?: string
  readonly password?: string
  readonly ca?: string
  readonly filters?: readonly string[]
}

/** Rejects when the broker refuses. */
export async function watcher({ url, user, password, ca, filters = ['#'] }: WatcherOrder): Promise<Watcher> {
  const client = await mqtt.connectAsync(
    url,
    { username: user, password, ca: ca ? readFileSync(ca) : undefined, reconnectPeriod: 0, protocolVersion: 4 },
    false,
  )
  const seen: Seen[] = []
  const hearing = new Set<(message: Seen) => void>()
  client.on('error', () => undefined)
  client.on('message', (topic, payload, packet) => {
    const message: Seen = { topic, payload, text: payload.toString(), retained: packet.retain }
    seen.push(message)
    for (const hear of [...hearing]) hear(message)
  })
  if (filters.length > 0) await client.subscribeAsync([...filters], { qos: 1 })
  return {
    seen,
    until(what, fits) {
      const before = seen.find(fits)
      if (before) return Promise.resolve(before)
      return new Promise((settle, reject) => {
        const timer = setTimeout(() => {
          hearing.delete(hear)
          const tail = seen.slice(-8).map(({ topic, text }) => `${topic} ${text.slice(0, 120)}`)
          reject(new Error(`never seen: ${what}; last were\n${tail.join('\n')}`))
        }, 20_000)
        const hear = (message: Seen) => {
          if (!fits(message)) return
          clearTimeout(timer)
          hearing.delete(hear)
          settle(message)
        }
        hearing.add(hear)
      })
    },
    last: topic => seen.findLast(message => message.topic === topic),
    forget: () => void seen.splice(0),
    async say(topic, payload, { retain = false, qos = 1 } = {}) {
      await client.publishAsync(topic, payload, { retain, qos })
    },
    close: () => client.endAsync(true),
  }
}
