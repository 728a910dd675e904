// Where the image keeps what the network's driver reads and asks of it, and the cheap look whether something has
// changed: links and addresses as the kernel has them, without a program being run.
import { readdir, readFile } from 'node:fs/promises'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import path from 'node:path'
import type { Clock } from '../../../ports/clock.js'

export interface NetworkPlaces {
  /** Of the kernel's links. */
  readonly links: string
  /** Written by the image's own units: name of the box, country of the radio. */
  readonly told: string
  /** On the partition that profiles are kept on. */
  readonly data: string
  /** Addresses by device, as `os.networkInterfaces` has them. */
  addresses(): NodeJS.Dict<NetworkInterfaceInfo[]>
}

export const standardPlaces: NetworkPlaces = {
  links: '/sys/class/net',
  told: '/run/pierside-network',
  data: '/data/pierside',
  addresses: networkInterfaces,
}

const everyMs = 2_000

/** Settles when links or addresses differ from now, or after `ms`. */
export async function networkPrint(where: NetworkPlaces, clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const before = await print(where)
  const untilMs = clock.monotonicMs() + ms
  while (clock.monotonicMs() < untilMs) {
    await clock.sleep(Math.min(everyMs, untilMs - clock.monotonicMs()), signal)
    if ((await clock.outside(print(where))) !== before) return
  }
}

async function print(where: NetworkPlaces): Promise<string> {
  const carriers = await Promise.all((await linksIn(where)).map(async link => [link, await hasCarrier(where, link)]))
  const addresses = Object.entries(where.addresses()).map(([device, all]) => [
    device,
    all?.map(({ address }) => address),
  ])
  return JSON.stringify([carriers, addresses])
}

async function linksIn({ links }: NetworkPlaces): Promise<string[]> {
  try {
    return (await readdir(links)).sort()
  } catch {
    // A machine without links has none.
    return []
  }
}

/** Whether a radio is joined or a cable in: known at once, while NetworkManager waits 15 s for a link to come back. */
export async function hasCarrier({ links }: NetworkPlaces, device: string): Promise<boolean> {
  try {
    return (await readFile(path.join(links, device, 'carrier'), 'utf8')).trim() === '1'
  } catch {
    // EINVAL of a link that is down, ENOENT of one that was pulled out.
    return false
  }
}

/** What the image's units tell, without the line's end; undefined when they have not. */
export async function told({ told: folder }: NetworkPlaces, name: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(folder, name), 'utf8')).trim() || undefined
  } catch {
    // Not yet, or not on this image.
    return undefined
  }
}
