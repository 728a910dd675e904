// Who is believed about time and place, and what is refused while nobody is: every combination.
import t from 'tap'
import { judgeArrows, judgePointing } from '../../edge/rules/mount-limits.js'
import { judgePlace, placeSources } from '../../edge/rules/place-sources.js'
import { groundsFor, needs, timeServes } from '../../edge/rules/time-and-place.js'
import {
  type ClockFacts,
  judgeClock,
  type TimeQuality,
  timeSources,
  type Witness,
} from '../../edge/rules/time-quality.js'

const site = { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 }
const uncertainties = [undefined, 0, 1, 30, 31, 59, 60, 61, 240, 241, 1e9]

const qualities: TimeQuality[] = timeSources.flatMap(source =>
  [true, false].flatMap(synchronised =>
    uncertainties.map(uncertaintySeconds => ({ source, synchronised, uncertaintySeconds })),
  ),
)

t.test('time serves when somebody knows it, and how well; place must be known, too', async t => {
  const most = { pointing: 60, daylight: 240, photometry: 60, mount: 30 }
  for (const need of needs) {
    for (const time of qualities) {
      const { source, uncertaintySeconds: off } = time
      const good = source !== 'none' && off !== undefined && off <= most[need]
      t.equal(timeServes(need, time), good, JSON.stringify({ need, time }))
      const grounds = groundsFor(need, site, time)
      t.equal(grounds.ok, good)
      if (!grounds.ok) {
        t.equal(grounds.lacks, 'time')
        t.match(grounds.words, /^the time is not known well enough: /)
        t.not(grounds.fix, '')
      }
      t.match(groundsFor(need, undefined, time), { ok: false, lacks: 'place' })
    }
  }
})

t.test('nothing is pointed at on a guess, arrows neither', async t => {
  const zenith = { raHours: 3, decDeg: 46.5, equinox: 'j2000' as const }
  const atMs = Date.UTC(2026, 10, 20, 21)
  for (const time of qualities) {
    const limits = { site, time, minimumAltitudeDeg: -5, mask: [] }
    const ok = timeServes('pointing', time)
    t.equal(judgePointing(zenith, limits, atMs).ok, ok, JSON.stringify(time))
    t.equal(judgeArrows(zenith, { ra: 0, dec: 0.1 }, limits, atMs).ok, ok)
    t.equal(judgeArrows(zenith, { ra: 0, dec: 0.1 }, { ...limits, site: undefined }, atMs).ok, false)
  }
})

t.test('GPS and network before a phone, a phone before a battery, a battery before what was saved', async t => {
  const owns: TimeQuality[] = [
    { source: 'gps', synchronised: true, uncertaintySeconds: 0.1 },
    { source: 'ntp', synchronised: true, uncertaintySeconds: 0.02 },
    { source: 'rtc', synchronised: false },
    { source: 'last-saved', synchronised: false },
    { source: 'none', synchronised: false },
  ]
  const word = (offsetSeconds: number, ageSeconds = 0): Witness => ({
    offsetSeconds,
    uncertaintySeconds: 1,
    ageSeconds,
  })
  const phones = [undefined, word(0), word(0.4, 86_400)]
  const receivers = [undefined, word(0.5), word(-0.5, 100), word(300), word(0.5, 121), word(300, 1e6)]
  let cases = 0
  for (const own of owns)
    for (const phone of phones)
      for (const gps of receivers)
        for (const trueAgoSeconds of [undefined, 0, 86_400, -5]) {
          const facts: ClockFacts = { own, phone, gps, trueAgoSeconds }
          const said = judgeClock(facts)
          const what = JSON.stringify(facts)
          cases++
          const fresh = gps && gps.ageSeconds <= 120 ? gps : undefined
          const differs = fresh !== undefined && Math.abs(fresh.offsetSeconds) > 3
          t.equal(said.gpsDiffersSeconds, differs ? 300 : undefined, what)
          if (own.synchronised) {
            t.match(said, own, `${what}: what keeps the clock is never overruled`)
          } else if (fresh) {
            t.equal(said.source, differs ? own.source : 'gps', what)
            t.equal(timeServes('pointing', said), !differs && said.source !== 'none', what)
          } else if (phone) {
            t.equal(said.source, 'phone', what)
            t.ok(timeServes('pointing', said), what)
          } else {
            t.equal(said.source, own.source, what)
            const carried = own.source === 'rtc' && trueAgoSeconds !== undefined && trueAgoSeconds >= 0
            t.equal(timeServes('pointing', said), carried, what)
          }
        }
  t.equal(cases, 360)
})

t.test('whoever was believed once is believed for as long as a quartz is good for', async t => {
  const own: TimeQuality = { source: 'last-saved', synchronised: false }
  const after = (days: number) => {
    const phone = { offsetSeconds: 0, uncertaintySeconds: 1, ageSeconds: days * 86_400 }
    return judgeClock({ own, phone })
  }
  t.equal(timeServes('pointing', after(13)), true)
  t.equal(timeServes('pointing', after(14)), false)
  const battery = (days: number) =>
    judgeClock({ own: { source: 'rtc', synchronised: false }, trueAgoSeconds: days * 86_400 })
  t.equal(timeServes('pointing', battery(13)), true)
  t.equal(timeServes('pointing', battery(14)), false)
  t.equal(timeServes('daylight', battery(50)), true)
})

t.test('places: the owner is not overruled, a GPS place follows the GPS', async t => {
  const here = { latitudeDeg: 46.5, longitudeDeg: 8 }
  const away = (km: number) => ({ latitudeDeg: 46.5 + km / 111.2, longitudeDeg: 8 })
  t.same(judgePlace(undefined, undefined), { gpsDisagrees: false })
  t.same(judgePlace(undefined, here), { gpsDisagrees: false, follow: here })
  const allowed = { typed: 2, town: 15, gps: 1, simulated: Number.POSITIVE_INFINITY }
  for (const source of placeSources) {
    const known = { ...here, source }
    t.match(judgePlace(known, undefined), { gpsDisagrees: false, follow: undefined })
    for (const km of [0, 0.5, 1.5, 3, 14, 16, 5000]) {
      const said = judgePlace(known, away(km))
      const far = km > allowed[source]
      t.equal(said.gpsDisagrees, far && source !== 'gps', `${source}, ${km} km`)
      t.equal(said.follow !== undefined, far && source === 'gps', `${source}, ${km} km`)
      t.ok(Math.abs((said.gpsAwayKm ?? -1) - km) < 0.01 * km + 0.01)
    }
  }
})
