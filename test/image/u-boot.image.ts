// Which slot U-Boot itself starts, by what stands in slots.env: its shell is not quite one, and another runs its script
// in test/boot-script.test.ts. What comes after it is not waited for.
import t from 'tap'
import { bootImage } from '../support/image-machine.js'

const nextMs = 60_000
const env = (order: string, a: number | string, b: number | string) =>
  `BOOT_ORDER=${order}\nBOOT_A_LEFT=${a}\nBOOT_B_LEFT=${b}\n`

/** What it says of the slots, on a card whose slot B is empty, until a kernel is started. */
const rows: readonly { what: string; slots: string; says: readonly string[] }[] = [
  { what: 'the first of the order', slots: env('A B', 2, 3), says: ['slot A, 2 tries were left'] },
  {
    what: 'the other, where the first cannot be started',
    slots: env('B A', 3, 2),
    says: ['slot B, 2 tries were left', 'slot B cannot be started', 'slot A, 3 tries were left'],
  },
  {
    what: 'the other, where the first has no tries left',
    slots: env('B A', 3, 0),
    says: ['slot A, 3 tries were left'],
  },
  { what: 'one alone', slots: env('A', 1, 3), says: ['slot A, 1 tries were left'] },
  {
    what: 'everything again, where nothing is left',
    slots: env('A B', 0, 0),
    says: ['slot A, 3 tries were left'],
  },
  { what: 'what there is, where nothing is known', slots: 'ÿÿÿ\0\n', says: ['slot A, 3 tries were left'] },
  { what: 'what there is, where half is known', slots: env('B A', 2, 'x'), says: ['slot A, 2 tries were left'] },
]

for (const { what, slots, says } of rows) {
  t.test(what, async t => {
    const machine = await bootImage(t, { bootFiles: { 'slots.env': slots } })
    for (const endMs = performance.now() + nextMs; !/Starting kernel/.test(machine.console()); ) {
      if (performance.now() > endMs) break
      await new Promise(settle => setTimeout(settle, 200))
    }
    const said = [...machine.console().matchAll(/Pierside: (slot .*?)\r?\n/g)].map(([, words]) => words)
    t.same(said, says)
  })
}
