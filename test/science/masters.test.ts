// Frames into masters: the clipped mean against truth, levels of Bayer cells, odd pixels, and what headers say.
import t from 'tap'
import { masterCards, masterFacts } from '../../edge/science/master-cards.js'
import { cellLevels, clippedMean, normaliseRows } from '../../edge/science/masters.js'
import { oddInDark, oddInFlat } from '../../edge/science/odd-pixels.js'
import { seeded } from '../support/star-field.js'

const rms = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

t.test('the mean of many frames is as quiet as it can be, whatever struck some of them', async t => {
  const { gaussian: normal } = seeded(3)
  const { uniform } = seeded(4)
  const count = 20_000
  const level = Float32Array.from({ length: count }, (_, i) => 500 + (i % 97))
  for (const [n, strikes, limit] of [
    [20, 0.02, 1.06],
    [7, 0.02, 1.15],
    [3, 0, 1.06],
    [1, 0, 1.06],
  ]) {
    const frames = Array.from({ length: n }, () =>
      level.map(value => value + 6 * normal() + (uniform() < strikes ? 4000 * uniform() + 100 : 0)),
    )
    const out = new Float32Array(count)
    const { clipped, sigma } = clippedMean(frames, count, out)
    const error = rms(Array.from(out, (value, i) => value - level[i])) / (6 / Math.sqrt(n))
    t.ok(error < limit, `${n} frames: ${error.toFixed(3)} of σ/√N`)
    if (n > 1) t.ok(Math.abs(sigma / 6 - 1) < 0.25, `σ of one frame: ${sigma.toFixed(2)} for 6`)
    t.ok(clipped >= 0.9 * strikes * count * n, 'what struck is left out')
    t.ok(clipped <= (strikes + 0.02) * count * n, 'and little else')
  }
})

t.test('frames without any noise are their own mean', async t => {
  const frames = [5, 5, 5, 5].map(value => new Float32Array(10).fill(value))
  frames[2][4] = 900
  const out = new Float32Array(10)
  t.match(clippedMean(frames, 10, out), { clipped: 1, sigma: 0 })
  t.same([...out], new Array(10).fill(5))
})

t.test('a flat of colours is brought to one in each of them', async t => {
  const [width, height] = [90, 60]
  const light = [8000, 16_000, 15_000, 6000]
  const flat = Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    return light[((y & 1) << 1) | (x & 1)] * (1 - 0.2 * ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2)) + 300
  })
  const pedestal = new Float32Array(flat.length).fill(300)
  const bare = flat.map(value => value - 300)
  const levels = cellLevels(bare, width, height, true)
  levels.forEach((level, place) => {
    t.ok(Math.abs(level / light[place] - 0.967) < 0.02, `place ${place}: ${level.toFixed(0)}`)
  })
  normaliseRows(flat, width, 0, pedestal, levels)
  for (let place = 0; place < 4; place++) {
    const mine = flat.filter((_, i) => ((Math.floor(i / width) & 1) << 1) + (i & 1) === place).sort()
    t.ok(Math.abs(mine[mine.length >> 1] - 1) < 0.01)
  }
  t.same(cellLevels(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 2, false), [3.5, 3.5, 3.5, 3.5])
})

t.test('hot and cold pixels stand out of a dark, the glow of the amplifier does not', async t => {
  const [width, height] = [300, 200]
  const { gaussian: normal } = seeded(5)
  const dark = Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    return 500 + 400 * Math.exp(-((x - 299) ** 2 + y ** 2) / 8000) + normal()
  })
  const hot = [7, 555, 40_000, 40_001, 59_999]
  const cold = [9000, 31_234]
  for (const sample of hot) dark[sample] += 60
  for (const sample of cold) dark[sample] -= 80
  dark[777] = Number.NaN
  t.same(oddInDark(dark, width, height, 4), {
    hot: [...hot.slice(0, 2), 777, ...hot.slice(2)].sort((a, b) => a - b),
    cold,
  })
  t.same(oddInDark(dark, width, height, 20).hot, [777], 'a noisy camera does not see them')
  const rain = dark.map((value, i) => (i % 50 === 0 ? value + 1000 + i : value))
  t.ok(oddInDark(rain, width, height, 4).hot.length <= 0.005 * dark.length, 'never more than half a percent')
})

t.test('pixels that answer light wrongly stand out of a flat, vignetting and dust do not', async t => {
  const [width, height] = [200, 130]
  for (const bayer of [false, true]) {
    const flat = Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)]
      const dust = Math.hypot(x - 60, y - 60) < 12 ? 0.8 : 1
      const colour = bayer ? [1, 3, 2, 1.5][((y & 1) << 1) | (x & 1)] : 1
      return colour * dust * (1 - 0.4 * ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2))
    })
    const odd = [5, 1234, 25_999]
    flat[odd[0]] *= 0.3
    flat[odd[1]] *= 2
    flat[odd[2]] = Number.NaN
    t.same(oddInFlat(flat, width, height, bayer), odd, bayer ? 'Bayer' : 'mono')
  }
})

t.test('what a master says of itself is read again, and so is what other programs say', async t => {
  const first = [
    { keyword: 'EXPTIME', value: 30, real: true },
    { keyword: 'GAIN', value: 100 },
    { keyword: 'OBJECT', value: 'M 31' },
    { keyword: 'PS_CAM', value: 'main' },
    { keyword: 'FILTER', value: 'R' },
    { keyword: 'DATE-OBS', value: '2026-03-21T21:00:00.000' },
  ]
  const numbers = { levelAdu: 512.5, noiseAdu: 4.25, clippedShare: 0.0004, badPixels: 7, sensorCelsius: -9.96 }
  const cards = masterCards(first, { kind: 'dark', frames: ['a.fits', 'b.fits'], ...numbers }, [])
  t.notOk(
    cards.some(({ keyword }) => keyword === 'OBJECT' || keyword === 'FILTER'),
    'nothing lay before the sensor',
  )
  const layout = [
    { keyword: 'NAXIS1', value: 400 },
    { keyword: 'NAXIS2', value: 300 },
  ]
  t.match(masterFacts([...layout, ...cards]), {
    ...{ kind: 'dark', width: 400, height: 300, planes: 1, binning: 1, camera: 'main', exposureSeconds: 30 },
    ...{ gain: 100, frames: 2, sensorCelsius: -9.96, medianAdu: 512.5, noiseAdu: 4.25 },
    madeMs: Date.UTC(2026, 2, 21, 21),
  })
  for (const [said, kind] of [
    ['Master Flat', 'flat'],
    ['FLATDARK', 'flat'],
    ['ZERO', 'bias'],
    ['bad pixel map', 'bad'],
    ['DARK', 'dark'],
    ['Light Frame', undefined],
  ] as const) {
    t.equal(masterFacts([...layout, { keyword: 'IMAGETYP', value: said }]).kind, kind, said)
  }
})
