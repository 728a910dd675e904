// A roof of relays and end switches, with everything broken that can break: it says so, and its relays are off.
import t, { type Test } from 'tap'
import { simulatorDriver } from '../../edge/drivers/box/simulator.js'
import { relayRoofDriver } from '../../edge/drivers/dome/relay-roof.js'
import type { RoofFault } from '../../edge/drivers/link/simulator/mishaps.js'
import type { Observatory } from '../../edge/drivers/link/simulator/observatory.js'
import { roofRelays } from '../../edge/drivers/link/simulator/roof-motor.js'
import { simulatorLink } from '../../edge/drivers/link/simulator/simulator-link.js'
import { Fault } from '../../edge/ports/fault.js'
import type { SwitchBank } from '../../edge/ports/switch.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { bench } from '../support/bench.js'

const never = new AbortController().signal
const relays = { open_relay: 'roof/open', close_relay: 'roof/close', power_relay: 'roof/motor' }
const ends = { open_switch: 'roof/opened', closed_switch: 'roof/closed' }
const longMs = 300_000

async function roofOf(t: Test, more: object = {}, sky: object = {}, wires: object = relays) {
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 21))
  const table = bench(clock)
  t.teardown(() => table.close())
  const place = await table.openLink<Observatory>(simulatorLink, { start_parked: true, ...sky })
  const { ports } = await table.open(simulatorDriver, { part: 'roof-relays' }, place)
  const bank = ports.switches!
  table.switchBoxes.set('roof', bank)
  const open = () => table.open(relayRoofDriver, { enabled: true, travel_s: 40, ...ends, ...wires, ...more })
  const opened = clock.until(open(), longMs)
  const { box, ports: made } = await opened
  const roof = made.dome!
  return {
    ...{ clock, table, place, bank, box, roof, open },
    /** Does it and lets time pass: `done`, or what the Fault says. */
    async does(what: 'open' | 'close', signal = never) {
      return clock.until(
        roof[what](signal).then(
          () => 'done',
          (error: Fault) => `${error.code}: ${error.message}`,
        ),
        longMs,
      )
    },
    live: () => roofRelays.filter(which => place.roofMotor.relay(which)),
  }
}

t.test('it goes from end to end, and its relays are off at each', async t => {
  const { does, roof, live, clock, place } = await roofOf(t)
  const seen: string[] = []
  roof.onStatus(({ shutter, moving }) => seen.push(`${shutter}${moving ? ' moving' : ''}`))
  t.match(roof.status(), { shutter: 'open', moving: false })
  const startMs = clock.monotonicMs()
  t.equal(await does('close'), 'done')
  t.ok(clock.monotonicMs() - startMs < 26_000, 'in the 20 s of its way and little more')
  t.same(seen, ['closing moving', 'closed'])
  t.same(live(), [])
  t.equal(await does('close'), 'done', 'one that is closed stays so')
  t.same(seen, ['closing moving', 'closed'], 'and does not move')
  t.equal(await does('open'), 'done')
  t.match(roof.status(), { shutter: 'open', moving: false, trouble: undefined })
  t.equal(place.roofMotor.clashes(), 0)
})

t.test('until it is enabled it tells how it stands, and touches nothing', async t => {
  const { does, roof, bank, clock, live } = await roofOf(t, { enabled: false })
  t.match(roof.status(), { shutter: 'open' })
  t.match(await does('close'), /^unsafe: this roof is not allowed to move/)
  await clock.until(bank.set('motor', 1, never), longMs)
  await clock.until(roof.stop(), longMs)
  t.same(live(), ['motor'], 'nor does its stop')
  t.match(roof.status(), { shutter: 'error', trouble: /nobody has told it to be/ })
})

t.test('what the relays did in a power cut is not assumed: they are off before anything else', async t => {
  const { open, bank, clock, live, place } = await roofOf(t)
  place.roof.place(0.4)
  for (const id of ['close', 'motor']) await clock.until(bank.set(id, 1, never), longMs)
  await clock.advance(1_000)
  const { ports } = await clock.until(open(), longMs)
  t.same(live(), [])
  t.match(ports.dome!.status(), { shutter: 'unknown', moving: false }, 'and in the middle nobody knows where it is')
  await clock.until(ports.dome!.close(never), longMs)
  t.match(ports.dome!.status(), { shutter: 'closed' })
})

t.test('a reversal waits until it stands, and never has both directions on', async t => {
  const { does, roof, clock, place, live } = await roofOf(t, { dead_s: 3 })
  const control = new AbortController()
  const closing = does('close', control.signal)
  await clock.advance(8_000)
  t.match(roof.status(), { shutter: 'closing', moving: true })
  control.abort(new Fault('aborted', 'enough', 'Again'))
  t.match(await closing, /^aborted/)
  t.match(roof.status(), { shutter: 'stopped', moving: false })
  t.same(live(), [])
  const stoppedMs = clock.monotonicMs()
  const opening = does('open')
  t.match(await does('close'), /^busy/, 'one order at a time')
  while (!place.roofMotor.relay('open')) await clock.advance(100)
  t.ok(clock.monotonicMs() - stoppedMs >= 3_000, `${clock.monotonicMs() - stoppedMs} ms`)
  t.equal(await opening, 'done')
  t.equal(place.roofMotor.clashes(), 0)
})

const faults: Readonly<Record<RoofFault, { says: RegExp; shutter: string }>> = {
  'motor-stalled': { says: /^unsafe: .*did not leave its open end within 5 s/, shutter: 'error' },
  'relay-stuck': { says: /^broken: not every relay of the roof is off/, shutter: 'error' },
  'open-switch-stuck': { says: /^unsafe: .*did not leave its open end within 5 s/, shutter: 'error' },
  'closed-switch-stuck': { says: /^unsafe: .*both of its end switches/, shutter: 'error' },
  'open-switch-cut': { says: /^done/, shutter: 'closed' },
  'closed-switch-cut': { says: /^unsafe: .*did not reach its closed end within 40 s/, shutter: 'error' },
}
for (const [fault, { says, shutter }] of Object.entries(faults)) {
  t.test(`closing with: ${fault}`, async t => {
    const { does, roof, place, live } = await roofOf(t)
    place.mishaps.inject({ kind: 'roof', fault: fault as RoofFault })
    t.match(await does('close'), says)
    const { shutter: said, trouble } = roof.status()
    t.equal(said, shutter)
    if (fault === 'open-switch-cut') return
    t.type(trouble, 'string')
    if (fault === 'relay-stuck') t.match(roof.status(), { moving: true }, 'what may go on is not said to stand')
    else t.same(live(), [])
    if (fault.startsWith('open-switch') || fault === 'motor-stalled') {
      t.match(
        await does('open'),
        /^broken: .*its open switch is not believed/,
        'it may have moved under a stuck switch',
      )
    }
  })
}

t.test('a fault that comes on the way stops it there', async t => {
  const onTheWay: readonly [RoofFault, RegExp][] = [
    ['motor-stalled', /did not reach its closed end/],
    ['open-switch-stuck', /went to its open end instead/],
  ]
  for (const [fault, says] of onTheWay) {
    const { does, roof, place, live, clock } = await roofOf(t)
    const closing = does('close')
    await clock.advance(10_000)
    const undo = place.mishaps.inject({ kind: 'roof', fault })
    t.match(await closing, says)
    t.same(live(), [], fault)
    undo()
    t.match(roof.status(), { shutter: 'error', moving: false, trouble: says })
    t.equal(await does('close'), 'done', 'once it is mended it goes on')
    t.match(roof.status(), { shutter: 'closed', trouble: undefined })
  }
})

t.test('stopped while the switch of its end still says that it is there, nobody knows whether it is', async t => {
  const { does, roof, place, clock } = await roofOf(t)
  place.mishaps.inject({ kind: 'roof', fault: 'open-switch-stuck' })
  const closing = does('close')
  await clock.advance(5_000)
  await clock.until(roof.stop(), 10_000)
  t.match(await closing, /^aborted/)
  t.match(roof.status(), { shutter: 'error', moving: false, trouble: /before its open switch had let go/ })
})

t.test('wires of the motor that are crossed are found at the first end', async t => {
  const crossed = { ...relays, open_relay: 'roof/close', close_relay: 'roof/open' }
  const { does, place, live, clock } = await roofOf(t, {}, {}, crossed)
  place.roof.place(0.5)
  await clock.advance(300)
  t.match(await does('open'), /went to its closed end instead/)
  t.same(live(), [])
})

t.test('one that runs on past its switch has not arrived, and is not driven on', async t => {
  const { does, roof, live, clock, place } = await roofOf(t)
  const closing = does('close')
  while (!place.roofMotor.made('closed')) await clock.advance(50)
  // It arrives, its relays go off, and it rolls back: half open, say.
  await clock.advance(300)
  place.roof.setOff(1)
  await clock.advance(100)
  place.roof.halt()
  t.match(
    await closing,
    /^broken: the roof reached its closed end and is not there any more: it stands between its ends/,
  )
  t.match(roof.status(), { moving: false, trouble: /brake/ })
  t.not(roof.status().shutter, 'closed')
  t.same(live(), [])
})

t.test('a relay that something else switches off is not a roof on its way', async t => {
  const { does, bank, clock, live } = await roofOf(t)
  const closing = does('close')
  await clock.advance(8_000)
  await clock.until(bank.set('close', 0, never), 1_000)
  t.match(await closing, /^broken: the roof was stopped: its relay went off/)
  t.same(live(), [])
})

t.test('the park switch is believed before and while it moves', async t => {
  const parking = { park_switch: 'roof/mount-parked' }
  const { does, roof, place, clock, live } = await roofOf(t, parking)
  const closing = does('close')
  await clock.advance(8_000)
  t.match(roof.status(), { moving: true })
  place.telescope.unpark()
  t.match(await closing, /^unsafe: .*park switch says: not parked/)
  t.same(live(), [])
  t.match(await does('close'), /^unsafe: .*not parked/, 'nor does it set off')
})

t.test('a device whose relays or switches are gone stops it, and it says that it does not know', async t => {
  const { does, roof, place, clock } = await roofOf(t)
  const closing = does('close')
  await clock.advance(8_000)
  place.mishaps.inject({ kind: 'silent', part: 'roof-relays' })
  const control = new AbortController()
  await clock.advance(500)
  control.abort()
  // Silent relays can be told nothing: the way ends by its time, and what could not be switched off is said.
  t.match(await closing, /^(unsafe|broken|timeout)/)
  t.match(roof.status(), { trouble: /roof/i })
})

t.test('an opener of one button finds its end, also the long way round, and is stopped by its power', async t => {
  // The button of an opener: each press starts it the other way, or stops it.
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 21))
  const table = bench(clock)
  t.teardown(() => table.close())
  const place = await table.openLink<Observatory>(simulatorLink, { start_parked: true })
  const { ports } = await table.open(simulatorDriver, { part: 'roof-relays' }, place)
  const motor = ports.switches!
  let last: 'open' | 'close' = 'open'
  let pressed = false
  const opener: SwitchBank = {
    ...motor,
    channels: [...motor.channels, { id: 'button', name: 'Button' }],
    value: id => (id === 'button' ? Number(pressed) : motor.value(id)),
    async set(id, value, signal) {
      // Without power it forgets that it was running.
      if (id === 'motor' && value === 0) for (const one of ['open', 'close'] as const) place.roofMotor.set(one, false)
      if (id !== 'button') return motor.set(id, value, signal)
      const press = value === 1 && !pressed
      pressed = value === 1
      if (!press || !place.roofMotor.relay('motor')) return
      const runs = place.roof.heading() !== 0
      for (const one of ['open', 'close'] as const) place.roofMotor.set(one, false)
      if (runs) return
      last = last === 'open' ? 'close' : 'open'
      place.roofMotor.set(last, true)
    },
  }
  table.switchBoxes.set('roof', opener)
  const options = { enabled: true, toggle_relay: 'roof/button', power_relay: 'roof/motor', ...ends }
  const { ports: made } = await clock.until(table.open(relayRoofDriver, options), longMs)
  const roof = made.dome!
  await clock.until(roof.close(never), longMs)
  t.match(roof.status(), { shutter: 'closed', moving: false })
  const opening = t.rejects(roof.open(never), { code: 'aborted' })
  await clock.advance(10_000)
  t.match(roof.status(), { shutter: 'opening', moving: true })
  await clock.until(roof.stop(), 10_000)
  await opening
  t.match(roof.status(), { shutter: 'stopped', moving: false })
  t.equal(place.roof.heading(), 0)
  // From between the button sends it back where it came from first.
  const seen: string[] = []
  roof.onStatus(({ shutter }) => seen.push(shutter))
  await clock.until(roof.open(never), longMs)
  t.match(roof.status(), { shutter: 'open' })
  t.same(seen.slice(0, 2), ['unknown', 'opening'], 'it does not say where it goes before it knows')
})

t.test('a controller that runs by itself is started by a press, and stopped by its stop button', async t => {
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 21))
  const table = bench(clock)
  t.teardown(() => table.close())
  const place = await table.openLink<Observatory>(simulatorLink, { start_parked: true })
  const { ports } = await table.open(simulatorDriver, { part: 'roof-relays' }, place)
  const motor = ports.switches!
  place.roofMotor.set('motor', true)
  const buttons = { up: 'open', down: 'close', stop: undefined } as const
  const pressed = new Map<string, number>(Object.keys(buttons).map(id => [id, 0]))
  const presses: string[] = []
  const controller: SwitchBank = {
    ...motor,
    channels: [...motor.channels, ...Object.keys(buttons).map(id => ({ id, name: id }))],
    value: id => pressed.get(id) ?? motor.value(id),
    async set(id, value) {
      if (value === 1) {
        if ([...pressed.values()].includes(1)) t.fail(`${id} is pressed beside another`)
        presses.push(id)
        for (const one of ['open', 'close'] as const) place.roofMotor.set(one, false)
        const way = buttons[id as keyof typeof buttons]
        if (way) place.roofMotor.set(way, true)
      }
      pressed.set(id, value)
    },
  }
  table.switchBoxes.set('roof', controller)
  const wires = { open_relay: 'roof/up', close_relay: 'roof/down', stop_relay: 'roof/stop', pulse_s: 0.5 }
  const { ports: made } = await clock.until(table.open(relayRoofDriver, { enabled: true, ...wires, ...ends }), longMs)
  const roof = made.dome!
  await clock.until(roof.close(never), longMs)
  t.same(presses, ['down'], 'at its end it has stopped by itself')
  t.match(roof.status(), { shutter: 'closed', moving: false })
  const opening = t.rejects(roof.open(never), { code: 'aborted' })
  await clock.advance(8_000)
  t.match(roof.status(), { shutter: 'opening', moving: true })
  t.same([...pressed.values()], [0, 0, 0], 'no button is held meanwhile')
  await clock.until(roof.stop(), 10_000)
  await opening
  t.same(presses, ['down', 'up', 'stop'])
  t.equal(place.roof.heading(), 0)
  t.match(roof.status(), { shutter: 'stopped' })
})

t.test('what cannot be wired is said', async t => {
  const wrong: readonly [object, RegExp][] = [
    [{ open_relay: 'roof/open' }, /what moves the roof/],
    [{ ...relays, toggle_relay: 'roof/motor' }, /what moves the roof/],
    [{ toggle_relay: 'roof/open' }, /cannot be stopped/],
    [{ open_relay: 'roof/open', close_relay: 'roof/close', pulse_s: 1 }, /cannot be stopped/],
    [{ ...relays, stop_relay: 'roof/none' }, /has no channel "none"/],
    [{ ...relays, stop_relay: 'none/stop' }, /"none"/],
  ]
  for (const [wires, says] of wrong) await t.rejects(roofOf(t, {}, {}, wires), { message: says })
})
