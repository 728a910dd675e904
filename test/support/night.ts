// A whole night in process: the agent's own services over the real drivers, store and pixel work, from the text of a
// config file, on simulated time.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema, type Settings } from '../../edge/main-config.js'
import { startNight } from '../../edge/main-night.js'
import type { Who } from '../../edge/ports/action.js'
import { Fault } from '../../edge/ports/fault.js'
import type { FeedEvent } from '../../edge/ports/feed.js'
import type { JsonObject } from '../../edge/ports/json.js'
import type { SystemTime } from '../../edge/ports/timekeeping.js'
import { cardValue } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { reportPlace } from '../../edge/services/place.js'
import { timekeeping } from '../../edge/services/timekeeping.js'
import { openViews } from '../../edge/services/views.js'
import { parseConfig } from '../../edge/spine/config.js'
import { pixelMethods } from '../../edge/workers/pixel-methods.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { eveningMs, type HouseOrder, openHouse } from './house.js'
import { systemTimeOf } from './known-time.js'

interface Test {
  teardown(run: () => unknown): void
}

const observer: Who = { name: 'anna', role: 'observer', face: 'http' }

/** More simulated time than this in one question is a hang. */
const longestMs = 4 * 3_600_000

/** No cloud, no drift, no pointing error and no trouble, but for what the test asks for. */
const calm = { cloudiness: 0, polar_error_arcmin: 0, periodic_error_arcsec: 0, pointing_error_arcmin: 0 }
const part = (name: string, more: object = {}) => ({ driver: 'simulator', link: 'sky', part: name, ...more })

export interface Pier {
  /** Options of the simulated observatory. */
  readonly sky?: object
  /** Options of the main camera. */
  readonly main?: object
  /** Further devices; `null` takes one away. */
  readonly devices?: Record<string, object | null>
  /** Other sections of the file. */
  readonly more?: Record<string, unknown>
}

/** A small calm pier as a config file; YAML is a superset of JSON. */
export function pierConfig({ sky = {}, main = {}, devices = {}, more = {} }: Pier = {}): string {
  const all: Record<string, object | null> = {
    main: part('camera', { width: 400, height: 300, ...main }),
    guide: part('guide-camera', { width: 160, height: 120 }),
    mount: part('mount'),
    focuser: part('focuser'),
    wheel: part('wheel'),
    relays: part('switches'),
    weather: part('weather'),
    ...devices,
  }
  return JSON.stringify({
    site: { name: 'Test pier', latitude: 46.5, longitude: 8, elevation: 1200, telescope: 'Refractor' },
    links: { sky: { driver: 'simulator', latitude: 46.5, longitude: 8, elevation_m: 1200, ...calm, ...sky } },
    devices: Object.fromEntries(Object.entries(all).filter(([, device]) => device !== null)),
    use: { camera: 'main', guide_camera: 'guide', mount: 'mount', focuser: 'focuser', wheel: 'wheel' },
    ...more,
  })
}

export interface NightOrder extends HouseOrder {
  readonly startMs?: number
  /** The computer's own clock; one that the network keeps right when absent. */
  readonly systemTime?: SystemTime
  /** How far the computer's clock has been set forward, ms. */
  readonly aheadMs?: () => number
  /** A folder in place of `/`, for what the box tells of itself. */
  readonly boxRoot?: string
  /** Where the data lies by that folder's own list of mounts. */
  readonly data?: string
  /** On Pierside's own image. */
  readonly image?: boolean
}

/** Opens the night and lets its devices come up; all is stopped when the test ends. */
export async function openNight(t: Test, yaml: string, order: NightOrder = {}) {
  const settings = parseConfig(yaml, configSchema, new Map()).settings as Settings
  const house = await openHouse(t, order.startMs ?? eveningMs, { longitudeDeg: settings.site.longitude, ...order })
  const { aheadMs } = order
  const { folder, log, feed, actions } = house
  const clock = aheadMs ? { ...house.clock, now: () => house.clock.now() + aheadMs() } : house.clock
  const archive = join(folder, 'archive')
  const memoryBytes = settings.memory.frames_mb * 2 ** 20
  const pixels = openPixels({ archive, memoryBytes, clock, log, within: pixelMethods })
  const events: FeedEvent[] = []
  const machined: string[] = []
  const machine = {
    sync: async () => void machined.push('sync'),
    shutDown: async () => void machined.push('shut down'),
    restart: async () => void machined.push('restart'),
  }
  const deed = async (name: string, order: JsonObject) => void machined.push(`${name} ${JSON.stringify(order)}`)
  feed.listen({ event: event => events.push(event) })
  const time = await timekeeping({ system: order.systemTime ?? systemTimeOf(), feed, store: house.store, clock, log })
  actions.offer(time.actions)
  const noPlace = reportPlace({ feed, clock, log, site: () => settings.site, save: async () => {} })
  const night = startNight(settings, {
    ...house,
    clock,
    pixels,
    time,
    views: openViews({ store: house.store, pixels }),
    machine,
    standing: new Map(),
    version: 'test',
    data: folder,
    image: order.image ? { deed } : undefined,
    boxPlaces: { root: order.boxRoot ?? folder, folder: order.data, vcgencmd: 'no-vcgencmd-here' },
  })
  t.teardown(async () => {
    await clock.until(night.stop(new Fault('aborted', 'the test ends', 'Start it again')), 60_000)
    noPlace()
    time.stop()
    await pixels.close()
  })
  await clock.advance(100)

  const ask = (name: string, input: object = {}, who = observer): Promise<JsonObject> =>
    clock.until(
      actions.ask(name, input, who).then(({ done }) => done),
      longestMs,
    )
  const state = <T = Record<string, never>>(path: string) => feed.get(path)?.value as T

  return {
    ...house,
    archive,
    settings,
    pixels,
    night,
    events,
    /** What the computer itself was told. */
    machined,
    /** Asks and lets time pass until it is done: the output, or the Fault. */
    ask,
    /** Asks for an activity and lets it run: `done` lets time pass until it ends, `ended` only waits for it. */
    async start(name: string, input: object = {}) {
      const { output, done } = await clock.until(actions.ask(name, input, observer), 60_000)
      const id = String(output.id)
      return { id, ended: done, done: () => clock.until(done, longestMs), state: () => state(`activity/${id}`) }
    },
    state,
    /** Lets time pass until a state is so; rejects after `withinMs` of it. */
    async until<T = Record<string, never>>(
      path: string,
      seen: (value: T) => boolean,
      withinMs = longestMs,
    ): Promise<T> {
      let stop = () => {}
      const came = new Promise<T>(settle => {
        const look = () => {
          const value = state<T>(path)
          if (value && seen(value)) settle(value)
        }
        stop = feed.listen({ state: look })
        look()
      })
      try {
        return await clock.until(came, withinMs)
      } finally {
        stop()
      }
    },
    /** Bodies of the events of one kind so far. */
    told: (kind: string) => events.filter(event => event.kind === kind).map(({ body }) => body),
    /** Every file of the archive, also those being written. */
    files: () =>
      existsSync(archive)
        ? readdirSync(archive, { recursive: true, withFileTypes: true, encoding: 'utf8' })
            .filter(entry => entry.isFile())
            .map(entry => join(entry.parentPath, entry.name).slice(archive.length + 1))
            .sort()
        : [],
    /** A file of the archive: its picture and a way to read its cards. */
    read(path: unknown) {
      const image = readFitsImage(readFileSync(join(archive, String(path))))
      return { ...image, card: (keyword: string) => cardValue(image.cards, keyword) }
    },
  }
}

export type OpenNight = Awaited<ReturnType<typeof openNight>>
