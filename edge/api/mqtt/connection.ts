// One connection to a broker, from CONNECT to its end: the only file that knows the MQTT client package. A lost
// connection is never revived; the face opens a new one, so that nothing half-sent can come back to life behind its
// bounds.
import { setMaxListeners } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { MqttClient } from 'mqtt'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault } from '../../ports/fault.js'
import { packetGuard } from './packet-guard.js'
import { withoutNumberCache } from './packet-numbers.js'

export interface Dial {
  /** mqtt://host:port or mqtts://host:port. */
  readonly url: string
  readonly user?: string
  readonly password?: string
  /** Path of a PEM file. */
  readonly ca?: string
  readonly clientId: string
  readonly keepaliveSeconds: number
  /** What the broker publishes, retained, when we vanish. */
  readonly will?: { readonly topic: string; readonly payload: string }
}

export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  /** It was kept by the broker from before we subscribed. */
  readonly retained: boolean
}

/** What the parts of the face may do with a live connection. */
export interface Connection {
  /** Fires with the Fault that ended it. */
  readonly ended: AbortSignal
  /** Written and not yet taken by the network, bytes. */
  readonly backlogBytes: number
  /** QoS 0. Lost silently with the connection: only for what is published again on the next one. */
  publish(topic: string, payload: string | Uint8Array, retain: boolean): void
  /** QoS 0; settles when the network has taken it, or when the connection ends. */
  pass(topic: string, payload: Uint8Array, retain: boolean): Promise<void>
  /** QoS 1: settles when the broker has acknowledged it; rejects with the connection's Fault, or `timeout`. */
  deliver(topic: string, payload: string | Uint8Array, retain: boolean): Promise<void>
  /** Settles when the backlog is gone or the connection has ended. */
  drained(): Promise<void>
  /** Rejects with `timeout`, or `forbidden` when the broker refuses the filter. */
  subscribe(filters: readonly string[]): Promise<void>
  unsubscribe(filters: readonly string[]): Promise<void>
  /** Says goodbye, so that the will stays unspoken; gives up after `ms`. */
  close(ms: number): Promise<void>
  /** Ends it at once, as if the line had been cut. */
  cut(reason: Fault): void
}

/** An acknowledgement that takes longer counts as a broker that hangs. */
const answerMs = 30_000
/** Incoming: commands, Home Assistant's birth and our own retained states at most. */
const largestIncomingBytes = 1_048_576

/** Rejects with a Fault in words an owner can act on. */
export async function connect(
  dial: Dial,
  clock: Clock,
  onMessage: (message: Message) => void,
  stop: AbortSignal,
): Promise<Connection> {
  const ca = dial.ca === undefined ? undefined : await readAuthority(dial.ca)
  // Loaded now: the agent's page does not wait for it.
  await withoutNumberCache()
  const { default: mqtt } = await import('mqtt')
  const client = mqtt.connect(dial.url, {
    protocolVersion: 4,
    clean: true,
    clientId: dial.clientId,
    username: dial.user,
    password: dial.password,
    ca,
    will: dial.will && { topic: dial.will.topic, payload: Buffer.from(dial.will.payload), qos: 1, retain: true },
    keepalive: dial.keepaliveSeconds,
    // A ping that waits for a pause in our own publishing would never notice a broker that only listens.
    reschedulePings: false,
    timerVariant: 'native',
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: 15_000,
  })
  const end = new AbortController()
  // Every message on its way listens for the end: as many as the outlets' own bounds allow.
  setMaxListeners(0, end.signal)
  const cut = (fault: Fault) => {
    if (!end.signal.aborted) end.abort(fault)
    client.end(true)
  }
  client.on('error', error => cut(refusalOf(error, dial)))
  client.on('close', () => cut(new Fault('offline', `the MQTT broker ${dial.url} closed the connection`, check)))
  const fits = packetGuard(() => largestIncomingBytes)
  client.stream.on('data', (chunk: Uint8Array) => {
    if (!fits(chunk)) cut(new Fault('limit', `${dial.url} sent a packet above ${largestIncomingBytes} bytes`, check))
  })
  client.on('message', (topic, payload, packet) => onMessage({ topic, payload, retained: packet.retain }))
  const deadline = clock.deadline(15_000, `the MQTT broker ${dial.url}`, stop)
  try {
    await deadline.race(
      new Promise<void>((settle, reject) => {
        client.once('connect', () => settle())
        end.signal.addEventListener('abort', () => reject(end.signal.reason), { once: true })
      }),
    )
  } catch (error) {
    const fault = asFault(error, dial.url)
    cut(fault)
    throw fault
  } finally {
    deadline.cancel()
  }
  return connectionOf(client, clock, dial, end.signal, cut)
}

const check = 'Check that the broker runs and that its address and port are right under mqtt: in the configuration'

function connectionOf(
  client: MqttClient,
  clock: Clock,
  dial: Dial,
  ended: AbortSignal,
  cut: (reason: Fault) => void,
): Connection {
  const answered = async (what: string, start: (done: (error?: Error | null) => void) => void) => {
    const deadline = clock.deadline(answerMs, `${what} at ${dial.url}`, ended)
    try {
      await deadline.race(
        new Promise<void>((settle, reject) => {
          start(error => (error ? reject(asFault(error, `${what} at ${dial.url}`)) : settle()))
        }),
      )
    } finally {
      deadline.cancel()
    }
  }
  return {
    ended,
    get backlogBytes() {
      return client.stream.writableLength
    },
    publish(topic, payload, retain) {
      if (!ended.aborted) client.publish(topic, bytesOf(payload), { qos: 0, retain })
    },
    pass: (topic, payload, retain) =>
      new Promise(settle => {
        if (ended.aborted) return settle()
        const over = () => {
          ended.removeEventListener('abort', over)
          settle()
        }
        ended.addEventListener('abort', over, { once: true })
        client.publish(topic, bytesOf(payload), { qos: 0, retain }, over)
      }),
    deliver: (topic, payload, retain) =>
      answered(`publishing ${topic}`, done => client.publish(topic, bytesOf(payload), { qos: 1, retain }, done)),
    drained: () =>
      new Promise(settle => {
        if (ended.aborted || client.stream.writableLength === 0) return settle()
        const over = () => {
          client.stream.removeListener('drain', over)
          ended.removeEventListener('abort', over)
          settle()
        }
        client.stream.once('drain', over)
        ended.addEventListener('abort', over, { once: true })
      }),
    subscribe: filters =>
      answered(`subscribing to ${filters.join(', ')}`, done =>
        client.subscribe([...filters], { qos: 1 }, (error, granted) => {
          const refused = granted?.find(grant => grant.qos === 128)
          if (!refused) return done(error)
          done(
            new Fault(
              'forbidden',
              `${dial.url} does not let us subscribe to ${refused.topic}`,
              "Allow it in the broker's access list",
            ),
          )
        }),
      ),
    unsubscribe: filters =>
      answered(`unsubscribing from ${filters.join(', ')}`, done => client.unsubscribe([...filters], done)),
    async close(ms) {
      if (ended.aborted) return
      const deadline = clock.deadline(ms, `closing ${dial.url}`)
      try {
        await deadline.race(new Promise<void>(settle => client.end(false, {}, () => settle())))
      } catch {
        cut(new Fault('timeout', `${dial.url} did not take our goodbye within ${ms} ms`, check))
      } finally {
        deadline.cancel()
      }
    },
    cut,
  }
}

/** The same memory: the client takes Buffers only. */
function bytesOf(payload: string | Uint8Array): string | Buffer {
  return typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
}

async function readAuthority(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new Fault(
      'not-found',
      `the certificate authority ${path} cannot be read: ${asFault(cause, path).message}`,
      'Correct mqtt.broker.ca, or put the PEM file there',
      { cause },
    )
  }
}

/** MQTT 3.1.1 table 3.1: 4 bad user name or password, 5 not authorised. */
function refusalOf(error: Error & { code?: unknown }, dial: Dial): Fault {
  if (error.code === 4 || error.code === 5) {
    return new Fault('forbidden', `${dial.url} refuses our user or password`, 'Correct mqtt.broker.user and password', {
      cause: error,
    })
  }
  if (/certificate|self.signed|CERT|altnames/i.test(`${error.code} ${error.message}`)) {
    return new Fault(
      'broken',
      `the certificate of ${dial.url} is not trusted: ${error.message}`,
      'Name the right authority in mqtt.broker.ca, and use the host name the certificate is made out to',
      { cause: error },
    )
  }
  if (/keepalive/i.test(error.message)) {
    return new Fault('timeout', `${dial.url} has gone silent`, check, { cause: error })
  }
  return new Fault('offline', `${dial.url}: ${error.message || String(error.code)}`, check, { cause: error })
}
