// Which USB socket the camera hangs on that this process has just opened. ZWO's library does not tell, and of twins
// without a serial number nothing else is different.
import { readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { namesIn, textOf } from '../../found/tree.js'

const ownFiles = '/proc/self/fd'
const node = /^(.*)\/dev\/bus\/usb\/(\d{3})\/(\d{3})$/

/** `usb:1-1.3`; undefined where that cannot be told. */
export async function socketOfOpenCamera(): Promise<string | undefined> {
  const places = new Set<string>()
  for (const name of await readdir(ownFiles)) {
    const leads = await readlink(path.join(ownFiles, name)).catch(() => '') // closed since it was listed
    if (node.test(leads)) places.add(leads)
  }
  if (places.size !== 1) return undefined
  const [, root, bus, device] = node.exec([...places][0])!
  const folder = path.join(root || '/', 'sys/bus/usb/devices')
  for (const socket of await namesIn(folder)) {
    const is = async (file: string, number: string) =>
      Number(await textOf(path.join(folder, socket, file))) === Number(number)
    if ((await is('busnum', bus)) && (await is('devnum', device))) return `usb:${socket}`
  }
  return undefined
}
