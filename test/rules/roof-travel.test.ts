// When a roof of relays may go on: every combination of what its contacts can say, for every way it can be on.
import t from 'tap'
import {
  judgeRoofStart,
  judgeRoofWay,
  type RoofContacts,
  type RoofWay,
  roofStands,
} from '../../edge/rules/roof-travel.js'

const says = [true, false, undefined]
const contacts: RoofContacts[] = says.flatMap(open =>
  says.flatMap(closed => says.map(parked => ({ open, closed, parked }))),
)
const patience = { leaveMs: 5_000, travelMs: 60_000 }
const ways: RoofWay[] = (['open', 'closed'] as const).flatMap(to =>
  (['open', 'closed', 'between'] as const)
    .filter(from => from !== to)
    .flatMap(from => [true, false].flatMap(left => [true, false].map(eitherEnd => ({ to, from, left, eitherEnd })))),
)
const times = [0, 4_999, 5_000, 59_999, 60_000, 1e9]

t.test('where it stands is what exactly one switch says, or that none does', async t => {
  t.equal(contacts.length, 27)
  for (const one of contacts) {
    const { open, closed } = one
    const known = open !== undefined && closed !== undefined
    const wanted = !known ? 'unknown' : open && closed ? 'contradiction' : open ? 'open' : closed ? 'closed' : 'between'
    if (roofStands(one) !== wanted) t.fail(JSON.stringify(one))
  }
})

t.test(
  'it sets off and goes on only where both switches are known, do not contradict, and the mount is parked',
  async t => {
    const sound = ({ open, closed, parked }: RoofContacts) =>
      open !== undefined && closed !== undefined && !(open && closed) && parked === true
    t.equal(contacts.filter(sound).length, 3)
    for (const one of contacts) {
      if ((judgeRoofStart(one).kind === 'goes') !== sound(one)) t.fail(`start: ${JSON.stringify(one)}`)
      for (const way of ways) {
        for (const passedMs of times) {
          const { kind } = judgeRoofWay(way, one, passedMs, patience)
          if (!sound(one) && kind !== 'stop') t.fail(`${JSON.stringify([one, way, passedMs])}: ${kind}`)
        }
      }
    }
  },
)

t.test('with sound contacts: there, on its way, or too late, at the wrong end, never gone', async t => {
  for (const way of ways) {
    for (const passedMs of times) {
      for (const stands of ['open', 'closed', 'between'] as const) {
        const one = { open: stands === 'open', closed: stands === 'closed', parked: true }
        const { kind } = judgeRoofWay(way, one, passedMs, patience)
        const late = passedMs >= 60_000
        const wanted =
          stands === way.to || (stands !== 'between' && way.eitherEnd)
            ? 'arrived'
            : stands === 'between'
              ? late
                ? 'stop'
                : 'goes'
              : way.left || way.from !== stands || passedMs >= 5_000
                ? 'stop'
                : 'goes'
        if (kind !== wanted) t.fail(`${JSON.stringify([way, one, passedMs])}: ${kind}, not ${wanted}`)
      }
    }
  }
  const verdict = judgeRoofWay(
    { ...ways[0], to: 'open', from: 'closed', left: false, eitherEnd: false },
    { open: false, closed: true, parked: true },
    5_000,
    patience,
  )
  t.match(verdict, { kind: 'stop', words: /did not leave its closed end within 5 s/ })
})
