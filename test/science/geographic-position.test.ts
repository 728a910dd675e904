// Positions as people write them: every common way, and the property that whatever is written is read again.
import t, { type Test } from 'tap'
import { distanceKm, readPosition } from '../../edge/science/geographic-position.js'
import { ScienceError } from '../../edge/science/science-error.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const near = (t: Test, text: string, latitude: number, longitude: number, elevation?: number) => {
  const read = readPosition(text)
  t.ok(Math.abs(read.latitudeDeg - latitude) < 1e-5, `${text}: latitude ${read.latitudeDeg}`)
  t.ok(Math.abs(read.longitudeDeg - longitude) < 1e-5, `${text}: longitude ${read.longitudeDeg}`)
  t.equal(read.elevationMetres, elevation, `${text}: height`)
}
/** 48°51'24"N 2°21'03"E */
const paris = [48 + 51 / 60 + 24 / 3600, 2 + 21 / 60 + 3 / 3600] as const

t.test('one place in many hands', async t => {
  for (const text of [
    `48°51'24"N 2°21'03"E`,
    '48°51′24″N 2°21′03″E',
    `48°51'24"N 2 21 03 E`,
    `N48°51'24" E002°21'03"`,
    'N 48 51 24 E 2 21 3',
    '48 51 24 N, 2 21 03 E',
    '48 51 24 2 21 03',
    '48:51:24 2:21:03',
    '48:51:24, 2:21:03',
    '48:51:24N 002:21:03E',
    'N48 51.4 E2 21.05',
    "48°51.4' N 2°21.05' E",
    '48º 51,4’ N 2º 21,05’ E',
    '48d51m24s 2d21m03s',
    '48d51m24sN 2d21m03sE',
    `2°21'03"E 48°51'24"N`,
    'E 2 21 03 N 48 51 24',
    '48.8566666667, 2.3508333333',
    '48.8566666667 2.3508333333',
    '48.8566666667;2.3508333333',
    '48,8566666667 2,3508333333',
    '48,8566666667; 2,3508333333',
    '48,8566666667, 2,3508333333',
    '48.8566666667° N, 2.3508333333° E',
    '48.8566666667N 2.3508333333E',
    '+48.8566666667+002.3508333333/',
    'Lat: 48.8566666667 Lon: 2.3508333333',
    'Longitude: 2.3508333333, Latitude: 48.8566666667',
    `lat 48°51'24" lng 2°21'03"`,
    '48.8566666667 north 2.3508333333 east',
    'geo:48.8566666667,2.3508333333',
    'geo:48.8566666667,2.3508333333;u=35',
    'geo:0,0?q=48.8566666667,2.3508333333(Home)',
    'https://www.google.com/maps/@48.8566666667,2.3508333333,17z',
    'https://www.google.com/maps/place/X/@1.5,2.5,17z/data=!3m1!4b1!4m5!3m4!8m2!3d48.8566666667!4d2.3508333333',
    'https://maps.google.com/?q=48.8566666667,2.3508333333',
    'https://www.google.com/maps/search/?api=1&query=48.8566666667%2C2.3508333333',
    'https://maps.apple.com/?ll=48.8566666667,2.3508333333&q=Pier',
    'https://www.openstreetmap.org/?mlat=48.8566666667&mlon=2.3508333333#map=15/48.1/2.1',
    'https://www.openstreetmap.org/#map=17/48.8566666667/2.3508333333',
  ])
    near(t, text, ...paris)
})

t.test('south and west', async t => {
  const [latitude, longitude] = [-(33 + 27 / 60 + 30 / 3600), -(70 + 40 / 60)]
  for (const text of [
    `33°27'30"S 70°40'W`,
    '33 27 30 S 70 40 0 W',
    '33 27 30 s 70 40 w',
    '-33 27 30 -70 40 00',
    '-33:27:30 -70:40:00',
    '−33.4583333333, −70.6666666667',
    '-33.4583333333,-70.6666666667',
    'S33 27.5 W70 40',
  ])
    near(t, text, latitude, longitude)
  near(t, `0°30'S 0°15'W`, -0.5, -0.25)
  near(t, '-0 30 0 15', -0.5, 0.25)
  near(t, '48,2', 48, 2)
  near(t, 'geo:46.5,8,1200', 46.5, 8, 1200)
  near(t, 'geo:46.5,8.25,-3.5;crs=WGS84', 46.5, 8.25, -3.5)
})

t.test('what is no position says why', async t => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /is no position/],
    ['Zurich', /is no position/],
    ['48.85', /is no position/],
    ['48 51 24 N', /is no position/],
    ['91, 10', /latitude 91/],
    ['45, 181', /longitude 181/],
    ['48 61 N 2 21 E', /60 or more/],
    ['48.5 30 N 2 21 E', /fraction before/],
    ['48 N 2 N', /latitude twice/],
    ['-48 N 2 E', /minus and a letter/],
    ['48 N 2 O', /O is east in German/],
    ['1 2 3 4 5', /is no position/],
    ['48.1, 2.2, 3.3, 4.4', /is no position/],
    ['geo:48.1', /is no position/],
    ['geo:48.1,2.2;crs=nad27', /nad27/],
    ['geo:48.1,2.2,x', /is no position/],
    ['geo:48.1,2.2,12000', /height 12000 m is outside/],
    ['geo:48.1,2.2,-501', /height -501 m is outside/],
    ['https://maps.app.goo.gl/abcdef', /no coordinates/],
    ['https://example.org/%zz', /no coordinates/],
  ]
  for (const [text, why] of bad) {
    t.throws(() => readPosition(text), why, text)
    t.throws(() => readPosition(text), ScienceError)
  }
})

t.test('whatever is written is read again', async t => {
  const random = seededRandom(13)
  const sixtieths = (degrees: number, decimals: number) => {
    const seconds = Math.round(Math.abs(degrees) * 3600 * 10 ** decimals) / 10 ** decimals
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, (seconds % 60).toFixed(decimals)] as const
  }
  const letters = (latitude: number, longitude: number) =>
    [latitude < 0 ? 'S' : 'N', longitude < 0 ? 'W' : 'E'] as const
  const wrong: string[] = []
  for (let i = 0; i < 500; i++) {
    const latitude = Math.round((random.next() * 180 - 90) * 1e5) / 1e5
    const longitude = Math.round((random.next() * 360 - 180) * 1e5) / 1e5
    const [ns, ew] = letters(latitude, longitude)
    const [d, m, s] = sixtieths(latitude, 3)
    const [ld, lm, ls] = sixtieths(longitude, 3)
    const comma = (text: string) => text.replaceAll('.', ',')
    const written = [
      `${latitude}, ${longitude}`,
      `${latitude} ${longitude}`,
      `${comma(latitude.toFixed(5))} ${comma(longitude.toFixed(5))}`,
      `${Math.abs(latitude)}${ns} ${Math.abs(longitude)}${ew}`,
      `${d}°${m}'${s}"${ns} ${ld}°${lm}'${ls}"${ew}`,
      `${ns}${d} ${m} ${s} ${ew}${ld} ${lm} ${ls}`,
      `${ew} ${ld}:${lm}:${ls}, ${ns} ${d}:${m}:${s}`,
      `geo:${latitude.toFixed(5)},${longitude.toFixed(5)}`,
    ]
    for (const text of written) {
      const read = readPosition(text)
      if (Math.abs(read.latitudeDeg - latitude) > 2e-6 || Math.abs(read.longitudeDeg - longitude) > 2e-6)
        wrong.push(`${text} was read as ${read.latitudeDeg}, ${read.longitudeDeg}`)
    }
  }
  t.same(wrong, [])
})

t.test('noise never breaks it in another way', async t => {
  const random = seededRandom(14)
  const letters = `0123456789 .,;:°'"NSEWdms+-/?=geo:@#`
  const wrong: string[] = []
  for (let i = 0; i < 5000; i++) {
    const length = 1 + Math.floor(random.next() * 30)
    const text = Array.from({ length }, () => letters[Math.floor(random.next() * letters.length)]).join('')
    try {
      const { latitudeDeg, longitudeDeg } = readPosition(text)
      if (!(Math.abs(latitudeDeg) <= 90) || !(Math.abs(longitudeDeg) <= 180)) wrong.push(text)
    } catch (error) {
      if (!(error instanceof ScienceError)) wrong.push(`${text}: ${error}`)
    }
  }
  t.same(wrong, [])
})

t.test('how far apart', async t => {
  // Paris to London, 343.6 km by the mean radius.
  const km = distanceKm({ latitudeDeg: 48.8566, longitudeDeg: 2.3522 }, { latitudeDeg: 51.5074, longitudeDeg: -0.1278 })
  t.ok(Math.abs(km - 343.6) < 0.5, `${km} km`)
  t.equal(distanceKm({ latitudeDeg: 1, longitudeDeg: 2 }, { latitudeDeg: 1, longitudeDeg: 2 }), 0)
  const across = distanceKm({ latitudeDeg: 0, longitudeDeg: 179.9 }, { latitudeDeg: 0, longitudeDeg: -179.9 })
  t.ok(Math.abs(across - 22.24) < 0.01, `${across} km over the date line`)
})
