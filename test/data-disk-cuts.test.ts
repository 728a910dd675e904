// The plug is pulled while the data moves to a disk, to another, and back to the card: whichever program of the scripts
// it meets, all of the data is in one place, and the box takes it from there.
import t from 'tap'
import { bound, diskBox, moved, noNamespaces, sights, toCard, toDisk } from './support/disk-box.js'

t.test(
  'the plug is pulled at every step of a move: all of the data is in one place, which the box takes',
  { skip: noNamespaces, timeout: 230_000 },
  async t => {
    for (const way of ['to a disk', 'to the card', 'to another disk'] as const) {
      const start = way === 'to a disk' ? diskBox(t) : moved(t)
      const { seen } = sights(start)
      start.plugIn('sdb')
      start.plugIn('sdc')
      const script = { 'to a disk': toDisk('sdb'), 'to the card': toCard, 'to another disk': toDisk('sdc') }[way]
      // What a disk is made ready by, the first way has shown.
      const first = way === 'to another disk' ? 52 : 1
      let cuts = 0
      let decided = 0
      for (let dies = first; ; dies += decided > 0 ? 1 : 3) {
        const box = start.copy()
        const taken = () => (box.has(bound) ? box.read(bound).slice(0, 41) : '')
        const before = taken()
        const { cut, status, text } = box.run(script, dies)
        if (!cut) {
          t.equal(status, 0, text)
          break
        }
        cuts++
        if (taken() !== before) decided++
        for (const start of decided > 0 ? ['next', 'second'] : ['next']) {
          const next = sights(box)
          if (next.trouble) t.fail(`cut ${cuts} ${way}: ${next.trouble}`)
          if (next.seen.join() !== seen.join()) t.same(next.seen, seen, `cut ${cuts} ${way}, the ${start} start`)
        }
        if (box.has('data/pierside.new')) t.fail('something half copied is left')
      }
      t.ok(cuts > 5 && decided > 3, `${way}: ${cuts} cuts, ${decided} of them after it was decided`)
    }
  },
)
