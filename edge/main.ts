// Builds everything and hands it on; the only place, with main-config and main-night, that knows concrete classes.
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HttpFace, startHttp } from './api/http/server.js'
import { type MqttFace, mqttFace } from './api/mqtt/mqtt-face.js'
import { links } from './drivers/index.js'
import { configSchema, demoConfig, type Settings } from './main-config.js'
import { type Ground, type Night, startNight } from './main-night.js'
import { configuration, type HeldConfig } from './main-settings.js'
import { action, roles } from './ports/action.js'
import { Fault } from './ports/fault.js'
import type { LogLine } from './ports/log.js'
import { z } from './ports/schema.js'
import { lookAction } from './services/link-look.js'
import { type Access, openAccess } from './spine/access.js'
import { createActions } from './spine/actions.js'
import { createClaims } from './spine/claims.js'
import { createFeed } from './spine/feed.js'
import { createLog } from './spine/log.js'
import { createPictures } from './spine/pictures.js'
import { systemRandom } from './spine/seeded-random.js'
import { systemClock } from './spine/system-clock.js'
import { openStore } from './store/open-store.js'
import { openPixels } from './workers/pixels.js'

export interface Surroundings {
  /** The YAML file; a missing one means the simulated observatory. */
  readonly config: string
  readonly data: string
  readonly port: number
  readonly mqttPort: number | undefined
  /** Take the next free port where the wished one is in use (a person's own machine). */
  readonly nextFreePort: boolean
  writeLog(line: LogLine): void
  /** Nothing can be kept any more: the process must end, so that whoever watches it starts it anew. */
  onLost(fault: Fault): void
}

export interface Agent {
  readonly http: HttpFace
  readonly mqttUrl: string | undefined
  readonly access: Access
  readonly settings: Settings
  readonly simulated: boolean
  stop(reason: Fault): Promise<void>
}

const root = resolve(
  dirname(fileURLToPath(import.meta.url)),
  existsSync(new URL('../package.json', import.meta.url)) ? '..' : '../..',
)

export async function versionOf(): Promise<string> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version
}

/** Starts the whole agent. What cannot start at all rejects with a Fault; a missing device does not. */
export async function startAgent(where: Surroundings): Promise<Agent> {
  const clock = systemClock()
  const random = systemRandom()
  const log = createLog(clock, where.writeLog)
  await mkdir(where.data, { recursive: true })
  const held: HeldConfig = await configuration(where.config, configSchema, demoConfig)
  const settings = held.settings()
  const version = await versionOf()

  const archive = join(where.data, 'archive')
  const store = await openStore({
    folder: where.data,
    template: settings.archive.template,
    longitudeDeg: settings.site.longitude ?? 0,
    reserveBytes: settings.archive.reserve_mb * 1e6,
    software: `Pierside ${version}`,
    thread: true,
    clock,
    log,
    onLost: where.onLost,
  })
  const pixels = openPixels({
    archive,
    memoryBytes: settings.memory.frames_mb * 2 ** 20,
    clock,
    log: log.named('pixels'),
    threads: true,
  })
  const pictures = createPictures()
  const feed = createFeed({ node: settings.mqtt.node, store, clock, log: log.named('feed') })
  const claims = createClaims(clock, log.named('claims'))
  const actions = createActions({ claims, feed, clock, random, log: log.named('actions') })
  const access = await openAccess(where.data, clock)
  const ground: Ground = { store, pixels, pictures, feed, actions, claims, clock, random, log, version }

  let night: Night = startNight(settings, ground)
  let mqtt: MqttFace | undefined
  const startMqtt = async (wanted: Settings) => {
    mqtt = undefined
    if (!wanted.mqtt.enabled) return
    const { mqttPort: port, nextFreePort } = where
    mqtt = mqttFace({
      feed,
      actions,
      pictures,
      store,
      clock,
      random,
      log: log.named('mqtt'),
      settings: wanted.mqtt,
      port,
      nextFreePort,
    })
    await mqtt.start()
  }

  held.onSave(async (next, changed) => {
    const restarted: string[] = []
    if ([...changed].some(section => section !== 'mqtt')) {
      await night.stop(new Fault('aborted', 'the configuration changes', 'Start it again when it is back'))
      night = startNight(next, ground)
      restarted.push('devices')
    }
    if (changed.has('mqtt')) {
      await mqtt?.stop()
      await startMqtt(next)
      restarted.push('mqtt')
    }
    return restarted
  })
  actions.offer([
    ...held.actions(() => actions.running()),
    pairingAction(access),
    lookAction({ links, tools: name => ({ clock, random, log: log.named(name), encodeJpeg: pixels.encodeJpeg }) }),
  ])

  // Before the page answers: whoever sees the agent up finds the token of this start, not of the one before.
  await access.issueLocal()
  const http = await startHttp(
    {
      feed,
      actions,
      store,
      pixels,
      pictures,
      pierView: { watch: ended => night.pierCamera.watch(ended), refusal: () => night.pierCamera.refusal?.() },
      configuration: held,
      logs: log,
      clock,
      log: log.named('http'),
      guard: {
        access,
        open: () => held.settings().access.open,
        hosts: [hostname().toLowerCase(), ...settings.http.hosts],
      },
      archive,
      page: join(root, 'web/dist'),
      version,
    },
    settings.http.host,
    where.port,
  )
  await startMqtt(settings)
  await feed.event('agent-started', { version })

  return {
    http,
    get mqttUrl() {
      return mqtt?.url
    },
    access,
    get settings() {
      return held.settings()
    },
    simulated: feed.get('observatory')?.value.simulated === true,
    async stop(reason) {
      await night.stop(reason)
      await actions.stop(reason)
      await mqtt?.stop()
      await http.close()
      await pixels.close()
      await store.close()
    },
  }
}

function pairingAction(access: Access) {
  return action({
    name: 'pairing-code',
    summary: 'A fresh one-time code for pairing a phone; the one before is void',
    input: z.strictObject({ role: z.enum(roles).default('administrator').describe('Role of whoever pairs with it') }),
    output: z.object({ code: z.string() }),
    role: 'administrator',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 5_000 },
    async run({ input }) {
      return { code: access.pairingCode(input.role) }
    },
  })
}
