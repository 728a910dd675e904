// Whatever an Alpaca server does in place of answering, at any call: it opens or a fault says why, what was under way
// goes on or fails, the next order is taken, and others do not notice.
import type { ServerResponse } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { alpacaDriver } from '../../edge/drivers/box/alpaca.js'
import { type AlpacaNetwork, alpacaLink } from '../../edge/drivers/link/alpaca/alpaca-link.js'
import type { Ports } from '../../edge/ports/device.js'
import { Fault } from '../../edge/ports/fault.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import {
  fakeCamera,
  fakeCover,
  fakeDome,
  fakeFocuser,
  fakeRotator,
  fakeSafety,
  fakeSwitch,
  fakeTelescope,
  fakeWheel,
  lightAt,
  plugged,
} from '../support/alpaca-devices.js'
import { opened, says } from '../support/alpaca-open.js'
import { type FakeAlpaca, type FakeDevice, imageBytes, startAlpaca } from '../support/alpaca-server.js'
import { type Bench, bench } from '../support/bench.js'

const never = new AbortController().signal
const clock = systemClock()
const light = { exposureSeconds: 0.05, binning: 1, frameType: 'light' } as const

/** What a server does in place of answering. */
const mishaps: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'hangs up': response => response.destroy(),
  'hangs up in the middle': response => {
    response.writeHead(200, { 'content-length': 500 })
    response.write('{"Value":', () => response.destroy())
  },
  garbage: says('\u0000\u0001\uffff}{ not json'),
  nothing: says(''),
  'another type': says({ Value: { a: [1] }, ErrorNumber: 0 }),
  'no value': says({ ErrorNumber: 0 }),
  null: says('null'),
  'an error of the server': says('Traceback (most recent call last)', 500),
  'an error of the driver': says({ ErrorNumber: 0x501, ErrorMessage: 'COM port' }),
  'a redirection': response => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  'too much': response => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = () => {
      if (!response.destroyed) response.write('[1,2,3,4,5,6,7,8],'.repeat(4000), more)
    }
    more()
  },
  'headers without end': response => {
    response.socket?.write(`HTTP/1.1 200 OK\r\n${'x-more: yes, and more\r\n'.repeat(5000)}`)
  },
}

/** An order of each type, there and back. */
const orders: Readonly<
  Record<string, readonly [make: () => FakeDevice, order: (ports: Ports, odd: boolean) => Promise<unknown>]>
> = {
  focuser: [() => plugged(fakeFocuser(), true), ({ focuser }, odd) => focuser!.moveTo(odd ? 22_000 : 20_000, never)],
  wheel: [() => plugged(fakeWheel(), true), ({ wheel }, odd) => wheel!.select(odd ? 2 : 0, never)],
  rotator: [() => plugged(fakeRotator(), true), ({ rotator }, odd) => rotator!.moveTo(odd ? 20 : 0, never)],
  dome: [() => plugged(fakeDome(true), true), ({ dome }, odd) => dome!.turnTo!(odd ? 12 : 0, never)],
  cover: [() => plugged(fakeCover(), true), ({ cover }, odd) => cover!.panel!.glow(odd ? 50 : 0, never)],
  switches: [
    () => plugged(fakeSwitch(true), true),
    ({ switches }, odd) => switches!.set('dew-heater', odd ? 50 : 0, never),
  ],
  mount: [
    () => plugged(fakeTelescope(true), true),
    async ({ mount }, odd) => {
      if (mount!.status().parked) await mount!.unpark!(never)
      await mount!.slew({ raHours: 4, decDeg: odd ? 63 : 60, equinox: 'jnow' }, never)
    },
  ],
}

t.test(
  'one answer that goes wrong while something moves is a fault or is got over, and the next order is taken',
  async t => {
    const run = async (name: string): Promise<void> => {
      const [make, order] = orders[name]
      const device = make()
      const server = await startAlpaca(t, { devices: [device] })
      const { table, ports } = await opened(t, server, device.type)
      const outcome: string[] = []
      let nth = 0
      for (const [what, how] of Object.entries(mishaps)) {
        let left = nth++ % 6
        server.mishap = (_asked, response) => {
          if (left-- !== 0) return false
          how(response)
          return true
        }
        const came = await order(ports, nth % 2 === 1).then(
          () => 'done',
          error => (error instanceof Fault ? 'fault' : `${what}: ${error}`),
        )
        server.mishap = undefined
        outcome.push(came)
        await order(ports, nth % 2 === 0)
      }
      const strange = outcome.filter(came => came !== 'done' && came !== 'fault')
      t.same(strange, [], `${name}: ${outcome.join(' ')}`)
      t.ok(outcome.includes('done'), `${name} got over some`)
      t.same(table.lost, [], `${name} was not given up`)
    }
    await Promise.all(Object.keys(orders).map(run))
  },
)

/** Opens all types one by one with a mishap at the nth call; says what became of it. */
async function openThrough(server: FakeAlpaca, table: Bench, how: (response: ServerResponse) => void, nth: number) {
  let count = 0
  server.mishap = (_asked, response) => {
    if (count++ !== nth) return false
    how(response)
    return true
  }
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, { host: server.host, port: server.port })
  const [{ type }] = [server.device('camera') ?? server.device('telescope') ?? server.device('switch')]
  try {
    const { box } = await table.open(alpacaDriver, { type }, line)
    await box.close()
    return 'opened'
  } catch (error) {
    return error instanceof Fault ? 'refused' : `${error}`
  } finally {
    server.mishap = undefined
    line.close()
  }
}

t.test('whatever is wrong with any answer while it opens, it opens, or a fault says why', async t => {
  const all = Object.entries(mishaps)
  for (const make of [() => fakeCamera({ width: 64, height: 48 }), fakeTelescope, fakeSwitch]) {
    for (const modern of [true, false]) {
      const device = plugged(make(modern), modern)
      const server = await startAlpaca(t, { devices: [device] })
      const table = bench()
      t.teardown(() => table.close())
      await openThrough(server, table, () => {}, -1)
      const calls = server.calls.length
      const outcome: Record<string, number> = {}
      for (let nth = 0; nth < calls; nth++) {
        // Not each at each call, but each at every fourth of all.
        for (const [what, how] of all.filter((_, index) => index % 4 === nth % 4)) {
          device.connected = false
          const came = await openThrough(server, table, how, nth)
          outcome[came] = (outcome[came] ?? 0) + 1
          if (came !== 'opened' && came !== 'refused') t.fail(`${what} at call ${nth}: ${came}`)
        }
      }
      t.ok(outcome['refused'] > calls, `${device.type}: ${JSON.stringify(outcome)} in ${calls} calls`)
      t.equal(await openThrough(server, table, () => {}, -1), 'opened', 'and afterwards it opens')
    }
  }
})

async function silentWhileOpening(t: Test): Promise<void> {
  const make = (): FakeDevice[] => [plugged(fakeTelescope(true), true)]
  const first = await startAlpaca(t, { devices: make() })
  const table = bench()
  t.teardown(() => table.close())
  await openThrough(first, table, () => {}, -1)
  const calls = first.calls.length
  const good = await startAlpaca(t, { devices: [plugged(fakeFocuser(), true)] })
  const healthy = await opened(t, good, 'focuser')
  const outcomes = Promise.all(
    Array.from({ length: calls }, async (_, nth) =>
      openThrough(await startAlpaca(t, { devices: make() }), table, () => {}, nth),
    ),
  )
  for (const steps of [20_100, 20_200, 20_000]) await healthy.ports.focuser!.moveTo(steps, never)
  const limit = clock.deadline(40_000, 'all of them')
  const came = await limit.race(outcomes).finally(() => limit.cancel())
  t.same([...new Set(came)], ['refused'])
  t.same(healthy.table.lost, [])
}

/** All wait for deadlines, and so wait together. */
t.test('silence', async t => {
  t.jobs = 3
  const together = () => ({ buffered: true })
  t.test('at any call while it opens is given up in time, and the others do not notice', together(), silentWhileOpening)
  t.test('in the middle of an image is a fault in time', together(), silentImage)
  t.test('later means that it is lost, and no line to it is left', together(), losesLater)
})

async function losesLater(t: Test): Promise<void> {
  for (const how of ['silent', 'dead'] as const) {
    const lines = new Set<Socket>()
    const server = await startAlpaca(t, { devices: [plugged(fakeSafety(), true)] })
    // Between us and the server, so that our ends of the lines are seen.
    const between = createServer(socket => {
      lines.add(socket)
      socket.on('error', () => {}).on('close', () => lines.delete(socket))
      const request = connect(server.port, '127.0.0.1')
      request.on('error', () => socket.destroy()).on('close', () => socket.destroy())
      socket.on('close', () => request.destroy())
      socket.pipe(request).pipe(socket)
    })
    await new Promise<void>(settle => between.listen(0, '127.0.0.1', () => settle()))
    t.teardown(() => new Promise<void>(settle => between.close(() => settle())))
    const table = bench()
    t.teardown(() => table.close())
    const { port } = between.address() as { port: number }
    const line = await table.openLink<AlpacaNetwork>(alpacaLink, { host: '127.0.0.1', port })
    const { box, ports } = await table.open(alpacaDriver, { type: 'safetymonitor' }, line)
    if (how === 'dead') await server.close()
    else server.mishap = () => true
    for (let look = 0; look < 300 && table.lost.length === 0; look++) await clock.sleep(100)
    t.match(table.lost, [{ code: how === 'dead' ? 'offline' : 'timeout' }], `${how}: ${table.lost[0]?.message}`)
    await box.close()
    line.close()
    for (let look = 0; look < 40 && lines.size > 0; look++) await clock.sleep(50)
    t.equal(lines.size, 0, 'every line is closed')
    t.ok(ports.safety!.verdict()!.atMs <= clock.now(), 'its last word keeps its time, and so grows old')
  }
}

async function silentImage(t: Test): Promise<void> {
  const server = await startAlpaca(t, { devices: [plugged(fakeCamera({ width: 64, height: 48 }), true)] })
  const { table, ports } = await opened(t, server, 'camera')
  const whole = imageBytes({ imageType: 2, sentType: 8, dims: [64, 48], at: lightAt }, 0)
  let sent = 0
  server.mishap = ({ member }, response) => {
    if (member !== 'imagearray') return false
    response.writeHead(200, { 'content-type': 'application/imagebytes' })
    response.write(whole.subarray(0, 700))
    sent++
    return true
  }
  const control = new AbortController()
  const reason = new Fault('aborted', 'enough of this', 'Start again')
  const refused = t.rejects(ports.camera!.expose(light, table.pool.lend, control.signal), reason)
  while (sent === 0) await clock.sleep(20)
  control.abort(reason)
  await refused
  t.equal(table.pool.lentBytes(), 0, 'who gives up has his memory back at once')
  await t.rejects(ports.camera!.expose(light, table.pool.lend, never), { code: 'timeout' })
  t.equal(table.pool.lentBytes(), 0)
  server.mishap = undefined
  const frame = await ports.camera!.expose(light, table.pool.lend, never)
  t.equal(frame.width, 64, 'and the next one comes')
  frame.memory.release()
}
