// The sky against astropy 5.2.1: numbers pasted from sky-reference.py beside this file (Python 3.11.2, numpy 1.24.2).
import t from 'tap'
import { allowed, checkMask, type HorizonMask, minAltitude } from '../../edge/science/horizon.js'
import { nightStartMs } from '../../edge/science/night-date.js'
import {
  airmass,
  altAz,
  constellationOf,
  formatDec,
  formatRa,
  hourAngle,
  inEquinox,
  moonIllumination,
  nightDate,
  parseDec,
  parseRa,
  pierSideOf,
  precess,
  raDecOf,
  type Site,
  separationDeg,
  siderealHours,
  sunAltitude,
  wandererAltAz,
  wandererPlace,
} from '../../edge/science/sky.js'

const sites: Record<string, Site> = {
  Bavaria: { latitudeDeg: 48.137, longitudeDeg: 11.575, elevationMetres: 520 },
  Chile: { latitudeDeg: -30.2407, longitudeDeg: -70.7366, elevationMetres: 2200 },
  Tromso: { latitudeDeg: 69.65, longitudeDeg: 18.96, elevationMetres: 60 },
}
const targets: Record<string, [raDeg: number, decDeg: number]> = {
  M42: [83.8221, -5.3911],
  Polaris: [37.9545, 89.2641],
  M13: [250.4235, 36.4613],
  LMC: [80.8958, -69.7561],
  Spica: [201.2983, -11.1613],
}
const place = (name: string) => ({ raHours: targets[name][0] / 15, decDeg: targets[name][1] })
const arcsec = (deg: number) => deg * 3600
const horizonGap = (a: { altDeg: number; azDeg: number }, altDeg: number, azDeg: number) =>
  arcsec(separationDeg({ raHours: a.azDeg / 15, decDeg: a.altDeg }, { raHours: azDeg / 15, decDeg: altDeg }))

// Target, Unix ms, apparent right ascension and declination (TETE), degrees.
const apparent: [string, number, number, number][] = [
  ['M42', 1517688900000, 84.045544, -5.384343],
  ['Polaris', 1517688900000, 43.641506, 89.343886],
  ['M13', 1517688900000, 250.579537, 36.425587],
  ['LMC', 1517688900000, 80.867818, -69.746688],
  ['Spica', 1517688900000, 201.536861, -11.253857],
  ['M42', 1600314030000, 84.072622, -5.37597],
  ['Polaris', 1600314030000, 44.660156, 89.346],
  ['M13', 1600314030000, 250.604065, 36.427837],
  ['LMC', 1600314030000, 80.854686, -69.732027],
  ['Spica', 1600314030000, 201.562727, -11.265291],
  ['M42', 1654127999000, 84.088747, -5.37753],
  ['Polaris', 1654127999000, 44.495375, 89.355007],
  ['M13', 1654127999000, 250.628636, 36.418361],
  ['LMC', 1654127999000, 80.834402, -69.736147],
  ['Spica', 1654127999000, 201.594217, -11.278104],
]
// Target, site, Unix ms, altitude, azimuth, degrees, no refraction.
const horizon: [string, string, number, number, number][] = [
  ['M42', 'Bavaria', 1517688900000, 36.28146, 186.46976],
  ['Polaris', 'Bavaria', 1517688900000, 48.59356, 359.29073],
  ['M13', 'Bavaria', 1517688900000, -3.80779, 14.98435],
  ['LMC', 'Bavaria', 1517688900000, -28.04492, 183.28941],
  ['Spica', 'Bavaria', 1517688900000, -23.15642, 80.83702],
  ['M42', 'Chile', 1517688900000, 13.86387, 88.16604],
  ['Polaris', 'Chile', 1517688900000, -29.71361, 0.45124],
  ['M13', 'Chile', 1517688900000, -37.4457, 294.78778],
  ['LMC', 'Chile', 1517688900000, 33.7405, 156.42411],
  ['Spica', 'Chile', 1517688900000, -46.20147, 200.88112],
  ['M42', 'Tromso', 1517688900000, 14.47018, 192.98176],
  ['Polaris', 'Tromso', 1517688900000, 70.03803, 358.46437],
  ['M13', 'Tromso', 1517688900000, 17.7827, 21.81187],
  ['LMC', 'Tromso', 1517688900000, -49.79862, 188.39515],
  ['Spica', 'Tromso', 1517688900000, -15.69466, 79.94153],
  ['M42', 'Bavaria', 1600314030000, 33.44847, 154.8851],
  ['Polaris', 'Bavaria', 1600314030000, 48.75654, 359.68392],
  ['M13', 'Bavaria', 1600314030000, -5.18, 354.05302],
  ['LMC', 'Bavaria', 1600314030000, -28.5742, 173.14266],
  ['Spica', 'Bavaria', 1600314030000, -39.37244, 57.51358],
  ['M42', 'Chile', 1600314030000, -8.53803, 101.37235],
  ['Polaris', 'Chile', 1600314030000, -29.94945, 0.67698],
  ['M13', 'Chile', 1600314030000, -17.63479, 302.40654],
  ['LMC', 'Chile', 1600314030000, 24.88758, 157.90436],
  ['Spica', 'Chile', 1600314030000, -32.99435, 229.60131],
  ['M42', 'Tromso', 1600314030000, 14.41143, 166.16503],
  ['Polaris', 'Tromso', 1600314030000, 70.23604, 359.1531],
  ['M13', 'Tromso', 1600314030000, 16.07786, 0.01415],
  ['LMC', 'Tromso', 1600314030000, -49.551, 174.55634],
  ['Spica', 'Tromso', 1600314030000, -23.99439, 54.18364],
  ['M42', 'Bavaria', 1654127999000, -47.20382, 356.96088],
  ['Polaris', 'Bavaria', 1654127999000, 47.62396, 0.58271],
  ['M13', 'Bavaria', 1654127999000, 75.60077, 219.70773],
  ['LMC', 'Bavaria', 1654127999000, -68.39323, 178.88878],
  ['Spica', 'Bavaria', 1654127999000, 10.21871, 240.06921],
  ['M42', 'Chile', 1654127999000, -2.11796, 262.52384],
  ['Polaris', 'Chile', 1654127999000, -30.69723, 359.47162],
  ['M13', 'Chile', 1654127999000, -4.11731, 49.68391],
  ['LMC', 'Chile', 1654127999000, 25.23474, 202.22862],
  ['Spica', 'Chile', 1654127999000, 62.20773, 51.64453],
  ['M42', 'Tromso', 1654127999000, -25.633, 5.86735],
  ['Polaris', 'Tromso', 1654127999000, 69.18839, 1.2813],
  ['M13', 'Tromso', 1654127999000, 55.2429, 207.01505],
  ['LMC', 'Tromso', 1654127999000, -87.02824, 95.67414],
  ['Spica', 'Tromso', 1654127999000, -3.1266, 245.42037],
]
// Site, Unix ms, apparent local sidereal hours, altitude of the Sun, altitude and azimuth of the Moon.
const bodies: [string, number, number, number, number, number][] = [
  ['Bavaria', 1517688900000, 5.952019, -39.57236, 0.89336, 86.46871],
  ['Chile', 1517688900000, 0.464579, 42.80422, -63.27683, 166.10737],
  ['Tromso', 1517688900000, 6.444352, -31.11441, 4.62722, 94.32735],
  ['Bavaria', 1600314030000, 4.215733, -12.8034, -7.69331, 69.45442],
  ['Chile', 1600314030000, 22.728293, -58.79804, -65.73488, 210.16967],
  ['Tromso', 1600314030000, 4.708067, -3.02891, 2.54236, 75.35794],
  ['Bavaria', 1654127999000, 17.467688, -18.87757, -14.07003, 343.54213],
  ['Chile', 1654127999000, 11.980248, -27.42813, -6.05724, 298.28326],
  ['Tromso', 1654127999000, 17.960021, 2.85997, 6.00405, 350.45742],
]

t.test('apparent places of the date agree with astropy to 1″, poles and all', async t => {
  for (const [name, atMs, raDeg, decDeg] of apparent) {
    const seen = precess(place(name), 'j2000', 'jnow', atMs)
    const gap = arcsec(separationDeg(seen, { raHours: raDeg / 15, decDeg }))
    t.ok(gap < 1, `${name} at ${atMs}: ${gap.toFixed(3)}″`)
  }
})

t.test('going to JNow and back ends where it began', async t => {
  const atMs = Date.UTC(2027, 2, 1)
  for (const name of Object.keys(targets)) {
    const there = precess(place(name), 'j2000', 'jnow', atMs)
    const back = precess(there, 'jnow', 'j2000', atMs)
    t.ok(arcsec(separationDeg(back, place(name))) < 1e-6, name)
    t.ok(arcsec(separationDeg(there, place(name))) > 60, `${name} really moved`)
  }
  const pointing = { ...place('M42'), equinox: 'j2000' as const }
  t.match(inEquinox(pointing, 'j2000', atMs), pointing, 'nothing to convert, nothing changed')
  t.equal(inEquinox(pointing, 'jnow', atMs).equinox, 'jnow')
})

t.test('altitude and azimuth agree with astropy to 10″ on both hemispheres', async t => {
  for (const [name, site, atMs, altDeg, azDeg] of horizon) {
    const gap = horizonGap(altAz({ ...place(name), equinox: 'j2000' }, sites[site], atMs), altDeg, azDeg)
    t.ok(gap < 10, `${name} over ${site}: ${gap.toFixed(2)}″`)
  }
})

t.test('an altitude and azimuth turn back into the star that stands there', async t => {
  for (const [name, site, atMs] of horizon) {
    for (const air of ['none', 'standard'] as const) {
      const seen = altAz({ ...place(name), equinox: 'j2000' }, sites[site], atMs, air)
      if (seen.altDeg < 1 && air === 'standard') continue
      const gap = arcsec(separationDeg(raDecOf(seen, sites[site], atMs, air), place(name)))
      t.ok(gap < 0.01, `${name} over ${site}, air ${air}: ${gap}″`)
    }
  }
  t.throws(() => raDecOf({ altDeg: 91, azDeg: 0 }, sites.Chile, 0), /altitude 91/)
})

t.test('the air lifts a star by half a degree at the horizon and by nothing at the zenith', async t => {
  const site = sites.Bavaria
  const atMs = Date.UTC(2026, 0, 1)
  for (const [altDeg, leastDeg, mostDeg] of [
    [0, 0.45, 0.6],
    [45, 0.015, 0.018],
    [90, -1e-4, 1e-4],
  ]) {
    const star = raDecOf({ altDeg, azDeg: 120 }, site, atMs)
    const lift = altAz(star, site, atMs, 'standard').altDeg - altAz(star, site, atMs).altDeg
    t.ok(lift >= leastDeg && lift <= mostDeg, `${altDeg}°: ${lift}`)
  }
})

t.test('sidereal time, the Sun and the Moon agree with astropy', async t => {
  for (const [site, atMs, sidereal, sunAltDeg, moonAltDeg, moonAzDeg] of bodies) {
    t.ok(Math.abs(siderealHours(sites[site], atMs) - sidereal) * 3600 < 0.5, `${site}: sidereal time to half a second`)
    t.ok(arcsec(Math.abs(sunAltitude(sites[site], atMs) - sunAltDeg)) < 60, `${site}: Sun`)
    const moon = wandererAltAz('moon', sites[site], atMs)
    t.ok(horizonGap(moon, moonAltDeg, moonAzDeg) < 60, `${site}: Moon, ${horizonGap(moon, moonAltDeg, moonAzDeg)}″`)
    const sent = altAz(wandererPlace('moon', atMs, sites[site]), sites[site], atMs)
    t.ok(
      horizonGap(sent, moonAltDeg, moonAzDeg) < 60,
      `${site}: its J2000 place, followed like a star, leads to the Moon`,
    )
  }
  t.ok(Math.abs(moonIllumination(1517688900000).fraction - 0.8585) < 0.003)
  t.ok(moonIllumination(1517688900000).phaseDeg > 180, 'three days after full it wanes')
})

t.test('seen from the centre of the Earth the Moon stands elsewhere, a planet does not', async t => {
  const atMs = Date.UTC(2026, 5, 1, 3)
  const gapDeg = (body: 'moon' | 'jupiter') =>
    separationDeg(wandererPlace(body, atMs), wandererPlace(body, atMs, sites.Bavaria))
  t.ok(gapDeg('moon') > 0.2 && gapDeg('moon') < 1.1, `${gapDeg('moon')}°`)
  t.ok(arcsec(gapDeg('jupiter')) < 3)
})

t.test('at upper culmination the hour angle is nought; before it the tube hangs west', async t => {
  const site = sites.Chile
  const atMs = Date.UTC(2026, 6, 1, 4)
  const raHours = siderealHours(site, atMs)
  const at = (hours: number) =>
    hourAngle({ raHours: (raHours + hours + 24) % 24, decDeg: -30, equinox: 'jnow' }, site, atMs)
  t.ok(Math.abs(at(0)) < 1e-9)
  t.ok(Math.abs(at(2) + 2) < 1e-9, 'two hours of right ascension further east: two hours before the meridian')
  t.ok(Math.abs(at(-5) - 5) < 1e-9)
  t.equal(pierSideOf(at(2)), 'west')
  t.equal(pierSideOf(at(-5)), 'east')
})

t.test('the airmass is 1 overhead, 2 at 30°, 38 at the horizon and without end below', async t => {
  t.ok(Math.abs(airmass(90) - 1) < 1e-4)
  t.ok(Math.abs(airmass(30) - 1.994) < 0.002)
  t.ok(Math.abs(airmass(10) - 5.6) < 0.05)
  t.ok(airmass(0) > 38 && airmass(0) < 40)
  t.equal(airmass(-1), Infinity)
})

t.test('angles are right for stars side by side and at opposite ends of the sky', async t => {
  t.ok(Math.abs(arcsec(separationDeg({ raHours: 1, decDeg: 0 }, { raHours: 1, decDeg: 1 / 3.6e6 })) - 0.001) < 1e-9)
  t.ok(Math.abs(separationDeg({ raHours: 0, decDeg: 40 }, { raHours: 12, decDeg: -40 }) - 180) < 1e-9)
  t.ok(Math.abs(separationDeg({ raHours: 0, decDeg: 89 }, { raHours: 12, decDeg: 89 }) - 2) < 1e-9, 'across the pole')
})

t.test('the constellation comes from the place', async t => {
  t.equal(constellationOf(place('M42')), 'Ori')
  t.equal(constellationOf(place('Polaris')), 'UMi')
})

t.test('angles are written as FITS wants them, and never with 60 seconds', async t => {
  t.equal(formatRa(83.8221 / 15), '05 35 17.3')
  t.equal(formatRa(5 + 59 / 60 + 59.96 / 3600), '06 00 00.0')
  t.equal(formatRa(23.9999999), '00 00 00.0', 'a full turn is nought')
  t.equal(formatRa(-1, ':', 0), '23:00:00')
  t.equal(formatDec(-5.3911), '-05 23 28')
  t.equal(formatDec(-0.5, ':', 1), '-00:30:00.0')
  t.equal(formatDec(9.99999), '+10 00 00')
  t.equal(formatDec(-0.00001), '+00 00 00', 'nought has no minus')
})

t.test('angles are read as people write them', async t => {
  for (const [text, hours] of [
    ['05 35 17.3', 5.588139],
    ['5h35m', 5.583333],
    ['5h 35m 17.3s', 5.588139],
    ['5:35:17', 5.588056],
    ['05h35.3m', 5.588333],
    ['5.588', 5.588],
    ['5,588', 5.588],
    ['5h', 5],
    ['83.8221°', 5.58814],
    ['0', 0],
  ] as [string, number][])
    t.ok(Math.abs(parseRa(text) - hours) < 2e-6, `${text} → ${parseRa(text)}`)
  for (const [text, deg] of [
    ['-05 23 28', -5.391111],
    ['−5°23′28″', -5.391111],
    ['+41d16m', 41.266667],
    ['41 16 9', 41.269167],
    ['-0 30', -0.5],
    ['-00:00:30', -0.008333],
    ['+90', 90],
    [' -5.39 ', -5.39],
    ['.5', 0.5],
  ] as [string, number][])
    t.ok(Math.abs(parseDec(text) - deg) < 1e-6, `${text} → ${parseDec(text)}`)
})

t.test('what is not an angle is named in the refusal', async t => {
  for (const text of ['', 'five', '24', '-1', '5 60 0', '5 35 60', '5.5 30', '5 35.5 10', '5h35m17s9', '360°', '1e2'])
    t.throws(() => parseRa(text), { name: 'ScienceError', message: new RegExp(`right ascension "${text}"`) }, text)
  for (const text of ['91', '-90 0 1', '5h', '10 70', 'NaN', '1 2 3 4'])
    t.throws(() => parseDec(text), { name: 'ScienceError', message: new RegExp(`declination "${text}"`) }, text)
})

t.test('what is written is read back the same', async t => {
  for (let index = 0; index < 500; index++) {
    const raHours = (index * 0.61803399 * 24) % 24
    const decDeg = ((index * 0.754877) % 1) * 180 - 90
    t.ok(Math.abs(parseRa(formatRa(raHours, ':', 3)) - raHours) * 3600 < 6e-4)
    t.ok(Math.abs(parseDec(formatDec(decDeg, ' ', 2)) - decDeg) * 3600 < 6e-3)
  }
})

t.test('a night keeps its date until noon by the Sun, wherever the pier stands', async t => {
  const at = (text: string) => Date.parse(text)
  t.equal(nightDate(at('2026-03-20T21:00:00Z'), 0), '2026-03-20')
  t.equal(nightDate(at('2026-03-21T11:59:59Z'), 0), '2026-03-20', 'the morning after belongs to the night of the 20th')
  t.equal(nightDate(at('2026-03-21T12:00:00Z'), 0), '2026-03-21')
  t.equal(nightDate(at('2026-03-21T11:13:00Z'), 11.575), '2026-03-20', '46 minutes earlier in Bavaria')
  t.equal(nightDate(at('2026-03-21T11:14:00Z'), 11.575), '2026-03-21')
  t.equal(nightDate(at('2026-03-21T03:00:00Z'), -155.5), '2026-03-20', 'late afternoon on Mauna Kea')
  t.equal(nightDate(at('2026-03-20T10:00:00Z'), 174), '2026-03-20', 'evening in New Zealand')
  t.equal(nightDate(at('2026-03-20T22:00:00Z'), 174), '2026-03-20', 'and the morning after')
  t.equal(nightDate(at('2026-03-20T22:00:00Z'), -186), '2026-03-20', 'the same pier counted the other way round')
  t.equal(nightDate(at('2027-01-01T03:00:00Z'), 0), '2026-12-31')
  t.equal(nightStartMs(at('2026-03-21T03:00:00Z'), 0), at('2026-03-20T12:00:00Z'))
  t.throws(() => nightDate(0, Number.NaN), { name: 'ScienceError' })
})

t.test('what is no number is refused, not pointed at', async t => {
  const pointing = { raHours: Number.NaN, decDeg: 0, equinox: 'j2000' as const }
  t.throws(() => altAz(pointing, sites.Chile, 0), /right ascension is NaN/)
  t.throws(() => altAz({ ...pointing, raHours: 1, decDeg: 91 }, sites.Chile, 0), /declination 91/)
  t.throws(() => sunAltitude(sites.Chile, Number.NaN), /time is NaN/)
  t.throws(() => sunAltitude({ ...sites.Chile, latitudeDeg: 99 }, 0), /latitude 99/)
  t.throws(() => siderealHours({ ...sites.Chile, longitudeDeg: Number.NaN }, 0), /longitude NaN/)
})

const mask: HorizonMask = [
  [10, 350],
  [30, 10],
  [20, 90],
  [40, 90],
  [5, 180],
]

t.test('the skyline runs straight between its knots, across north as well', async t => {
  t.equal(minAltitude(mask, 350), 10)
  t.equal(minAltitude(mask, 0), 20, 'half way from 350° to 10°')
  t.equal(minAltitude(mask, 355), 15)
  t.equal(minAltitude(mask, 50), 25)
  t.ok(Math.abs(minAltitude(mask, 89.999) - 20) < 0.01, 'up to the wall from the west: its first side')
  t.ok(Math.abs(minAltitude(mask, 90.001) - 40) < 0.01, 'past the wall: its other side')
  t.equal(minAltitude(mask, 90), 40, 'at the wall the higher counts')
  t.equal(minAltitude(mask, 135), 22.5)
  t.equal(minAltitude(mask, -10), 10, 'azimuths beyond a turn are the same azimuths')
  t.equal(minAltitude([...mask].reverse(), 135), minAltitude([mask[3], mask[2], mask[4], mask[0], mask[1]], 135))
  t.equal(minAltitude([], 77), 0)
  t.equal(minAltitude([[25, 120]], 300), 25, 'one knot is a level skyline')
})

t.test('a knot off the sky is named', async t => {
  t.throws(
    () =>
      checkMask([
        [10, 0],
        [91, 20],
      ]),
    /horizon knot 2: altitude 91/,
  )
  t.throws(() => checkMask([[10, 360]]), /horizon knot 1: azimuth 360/)
  t.throws(() => minAltitude([[Number.NaN, 0]], 5), /knot 1/)
})

t.test('the tube may point at the sky and at nothing else', async t => {
  t.same(allowed({ altDeg: 30, azDeg: 0 }, mask, 15), { ok: true })
  t.match(allowed({ altDeg: 18, azDeg: 0 }, mask, 15), {
    ok: false,
    minSafeAltDeg: 20,
    words: /18\.0° high at azimuth 0°, behind the horizon mask, which is 20\.0°/,
  })
  t.match(allowed({ altDeg: 12, azDeg: 180 }, mask, 15), {
    ok: false,
    minSafeAltDeg: 15,
    words: /lowest altitude allowed, 15\.0°/,
  })
  t.match(allowed({ altDeg: -3, azDeg: 180 }, mask, 15), { ok: false, words: /below the horizon/ })
  t.match(allowed({ altDeg: Number.NaN, azDeg: 180 }, mask, 15), { ok: false, minSafeAltDeg: 90 })
  t.match(allowed({ altDeg: 50, azDeg: 180 }, mask, Number.NaN), { ok: false })
})
