// The image as it is flashed: it starts from the card by U-Boot, nothing in it has failed, its page answers, and what
// is promised of its root, its data, its memory and its rights holds.
import { statSync } from 'node:fs'
import t from 'tap'
import { bootImage, card, packed } from '../support/image-machine.js'

const idleMb = 350
const cardMb = 3_000

t.test('an image that is flashed and powered on', async t => {
  const machine = await bootImage(t, { cardMb })
  t.comment(`the page answered ${Math.round((await machine.pageAnswers()) / 1000)} s after power-on`)
  await machine.out('systemctl is-system-running --wait || true', 300_000)

  t.test('nothing has failed, and no unit waits for itself', async t => {
    t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
    t.equal(await machine.out('systemctl is-system-running'), 'running')
    t.equal(await machine.out('cat /run/pierside/boot-faults 2>/dev/null || true'), '', 'no fault on the way')
    t.notMatch(await machine.out('journalctl -b --no-pager'), /ordering cycle/i)
  })

  t.test('it knows its slot, and itself', async t => {
    t.match(await machine.out('cat /proc/cmdline'), /root=PARTUUID=\S+-02 pierside\.slot=A /)
    t.match(await machine.out('cat /boot/firmware/slots.env'), /^BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0$/)
    t.match(await machine.out('cat /etc/machine-id'), /^[0-9a-f]{32}$/)
    t.equal(await machine.out('cat /etc/machine-id'), await machine.out('cat /data/system/machine-id'), 'kept')
    const image = JSON.parse(await machine.out('cat /usr/lib/pierside/image.json'))
    t.match(image, { version: /^\d/, builtAt: /^20/, base: /Linux \d/, sources: /./ })
  })

  t.test('root is read only, and the rest is as the list says', async t => {
    for (const place of ['/', '/etc', '/usr/lib', '/boot/firmware']) {
      t.match(await machine.sh(`touch ${place}/x`), { code: 1, text: /Read-only file system/ }, place)
    }
    t.equal(await machine.out('findmnt -no FSTYPE /'), 'squashfs')
    t.equal(await machine.out('findmnt -no FSTYPE /var'), 'overlay')
    for (const line of (await machine.out('cat /usr/lib/pierside-image/writable')).split('\n')) {
      const [path, mode, owner, group] = line.split(' ')
      t.match(await machine.out(`findmnt -no SOURCE ${path}`), /\[\/system\//, `${path} lies on data`)
      t.equal(await machine.out(`stat -c '%a %U %G' ${path}`), `${mode} ${owner} ${group}`)
    }
  })

  t.test('data is ext4 with a journal and has taken the whole card', async t => {
    t.equal(await machine.out('findmnt -no FSTYPE /data'), 'ext4')
    t.match(await machine.out('dumpe2fs -h $(findmnt -no SOURCE /data) 2>/dev/null'), /has_journal/)
    const bytes = Number(await machine.out('findmnt -bno SIZE /data'))
    // Firmware and two slots, and what a file system keeps for itself.
    t.ok(bytes > (cardMb - 1_460) * 0.9 * 2 ** 20, `${Math.round(bytes / 2 ** 20)} MB`)
    t.match(await machine.out('journalctl --header | head -n 3'), /\/var\/log\/journal\//, 'the journal lies on it')
    t.equal(
      await machine.out('systemd-analyze cat-config systemd/journald.conf | grep ^SystemMaxUse'),
      'SystemMaxUse=64M',
    )
  })

  t.test('the agent has few rights, and a watch over it', async t => {
    const said = await machine.out('systemd-analyze security pierside.service --no-pager | tail -n 1')
    const level = Number(/: (\d+\.\d+)/.exec(said)?.[1])
    t.ok(level <= 3, said)
    t.equal(await machine.out('ps -o user= -p $(systemctl show -P MainPID pierside)'), 'pierside')
    t.equal(await machine.out('systemctl show -P WatchdogUSec pierside'), '30s')
    t.equal(await machine.out('systemctl show -P NRestarts pierside'), '0')
  })

  t.test('memory in use and size', async t => {
    const words = await machine.out('free -b; systemctl show -P MemoryCurrent pierside')
    const usedMb = Number(/^Mem:\s+\d+\s+(\d+)/m.exec(words)?.[1]) / 2 ** 20
    t.comment(words)
    t.ok(usedMb <= idleMb, `${Math.round(usedMb)} MB of ${idleMb} in use`)
    t.ok(statSync(card).size < 2 * 2 ** 30, 'the smallest card has room for it')
    const packedMb = statSync(packed).size / 1e6
    t.ok(packedMb <= 450, `${Math.round(packedMb)} MB of 450 are to be fetched`)
  })

  t.test('a plug that is pulled leaves the same computer', async t => {
    const id = await machine.out('cat /etc/machine-id')
    const bytes = await machine.out('findmnt -bno SIZE /data')
    await machine.cutPower()
    await machine.powerOn()
    await machine.pageAnswers()
    t.equal(await machine.out('cat /etc/machine-id'), id)
    t.equal(await machine.out('findmnt -bno SIZE /data'), bytes)
    t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
    await machine.out('systemctl is-system-running --wait || true', 300_000)
    t.match(await machine.out('cat /boot/firmware/slots.env'), /^BOOT_A_LEFT=3$/m, 'it has its tries back')
  })

  t.test('what is damaged is told, and stops nothing', async t => {
    const data = await machine.out('findmnt -no SOURCE /data')
    await machine.out('mount -o remount,rw /boot/firmware && echo BOOT_ORDER=C >/boot/firmware/slots.env && sync')
    await machine.out(`dd if=/dev/zero of=${data} bs=1M count=700 conv=fsync 2>&1`, 300_000)
    await machine.cutPower()
    await machine.powerOn()
    await machine.pageAnswers()
    const faults = await machine.out('cat /run/pierside/boot-faults')
    t.match(faults, /^data: the file system is damaged/m)
    t.match(faults, /^data: .* lies in memory and is gone when the power goes$/m)
    t.equal(await machine.out('findmnt -no FSTYPE /data'), 'tmpfs')
    await machine.out('systemctl is-system-running --wait || true', 300_000)
    t.match(await machine.out('cat /boot/firmware/slots.env'), /^BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0$/)
  })
})
