// The MQTT face: keeps one connection to the broker (its own or an outside one) for as long as the agent runs, and
// hands every new one to the outlets and the inlet. It decides nothing; it reports on itself at the state `mqtt`.
import { randomBytes } from 'node:crypto'
import type { Actions } from '../../ports/action.js'
import { type Clock, pause, type Timer } from '../../ports/clock.js'
import { asFault, Fault } from '../../ports/fault.js'
import type { Feed } from '../../ports/feed.js'
import type { Log } from '../../ports/log.js'
import type { Pictures } from '../../ports/pictures.js'
import type { Random } from '../../ports/random.js'
import type { Store } from '../../ports/store.js'
import { type Broker, startBroker } from './broker.js'
import { commandInlet } from './command-inlet.js'
import { type Connection, connect, type Dial, type Message } from './connection.js'
import { discovery } from './discovery.js'
import { eventOutlet } from './event-outlet.js'
import { pictureOutlet } from './picture-outlet.js'
import type { MqttSettings } from './settings.js'
import { stateOutlet } from './state-outlet.js'
import { shortHash, topicsOf } from './topics.js'

export interface MqttFaceParts {
  readonly feed: Feed
  readonly actions: Actions
  readonly pictures: Pictures
  readonly store: Pick<Store, 'keep' | 'newestCursor'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: MqttSettings
  /** Port of the embedded broker; wins over the settings (the variable MQTT_PORT). */
  readonly port?: number
  /** Take the next free port when that one is in use. */
  readonly nextFreePort?: boolean
  /** What the box is, for Home Assistant's device page. */
  readonly box?: { readonly model?: string; readonly serial?: string }
  readonly timing?: Partial<MqttTiming>
}

export interface MqttTiming {
  /** A broker that answers no ping within one and a half of it counts as gone. */
  readonly keepaliveSeconds: number
  /** Changes of one state within it become one message, ms. */
  readonly gatherMs: number
  /** How long what an earlier run left at the broker may wait for its device to come up, ms. */
  readonly graceMs: number
}

export interface MqttFace {
  /**
   * Settles when the first attempt to listen (embedded) has been made; connecting goes on by itself.
   * Rejects with `bad-input` when the broker would listen wide without a password.
   */
  start(): Promise<void>
  /** Says `offline`, closes the connection and the broker. Idempotent; settles within a few seconds. */
  stop(): Promise<void>
  /** Where clients connect: known once the embedded broker listens; the outside broker's address otherwise. */
  readonly url: string | undefined
}

const standard: MqttTiming = { keepaliveSeconds: 15, gatherMs: 50, graceMs: 120_000 }
const longestPauseMs = 15_000
/** Retained messages of an earlier run come at once after subscribing. */
const leftoverMs = 5_000
const goodbyeMs = 1_500

export function mqttFace(parts: MqttFaceParts): MqttFace {
  const { feed, clock, settings, random } = parts
  const timing = { ...standard, ...parts.timing }
  const log = parts.log.named('mqtt')
  const topics = topicsOf(settings.node)
  const control = new AbortController()
  const own = { user: `pierside-${settings.node}`, password: randomBytes(24).toString('base64url') }
  const embedded = settings.broker === undefined
  let broker: Broker | undefined
  let running: Promise<void> | undefined
  let connection: Connection | undefined
  let leftoversAsked = embedded
  let waitingEvents = 0
  let reason: string | undefined
  let reporting: Timer | undefined

  const url = () => settings.broker?.url ?? broker?.url
  const report = () => {
    reporting?.cancel()
    reporting = undefined
    const connected = connection !== undefined && !connection.ended.aborted
    feed.set('mqtt', { connected, broker: url(), embedded, waitingEvents, reason: connected ? undefined : reason })
  }
  const reportSoon = () => {
    reporting ??= clock.after(1_000, report)
  }

  const listen = async () => {
    const { host, port, user, password } = settings.embedded
    broker = await startBroker(
      {
        host,
        port: parts.port ?? port,
        nextFreePort: parts.nextFreePort ?? false,
        user,
        password,
        own,
        base: topics.base,
      },
      log,
    )
    log.info(`MQTT broker listens on ${host}:${broker.port}`)
  }
  const dialOf = (): Dial => ({
    url: url()!,
    user: settings.broker ? settings.broker.user : own.user,
    password: settings.broker ? settings.broker.password : own.password,
    ca: settings.broker?.ca,
    clientId: clientIdOf(settings.node),
    keepaliveSeconds: timing.keepaliveSeconds,
    will: { topic: topics.status, payload: 'offline' },
  })

  const build = async () => {
    const states = stateOutlet({ feed, topics, clock, log, ...timing })
    const pictures = pictureOutlet({
      pictures: parts.pictures,
      topics,
      clock,
      log,
      maxBytes: settings.picture_max_kb * 1024,
      everyMs: { pier: settings.pier_picture_every_s * 1000 },
    })
    const events = await eventOutlet({
      feed,
      store: parts.store,
      topics,
      clock,
      log,
      broker: settings.broker?.url ?? 'embedded',
      eventsMax: settings.events_max,
      onWaiting(events) {
        waitingEvents = events
        reportSoon()
      },
    })
    const commands = await commandInlet({ ...parts, topics, log, role: settings.role })
    const home = await discovery({
      ...parts,
      topics,
      log,
      box: parts.box,
      graceMs: timing.graceMs,
      onBirth: () => states.again(),
    })
    return { states, pictures, events, commands, home }
  }
  type House = Awaited<ReturnType<typeof build>>

  const hear = (house: House, message: Message) => {
    const { topic, payload, retained } = message
    if (topic === house.home.birthTopic) house.home.born(payload)
    else if (topic === topics.status) correct(payload)
    else if (topic.startsWith(`${topics.base}/do/`)) house.commands.hear(message)
    else if (retained && payload.length > 0) house.states.leftover(topic)
  }
  /** A will of a connection of ours that the broker gave up late would stand as `offline` while we are here. */
  let corrected = Number.NEGATIVE_INFINITY
  const correct = (payload: Uint8Array) => {
    if (new TextDecoder().decode(payload) !== 'offline' || control.signal.aborted) return
    const waitMs = Math.max(0, corrected + 1_000 - clock.monotonicMs())
    corrected = clock.monotonicMs() + waitMs
    clock.after(waitMs, () => {
      if (!control.signal.aborted) connection?.publish(topics.status, 'online', true)
    })
  }

  /** One connection from its first byte to its end. */
  const session = async (house: House) => {
    const mine = await connect(dialOf(), clock, message => hear(house, message), control.signal)
    connection = mine
    try {
      const birth = house.home.birthTopic
      // Before the first command can come: a refusal, too, must find its way back.
      house.commands.begin(mine)
      await mine.subscribe([house.commands.filter, topics.status, ...(birth ? [birth] : [])])
      house.states.begin(mine)
      house.home.begin(mine)
      await mine.deliver(topics.status, 'online', true)
      house.events.begin(mine)
      house.pictures.begin(mine)
      report()
      log.info(`connected to the MQTT broker ${url()}`)
      if (!leftoversAsked) await sweep(house, mine)
      leftoversAsked = true
      await ending(mine)
    } catch (error) {
      mine.cut(asFault(error, 'mqtt'))
      throw error
    }
  }
  const sweep = async (house: House, mine: Connection) => {
    await mine.subscribe(house.states.leftoverFilters)
    await pause(clock, leftoverMs, AbortSignal.any([mine.ended, control.signal]))
    if (!mine.ended.aborted && !control.signal.aborted) await mine.unsubscribe(house.states.leftoverFilters)
  }
  /** Rejects when the connection ends; settles when the face stops. */
  const ending = (mine: Connection) =>
    new Promise<void>((settle, reject) => {
      const over = () => (control.signal.aborted ? settle() : reject(mine.ended.reason))
      if (mine.ended.aborted || control.signal.aborted) return over()
      mine.ended.addEventListener('abort', over, { once: true })
      control.signal.addEventListener('abort', over, { once: true })
    })

  const keepConnected = async (house: House) => {
    let pauseMs = 500
    while (!control.signal.aborted) {
      const startedMs = clock.monotonicMs()
      try {
        if (embedded && !broker) await listen()
        await session(house)
      } catch (error) {
        if (control.signal.aborted) break
        const fault = asFault(error, 'mqtt')
        if (fault.message !== reason) log.warn(fault.message, { fix: fault.fix })
        reason = fault.message
        report()
      }
      // One that held for a while ended for another reason than the one before.
      pauseMs = clock.monotonicMs() - startedMs > 30_000 ? 500 : Math.min(longestPauseMs, pauseMs * 2)
      await pause(clock, pauseMs * (0.8 + 0.4 * random.next()), control.signal)
    }
  }
  let house: House | undefined

  return {
    get url() {
      return url()
    },
    async start() {
      if (!settings.enabled || (embedded && !settings.embedded.enabled)) {
        reason = settings.enabled ? 'no broker is configured' : 'switched off in the configuration'
        return report()
      }
      reason = 'connecting'
      if (embedded) {
        try {
          await listen()
        } catch (error) {
          if (error instanceof Fault && error.code === 'bad-input') throw error
          reason = asFault(error, 'mqtt').message
          log.warn(reason, { fix: asFault(error, 'mqtt').fix })
        }
      }
      house = await build()
      report()
      running = keepConnected(house)
    },
    async stop() {
      if (control.signal.aborted) return
      control.abort(new Fault('aborted', 'the agent stops', 'Start it again'))
      reporting?.cancel()
      if (house) {
        house.home.stop()
        house.states.stop()
        house.pictures.stop()
        await Promise.all([house.events.stop(), house.commands.stop()])
      }
      const mine = connection
      if (mine && !mine.ended.aborted) {
        const deadline = clock.deadline(goodbyeMs, 'saying offline over MQTT')
        // The broker speaks the will instead when this does not get through.
        await deadline.race(mine.deliver(topics.status, 'offline', true)).catch(() => undefined)
        deadline.cancel()
        await mine.close(goodbyeMs)
      }
      await running
      await broker?.stop()
      reason = 'stopped'
      report()
    },
  }
}

/**
 * Every broker must allow 23 characters (MQTT 3.1.1 clause 3.1.3.1). The same at every start, so that we replace
 * ourselves.
 */
function clientIdOf(node: string): string {
  const name = `pierside-${node}`
  return name.length <= 23 ? name : `pierside-${shortHash(node)}`
}
