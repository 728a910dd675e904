// Builds everything and hands it on; the only place, with main-config and main-night, that knows concrete classes.
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { hostname, uptime } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HttpFace, startHttp } from './api/http/server.js'
import { hearTopics } from './api/mqtt/hear-topics.js'
import { type MqttFace, mqttFace } from './api/mqtt/mqtt-face.js'
import { links } from './drivers/index.js'
import { backupActions } from './main-backup.js'
import { careBundle } from './main-care.js'
import { configSchema, demoConfig, habitsOf, linksLike, type Settings } from './main-config.js'
import { ownImage } from './main-image.js'
import { openBroker, ownNetwork, radioOf } from './main-network.js'
import { type Ground, type Night, startNight } from './main-night.js'
import { configCheck, configuration, type HeldConfig } from './main-settings.js'
import { bringOwnBox, readFirstBoot, setUpFace, startSetUp } from './main-setup.js'
import { startTimeAndPlace } from './main-time.js'
import { boxUpdates } from './main-updates.js'
import { action, roles } from './ports/action.js'
import { asFault, Fault } from './ports/fault.js'
import type { LogLine } from './ports/log.js'
import { z } from './ports/schema.js'
import { dataDisk } from './services/data-disk.js'
import { lookActions } from './services/link-look.js'
import type { NetworkService } from './services/network.js'
import { pluggedAction } from './services/plugged.js'
import type { SetUpService } from './services/setup.js'
import { openViews } from './services/views.js'
import { type Access, openAccess } from './spine/access.js'
import { createActions } from './spine/actions.js'
import { createClaims } from './spine/claims.js'
import { createFeed } from './spine/feed.js'
import { createLog } from './spine/log.js'
import { thisMachine } from './spine/machine.js'
import { createPictures } from './spine/pictures.js'
import { finishRestore, restoreFiles } from './spine/restore.js'
import { systemRandom } from './spine/seeded-random.js'
import { systemClock } from './spine/system-clock.js'
import { changeVersion } from './spine/version-change.js'
import { openStore } from './store/open-store.js'
import { warnOfPlainCodec } from './workers/pictures-codec.js'
import { openPixels } from './workers/pixels.js'

/** Sections that neither devices nor services read: a change of them leaves the devices open. */
const apartFromDevices = ['archive', 'memory', 'http', 'mqtt']

/**
 * A box that was switched on a moment ago shows its page before devices, MQTT and pictures take the processor for
 * seconds; one whose agent is started again has them at once.
 */
const pageFirstMs = 2_000
const justOnSeconds = 300

export interface Surroundings {
  /** The YAML file; a missing one means the simulated observatory. */
  readonly config: string
  readonly data: string
  readonly port: number
  readonly mqttPort: number | undefined
  /** Take the next free port where the wished one is in use (a person's own machine). */
  readonly nextFreePort: boolean
  /** Where Pierside's own image tells of itself; undefined anywhere else. */
  readonly image?: string
  writeLog(line: LogLine): void
  /** The agent asks to be stopped and started anew, as after a restored backup. */
  onRestart(reason: string): void
  /** Nothing can be kept any more: the process must end, so that whoever watches it starts it anew. */
  onLost(fault: Fault): void
}

export interface Agent {
  readonly http: HttpFace
  /** Where MQTT clients connect, once that is known. */
  readonly mqttUrl: string | undefined
  readonly access: Access
  settings(): Settings
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

/**
 * Starts the whole agent. What cannot start at all rejects with a Fault and leaves nothing running; a missing device
 * does not.
 */
export async function startAgent(where: Surroundings): Promise<Agent> {
  const ends: ((reason: Fault) => Promise<void>)[] = []
  const stop = async (reason: Fault) => {
    for (let end = ends.pop(); end; end = ends.pop()) {
      try {
        await end(reason)
      } catch (error) {
        // What does not end cleanly must not keep the rest, the store above all, from ending.
        const { message, fix } = asFault(error, 'stopping')
        where.writeLog({ atMs: systemClock().now(), level: 'error', from: 'agent', message, facts: { fix } })
      }
    }
  }
  try {
    return { ...(await assemble(where, ends)), stop }
  } catch (error) {
    const fault = asFault(error, 'the agent')
    await stop(fault)
    throw fault
  }
}

/** @param ends gets how each part is ended, in the order they start; they are ended in the opposite one */
async function assemble(where: Surroundings, ends: ((reason: Fault) => Promise<void>)[]): Promise<Omit<Agent, 'stop'>> {
  const clock = systemClock()
  const random = systemRandom()
  const log = createLog(clock, where.writeLog)
  await mkdir(where.data, { recursive: true })
  const version = await versionOf()
  const { config, data } = where
  const restoring = await restoreFiles(where, log.named('restore'))
  const change = await changeVersion({ config, data, version, check: configCheck(config, configSchema) })
  const held: HeldConfig = await configuration(config, configSchema, demoConfig)
  const firstBoot = await readFirstBoot(where.image, where.data, held)
  const settings = held.settings()

  const software = `Pierside ${version}`
  const { data: folder, onLost } = where
  const kept = { ...habitsOf(settings), folder, software, version }
  const store = await openStore({ ...kept, thread: true, clock, log, onLost })
  ends.push(() => store.close())
  if (restoring) {
    const aside = await finishRestore(where, restoring, store)
    log.info(`restored from ${restoring.from}; what was there before lies in ${aside}`)
  }
  const archive = join(folder, 'archive')
  const memoryBytes = settings.memory.frames_mb * 2 ** 20
  const { stack_mb: stackMb, stack_threads: stackThreads } = settings.memory
  const pixels = openPixels({
    ...{ archive, memoryBytes, clock, log: log.named('pixels') },
    ...{ stackMemoryBytes: stackMb * 2 ** 20, stackThreads },
  })
  ends.push(() => pixels.close())
  const pictures = createPictures()
  const views = openViews({ store, pixels })
  const feed = createFeed({ node: settings.mqtt.node, store, clock, log: log.named('feed') })
  const claims = createClaims(clock, log.named('claims'))
  const access = await openAccess(folder, clock, log.named('access'))
  let network: NetworkService | undefined
  const radio = radioOf(() => network)
  let setUp: SetUpService | undefined
  const closed = () => setUp?.closed()
  const image = await ownImage(where.image, feed)
  const time = await startTimeAndPlace(held, image, { feed, store, clock, log, closed })
  ends.push(async () => time.stop())
  const { setZone } = time
  setUp = firstBoot && startSetUp(firstBoot, { feed, clock, log, access, held, radio, setZone })
  ends.push(async () => setUp?.stop())
  const actions = createActions({ claims, feed, clock, random, log: log.named('actions'), closed })
  const ground: Ground = {
    store,
    pixels,
    pictures,
    views,
    feed,
    actions,
    claims,
    clock,
    time,
    random,
    log,
    machine: thisMachine(),
    standing: new Map(),
    version,
    data: folder,
    image,
  }

  if (firstBoot && ground.image) {
    const { deed } = ground.image
    const leave = await bringOwnBox(firstBoot, { feed, clock, log, store, actions, deed })
    ends.push(async () => leave())
  }
  const updating = { machine: ground.machine, store, feed, clock, version, folder, log: log.named('updates') }
  const updates = ground.image && boxUpdates(updating)
  const disks = image && dataDisk({ look: image.lookForData(folder), deed: image.deed, feed, claims, clock, log })
  ends.push(async () => disks?.stop())
  network = ground.image && (await ownNetwork(ground.image, ground))
  ends.push(async () => network?.stop())
  let mqtt: MqttFace | undefined
  const startMqtt = async (wanted: Settings) => {
    mqtt = undefined
    if (ground.image) void openBroker(ground.image, wanted.mqtt, { clock, log, port: where.mqttPort })
    if (!wanted.mqtt.enabled) return
    const { mqttPort: port, nextFreePort } = where
    const parts = { feed, actions, pictures, store, clock, random, log: log.named('mqtt') }
    mqtt = mqttFace({ ...parts, settings: wanted.mqtt, port, nextFreePort })
    await mqtt.start()
  }
  ends.push(async () => mqtt?.stop())
  let night: Night | undefined
  ends.push(async reason => night?.end(reason))
  // Before the devices close, or the version that starts next would find none missing.
  ends.push(async () => updates?.stop())

  held.onSave(async (next, changed) => {
    const restarted: string[] = []
    await store.adopt(habitsOf(next))
    if ([...changed].some(section => !apartFromDevices.includes(section))) {
      await night?.stop(new Fault('aborted', 'the configuration changes', 'Start it again when it is back'))
      night = startNight(next, ground)
      restarted.push('devices')
    }
    if (changed.has('mqtt')) {
      await mqtt?.stop()
      await startMqtt(next)
      restarted.push('mqtt')
    }
    await feed.event('config-saved', { restarted })
    return restarted
  })
  actions.offer([
    ...held.actions(() => actions.running()),
    pairingAction(access),
    ...(updates?.actions ?? []),
    ...(disks?.actions ?? []),
    ...time.actions,
    ...backupActions({ where, held, store, clock, version, running: () => actions.running() }),
    pluggedAction({
      feed,
      merge: changes => held.merge(changes),
      taken: () => Object.keys(held.settings().devices),
      links: wanted => linksLike(held.settings(), wanted),
    }),
    ...lookActions({
      links,
      tools: name => ({
        ...{ clock, random, log: log.named(name), encodeJpeg: pixels.encodeJpeg },
        folder: join(folder, 'links', '.look'),
        hearTopics: hearTopics(clock, random),
      }),
    }),
  ])

  // Before the page answers: whoever sees the agent up finds the token of this start, not of the one before.
  await access.issueLocal()
  const hosts = [hostname().toLowerCase(), ...settings.http.hosts]
  const http = await startHttp(
    {
      ...{ feed, actions, store, pixels, pictures, views, clock, archive, version },
      pierView: {
        watch: ended => night?.pierCamera.watch(ended) ?? noViewer,
        refusal: () => night?.pierCamera.refusal?.(),
      },
      configuration: held,
      updates: updates?.inlet,
      logs: log,
      logBundle: careBundle({ where, held, feed, clock, log, version, image }),
      log: log.named('http'),
      guard: { access, open: () => held.settings().access.open, hosts, closed, mark: random.id() },
      settingUp: setUp && setUpFace(setUp, feed),
      page: join(root, 'web/dist'),
    },
    settings.http.host,
    where.port,
  )
  ends.push(() => http.close())
  if (where.image && uptime() < justOnSeconds) await clock.sleep(pageFirstMs)
  night = startNight(settings, ground)
  await startMqtt(settings)
  setUp?.begin()
  // Sharp is large, and always in the image: nobody there waits for it, and it is loaded when a picture is made.
  if (!where.image) void warnOfPlainCodec(log.named('pixels'))
  await feed.event('agent-started', { version })
  const aside = { database: store.report.wentBack, configuration: change.configAside }
  if (aside.database ?? aside.configuration) await feed.event('went-back', { from: change.from, ...aside })

  return {
    http,
    get mqttUrl() {
      return mqtt?.url
    },
    access,
    settings: () => held.settings(),
    simulated: feed.get('observatory')?.value.simulated === true,
  }
}

/** While the night is being started anew there is no pier camera to watch. */
const noViewer = () => {}

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
