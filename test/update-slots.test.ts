// The scripts that say which slot starts next: in both mechanisms, and with the power cut at every program they start.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import t from 'tap'
import { type Card, type CardOptions, slotCard } from './support/slot-card.js'

type Test = Pick<typeof t, 'testdir' | 'equal' | 'same' | 'ok' | 'match'>
let made = 0
/** A card of its own beneath the test's folder. */
const card = (t: Test, options: CardOptions) => {
  const root = `${t.testdir({})}/card-${made++}`
  mkdirSync(root)
  return slotCard(root, options)
}

/** A new version in slot B, as RAUC and the bundle's hook leave it before it is told to start. */
const version = (one: Card) => {
  one.put('new-root/usr/lib/pierside/image.json', '{\n  "version": "0.2.0"\n}')
  one.put('new-root/usr/lib/pierside-image/boot/vmlinuz', 'kernel of B')
  one.put('new-root/usr/lib/pierside-image/boot/overlays/x.dtbo', 'overlay')
  one.put('old-root/usr/lib/pierside/image.json', '{"version": "0.1.0"}')
  return one
}
const install = (one: Card, dies?: number) => one.run('install-boot', ['B', one.at('new-root')], dies)

/** The whole update but for its verdict; the box runs the new version afterwards. */
const updated = (t: Test, options: CardOptions) => {
  const one = version(card(t, options))
  t.equal(one.slots('set-state', 'B', 'bad').status, 0)
  t.equal(install(one).status, 0)
  t.equal(one.slots('set-primary', 'B').status, 0)
  t.equal(one.boots(), 'B')
  return one
}

for (const how of ['u-boot', 'tryboot'] as const) {
  t.test(`${how}: a new version is tried, found good, and stays`, async t => {
    const one = updated(t, { how, running: 'A' })
    t.equal(one.slots('get-current').stdout, 'B\n')
    t.equal(one.slots('trial').stdout, 'B\n')
    t.equal(one.read('fat/B/trial'), 'version=0.2.0\nfrom=0.1.0\n')
    t.equal(one.slots('set-state', 'B', 'good').status, 0)
    t.equal(one.mounted(), 'remount,ro', 'and nobody writes to the FAT afterwards')
    t.equal(one.slots('trial').stdout, '')
    t.equal(one.slots('get-primary').stdout, 'B\n')
    t.equal(one.slots('get-state', 'A').stdout, 'good\n')
    t.same([one.boots(), one.boots()], ['B', 'B'])
  })

  t.test(`${how}: one that is found bad is not started again`, async t => {
    const one = updated(t, { how, running: 'A' })
    t.equal(one.slots('set-state', 'B', 'bad').status, 0)
    t.equal(one.slots('get-state', 'B').stdout, 'bad\n')
    t.same([one.boots(), one.boots(), one.boots(), one.boots()], ['A', 'A', 'A', 'A'])
    t.equal(one.slots('get-primary').stdout, 'A\n')
  })

  t.test(`${how}: one that never gets as far as a verdict gives way by itself, and the old one knows`, async t => {
    const one = version(card(t, { how, running: 'A' }))
    t.equal(install(one).status, 0)
    t.equal(one.slots('set-primary', 'B').status, 0)
    t.equal(one.slots('to-come', 'B').status, 0)
    t.equal(one.slots('leave').status, 0)
    let starts = 0
    while (one.boots() === 'B') t.ok(++starts <= 3)
    t.equal(starts, how === 'u-boot' ? 3 : 1)
    t.equal(one.slots('to-come', 'B').status, 1)
    t.equal(one.slots('trial').stdout, 'B\n')
  })

  t.test(
    `${how}: the power cut at any moment leaves a slot that starts, and the same order again finishes`,
    async t => {
      const orders = [
        { from: 'A', order: ['set-primary', 'B'], starts: ['A', 'B'] },
        { from: 'B', order: ['set-state', 'B', 'good'], starts: ['A', 'B'] },
        { from: 'B', order: ['set-state', 'B', 'bad'], starts: ['A', 'B'] },
        { from: 'A', order: ['set-state', 'B', 'bad'], starts: ['A'] },
      ] as const
      for (const { from, order, starts } of orders) {
        let cuts = 0
        for (;;) {
          const one = version(card(t, { how, running: 'A' }))
          if (from === 'B') {
            install(one)
            one.slots('set-primary', 'B')
            one.boots()
          }
          const before = [one.read('fat/slots.env'), one.read('fat/config.txt'), one.read('fat/tryboot.txt')]
          const { signal, status } = one.run('slots', order, cuts + 1)
          const after = [one.read('fat/slots.env'), one.read('fat/config.txt'), one.read('fat/tryboot.txt')]
          for (const [at, text] of after.entries()) {
            const whole = at === 0 ? /^BOOT_ORDER=(A B|B A)\nBOOT_A_LEFT=[0-3]\nBOOT_B_LEFT=[0-3]\n$/ : /^arm.*=on\n$/s
            if (text !== undefined && text !== before[at]) t.match(text, whole, `${order.join(' ')}, cut ${cuts}`)
          }
          if (signal === null) {
            t.equal(status, 0)
            break
          }
          cuts++
          const verdict = order[0] === 'set-state' && from === 'B'
          if (verdict && !existsSync(one.at('fat/B/trial'))) {
            t.equal(
              one.word('BOOT_B_LEFT'),
              order[2] === 'good' ? '3' : '0',
              'the verdict goes before what asks for one',
            )
          }
          t.ok((starts as readonly string[]).includes(one.boots()), `something starts after ${cuts} programs`)
          one.start(from)
          t.equal(one.slots(...order).status, 0, 'and the order can be given again')
          t.equal(one.slots('get-primary').stdout, order[2] === 'bad' ? 'A\n' : 'B\n')
          t.equal(one.slots('trial').stdout, '')
        }
        t.ok(cuts > 1, `${order.join(' ')}: ${cuts} cuts`)
      }
    },
  )
}

t.test(
  'what starts a version is put into its folder whole or not at all, and the running one is left alone',
  async t => {
    let cuts = 0
    for (;;) {
      const one = version(card(t, { how: 'u-boot', running: 'A' }))
      one.put('fat/B/vmlinuz', 'kernel of the one before')
      const { signal, status } = install(one, cuts + 1)
      t.equal(one.read('fat/A/vmlinuz'), 'kernel of A')
      t.equal(one.read('fat/slots.env'), 'BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n')
      if (existsSync(one.at('fat/B')) && one.read('fat/B/vmlinuz') !== 'kernel of the one before') {
        t.same(readdirSync(one.at('fat/B')).sort(), ['overlays', 'slot.env', 'trial', 'vmlinuz'])
      }
      if (signal === null) {
        t.equal(status, 0)
        t.equal(one.read('fat/B/vmlinuz'), 'kernel of B')
        t.equal(one.read('fat/B/slot.env'), 'slot_args=root=PARTUUID=5049-03 pierside.slot=B rauc.slot=B ro quiet\n')
        t.equal(existsSync(one.at('fat/B.new')), false)
        break
      }
      cuts++
      t.equal(install(one).status, 0, 'and it can be done again')
    }
    t.ok(cuts > 10)
  },
)

t.test('the folder of the slot that runs is never written to', async t => {
  const one = version(card(t, { how: 'u-boot', running: 'B' }))
  const { status, stderr } = install(one)
  t.equal(status, 1)
  t.match(stderr, /slot B is running/)
  t.equal(existsSync(one.at('fat/B')), false)
})

t.test('a FAT partition that is full is told before anything is written', async t => {
  const one = version(card(t, { how: 'u-boot', running: 'A' }))
  one.put('shims/df', '#!/bin/sh\nprintf "Filesystem 1024-blocks Used Available\\n/dev/x 9 8 1000 / \\n"\n')
  const { status, stderr } = install(one)
  t.equal(status, 1)
  t.match(stderr, /\d+ kB are needed on the FAT partition, 1000 kB are free/)
  t.same(readdirSync(one.at('fat')).sort(), ['A', 'slots.env'])
  t.equal(one.mounted(), 'remount,ro')
})

t.test('a kernel that cannot ask for a try gets no update, and the reason is said', async t => {
  const one = card(t, { how: 'tryboot', running: 'A', mailbox: false })
  t.match(one.slots('able').stderr, /this kernel cannot ask the firmware for a try/)
  const { status, stderr } = one.slots('set-primary', 'B')
  t.equal(status, 1)
  t.match(stderr, /image with a kernel that can/)
  t.equal(one.boots(), 'A')
  t.match(card(t, { how: 'none', running: 'A' }).slots('able').stderr, /knows no slots/)
  t.equal(card(t, { how: 'u-boot', running: 'A', mailbox: false }).slots('able').status, 0)
})

t.test('a restart before the try leaves it due: the next end of a run asks for it again', async t => {
  const one = version(card(t, { how: 'tryboot', running: 'A' }))
  install(one)
  one.slots('set-primary', 'B')
  one.put('reboot-param', '') // the power was cut: what systemd was to say is forgotten
  t.equal(one.boots(), 'A')
  t.equal(one.slots('to-come', 'B').status, 0)
  t.equal(one.slots('arm').status, 0)
  t.equal(one.boots(), 'B')
})

t.test('what stands in slots.env besides stays, and what is damaged in it counts for nothing', async t => {
  const one = card(t, { how: 'u-boot', running: 'A' })
  one.put('fat/slots.env', 'BOOT_ORDER=C\r\nOTHER=kept\nBOOT_A_LEFT=-7\nBOOT_B_LEFT=\n\0')
  t.equal(one.slots('get-state', 'A').stdout, 'good\n')
  t.equal(one.slots('get-state', 'B').stdout, 'bad\n')
  t.equal(one.slots('set-state', 'A', 'good').status, 0)
  t.equal(one.read('fat/slots.env'), 'OTHER=kept\nBOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n')
  for (const wrong of [['set-primary', 'C'], ['get-state', '../A'], ['set-state', 'A', 'fine'], []]) {
    t.equal(one.slots(...wrong).status, 1)
  }
})
