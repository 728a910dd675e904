// "What is plugged in": everything the kernel shows that a pier could use, and an INDI server that runs beside us.
import path from 'node:path'
import { reasonOf } from '../../ports/fault.js'
import type { LookAround, PluggedThing } from '../../ports/plugged.js'
import { kernelSensors } from '../sensor/kernel-places.js'
import { pluggedCameras } from './plugged-cameras.js'
import { pluggedSerial, pluggedUsb } from './plugged-usb.js'
import { endOf, namesIn, textOf } from './tree.js'

const indiPort = 7624

/** @param root above sys, dev and proc: `/`, or a folder that stands in for it */
export function lookAround(root = '/'): LookAround {
  return async signal => {
    const looks = [pluggedUsb, pluggedSerial, sensors, pluggedCameras, buses, chips, indiServer]
    const found = await Promise.all(looks.map(look => look(root)))
    if (signal.aborted) throw reasonOf(signal)
    return found.flat()
  }
}

async function sensors(root: string): Promise<PluggedThing[]> {
  const all = await kernelSensors(path.join(root, 'sys'))
  return all.map(({ name, at }): PluggedThing => {
    const twins = all.filter(one => one.name === name).length > 1
    const lasting = name.includes('-') ? name : `${name} at ${at}`
    const entry = { driver: 'kernel-sensor', sensor: name, ...(twins && { at }) }
    return { id: `sensor/${at}`, kind: 'sensor', name, place: at, lasting, drivenBy: 'kernel-sensor', entry }
  })
}

async function buses(root: string): Promise<PluggedThing[]> {
  const names = (await namesIn(path.join(root, 'sys/class/i2c-dev'))).filter(name => /^i2c-\d+$/.test(name))
  return names.map(name => ({
    id: `i2c-bus/${name}`,
    kind: 'i2c-bus',
    name: `I²C bus ${name.slice(4)}`,
    place: `/dev/${name}`,
    lasting: `/dev/${name}`,
    drivenBy: 'i2c-sensor, over a link i2c',
  }))
}

async function chips(root: string): Promise<PluggedThing[]> {
  const found: PluggedThing[] = []
  for (const chip of (await namesIn(path.join(root, 'sys/bus/gpio/devices'))).filter(name => /^gpiochip/.test(name))) {
    const real = await endOf(path.join(root, 'sys/bus/gpio/devices', chip))
    // Its number changes from kernel to kernel, what it hangs on does not.
    const parent = path.basename(path.dirname(real ?? chip))
    found.push({
      id: `gpio/${chip}`,
      kind: 'gpio',
      name: `GPIO ${parent}`,
      place: `/dev/${chip}`,
      lasting: parent,
      drivenBy: 'gpio',
    })
  }
  for (const chip of await namesIn(path.join(root, 'sys/class/pwm'))) {
    const outputs = Number(await textOf(path.join(root, 'sys/class/pwm', chip, 'npwm'))) || 0
    const name = `PWM with ${outputs} outputs`
    found.push({ id: `pwm/${chip}`, kind: 'pwm', name, place: chip, lasting: chip, drivenBy: 'kernel-pwm' })
  }
  return found
}

/**
 * Whether somebody listens on INDI's port, by the kernel's own list (proc(5), /proc/net/tcp): a server is not woken for
 * it. State 0A is LISTEN.
 */
async function indiServer(root: string): Promise<PluggedThing[]> {
  const port = indiPort.toString(16).toUpperCase().padStart(4, '0')
  const listening = new RegExp(`^\\s*\\d+: [0-9A-F]+:${port} [0-9A-F:]+ 0A `, 'm')
  for (const list of ['tcp', 'tcp6']) {
    if (!listening.test((await textOf(path.join(root, 'proc/net', list))) ?? '')) continue
    const place = `tcp port ${indiPort}`
    const thing = { name: 'INDI server', place, lasting: `127.0.0.1:${indiPort}`, drivenBy: 'indi, over a link indi' }
    return [{ id: `server/${indiPort}`, kind: 'server', ...thing }]
  }
  return []
}
