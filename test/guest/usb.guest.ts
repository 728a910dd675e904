// USB relay boards on a real kernel: found as what is plugged in, with the rights of the house's rules, switched
// through the kernel's own drivers, pulled out and plugged in again, reset.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lookAround } from '../../edge/drivers/found/look-around.js'
import { deviceFile, resetUsb } from '../../edge/drivers/link/usb-socket.js'
import { openDcttechBoard } from '../../edge/drivers/relay/dcttech-board.js'
import { openLcusBoard } from '../../edge/drivers/relay/lcus-board.js'
import type { PluggedThing } from '../../edge/ports/plugged.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { patiently } from '../support/agent-client.js'
import { ownBoard } from './keeper-owner.js'
import { dcttechOnUsb, lcusOnUsb } from './usb-boards.js'
import { plugIn } from './usbip.js'

const clock = systemClock()
const never = new AbortController().signal
const awake = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(awake))
const withinMs = 20_000
/** As test/guest/group has them. */
const groups = { dialout: 20, video: 44, plugdev: 46 }

const plugged = (): Promise<readonly PluggedThing[]> => lookAround()(never)

/** Until the list has so many of a kind that a pier could use. */
const listed = (kind: PluggedThing['kind'], count: number) =>
  patiently(async () => {
    const found = (await plugged()).filter(thing => thing.kind === kind)
    if (found.length !== count) throw new Error(`${found.length} of ${count}: ${JSON.stringify(found)}`)
    return found
  }, withinMs)

const fileThere = (file: string) =>
  patiently(async () => {
    if (!existsSync(file)) throw new Error(`there is no ${file}`)
    return file
  }, withinMs)

function rightsOf(file: string) {
  const { gid, mode } = statSync(file)
  return { gid, mode: (mode & 0o777).toString(8) }
}

/** Until udev has given them. */
const rightsBecome = (file: string, gid: number, mode: string) =>
  patiently(async () => {
    const now = existsSync(file) ? rightsOf(file) : undefined
    if (now?.gid !== gid || now.mode !== mode) throw new Error(`${file}: ${JSON.stringify(now)}`)
    return now
  }, withinMs)

t.test('a dcttech board: its name, its rights, its relays, and an owner that is killed', async t => {
  const relays = [false, true]
  const board = await plugIn(t, dcttechOnUsb('BMGP6', relays), 0)
  const [thing] = await listed('usb', 1)
  t.match(thing, { name: 'www.dcttech.com USBRelay2', drivenBy: 'dcttech', place: /^usb \d-1$/ })
  const socket = thing.place.slice('usb '.length)
  const node = await patiently(
    async () => readdirSync('/dev').find(name => name.startsWith('hidraw')) ?? absent(),
    withinMs,
  )
  t.ok(await rightsBecome(join('/dev', node), groups.plugdev, '660'), 'the agent may open it')
  t.ok(await rightsBecome(await deviceFile(socket, '/sys', '/dev'), groups.plugdev, '664'), 'and reset it')

  const channels = { camera: 1, mount: 2 }
  const ids = Object.keys(channels)
  const first = { camera: 'keep', mount: 'keep' } as const
  const order = { options: { serial: 'BMGP6', channels }, channels: ids, first }
  await t.rejects(openDcttechBoard({ ...order, options: { serial: 'OTHER', channels } }, clock, never), {
    code: 'offline',
    message: /calls itself OTHER/,
  })
  const held = await openDcttechBoard(order, clock, never)
  t.same((await held.read()).on, { camera: false, mount: true })
  await held.write('camera', true)
  t.same(relays, [true, true])
  await resetUsb(socket)
  await held.close()
  const again = await openDcttechBoard(order, clock, never)
  t.same((await again.read()).on, { camera: true, mount: true }, 'a reset leaves relays alone')
  await again.close()

  const owner = await ownBoard(t, { board: 'dcttech', ...order, loss: { camera: 'off', mount: 'keep' } })
  owner.kill('SIGKILL')
  const safe = await patiently(async () => {
    if (relays[0]) throw new Error(`the relays stand at ${relays}`)
    return [...relays]
  }, 5_000)
  t.same(safe, [false, true], 'the camera off, the mount kept')

  const last = await openDcttechBoard(order, clock, never)
  await board.pullOut()
  await t.rejects(last.read(), { code: 'offline' }, 'one that is pulled out is told, and hangs nobody')
  await last.close()
  await listed('usb', 0)
  await plugIn(t, dcttechOnUsb('BMGP6', relays), 0)
  await listed('usb', 1)
  const back = await patiently(() => openDcttechBoard(order, clock, never), withinMs)
  t.same((await back.read()).on, { camera: false, mount: true }, 'and had again when it is back')
  await back.close()
})

t.test('LCUS boards behind CH340 converters: twins go by their sockets, one with a number by that', async t => {
  const boards = [
    [false, false],
    [true, false],
  ]
  const left = await plugIn(t, lcusOnUsb(boards[0]), 0)
  await plugIn(t, lcusOnUsb(boards[1]), 1)
  const twins = await listed('serial', 2)
  for (const { lasting } of twins) t.match(lasting, /^usb:\d-[12]$/, 'without a number it is the socket that lasts')
  t.ok(await rightsBecome('/dev/ttyUSB0', groups.dialout, '660'))
  const open = (port: string) => {
    const options = { port, channels: { a: 1, b: 2 } }
    return openLcusBoard({ options, channels: ['a', 'b'], first: { a: 'keep', b: 'keep' } }, clock, never)
  }
  const [one, other] = await Promise.all(twins.map(({ lasting }) => open(lasting)))
  t.same((await one.read()).on, { a: false, b: false })
  t.same((await other.read()).on, { a: true, b: false })
  await one.write('b', true)
  t.same(boards, [
    [false, true],
    [true, false],
  ])
  await left.pullOut()
  await t.rejects(one.read(), { name: 'Fault' })
  await one.close()
  await other.write('a', false)
  t.same(boards[1], [false, false], 'its twin does not mind')
  await other.close()

  const numbered = [true]
  await plugIn(t, lcusOnUsb(numbered, 'A10MNT01'), 2)
  const byId = await fileThere('/dev/serial/by-id/usb-1a86_USB2.0-Serial_A10MNT01-if00-port0').catch(error => {
    throw new Error(`${error.message}; there are ${readdirSync('/dev/serial/by-id')}`)
  })
  const names = (await listed('serial', 2)).map(({ lasting }) => lasting)
  t.ok(names.includes(byId), `${names}`)
  const options = { port: byId, channels: { a: 1 } }
  const third = await openLcusBoard({ options, channels: ['a'], first: { a: 'keep' } }, clock, never)
  await third.write('a', false)
  t.same(numbered, [false])
  await third.close()
})

t.test('the rest of the house’s rules', async t => {
  t.equal(readFileSync('/sys/module/usbcore/parameters/usbfs_memory_mb', 'utf8').trim(), '256', 'for large frames')
  t.ok(await rightsBecome('/dev/video0', groups.video, '660'))
})

function absent(): never {
  throw new Error(`it is not there yet; the bus has ${readdirSync('/sys/bus/usb/devices')}`)
}
