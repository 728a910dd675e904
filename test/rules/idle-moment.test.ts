// When the box may restart by itself, and what a new version has lost, from the states alone.
import t from 'tap'
import { busyWith, missingDevices, readyDevices, type Seen } from '../../edge/rules/idle-moment.js'

const seen = (path: string, value: Record<string, unknown>): Seen => ({ path, kind: path.split('/')[0], value })

t.test('each thing that goes on stands against a restart, in words', async t => {
  const cases: [Seen, string][] = [
    [seen('activity/1', { status: 'running', action: 'stack-start', summary: 'Stacking M 31' }), 'Stacking M 31'],
    [seen('activity/2', { status: 'running', action: 'night-end' }), 'night-end'],
    [seen('camera/main', { exposing: true }), 'camera main exposes'],
    [seen('camera/main', { coolerOn: true }), 'camera main is kept cold'],
    [seen('mount/eq', { slewing: true, tracking: false, parked: false }), 'mount eq moves'],
    [seen('mount/eq', { slewing: false, tracking: true, parked: false }), 'mount eq moves'],
    [seen('focuser/f', { moving: true }), 'focuser f moves'],
    [seen('dome/roof', { moving: true }), 'dome roof moves'],
    [seen('rotator/r', { moving: true }), 'rotator r moves'],
  ]
  for (const [state, words] of cases) t.same(busyWith([state]), [words])
})

t.test('what has ended, stands or is parked does not', async t => {
  const calm = [
    seen('activity/1', { status: 'done', action: 'stack-start' }),
    seen('activity/2', { status: 'running', action: 'update-install' }),
    seen('camera/main', { exposing: false, coolerOn: false }),
    seen('mount/eq', { slewing: false, tracking: true, parked: true }),
    seen('dome/roof', { moving: false }),
  ]
  t.same(busyWith(calm), [])
})

t.test('a device is missing when it was ready before and is not, and its power is on', async t => {
  const before = [
    seen('camera/main', { condition: 'ready' }),
    seen('wheel/main', { condition: 'ready' }),
    seen('mount/eq', { condition: 'ready' }),
    seen('focuser/f', { condition: 'ready' }),
    seen('power/relays/1', { condition: 'ready', on: true, feeds: ['f'] }),
    seen('sensor/new', { condition: 'unavailable' }),
    seen('observatory', { condition: 'ready' }),
  ]
  const names = readyDevices(before)
  t.same(names, ['eq', 'f', 'main', 'relays'])
  t.same(missingDevices(names, before), [])
  const after = [
    seen('camera/main', { condition: 'unavailable' }),
    seen('mount/eq', { condition: 'ready' }),
    seen('focuser/f', { condition: 'unavailable' }),
    seen('power/relays/1', { condition: 'ready', on: false, feeds: ['f'] }),
  ]
  t.same(missingDevices(names, after), ['main'], 'what is switched off is not missed')
  t.same(missingDevices(names, []), names)
})
