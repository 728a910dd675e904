// The skies that benchmarks measure us on: their truth is where the light is, and as wide as it is.
import t from 'tap'
import { nightShots } from '../support/bench-sky.js'
import {
  flatOf,
  posedAt,
  renderShot,
  type SkyField,
  starsOf as skyStars,
  widthsOf,
} from '../support/bench-sky-frame.js'
import { starsOf } from '../support/star-room.js'

const field: SkyField = {
  ...{ width: 640, height: 480, seed: 5, stars: 60, hotPixels: 50 },
  ...{ faintestElectrons: 20_000, brightestElectrons: 200_000 },
}

t.test('stars are found where the truth has them, as wide as it says', async t => {
  const shot = { ...nightShots(4)[3], pose: { dx: 3.3, dy: -2.2, turnDeg: 10, scale: 0.97, mirrored: true } }
  const { stars } = starsOf(renderShot(field, shot, 3, flatOf(field)))
  const off: number[] = []
  for (const star of skyStars(field)) {
    const { x, y } = posedAt(field, shot.pose, star.x, star.y)
    const found = stars.find(one => Math.hypot(one.x - x, one.y - y) < 1)
    if (found) off.push(found.x - x)
  }
  t.ok(off.length > 40, `${off.length} of the stars`)
  t.ok(Math.abs(off.reduce((sum, one) => sum + one, 0) / off.length) < 0.01, 'no side is preferred')
  const widths = stars.map(star => star.fwhmPx).sort((a, b) => a - b)
  t.ok(
    Math.abs(widths[widths.length >> 1] / widthsOf(shot.fwhmPx).fwhmPx - 1) < 0.05,
    `${widths[widths.length >> 1]} px`,
  )
})

t.test('pixels make narrow stars wider, and leave wide ones as they are', async t => {
  const narrow = widthsOf(2)
  // A pixel adds a twelfth of a square pixel to the variance of a star.
  t.ok(narrow.fwhmPx > 2.08 && narrow.fwhmPx < 2.2, `${narrow.fwhmPx} px`)
  const wide = widthsOf(8)
  t.ok(Math.abs(wide.fwhmPx / 8 - 1) < 0.01, `${wide.fwhmPx} px`)
  // Half the light of a Moffat profile with exponent 3 lies within 0.6436 of its scale, which is 0.981 of its width.
  t.ok(Math.abs(wide.hfdPx / (8 * 2 * 0.6436 * 0.981) - 1) < 0.01, `${wide.hfdPx} px`)
})

t.test('the same order gives the same frame', async t => {
  const [shot] = nightShots(1)
  const flat = flatOf(field)
  const bytes = (index: number) => Buffer.from(renderShot(field, shot, index, flat).samples.buffer)
  t.ok(bytes(0).equals(bytes(0)))
  t.notOk(bytes(1).equals(bytes(0)), 'another frame is another')
})
