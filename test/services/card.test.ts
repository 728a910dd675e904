// The disk that the box lives on: what the kernel, its file system and the card say, and the sentence that comes of it.
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { cardReader } from '../../edge/drivers/own/card.js'
import { type CardFacts, cardHealth } from '../../edge/rules/card-health.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { openNight, pierConfig } from '../support/night.js'
import { emptyTree } from '../support/sensor-rigs.js'

const never = new AbortController().signal
const log = { debug() {}, info() {}, warn() {}, error() {}, named: () => log }

function pi(t: Test, card: Record<string, string>) {
  const { root, put } = emptyTree(t)
  const mounts = (data: string) =>
    put(
      'proc/self/mountinfo',
      `20 1 179:2 / / ro - squashfs /dev/mmcblk0p2 ro\n21 20 179:4 / /data rw,nosuid - ext4 /dev/mmcblk0p4 ${data}\n`,
    )
  mounts('rw,noatime')
  const disk = 'sys/devices/platform/emmc2/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0'
  put(`${disk}/mmcblk0p4/partition`, '4\n')
  for (const [name, text] of Object.entries(card)) put(`${disk}/device/${name}`, `${text}\n`)
  put('sys/dev/block/.keep', '')
  symlinkSync(path.join(root, disk, 'mmcblk0p4'), path.join(root, 'sys/dev/block/179:4'))
  put('sys/fs/ext4/mmcblk0p4/errors_count', '0\n')
  const bin = mkdtempSync(path.join(tmpdir(), 'pierside-bin-'))
  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
    rmSync(bin, { recursive: true })
  })
  process.env.PATH = `${bin}:${PATH}`
  /** What the kernel's log has of it. */
  const journal = (...lines: string[]) => {
    const text = lines.map(line => `echo '${line}'`).join('\n')
    writeFileSync(path.join(bin, 'journalctl'), `#!/bin/sh\n${text}\n${lines.length === 0 ? 'exit 1' : ''}\n`)
    chmodSync(path.join(bin, 'journalctl'), 0o755)
  }
  journal()
  const read = () => cardReader({ root, folder: '/data/pierside', clock: systemClock(), log })(never)
  return { root, put, mounts, journal, read }
}

t.test('what a card says of itself', async t => {
  const sd = pi(t, { type: 'SD', name: 'SN64G', date: '08/2023' })
  t.same(await sd.read(), {
    ...{ kind: 'SD', name: 'SN64G', made: '08/2023', lifePercent: undefined, spare: undefined },
    ...{ fileErrors: 0, diskErrors: 0, readOnly: false },
  })
  sd.journal('I/O error, dev mmcblk0, sector 123 op 0x1:(WRITE)', 'critical medium error, dev mmcblk0, sector 124')
  sd.put('sys/fs/ext4/mmcblk0p4/errors_count', '3\n')
  sd.mounts('ro,noatime')
  t.match(await sd.read(), { fileErrors: 3, diskErrors: 2, readOnly: true })
  t.same(await cardReader({ root: '/nowhere', folder: '/data', clock: systemClock(), log })(never), {})
})

t.test('an eMMC tells how worn it is', async t => {
  const emmc = pi(t, { type: 'MMC', name: 'BJTD4R', life_time: '0x02 0x0a', pre_eol_info: '0x02' })
  t.match(await emmc.read(), { kind: 'MMC', lifePercent: 100, spare: 2 })
})

t.test('one sentence, with what to do', async t => {
  const say = (facts: CardFacts) => cardHealth(facts)
  const well = { kind: 'SD', fileErrors: 0, diskErrors: 0, readOnly: false }
  t.match(say(well), {
    level: 'well',
    sentence: 'No errors of the card are known. How worn it is, SD cards do not tell.',
  })
  t.match(say({ ...well, kind: 'MMC', lifePercent: 20 }), { level: 'well', sentence: /The eMMC is well; about 20 %/ })
  t.match(say({ ...well, kind: undefined }), { level: 'well', sentence: 'No errors of the disk are known.' })
  t.match(say({}), { level: 'unknown' })
  t.match(say({ ...well, lifePercent: 90 }), { level: 'worn', sentence: /used up 90 % of its life: replace it/ })
  t.match(say({ ...well, lifePercent: 110 }), { level: 'worn', sentence: /beyond the life/ })
  t.match(say({ ...well, spare: 2 }), { level: 'worn' })
  for (const bad of [{ spare: 3 }, { fileErrors: 1 }, { diskErrors: 7 }, { readOnly: true }]) {
    t.match(say({ ...well, ...bad }), {
      level: 'failing',
      sentence: /^The card .*: copy your frames.*then replace it\.$/,
    })
  }
})

t.test('the card on the feed', async t => {
  const { root, mounts } = pi(t, { type: 'SD' })
  const night = await openNight(t, pierConfig(), { boxRoot: root, data: '/data/pierside' })
  t.match(await night.until<{ level: string }>('card', value => value.level !== undefined), { level: 'well' })
  mounts('ro')
  await night.clock.advance(601_000)
  t.match(night.state('card'), { level: 'failing', troubled: true, readOnly: true })
  t.match(night.told('card-warning'), [{ level: 'failing', words: /turned read-only/ }])
})
