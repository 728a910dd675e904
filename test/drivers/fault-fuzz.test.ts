// Disconnect, garbage, silence and slowness at every place of every protocol of ours.
import t from 'tap'
import { casesOf, flooded, fuzzAtOnce, soundPoints, stopAtOnce } from '../support/fault-fuzz.js'
import { fuzzRows, sqmRow } from '../support/fuzz-rows.js'

// A clock's timers keep no process alive.
const awake = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(awake))

const usualAtOnce = 150
const shown = 8

for (const row of fuzzRows) {
  t.test(row.name, { skip: row.skip ?? false, timeout: 600_000 }, async t => {
    const points = await soundPoints(row)
    const cases = casesOf(row, points)
    const atOnce = row.atOnce ?? usualAtOnce
    const wrong: string[] = []
    for (let from = 0; from < cases.length; from += atOnce) {
      wrong.push(...(await fuzzAtOnce(row, cases.slice(from, from + atOnce), sqmRow)))
    }
    t.same(wrong.slice(0, shown), [], `${cases.length} faults at ${points} places: ${wrong.length} wrong`)
    const silences = cases.filter(({ kind }) => kind === 'silence').map(({ point }) => point)
    const calledOff: string[] = []
    for (let from = 0; from < silences.length; from += atOnce) {
      calledOff.push(...(await stopAtOnce(row, silences.slice(from, from + atOnce))))
    }
    t.same(calledOff.slice(0, shown), [], `called off at ${silences.length} places: ${calledOff.length} wrong`)
    t.same(await flooded(row), [], 'garbage without end is not kept')
  })
}
