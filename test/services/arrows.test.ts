// The mount moved by hand: it stops at its limits, when the phone has gone, and when one axis does not obey.
import t from 'tap'
import { openNight, pierConfig } from '../support/night.js'

interface MountState {
  readonly altDeg: number
  readonly decDeg: number
  readonly raHours: number
}

/** Tracking, with the lowest altitude a little below. */
async function lookingWest(t: Parameters<typeof openNight>[0], altDeg: number) {
  const night = await openNight(t, pierConfig({ more: { mount: { minimum_altitude: 18 } } }))
  await night.ask('mount-unpark')
  await night.ask('mount-slew', { altDeg, azDeg: 270 })
  return { ...night, at: () => night.state<MountState>('mount/mount') }
}

t.test('an arrow in one axis, the other standing, ends at the horizon', async t => {
  const { ask, clock, at, lines } = await lookingWest(t, 20)
  await ask('mount-move', { raDegPerSecond: -2 })
  await clock.advance(4_900)
  t.ok(at().altDeg < 20 && at().altDeg > 16, `it stands at ${at().altDeg.toFixed(1)}°, not 10° further down`)
  t.ok(
    lines.some(({ message }) => /stopped at its limit/.test(message)),
    'and the log says why',
  )
  await t.rejects(ask('mount-move', { raDegPerSecond: -2 }), { code: 'limit' }, 'further down is refused')
})

t.test('an arrow that nobody holds any more ends by itself', async t => {
  const { ask, clock, at } = await lookingWest(t, 60)
  const { decDeg } = at()
  await ask('mount-move', { decDegPerSecond: 1 })
  await clock.advance(5_500)
  const stopped = at().decDeg
  t.ok(stopped - decDeg > 4 && stopped - decDeg < 6.5, `after five seconds: ${(stopped - decDeg).toFixed(1)}°`)
  await clock.advance(10_000)
  t.ok(Math.abs(at().decDeg - stopped) < 0.01, 'and it stays')
})

t.test('where one axis refuses, the other does not run on', async t => {
  const { ask, clock, at } = await lookingWest(t, 60)
  await t.rejects(ask('mount-move', { raDegPerSecond: 1, decDegPerSecond: 9 }), { code: 'bad-input' })
  await clock.advance(6_000)
  const { raHours } = at()
  await clock.advance(10_000)
  t.ok(Math.abs(at().raHours - raHours) < 0.001, 'it stands')
})
