// The pier camera as the agent runs it: real supervisor, feed, store, pixel work and HTTP.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { pierCamRoutes } from '../../edge/api/http/pier-cam-stream.js'
import { drivers, links } from '../../edge/drivers/index.js'
import type { Driver } from '../../edge/ports/driver.js'
import type { State } from '../../edge/ports/feed.js'
import { startPierCamera } from '../../edge/services/pier-camera.js'
import { pierCamSettings } from '../../edge/services/pier-camera-settings.js'
import { siteSettings } from '../../edge/services/site-settings.js'
import { type BoxEntry, type LinkEntry, openDevices } from '../../edge/spine/devices.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import type { SimulatedClock } from '../../edge/spine/simulated-clock.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { pixelMethods } from '../../edge/workers/pixel-methods.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { openRecords } from './house.js'
import { networkTime } from './known-time.js'

interface Test {
  teardown(run: () => unknown): void
}

export interface PierOrder {
  /** Of the device `pier`: driver and its options; absent: nothing is configured. */
  readonly device?: { readonly driver: string } & Record<string, unknown>
  /** More devices and links. */
  readonly others?: Record<string, { readonly driver: string } & Record<string, unknown>>
  readonly links?: Record<string, { readonly driver: string } & Record<string, unknown>>
  /** `pier_cam:` of the config. */
  readonly settings?: Record<string, unknown>
  /** `site:` of the config. */
  readonly site?: Record<string, unknown>
  /** The machine's own when absent. */
  readonly clock?: SimulatedClock
  /** Drivers beside those of the list. */
  readonly drivers?: readonly Driver[]
}

/** Everything is closed and removed when the test ends. */
export async function openPierHouse(t: Test, order: PierOrder) {
  const { device, others = {}, links: lines = {}, settings = {} } = order
  const clock = order.clock ?? systemClock()
  /** Simulated time has to be moved for waits to end. */
  const over = (work: Promise<void>) => order.clock?.until(work, 60_000) ?? work
  const { folder, log, lines: said, feed, pictures, close } = await openRecords(clock)
  const pixels = openPixels({ archive: folder, memoryBytes: 1 << 24, clock, log, within: pixelMethods })
  const boxes = Object.entries({ ...(device && { pier: device }), ...others })
  const rack = openDevices(
    Object.entries(lines).map(([name, { driver, ...options }]): LinkEntry => {
      const kind = links.find(one => one.id === driver)!
      return { name, driver: kind, options: kind.options.parse(options) }
    }),
    boxes.map(([name, { driver, link, ...options }]): BoxEntry => {
      const kind = [...drivers, ...(order.drivers ?? [])].find(one => one.id === driver)!
      return { name, driver: kind, link: link as string | undefined, options: kind.options.parse(options) }
    }),
    { clock, random: seededRandom(1), log, encodeJpeg: pixels.encodeJpeg, data: folder },
  )
  const start = (more: Record<string, unknown> = {}) =>
    startPierCamera({
      devices: rack,
      pixels,
      pictures,
      feed,
      clock,
      log,
      settings: pierCamSettings.parse({ enabled: true, ...settings, ...more }),
      use: device ? { pier_cam: 'pier' } : {},
      site: siteSettings.parse(order.site ?? {}),
      time: { quality: () => networkTime },
    })
  let camera = start()

  const app = express()
  app.use(pierCamRoutes(pictures, { watch: ended => camera.watch(ended), refusal: () => camera.refusal?.() }, clock))
  const server = createServer(app)
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', () => settle()))

  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise<void>(settle => server.close(() => settle()))
    await over(camera.stop())
    await over(rack.close())
    await pixels.close()
    await close()
  })

  const state = () => feed.get('video/pier')?.value as Record<string, unknown> | undefined
  return {
    folder,
    clock,
    feed,
    pictures,
    rack,
    pixels,
    said,
    state,
    port: (server.address() as AddressInfo).port,
    get camera() {
      return camera
    },
    /** As main does when the owner saves other settings. */
    async restart(more: Record<string, unknown>) {
      await camera.stop()
      camera = start(more)
    },
    /** Settles as soon as the state of the pier camera is so; rejects after `withinMs`. */
    until(seen: (value: Record<string, unknown>) => boolean, withinMs = 20_000): Promise<State> {
      return new Promise((settle, reject) => {
        const look = () => {
          const now = feed.get('video/pier')
          if (!now || !seen(now.value as Record<string, unknown>)) return
          stop()
          clearTimeout(limit)
          settle(now)
        }
        const limit = setTimeout(() => {
          stop()
          reject(new Error(`after ${withinMs} ms the pier camera is ${JSON.stringify(state())}`))
        }, withinMs)
        const stop = feed.listen({ state: look })
        look()
      })
    },
  }
}
