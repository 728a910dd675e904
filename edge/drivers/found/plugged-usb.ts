// What is plugged in by USB: devices, and the serial ports among them, each with a name that lasts.
import path from 'node:path'
import type { PluggedThing } from '../../ports/plugged.js'
import { asiLibraryThere } from './asi-library.js'
import { endOf, namesIn, textOf } from './tree.js'
import { type UsbThing, usbThings } from './usb-things.data.js'

/** A device is named by its socket: bus, then ports; interfaces have a colon, roots begin with usb. */
const socket = /^\d+-[\d.]+$/
const hubClass = '09'

export async function pluggedUsb(root: string): Promise<PluggedThing[]> {
  const folder = path.join(root, 'sys/bus/usb/devices')
  const found: PluggedThing[] = []
  for (const place of (await namesIn(folder)).filter(name => socket.test(name))) {
    const read = (file: string) => textOf(path.join(folder, place, file))
    const [vendor, product] = [await read('idVendor'), await read('idProduct')]
    if (!vendor || !product || (await read('bDeviceClass')) === hubClass) continue
    const known = thingOf(vendor, product)
    if (known?.serial) continue
    const said = [await read('manufacturer'), await read('product')].filter(Boolean).join(' ')
    if (known?.needs === 'asi') {
      found.push(await asiCamera(root, place, said || known.what))
      continue
    }
    const serial = known?.twins ? undefined : await read('serial')
    found.push({
      id: `usb/${place}`,
      kind: 'usb',
      name: said || known?.what || `USB ${vendor}:${product}`,
      place: `usb ${place}`,
      lasting: serial ? `${vendor}:${product}:${serial}` : `usb:${place}`,
      drivenBy: known?.drivenBy,
    })
  }
  // Twins whose maker gave all of them one serial number are told by their sockets.
  return found.map(thing => {
    const twin = found.some(other => other !== thing && other.lasting === thing.lasting)
    return twin ? { ...thing, lasting: thing.id.replace('usb/', 'usb:') } : thing
  })
}

/** Its USB descriptors have no serial number: what lasts is the socket, until the owner writes the camera's own. */
async function asiCamera(root: string, place: string, name: string): Promise<PluggedThing> {
  const port = `usb:${place}`
  const where = { id: `usb/${place}`, kind: 'usb', name, place: `usb ${place}`, lasting: port } as const
  if (await asiLibraryThere(root)) {
    return {
      ...{ ...where, drivenBy: 'asi', entry: { driver: 'asi', port }, entryAs: 'camera for frames' },
      ways: [{ as: 'pier camera', entry: { driver: 'asi', as: 'video', port } }],
    }
  }
  return { ...where, drivenBy: 'asi, once ZWO’s library is there: sudo apt install libasi (Debian’s non-free)' }
}

const thingOf = (vendor: string, product: string): UsbThing | undefined =>
  usbThings.find(one => one.vendor === vendor && (one.product === '*' || one.product === product))

/**
 * Serial ports. Twins without a serial number share one name under by-id, which leads to whichever came last: for them
 * the socket is what lasts.
 */
export async function pluggedSerial(root: string): Promise<PluggedThing[]> {
  const sys = path.join(root, 'sys')
  const byId = path.join(root, 'dev/serial/by-id')
  const ids = await Promise.all(
    (await namesIn(byId)).map(async name => ({ name, tty: path.basename((await endOf(path.join(byId, name))) ?? '') })),
  )
  const ttys: { readonly tty: string; readonly place: string; readonly device: string }[] = []
  for (const tty of (await namesIn(path.join(sys, 'class/tty'))).filter(name => /^tty(USB|ACM)\d+$/.test(name))) {
    const real = await endOf(path.join(sys, 'class/tty', tty, 'device'))
    const place = real?.split(path.sep).findLast(part => socket.test(part))
    if (real && place)
      ttys.push({ tty, place, device: real.slice(0, real.lastIndexOf(`/${place}/`) + place.length + 1) })
  }
  return Promise.all(
    ttys.map(async ({ tty, place, device }): Promise<PluggedThing> => {
      const read = (file: string) => textOf(path.join(device, file))
      const id = ids.find(one => one.tty === tty)?.name
      const [vendor = '', product = ''] = [await read('idVendor'), await read('idProduct')]
      const lasting = id && (await read('serial')) ? `/dev/serial/by-id/${id}` : `usb:${place}`
      const known = thingOf(vendor, product)
      const name = [await read('manufacturer'), await read('product')].filter(Boolean).join(' ')
      return {
        id: `serial/${tty}@${place}`,
        kind: 'serial',
        name: name || known?.what || tty,
        place: `usb ${place}, /dev/${tty}`,
        lasting,
        drivenBy: known?.drivenBy ?? 'the driver of the device behind it',
      }
    }),
  )
}
