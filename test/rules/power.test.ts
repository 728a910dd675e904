// Decisions about power: when it may be cut, what a battery's voltage means, how fast a sensor is warmed.
import t from 'tap'
import { type BatteryState, judgeBattery } from '../../edge/rules/battery.js'
import { mountInTheWay } from '../../edge/rules/power-limits.js'
import { beginWarming, warm } from '../../edge/rules/warming.js'

t.test('power is not cut under a mount that moves, unless it does not obey', async t => {
  const moving = { name: 'mount', ready: true, slewing: true, toldToStopMs: undefined }
  t.equal(mountInTheWay([moving])?.name, 'mount')
  t.equal(mountInTheWay([{ ...moving, toldToStopMs: 4_900 }])?.name, 'mount', 'it may still be braking')
  t.notOk(mountInTheWay([{ ...moving, toldToStopMs: 5_000 }]), 'one that runs away may be cut off')
  t.notOk(mountInTheWay([{ ...moving, slewing: false }]))
  t.notOk(mountInTheWay([{ ...moving, ready: false }]), 'one that says nothing may be cut off')
  t.equal(
    mountInTheWay([
      { ...moving, slewing: false },
      { ...moving, name: 'other' },
    ])?.name,
    'other',
  )
})

const limits = { warnVolts: 11.8, criticalVolts: 11.3, holdMs: 30_000 }

/** Levels after voltages that come every 10 s. */
function levels(volts: readonly (number | undefined)[]): string[] {
  let state: BatteryState = { level: 'good' }
  return volts.map((one, at) => {
    state = judgeBattery(state, one, limits, at * 10_000)
    return state.level
  })
}

t.test('a battery is low when it has been so for a while, and good again only well above', async t => {
  t.same(levels([12.5, 11.2, 11.2, 12.5, 11.2]), Array(5).fill('good'), 'a motor that starts ends nothing')
  t.same(levels([11.7, 11.7, 11.7, 11.7]), ['good', 'good', 'good', 'low'])
  const low = Array(4).fill(11.7)
  t.same(levels([...low, 11.9, 12.0, 12.2]).slice(4), ['low', 'low', 'good'], 'not at every flicker')
  t.same(levels(Array(5).fill(11)).at(-1), 'critical')
  t.same(levels([...Array(4).fill(11), 11.4, 11.7, 12.2]).slice(4), ['critical', 'low', 'good'])
})

t.test('a battery that is not measured is not known, which ends nothing', async t => {
  t.same(levels([12.5, undefined, Number.NaN, undefined, undefined]), ['good', 'good', 'good', 'good', 'unknown'])
  t.same(levels([...Array(4).fill(undefined), 12.5]).at(-1), 'good')
  t.same(levels([...Array(4).fill(11), undefined]).at(-1), 'unknown', 'nor does it stay critical by hearsay')
})

t.test('a sensor is warmed no faster than asked, and waited for', async t => {
  const order = { goalCelsius: 10, rate: 3, stepMs: 20_000 }
  let state = beginWarming(-20)
  let sensor = -20
  const targets: number[] = []
  for (let step = 0; step < 500; step++) {
    const next = warm(state, sensor, order)
    if (next === 'warm') break
    if (next === 'stuck') return t.fail('it follows')
    t.ok(next.targetCelsius - state.targetCelsius <= 1 + 1e-9, 'a degree in twenty seconds at most')
    state = next
    targets.push(next.targetCelsius)
    sensor += (next.targetCelsius - sensor) * 0.3
  }
  t.ok(sensor >= 9, `it ends warm, at ${sensor}`)
  t.ok(Math.max(...targets) <= 10)
  let stuck = beginWarming(-20)
  for (let step = 0; step < 2_000; step++) {
    const next = warm(stuck, -20, order)
    if (next === 'stuck') return t.ok(step < 1_000, `given up after ${step} steps`)
    if (next === 'warm') return t.fail('it is cold')
    t.ok(next.targetCelsius <= -14, 'the target does not run ahead of a sensor that does not follow')
    stuck = next
  }
  t.fail('never given up')
})
