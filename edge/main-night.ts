// Devices, services and their actions for one configuration: what is stopped and started anew when it is saved.

import { hearTopics } from './api/mqtt/hear-topics.js'
import { type AlpacaAround, allAround, alpacaAround } from './drivers/found/alpaca-around.js'
import { lookAround } from './drivers/found/look-around.js'
import { usbComings } from './drivers/found/usb-comings.js'
import { type BoxPlaces, boxHealth } from './drivers/own/box-health.js'
import { cardReader } from './drivers/own/card.js'
import { stickFiles } from './drivers/own/stick-files.js'
import { lookForSticks } from './drivers/own/sticks.js'
import { channelPolicy, entriesOf, type Settings } from './main-config.js'
import type { OwnImage } from './main-image.js'
import { rungsOf } from './main-recovery.js'
import { drivenBy } from './main-wires.js'
import type { Who } from './ports/action.js'
import type { Clock } from './ports/clock.js'
import type { DeviceBox, Devices } from './ports/device.js'
import type { Views } from './ports/display.js'
import { asFault, type Fault } from './ports/fault.js'
import type { Feed } from './ports/feed.js'
import type { JsonObject } from './ports/json.js'
import type { BoardReading } from './ports/keeper.js'
import type { Claims } from './ports/lease.js'
import type { Log } from './ports/log.js'
import type { Machine } from './ports/machine.js'
import type { Pictures } from './ports/pictures.js'
import type { Pixels } from './ports/pixels.js'
import type { Random } from './ports/random.js'
import type { Store } from './ports/store.js'
import type { Timekeeping } from './ports/timekeeping.js'
import { nightDate } from './science/sky.js'
import { accessoryActions } from './services/accessory-actions.js'
import { watchBattery } from './services/battery.js'
import { reportBox } from './services/box.js'
import { boxOrders } from './services/box-orders.js'
import { calibrationActions } from './services/calibration-actions.js'
import { calibrationLibrary } from './services/calibration-library.js'
import { cameraActions } from './services/camera-actions.js'
import { reportCard } from './services/card.js'
import { type DewHeaters, dewHeaters } from './services/dew-heaters.js'
import { domeActions } from './services/dome-actions.js'
import { exposureService } from './services/exposure.js'
import { focusActions } from './services/focus-loop.js'
import { observatoryCards } from './services/frame-headers.js'
import { liveStack } from './services/live-stack.js'
import { mountActions, reportMounts } from './services/mount.js'
import { limitsOf } from './services/mount-settings.js'
import { tellWhereabouts } from './services/mount-whereabouts.js'
import { type LinkLamp, observatoryActions, reportObservatory } from './services/observatory.js'
import { type PierCamera, startPierCamera } from './services/pier-camera.js'
import { reportPlugged } from './services/plugged.js'
import { type Power, powerService } from './services/power.js'
import { powerActions } from './services/power-actions.js'
import { reportPower } from './services/power-reports.js'
import { rawActions } from './services/raw-actions.js'
import { reportDevices } from './services/reports.js'
import { frameShare } from './services/share.js'
import { shelfActions } from './services/shelf-actions.js'
import { reportStations } from './services/stations.js'
import { reportSticks, stickActions } from './services/sticks.js'
import { trainActions } from './services/train-actions.js'
import type { ActionTable } from './spine/actions.js'
import { type LinkView, openDevices } from './spine/devices.js'
import { interlocked } from './spine/interlock.js'

/** What outlives a change of the configuration. */
export interface Ground {
  readonly store: Store
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly views: Views
  readonly feed: Feed
  readonly actions: ActionTable
  readonly claims: Claims
  readonly clock: Clock
  readonly time: Timekeeping
  readonly random: Random
  readonly log: Log
  readonly machine: Machine
  /** By device: how its outputs were last seen to stand, so that opening them anew is no start. */
  readonly standing: Map<string, BoardReading>
  readonly version: string
  /** Folder of all that is kept. */
  readonly data: string
  /** Where the box tells of itself, when not in its usual places. */
  readonly boxPlaces?: BoxPlaces
  /** Absent on anybody's own computer. */
  readonly image?: Pick<OwnImage, 'deed' | 'told'>
}

export interface Night {
  readonly pierCamera: PierCamera
  readonly devices: Devices
  /**
   * Aborts what runs, ends the services, closes every device. Outputs stay as they are. Settles within some seconds.
   */
  stop(reason: Fault): Promise<void>
  /** The same, for good: outputs are put into the states they are to have while no agent runs. */
  end(reason: Fault): Promise<void>
}

export function startNight(settings: Settings, ground: Ground): Night {
  const { store, pixels, pictures, views, feed, actions, claims, clock, time, random, log } = ground
  const { site, use } = settings
  const { links, boxes } = entriesOf(settings)
  const policy = (device: string, channel: string) => channelPolicy(settings, device, channel)
  const outputs = { keeper: new URL('./main-keeper.js', import.meta.url), states: policy, standing: ground.standing }
  const recovered = boxes.map(box => ({ ...box, rungs: rungsOf(box.recovery, { clock, power: () => power }) }))
  const rack = openDevices(links, recovered, {
    clock,
    random,
    log,
    encodeJpeg: pixels.encodeJpeg,
    decodeJpeg: pixels.decodeJpeg,
    data: ground.data,
    outputs,
    hearTopics: hearTopics(clock, random),
  })
  // From here on nobody sees a mount or a roof that is not behind its limits.
  const devices = interlocked(rack, {
    clock,
    log: log.named('interlock'),
    limits: () => limitsOf(settings.mount, site, time.quality()),
    feeds: (device, channel) => policy(device, channel).feeds,
    driver: (device, channel) => drivenBy(settings.devices, device, channel),
  })

  const lamps = {
    boxes: rack.boxes.map(box => ({ ...lampOf(box), link: box.link, ports: box.ports })),
    links: rack.links.map(link => ({ ...lampOf(link), parts: () => link.parts() })),
  }

  const cards = (object: string | undefined, camera: string, clockSteppedSeconds?: number) =>
    observatoryCards({ feed, site, time, use }, object, camera, clockSteppedSeconds)
  const night = (atMs: number) => nightDate(atMs, site.longitude ?? 0)
  const shared = { devices, pixels, pictures, store, feed, claims, clock, use }
  const imaging = exposureService({ ...shared, log: log.named('exposure'), cards })
  const camera = settings.camera

  const next = { exposureSeconds: settings.stacking.exposure_s, binning: camera.binning }
  const calibrating = { ...shared, settings: settings.calibration, next }
  const library = calibrationLibrary({ ...calibrating, night, log: log.named('calibration') })
  const stacking = liveStack({
    ...{ ...shared, views, imaging, cards, night, camera },
    calibration: library,
    log: log.named('stack'),
    settings: settings.stacking,
  })
  const powering = { ...shared, policy, standing: ground.standing, log: log.named('power') }
  const power = powerService({ ...powering, settings: settings.power })
  const heaters = dewHeaters({ devices, feed, store, clock, log: log.named('heater'), heaters: settings.heaters })
  const ending = { ...powering, power: withHeaters(power, heaters), warmRate: settings.power.warm_c_per_min }
  const pierCamera = startPierCamera({
    ...shared,
    log: log.named('pier-camera'),
    settings: settings.pier_cam,
    site,
    time,
  })
  const sticks = {
    look: lookForSticks(ground.boxPlaces?.root),
    files: (place: string) => stickFiles(place, { clock, log: log.named('stick') }),
    deed: ground.image?.deed,
    ...{ store, feed, claims, clock, log: log.named('stick') },
  }
  const withdraw = actions.offer([
    ...pierCamera.actions,
    ...cameraActions({ ...shared, imaging, settings: camera }),
    ...stacking.actions,
    ...focusActions({ ...shared, log: log.named('focus'), camera }),
    ...mountActions({ ...shared, settings: settings.mount, site, time }),
    ...accessoryActions(shared),
    ...powerActions(ending),
    ...(ground.image ? boxOrders({ ...ending, machine: ground.machine, deed: ground.image.deed }) : []),
    ...trainActions(shared),
    ...domeActions(shared),
    ...rawActions(shared),
    ...heaters.actions,
    ...shelfActions({ store, feed }),
    ...stickActions(sticks),
    ...(ground.image ? frameShare({ deed: ground.image.deed, store, feed, clock, log: log.named('share') }) : []),
    ...calibrationActions({ ...calibrating, imaging, library }),
    ...observatoryActions(lamps),
  ])
  const goOn = async (action: string, who: Who) => (await actions.ask(action, {}, who)).done
  stacking.afterStart(goOn).catch(error => {
    log.warn(`the stack that was broken off does not go on: ${asFault(error, 'live stack').message}`)
  })
  const facts = {
    name: site.name,
    version: ground.version,
    simulated: boxes.length > 0 && boxes.every(({ driver }) => driver.id === 'simulator'),
    openAccess: settings.access.open,
    latitudeDeg: site.latitude,
    longitudeDeg: site.longitude,
    camera: use.camera,
    mount: use.mount,
    focuser: use.focuser,
    wheel: use.wheel,
    rotator: use.rotator,
    dome: use.dome,
    cover: use.cover,
    pierCam: use.pier_cam,
    sizes: settings.focus.sizes,
  }
  // What stands in for a box has no network.
  const network: AlpacaAround[] = ground.boxPlaces ? [] : [alpacaAround({ clock, random, log: log.named('plugged') })]
  const ends = [
    reportDevices({ devices, feed, claims, clock }),
    reportStations({ devices, feed, clock, sensors: settings.sensors, rain: settings.rain_sensors }),
    reportMounts({ ...shared, site, time }),
    tellWhereabouts({ ...shared, log: log.named('mount'), settings: settings.mount, site, time }),
    reportPower({ ...shared, policy }),
    watchBattery({ ...ending, settings: settings.power.battery, machine: ground.machine }),
    power.stop,
    reportObservatory({
      ...lamps,
      store,
      feed,
      clock,
      log,
      facts,
      exposureSeconds: camera.exposure_duration,
      night: () => night(clock.now()),
    }),
    reportBox({ readBox: boxHealth(ground.boxPlaces), store, feed, clock, log: log.named('box') }),
    reportPlugged({
      ...{ look: allAround(lookAround(ground.boxPlaces?.root), ...network.map(({ look }) => look)) },
      ...{ feed, clock, log: log.named('plugged') },
      watch: changed => usbComings(ground.boxPlaces?.root ?? '/', { clock, log }, changed),
      devices: settings.devices as Record<string, JsonObject>,
      onCame: () => {
        for (const { condition, supervised } of rack.boxes) if (condition !== 'ready') supervised.retry()
      },
    }),
    ...network.map(({ close }) => close),
    reportSticks(sticks),
    reportCard({
      read: cardReader({
        root: ground.boxPlaces?.root,
        folder: ground.boxPlaces?.folder ?? ground.data,
        clock,
        log: log.named('card'),
      }),
      ...{ feed, clock, log: log.named('card') },
    }),
    ...seizers(rack.boxes, claims),
    library.stop,
  ]

  const stop = async (reason: Fault, last: () => Promise<void>) => {
    withdraw()
    await actions.stop(reason)
    await stopMotion(devices, log)
    await imaging.stop(reason)
    await pierCamera.stop()
    await heaters.stop()
    await last()
    for (const end of ends) end()
    await rack.close()
  }
  return {
    pierCamera,
    devices,
    stop: reason => stop(reason, async () => {}),
    end: reason => stop(reason, () => rest(power, clock, log)),
  }
}

/** Heaters that mind themselves would switch on again what has been switched off over their heads. */
const withHeaters = (power: Power, heaters: DewHeaters): Power => ({
  ...power,
  async coolHeaters(signal) {
    heaters.rest()
    await power.coolHeaters(signal)
  },
  async enter(moment, signal) {
    heaters.rest()
    await power.enter(moment, signal)
  },
  async down(tell, signal, but) {
    heaters.rest()
    await power.down(tell, signal, but)
  },
  async up(tell, signal) {
    heaters.wake()
    await power.up(tell, signal)
  },
})

/** Whatever does not obey must not keep the agent from ending: its keeper knows what it is to be without us. */
async function rest(power: Power, clock: Clock, log: Log) {
  const limit = clock.deadline(restMs, 'the outputs')
  try {
    await limit.race(power.enter('stop', limit.signal))
  } catch (error) {
    log.error(`not every output is as it should be: ${asFault(error, 'power').message}`)
  } finally {
    limit.cancel()
  }
}

/** For all outputs to be put into their stop states. */
const restMs = 20_000

/** An arrow that is still held would run on after its timer is gone. */
async function stopMotion(devices: Devices, log: Log) {
  for (const mount of devices.having('mount')) {
    if (mount.condition !== 'ready' || !mount.current().status().slewing) continue
    try {
      await mount.current().stop()
    } catch (error) {
      log.error(`mount ${mount.name} did not stop: ${asFault(error, mount.name).message}`)
    }
  }
}

/** What may be shown and asked of a box or link without reaching what stands behind it. */
const lampOf = ({ name, driver, supervised }: Omit<LinkView, 'parts'>): LinkLamp => ({
  name,
  driver,
  supervised: {
    get condition() {
      return supervised.condition
    },
    get fault() {
      return supervised.fault
    },
    get attempts() {
      return supervised.attempts
    },
    get resets() {
      return supervised.resets
    },
    get lastReset() {
      return supervised.lastReset
    },
    get sinceMs() {
      return supervised.sinceMs
    },
    retry: () => supervised.retry(),
    distrust: fault => supervised.distrust(fault),
    onChange: listener => supervised.onChange(listener),
  },
})

/** A holder that does not let go: its device is closed and opened anew over its head. */
function seizers(boxes: readonly DeviceBox[], claims: Claims): (() => void)[] {
  return boxes
    .filter(({ ports }) => ports.includes('camera'))
    .map(box =>
      claims.onSeized(`camera/${box.name}`, async reason => {
        box.distrust(asFault(reason, `camera ${box.name}`))
      }),
    )
}
