// When something is plugged in or out of USB: the kernel makes a node for each device under /dev/bus/usb/<bus>/ and
// takes it away again, which is heard of at once, with or without udev.
import { type FSWatcher, watch } from 'node:fs'
import path from 'node:path'
import type { Clock, Timer } from '../../ports/clock.js'
import { asFault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import { namesIn } from './tree.js'

/** What hangs on it (serial port, camera, lasting names) is there a little later, ms. */
const settleMs = 1_500

/**
 * Calls back some time after a device has come or gone, once for several. Where there is no such folder it never does.
 * @param root above dev: `/`, or a folder that stands in for it
 * @returns what ends it
 */
export function usbComings(root: string, { clock, log }: { clock: Clock; log: Log }, changed: () => void): () => void {
  const folder = path.join(root, 'dev/bus/usb')
  const watchers = new Map<string, FSWatcher>()
  let ended = false
  let soon: Timer | undefined
  const stir = () => {
    soon?.cancel()
    soon = clock.after(settleMs, changed)
  }
  const drop = (place: string) => {
    watchers.get(place)?.close()
    watchers.delete(place)
  }
  const follow = (place: string, stirred: () => void) => {
    if (ended || watchers.has(place)) return
    try {
      const watcher = watch(place, { persistent: false }, stirred)
      watcher.on('error', () => drop(place))
      watchers.set(place, watcher)
    } catch (error) {
      // The list is looked at by the clock all the same.
      log.debug(`${place} is not watched: ${asFault(error, place).message}`)
    }
  }
  /** Buses come and go with their adapters. */
  const buses = async () => {
    const places = (await namesIn(folder)).map(bus => path.join(folder, bus))
    for (const place of [...watchers.keys()]) if (place !== folder && !places.includes(place)) drop(place)
    for (const place of places) follow(place, stir)
  }
  follow(folder, () => {
    void buses()
    stir()
  })
  void buses()
  return () => {
    ended = true
    soon?.cancel()
    for (const place of [...watchers.keys()]) drop(place)
  }
}
