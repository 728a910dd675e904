// Roof and mount never meet: every combination of what may be known of them, and the one that lets something move.
import t from 'tap'
import { judgeRoof, judgeUnderRoof, type MountEvidence, roofMustStop } from '../../edge/rules/roof-mount.js'

const either = [true, false]
const ages = [0, 5_000, 5_001, 60_000, -1, Number.NaN, Number.POSITIVE_INFINITY]

const mounts: MountEvidence[] = either.flatMap(there =>
  either.flatMap(parked =>
    either.flatMap(slewing =>
      either.flatMap(tracking => ages.map(ageMs => ({ name: 'mount', there, parked, slewing, tracking, ageMs }))),
    ),
  ),
)
const still = ({ there, parked, slewing, tracking, ageMs }: MountEvidence) =>
  there && parked && !slewing && !tracking && (ageMs === 0 || ageMs === 5_000)

t.test('a roof moves over a mount that is sensed parked, now, and in no other case', async t => {
  t.equal(mounts.length, 112)
  for (const mount of mounts) {
    const verdict = judgeRoof([mount])
    if (verdict.ok !== still(mount)) t.fail(`${JSON.stringify(mount)}: ${JSON.stringify(verdict)}`)
    if (!verdict.ok && !verdict.words.includes('mount')) t.fail(`says nothing of the mount: ${verdict.words}`)
  }
  t.equal(mounts.filter(mount => judgeRoof([mount]).ok).length, 2)
})

t.test('of several mounts one that is not is enough', async t => {
  const good = mounts.find(still)!
  for (const other of mounts) {
    const verdicts = [judgeRoof([good, other]).ok, judgeRoof([other, good]).ok]
    if (verdicts.some(ok => ok !== still(other))) t.fail(JSON.stringify(other))
  }
  t.equal(judgeRoof([good, good]).ok, true)
  t.equal(judgeRoof([]).ok, false, 'and where there is none, none is sensed')
})

t.test('a moving roof is stopped by every sign that the mount is not at rest', async t => {
  for (const mount of mounts) {
    const rests = mount.there && mount.parked && !mount.slewing && !mount.tracking
    if (roofMustStop(mount) === rests) t.fail(JSON.stringify(mount))
  }
  t.ok(roofMustStop({ ...mounts[0], parked: false }))
})

t.test('a mount leaves its park only under roofs that are all open, stand still, and say so', async t => {
  const roofs = either.flatMap(there =>
    either.flatMap(open => either.map(moving => ({ name: 'roof', there, open, moving }))),
  )
  for (const one of roofs) {
    for (const other of roofs) {
      const fine = [one, other].every(({ there, open, moving }) => there && open && !moving)
      t.equal(judgeUnderRoof([one, other]).ok, fine, JSON.stringify([one, other]))
    }
  }
  t.equal(judgeUnderRoof([]).ok, true, 'without a roof there is nothing above it')
})
