// Stations on simulated time: what they say is calibrated, averaged and judged, and what a broken one says is named.
import t from 'tap'
import { believeReading, forgettingMean, plausibleFields, type Remembered } from '../../edge/rules/believe-reading.js'
import { cloudOf, dewPoint, nakedEyeLimit } from '../../edge/science/weather-derived.js'
import { openNight, pierConfig } from '../support/night.js'
import { sysfs } from '../support/sensor-rigs.js'

const hourMs = 3_600_000
const kernel = (root: string, sensor: string, more: object = {}) => ({ driver: 'kernel-sensor', sensor, root, ...more })

interface Said {
  readonly failed?: Record<string, string>
  readonly trouble?: string
  readonly condition?: string
  readonly [field: string]: unknown
}

t.test('what follows from readings', async t => {
  // Sonntag's formula against the tables of the WMO guide no. 8, to a tenth.
  for (const [celsius, humidity, dew] of [
    [20, 50, 9.3],
    [0, 80, -3.0],
    [-10, 90, -11.3],
    [25, 100, 25],
  ] as const) {
    t.ok(Math.abs(dewPoint(celsius, humidity) - dew) < 0.1, `${celsius} °C at ${humidity} % dews at ${dew} °C`)
  }
  const scale = { clearKelvin: 23, overcastKelvin: 5 }
  t.equal(cloudOf(-15, 10, scale), 0)
  t.equal(cloudOf(8, 10, scale), 100)
  t.equal(cloudOf(-4, 10, scale), 50)
  t.ok(Math.abs(nakedEyeLimit(21.9) - 6.5) < 0.15 && nakedEyeLimit(18) < 4.5, 'a dark sky shows 6.5 mag')
})

t.test('a reading is believed, or it is said why not', async t => {
  const plausible = plausibleFields.humidityPercent
  /** Readings every ten minutes. */
  const judge = (values: readonly number[]) => {
    let before: Remembered | undefined
    return values.map((value, n) => {
      const { remembered, failed } = believeReading(before, value, n * 600_000, plausible)
      before = remembered
      return failed
    })
  }
  t.same(judge([55, 56, 57]), [undefined, undefined, undefined])
  t.match(judge([Number.NaN, 55]), [/no number/, undefined])
  t.match(judge([Number.POSITIVE_INFINITY]), [/no number/])
  t.match(judge([0, 250]), [/0 is outside/, /250 is outside 0.5 to 104/])
  const frozen = judge(Array(14).fill(55.125))
  t.same(frozen.slice(0, 12), Array(12).fill(undefined), 'for two hours it may stand still')
  t.match(frozen[12], /55.13 for 2 h without a change/)
  t.equal(judge([...Array(14).fill(55.125), 55.25]).at(-1), undefined, 'one digit, and it is believed again')
  const full = judge(Array.from({ length: 20 }, (_, n) => 99.5 + (n % 3) * 0.1))
  t.match(full[18], /at 99.5 or more for 3 h/, 'stuck at the top, though its digits move')
  t.equal(full[17], undefined)
  t.equal(
    believeReading({ value: 0, sinceMs: 0 }, 0, 9 * hourMs, plausibleFields.windMetresPerSecond).failed,
    undefined,
  )
  t.equal(forgettingMean(undefined, 7, 0, 60_000), 7)
  t.ok(Math.abs(forgettingMean(0, 1, 60_000, 60_000) - (1 - Math.exp(-1))) < 1e-12)
  t.equal(forgettingMean(3, 5, 10_000, 0), 5, 'without averaging the last one counts')
})

t.test('a station by the kernel: calibrated, derived, failed, well again', async t => {
  const tree = sysfs(t)
  const sht = 'devices/platform/soc/fe804000.i2c/i2c-1/1-0044/hwmon/hwmon3'
  const night = await openNight(
    t,
    pierConfig({
      devices: {
        weather: null,
        garden: kernel(tree.root, 'sht3x', { kind: 'weather', every_s: 60 }),
        sky: kernel(tree.root, 'mlx90614', { kind: 'weather' }),
        box: kernel(tree.root, '28-0316a2795b8d'),
      },
      more: {
        sensors: {
          garden: {
            fields: {
              ambientCelsius: { factor: 1.02, offset: -0.5, average_s: 300 },
              humidityPercent: { frozen_s: 1800, full_s: 1200 },
            },
          },
          box: { stale_s: 60, fields: { celsius: { max: 40 } } },
        },
      },
    }),
  )
  const at = (path: string) => night.state<Said>(path)
  await night.clock.advance(5_000)
  const first = at('weather/garden')
  t.equal(first.ambientCelsius, 8.765 * 1.02 - 0.5)
  t.ok(Math.abs(Number(first.dewPointCelsius) - dewPoint(8.4403, 91.2)) < 0.01, 'the dew point follows by itself')
  t.equal(at('weather/sky').cloudPercent, 0, '27 K colder than the air is a clear sky')
  t.equal(at('sensor/box').celsius, -1.187)
  t.equal(first.failed, undefined)

  // The temperature jumps by ten: the mean follows it over minutes.
  tree.put(`${sht}/temp1_input`, '18765\n')
  tree.put(`${sht}/humidity1_input`, '99900\n')
  await night.clock.advance(60_000)
  const soon = Number(at('weather/garden').ambientCelsius)
  t.ok(soon > 9 && soon < 11, `${soon} after one of five minutes`)

  await night.clock.advance(25 * 60_000)
  const stuck = at('weather/garden')
  t.match(stuck.failed, { humidityPercent: /at 99.5 or more for/ })
  t.match(stuck.trouble, /^Humidity: it has been at 99.5/)
  t.equal(stuck.humidityPercent, undefined, 'what is not believed is not said')
  t.equal(stuck.dewPointCelsius, undefined, 'and nothing follows from it')
  t.equal(typeof stuck.ambientCelsius, 'number', 'the rest of the station goes on')
  t.match(night.told('sensor-failed'), [{ device: 'garden', field: 'humidityPercent', reason: /99.5/ }], 'told once')
  tree.put(`${sht}/humidity1_input`, '70000\n')
  await night.clock.advance(60_000)
  t.equal(at('weather/garden').failed, undefined)
  t.match(night.told('sensor-well'), [{ device: 'garden', field: 'humidityPercent' }])

  tree.put('devices/w1_bus_master1/28-0316a2795b8d/temperature', '85000\n')
  await night.clock.advance(10_000)
  t.match(at('sensor/box').failed, { celsius: /lost power/ }, 'what the driver says is wrong is wrong')
  tree.put('devices/w1_bus_master1/28-0316a2795b8d/temperature', '41000\n')
  await night.clock.advance(10_000)
  t.match(at('sensor/box').failed, { celsius: /41 is outside/ }, "the owner's own range counts")

  tree.remove('bus/w1/devices/28-0316a2795b8d')
  await night.clock.advance(120_000)
  const gone = night.feed.get('sensor/box')!
  t.not(gone.value.condition, 'ready')
  t.match(gone.value.reason, /shows no sensor/)
  t.equal(gone.stale, true, 'old after its own minute, though its kind would wait for three')
  t.equal(night.feed.get('weather/garden')!.stale, false, 'its neighbours do not care')
})

t.test('a frozen sensor has failed, also when it never says anything absurd', async t => {
  const tree = sysfs(t)
  const night = await openNight(t, pierConfig({ devices: { garden: kernel(tree.root, 'sht3x', { every_s: 60 }) } }))
  await night.clock.advance(1.9 * hourMs)
  t.equal(night.state<Said>('sensor/garden').failed, undefined)
  await night.clock.advance(0.2 * hourMs)
  t.match(night.state<Said>('sensor/garden').failed, {
    celsius: /without a change/,
    humidityPercent: /without a change/,
  })
})

t.test('rain on a switch input', async t => {
  const rain = (raining_when: string) => ({ device: 'relays', channel: 'flat-panel', raining_when })
  const more = { rain_sensors: { gauge: rain('on'), inverse: rain('off'), wrong: { device: 'relays', channel: 'no' } } }
  const night = await openNight(t, pierConfig({ more }))
  t.equal(night.state<Said>('weather/gauge').raining, false)
  t.equal(night.state<Said>('weather/inverse').raining, true, 'a contact that opens when wet')
  t.match(night.state<Said>('weather/wrong').failed, { raining: /no channel "no"/ })
  await night.ask('power-set', { device: 'relays', channel: 'flat-panel', on: true })
  t.equal(night.state<Said>('weather/gauge').raining, true, 'it is heard at once')
  await night.clock.advance(10 * 60_000)
  t.equal(night.feed.get('weather/gauge')!.stale, false, 'an input that does not change is read again')
  const twice = pierConfig({ more: { rain_sensors: { relays: rain('on') } } })
  await t.rejects(openNight(t, twice), { code: 'bad-input', message: /relays/ }, 'a name is one thing')
})
