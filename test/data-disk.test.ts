// The data on a disk of its own: moved there by the image's scripts, the disk missing, back, pulled out, a stranger's.
// What a plug that is pulled on the way leaves is in data-disk-cuts.test.ts.
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  bound,
  diskBytes as bytes,
  type DiskBox,
  diskBox,
  moved,
  noNamespaces,
  sights,
  toDisk,
} from './support/disk-box.js'

const disk = 'disks/sdb1'
const settings = ['access.json', 'pierside.yaml', 'setup.json']
const result = (box: DiskBox) => JSON.parse(box.read('data/system/data-disk/result.json'))
const names = (seen: readonly string[]) => seen.map(line => line.slice(10)).sort()

t.test(
  'the data moves to a disk, and the card keeps what a start without it needs',
  { skip: noNamespaces },
  async t => {
    const box = diskBox(t)
    const all = box.files('data/pierside')
    box.plugIn('sdb')
    t.equal(sights(box).on, 'card')
    const { status, text } = box.run(toDisk('sdb'))
    t.equal(status, 0, text)
    t.match(result(box), { ok: true, to: 'Acme SSD 9', files: Object.keys(all).length, kb: Number })
    t.same(box.files(disk), all, 'all of it is on the disk')
    t.same(box.files('data/pierside'), all, 'and still on the card, as long as the box has not started from the disk')
    const made = execFileSync('/usr/sbin/dumpe2fs', ['-h', `${box.root}/dev/sdb1`], { encoding: 'utf8', stdio: 'pipe' })
    t.match(made, /has_journal/)
    t.match(made, /volume name:\s+pierside-data/)
    t.match(
      box.read(bound),
      new RegExp(`^uuid=${/UUID:\s+(\S+)/.exec(made)?.[1]}\nname=Acme SSD 9\nbytes=${bytes}\ncard=same\n$`),
    )

    t.same(names(sights(box).seen), Object.keys(all).sort())
    const next = box.run(
      `echo new >"$DATA/archive/2026-11-29/d.fits"; echo changed >"$DATA/access.json"; "$ours/data-disk" spare`,
    )
    t.match(next.state, { on: 'disk', name: 'Acme SSD 9', trouble: undefined })
    t.equal(box.read(`${disk}/archive/2026-11-29/d.fits`), 'new\n')
    t.same(Object.keys(box.files('data/pierside')), settings, 'the card has its settings, and room')
    t.equal(box.read('data/pierside/access.json'), 'changed\n', 'as they are at the end')
  },
)

const night = 'archive/2026-11-29'
const observe = `mkdir -p "$DATA/${night}" "$DATA/archive/.incoming" &&
  echo "taken on the card" >"$DATA/${night}/card.fits" &&
  echo "another of that name" >"$DATA/${night}/c.fits.fz" && echo half >"$DATA/archive/.incoming/half"`
const onDisk = (box: DiskBox) =>
  Object.values(box.files(`${disk}/archive`))
    .map(text => text.trim())
    .sort()
/** What a night without the disk, which is then back, leaves on it, together with what was there. */
const together = [
  'another of that name',
  'taken on the card',
  'the frame 2026-11-29/a b.fits',
  'the frame 2026-11-29/c.fits.fz',
  'the frame stacks/2026-11-29/m31.jpg',
]

t.test(
  'without the disk the box goes on with its card and says so; what it takes is brought to the disk',
  { skip: noNamespaces, timeout: 600_000 },
  async t => {
    for (const when of ['at the first start after the move', 'later'] as const) {
      const box = moved(t)
      if (when === 'later') box.run('true')
      box.pullOut('sdb')
      const { state, status, text } = box.run(observe)
      t.equal(status, 0, text)
      t.match(state, { on: 'card', name: 'Acme SSD 9', trouble: /Acme SSD 9, is not there: plug it in/ })
      const known = names(sights(box).seen)
      t.ok(
        settings.every(name => known.includes(name)),
        'it knows its settings, and who is paired',
      )
      box.plugIn('sdb')
      t.match(sights(box), { on: 'disk', trouble: undefined })
      t.same(onDisk(box), together, when)
      t.match(box.read(`${disk}/${night}/c-2.fits.fz`), /another/, 'nothing is overwritten')
      t.same(Object.keys(box.files('data/pierside')), settings)

      const back = when === 'later' ? moved(t) : undefined
      if (!back) continue
      back.run('true')
      back.pullOut('sdb')
      back.run(observe)
      back.plugIn('sdb')
      // The start itself is what is cut: `again` does the same.
      back.pullOut('sdb')
      let cuts = 0
      for (let dies = 1; ; dies += 2) {
        const one = back.copy()
        const plug = `/bin/mv "$ROOT/pulled/sdb1" "$ROOT/dev/sdb1"; ${plugged}`
        const { cut, status, text } = one.run(`${plug}; "$ours/data-disk" again`, dies)
        if (!cut) {
          t.equal(status, 0, text)
          break
        }
        cuts++
        const next = sights(one)
        if (
          onDisk(one)
            .filter(text => text !== 'half')
            .join() !== together.join()
        )
          t.same(onDisk(one), together, `cut ${cuts}`)
        if (next.on !== 'disk') t.fail(`cut ${cuts}: ${next.trouble}`)
      }
      t.ok(cuts > 10, `${cuts} cuts`)
    }
  },
)

t.test(
  'a link that the agent has laid leads root nowhere',
  { skip: noNamespaces || (process.getuid?.() !== 0 && 'only root can be somebody else') },
  async t => {
    const box = moved(t)
    box.pullOut('sdb')
    box.run(observe)
    const own = ['data/pierside', disk].map(folder => join(box.root, folder))
    execFileSync('chown', ['-R', '65534:65534', ...own])
    for (const open of [box.root, join(box.root, 'count')]) chmodSync(open, 0o777)
    const link = join(box.root, disk, 'archive/.incoming')
    symlinkSync(join(box.root, 'data/system'), link)
    box.plugIn('sdb')
    t.match(box.run('true').state, { on: 'disk', trouble: /frames that were taken on the card do not fit/ })
    t.equal(statSync(join(box.root, 'data/system')).uid, 0, 'it stays root’s')
    t.notOk(box.has('data/system/from-card'))
    rmSync(link)
    t.match(sights(box), { on: 'disk', trouble: undefined }, 'without the link nothing is lost')
    t.same(onDisk(box), together)
    t.equal(statSync(join(box.root, disk, night, 'card.fits')).uid, 65534)
  },
)

t.test('of what the card says of the disk nothing is known any more', { skip: noNamespaces }, async t => {
  for (const garbled of ['\0\u0001\0', 'uuid=\nname="\\\nbytes=x', 'card=same\n']) {
    const box = moved(t)
    box.put('dev/mmcblk0p2', 'root, which has no UUID')
    box.put('sys/devices/soc/mmcblk0/mmcblk0p2/partition', '2\n')
    symlinkSync('../../devices/soc/mmcblk0/mmcblk0p2', join(box.root, 'sys/class/block/mmcblk0p2'))
    box.put(bound, garbled)
    const { state, status, text } = box.run('true')
    t.equal(status, 0, text)
    t.match(
      state,
      { on: 'card', trouble: /is not known any more: choose it anew on the page/ },
      JSON.stringify(garbled),
    )
    t.notMatch(text, /e2fsck|superblock/i, 'no other disk is touched')
    t.match(box.read(bound), /^card=own$/m)
  }
})

/** As DiskBox.plugIn does it, from within. */
const plugged = `b="$ROOT/sys/devices/pci0/usb1/1-1/block/sdb"
  /bin/mkdir -p "$b/sdb1" "$ROOT/sys/dev/block/$(stat -c %Hd:%Ld "$ROOT")"
  echo 1 >"$b/sdb1/partition"; ln -sfn ../../devices/pci0/usb1/1-1/block/sdb/sdb1 "$ROOT/sys/class/block/sdb1"`

t.test('a disk that is pulled out while the box runs is let go, and taken again', { skip: noNamespaces }, async t => {
  const box = moved(t)
  const away = `/bin/mv "$ROOT/dev/sdb1" "$ROOT/away"; /bin/rm -rf "$ROOT/sys/dev/block" "$ROOT/sys/class/block/sdb1"`
  const back = `/bin/mv "$ROOT/away" "$ROOT/dev/sdb1"; ${plugged}`
  const again = '"$ours/data-disk" again'
  const gone = '"$ours/data-disk" gone'
  const told = 'cat "$ROOT/run/pierside-do/data-disk.json"'
  const { text, told: asked } = box.run([gone, away, gone, told, observe, told, gone, back, again, told].join('\n'))
  t.equal(asked, 'kill --kill-whom=main --signal=KILL pierside.service\n', 'once: the agent has nothing under it')
  t.match(text, /is gone from under the data/)
  t.same(
    text.match(/\{"on":"\w+"/g),
    ['card', 'card', 'disk'].map(on => `{"on":"${on}"`),
  )
  t.same(onDisk(box), together)
})

t.test('only the disk that was made for this box is taken', { skip: noNamespaces }, async t => {
  const box = moved(t)
  const own = sights(box).seen
  box.pullOut('sdb')
  box.plugIn('sdd')
  box.put('disks/sdd1/archive/x.fits', 'of somebody else')
  execFileSync('sh', [
    '-c',
    `truncate -s 512M "$0/pulled/sdd1" && /usr/sbin/mke2fs -q -F -t ext4 -L pierside-data "$0/pulled/sdd1"`,
    box.root,
  ])
  box.plugIn('sdd')
  t.match(sights(box), { on: 'card', trouble: /is not there/ }, 'the same label says nothing')
  execFileSync('cp', [`${box.root}/pulled/sdb1`, `${box.root}/dev/sdd1`])
  box.plugIn('sdb')
  t.match(sights(box), { on: 'card', trouble: /is there twice/ })
  box.pullOut('sdd')
  t.match(sights(box), { on: 'disk', seen: own })
})

t.test('what is asked for is a stranger’s word', { skip: noNamespaces }, async t => {
  const box = moved(t)
  box.run('true')
  box.plugIn('sdc')
  box.put('sys/devices/pci0/mmc0/block/sdx/size', `${bytes / 512}`)
  execFileSync('ln', ['-s', '../../devices/pci0/mmc0/block/sdx', `${box.root}/sys/class/block/sdx`])
  const before = box.files('data/system')
  const wrong: [string, RegExp][] = [
    ['{}', /not understood/],
    ['{"how":"erase"}', /not there any more/],
    [`{"how":"erase","device":"../sdc","bytes":${bytes}}`, /not there any more/],
    [`{"how":"erase","device":"sdb1","bytes":${bytes}}`, /not there any more/],
    [`{"how":"erase","device":"sdx","bytes":${bytes}}`, /no disk on USB/],
    [`{"how":"erase","device":"sdb","bytes":${bytes}}`, /the box's own/],
    ['{"how":"erase","device":"sdc","bytes":1}', /another disk is plugged in/],
    ['{"how":"forget"}', /the disk is there/],
  ]
  for (const [order, words] of wrong) {
    const { status, refusal, told } = box.run(`order '${order}'`)
    t.not(status, 0, order)
    t.match(refusal, words, order)
    t.notMatch(told, /start/, order)
  }
  t.same(box.files('data/system'), before)
  box.pullOut('sdb')
  t.equal(box.run(`order '{"how":"forget"}'`).status, 0, 'a disk that will not come back is forgotten')
  t.match(box.run('true').state, { on: 'card', name: undefined, trouble: undefined })
  t.match(box.run(`order '${JSON.stringify({ how: 'card' })}'`).refusal, /on the card already/)
})

t.test(
  'what does not succeed changes nothing, is told, and the agent is started again',
  { skip: noNamespaces },
  async t => {
    const cases: [string, (box: DiskBox) => void, string?][] = [
      ['there is room for', box => box.put('free-kb', '1000\n')],
      [
        'gave back something else',
        box => box.put('shims/cmp', '#!/bin/sh\ncase "$2" in *.fits) exit 1 ;; esac\nexec /usr/bin/cmp "$@"\n'),
      ],
      ['takes no file system', box => box.put('shims/mke2fs', '#!/bin/sh\nexit 1\n')],
      ['copying to Acme SSD 9 did not succeed', box => box.put('shims/cp', '#!/bin/sh\nexit 1\n')],
      ['is in use', box => box.put('busy', '')],
      [
        'there is no data of such a box',
        box => box.plugIn('sdb'),
        `order '{"how":"use","device":"sdb","bytes":${bytes}}' && work`,
      ],
    ]
    for (const [words, spoil, script = toDisk('sdb')] of cases) {
      const box = diskBox(t)
      const { seen } = sights(box)
      box.plugIn('sdb')
      spoil(box)
      const { status, told } = box.run(script)
      t.not(status, 0, words)
      t.match(told, /^--no-block start pierside\.service$/m, words)
      t.notMatch(told, /reboot/, words)
      t.match(result(box), { ok: false, words: new RegExp(words) })
      t.match(sights(box), { on: 'card', seen }, words)
    }
  },
)

t.test('a disk that another card of the box has filled is gone on with', { skip: noNamespaces }, async t => {
  const box = moved(t)
  box.run('true')
  execFileSync('rm', ['-rf', `${box.root}/data`])
  box.put('data/pierside/pierside.yaml', 'of the new card')
  box.put(`data/pierside/${night}/card.fits`, 'taken on the card')
  t.match(sights(box), { on: 'card', name: undefined })
  const { status, text } = box.run(`order '{"how":"use","device":"sdb","bytes":${bytes}}' && work`)
  t.equal(status, 0, text)
  t.match(sights(box), { on: 'disk', name: 'Acme SSD 9' })
  t.same(
    onDisk(box),
    together.filter(text => !text.startsWith('another')),
  )
  t.equal(box.read('data/pierside/pierside.yaml'), 'pierside.yaml of the card', 'with the settings of the disk')
})

t.test('a reset is one of the disk too, and of what the card keeps', { skip: noNamespaces }, async t => {
  const reset = (how: string) => `"$ours/reset" ${how} && "$ours/reset" now`
  const kept = moved(t)
  kept.run(reset('everything keep'))
  t.match(sights(kept), { on: 'disk' })
  t.same(
    Object.keys(kept.files(disk)).filter(name => !name.startsWith('archive/')),
    [],
  )
  t.equal(onDisk(kept).length, 3, 'frames stay, where they are')
  t.same(kept.files('data/pierside'), {})

  const removed = moved(t)
  removed.run(reset('everything remove'))
  t.same(sights(removed), { on: 'card', seen: [''] })
  t.same(removed.files(disk), {})

  const missing = moved(t)
  missing.run('true')
  missing.pullOut('sdb')
  missing.run(reset('everything keep'))
  missing.plugIn('sdb')
  t.same(sights(missing), { on: 'card', seen: [''] }, 'nobody comes back with a disk that was missing')
  t.equal(onDisk(missing).length, 3)

  const network = moved(t)
  network.run(reset('network'))
  t.notOk(network.has(`${disk}/setup.json`))
  t.notOk(network.has('data/pierside/setup.json'), 'nor does the card bring it back')
})
