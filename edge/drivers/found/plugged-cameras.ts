// Cameras that the kernel shows: on USB by their class, on the CSI ribbon by their sensor.
import path from 'node:path'
import type { PluggedThing } from '../../ports/plugged.js'
import { endOf, namesIn, textOf } from './tree.js'

const socket = /^\d+-[\d.]+$/
/** An I²C device: bus and address. */
const onBus = /^\d+-[0-9a-f]{4}$/
const asCamera = 'camera for frames'

export async function pluggedCameras(root: string): Promise<PluggedThing[]> {
  return [...(await usbCameras(root)), ...(await csiCameras(root))]
}

/** A camera has several nodes; the first of them gives pictures. */
async function usbCameras(root: string): Promise<PluggedThing[]> {
  const folder = path.join(root, 'sys/class/video4linux')
  const found: PluggedThing[] = []
  for (const node of await namesIn(folder)) {
    if ((await textOf(path.join(folder, node, 'index'))) !== '0') continue
    const real = await endOf(path.join(folder, node, 'device'))
    // What the Pi's own codecs and camera pipe show has no socket.
    const place = real?.split(path.sep).findLast(part => socket.test(part))
    if (!real || !place) continue
    const usb = real.slice(0, real.lastIndexOf(`/${place}/`) + place.length + 1)
    const lasting = await lastingName(root, node, (await textOf(path.join(usb, 'serial'))) !== undefined)
    const name = (await textOf(path.join(folder, node, 'name'))) ?? node
    found.push({
      ...{ id: `camera/${node}@${place}`, kind: 'camera', name, place: `usb ${place}`, lasting },
      drivenBy: 'ffmpeg as pier camera, v4l2 as camera for frames',
      entry: { driver: 'ffmpeg', source: 'v4l2', device: lasting },
      entryAs: 'pier camera',
      ways: [{ as: asCamera, entry: { driver: 'v4l2', device: lasting } }],
    })
  }
  return found
}

/**
 * Twins without a serial number share one name under by-id, which leads to whichever came last: for them the socket is
 * what lasts.
 */
async function lastingName(root: string, node: string, hasSerial: boolean): Promise<string> {
  const nameUnder = async (kind: string) => {
    const folder = path.join(root, 'dev/v4l', kind)
    for (const name of await namesIn(folder)) {
      const end = await endOf(path.join(folder, name))
      if (end !== undefined && path.basename(end) === node) return `/dev/v4l/${kind}/${name}`
    }
    return undefined
  }
  const [byId, byPath] = [await nameUnder('by-id'), await nameUnder('by-path')]
  return (hasSerial ? (byId ?? byPath) : (byPath ?? byId)) ?? `/dev/${node}`
}

/** Sensors by their place in the device tree, which is what rpicam-apps calls them. A lens has no port in it. */
async function csiCameras(root: string): Promise<PluggedThing[]> {
  const folder = path.join(root, 'sys/class/video4linux')
  const found: PluggedThing[] = []
  for (const node of (await namesIn(folder)).filter(name => /^v4l-subdev\d+$/.test(name))) {
    const device = await endOf(path.join(folder, node, 'device'))
    const tree = device && onBus.test(path.basename(device)) ? await endOf(path.join(device, 'of_node')) : undefined
    if (!tree || !(await namesIn(tree)).some(name => /^port(@\d+|s)?$/.test(name))) continue
    const at = tree.indexOf('/devicetree/base/')
    if (at < 0) continue
    const lasting = tree.slice(at + '/devicetree'.length)
    const name = (await textOf(path.join(folder, node, 'name')))?.split(' ')[0] ?? path.basename(tree)
    found.push({
      ...{ id: `camera/${lasting}`, kind: 'camera', name: `${name} (CSI)`, place: lasting, lasting },
      drivenBy: 'csi',
      entry: { driver: 'csi', camera: lasting, as: 'video' },
      entryAs: 'pier camera',
      ways: [{ as: asCamera, entry: { driver: 'csi', camera: lasting } }],
    })
  }
  return found
}
