// The ladder, for devices and for the links they hang on.
// The ladder under every device and link: tried again, reset, given up with the reason, and back by itself.
import t from 'tap'
import type { Ports } from '../../edge/ports/device.js'
import { driver, linkDriver } from '../../edge/ports/driver.js'
import { Fault } from '../../edge/ports/fault.js'
import { z } from '../../edge/ports/schema.js'
import { openDevices } from '../../edge/spine/devices.js'
import { supervise } from '../../edge/spine/supervisor.js'
import { openHouse } from '../support/house.js'

const pulled = new Fault('offline', 'the cable was pulled', 'Plug it in')
const nothing = z.strictObject({})

t.test('a thing that does not open is tried again, called unavailable with the reason, and never given up', async t => {
  const { clock, log } = await openHouse(t)
  let there = false
  let tries = 0
  const one = supervise({
    name: 'camera',
    clock,
    log,
    async open() {
      tries++
      if (!there) throw pulled
      return { value: 'light', close: async () => {} }
    },
  })
  t.teardown(() => one.close())
  await clock.advance(500)
  t.equal(one.condition, 'retrying')
  t.throws(() => one.current(), { code: 'offline', message: /cable was pulled/ })
  await clock.advance(20_000)
  t.equal(one.condition, 'unavailable')
  t.equal(one.fault?.message, 'the cable was pulled')
  there = true
  await clock.advance(15_000)
  t.equal(one.condition, 'ready', 'it comes back by itself')
  t.equal(one.current(), 'light')
  t.ok(tries < 12, 'and was not hammered meanwhile')
})

t.test('the ladder resets a device once before it is called unavailable', async t => {
  const { clock, log } = await openHouse(t)
  const done: string[] = []
  let lose: (fault: Fault) => void = () => {}
  const one = supervise({
    name: 'camera',
    clock,
    log,
    async open(lost) {
      done.push('open')
      lose = lost
      return { value: 1, reset: async () => void done.push('reset'), close: async () => void done.push('close') }
    },
  })
  t.teardown(() => one.close())
  await clock.advance(100)
  for (let i = 0; i < 3; i++) {
    lose(pulled)
    await clock.advance(3_000)
  }
  t.same(done, ['open', 'close', 'open', 'close', 'open', 'reset', 'close', 'open'])
  t.equal(one.condition, 'ready')
  await clock.advance(60_000)
  lose(pulled)
  await clock.advance(100)
  t.equal(one.attempts, 1, 'after a steady minute it starts at the foot again')
})

t.test('a thing that does not come back is brought back by ever stronger means, each once', async t => {
  const { clock, log } = await openHouse(t)
  const done: string[] = []
  let there = true
  let lose: (fault: Fault) => void = () => {}
  const rung = (words: string, run: (signal: AbortSignal) => Promise<void>) => ({ words, run })
  const one = supervise({
    name: 'camera',
    clock,
    log,
    rungs: [
      rung('its USB is reset', async () => void done.push('reset')),
      rung('its port is cut', async () => {
        done.push('cut')
        throw pulled
      }),
      rung('its relay is switched', signal => clock.sleep(60_000, signal).catch(() => void done.push('relay hung'))),
    ],
    async open(lost) {
      lose = lost
      done.push('open')
      if (!there) throw pulled
      return { value: 1, close: async () => void done.push('close') }
    },
  })
  t.teardown(() => one.close())
  await clock.advance(100)
  there = false
  lose(pulled)
  await clock.advance(120_000)
  const means = done.filter(what => what !== 'open')
  t.same(
    means,
    ['close', 'reset', 'cut', 'relay hung'],
    'one that fails or hangs does not keep the next from being tried',
  )
  t.same(
    done.slice(0, 8),
    ['open', 'close', 'open', 'open', 'reset', 'open', 'cut', 'open'],
    'first it is only reopened',
  )
  t.equal(one.condition, 'unavailable')
  t.equal(one.resets, 3)
  t.equal(one.lastReset, 'its relay is switched')
  await clock.advance(120_000)
  t.equal(one.resets, 3, 'then it is only asked now and again')
  there = true
  await clock.advance(15_000)
  t.equal(one.condition, 'ready')
})

t.test('what brought it back is the end of the ladder', async t => {
  const { clock, log } = await openHouse(t)
  const done: string[] = []
  let there = false
  const one = supervise({
    name: 'camera',
    clock,
    log,
    rungs: [
      { words: 'reset', run: async () => void done.push('reset') },
      {
        words: 'relay',
        async run() {
          done.push('relay')
          there = true
        },
      },
      { words: 'never', run: async () => void done.push('never') },
    ],
    async open() {
      if (!there) throw pulled
      return { value: 1, close: async () => {} }
    },
  })
  t.teardown(() => one.close())
  await clock.advance(60_000)
  t.equal(one.condition, 'ready')
  t.same(done, ['reset', 'relay'])
  await clock.until(one.close(), 10_000)
})

t.test('an opening that hangs is given up, and what comes too late is closed again', async t => {
  const { clock, log } = await openHouse(t)
  let closed = 0
  let tries = 0
  const one = supervise({
    name: 'camera',
    clock,
    log,
    async open() {
      tries++
      if (tries > 1) return { value: tries, close: async () => {} }
      await clock.sleep(45_000)
      return { value: tries, close: async () => void closed++ }
    },
  })
  t.teardown(() => one.close())
  await clock.advance(31_000)
  t.equal(one.condition, 'ready')
  t.equal(one.current(), 2)
  await clock.advance(20_000)
  t.equal(closed, 1)
  t.equal(one.current(), 2)
})

t.test('closing while it is tried leaves nothing open, even when closing hangs', async t => {
  const { clock, log } = await openHouse(t)
  const one = supervise({
    name: 'camera',
    clock,
    log,
    open: async () => ({ value: 1, close: () => new Promise<void>(() => {}) }),
  })
  await clock.advance(100)
  t.equal(one.condition, 'ready')
  await clock.until(one.close(), 20_000)
  t.equal(one.condition, 'closed')
  t.throws(() => one.current(), { code: 'offline' })
})

t.test('a link that goes takes its devices with it, and brings them back', async t => {
  const { clock, log, random } = await openHouse(t)
  let lose: (fault: Fault) => void = () => {}
  let up = true
  const line = linkDriver({
    id: 'line',
    summary: 'A line',
    options: nothing,
    async open(_options, { lost }) {
      if (!up) throw pulled
      lose = lost
      return { value: { alive: true }, close: async () => {} }
    },
  })
  const box = driver({
    id: 'box',
    summary: 'A box',
    options: nothing,
    link: line,
    ports: () => ['focuser'],
    async open(_options, tools) {
      tools.link(line)
      return { ports: { focuser: { minSteps: 0, maxSteps: 9 } } as unknown as Ports, close: async () => {} }
    },
  })
  const rack = openDevices(
    [{ name: 'serial', driver: line, options: {} }],
    [{ name: 'f', driver: box, link: 'serial', options: {} }],
    { clock, log, random, encodeJpeg: async () => new Uint8Array(), data: '/nowhere' },
  )
  t.teardown(() => rack.close())
  await clock.advance(3_000)
  const focuser = rack.device('focuser', 'f')
  t.equal(focuser.condition, 'ready')
  t.equal(focuser.current().maxSteps, 9)
  up = false
  lose(pulled)
  await clock.advance(30_000)
  t.throws(() => focuser.current(), { code: 'offline' })
  up = true
  await clock.advance(15_000)
  t.equal(focuser.condition, 'ready')
  t.throws(() => rack.device('camera', 'f').current(), { code: 'not-found', message: /no camera is called "f"/ })
  t.throws(() => rack.device('camera', undefined).current(), { code: 'offline', message: /no camera is configured/ })
})
