// What an owner does to care for the box, in the booted image: a night onto sticks of three kinds and pulled out on the
// way, the folder of the network, the log bundle, and switching it off.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { patiently } from '../support/agent-client.js'
import { freePort } from '../support/free-port.js'
import { setUpImage, simulatedObservatory } from '../support/image-agent.js'

const kinds = [
  ['vfat', 'mkfs.vfat -n'],
  ['exfat', 'mkfs.exfat -L'],
  ['ext4', 'mkfs.ext4 -q -L'],
] as const
const waitMs = 120_000

t.test('the care of a box', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-care-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const sticks = kinds.map(([kind]) => path.join(folder, `${kind}.img`))
  for (const stick of sticks) {
    writeFileSync(stick, '')
    truncateSync(stick, 300 * 2 ** 20)
  }
  const smb = await freePort()
  const usb = sticks.flatMap((file, at) => [
    ...['-drive', `file=${file},format=raw,if=none,id=stick${at}`],
    ...['-device', `usb-storage,bus=usb.0,drive=stick${at},removable=on`],
  ])
  const { machine, agent, token } = await setUpImage(t, {
    ...{ ports: { 445: smb }, more: ['-device', 'qemu-xhci,id=usb', ...usb] },
  })
  await machine.out('systemctl is-system-running --wait || true', 300_000)
  const until = (name: string, seen: (value: Record<string, unknown>) => boolean) => agent.until(name, seen, waitMs)

  await simulatedObservatory(agent)
  await agent.do('camera-expose', { seconds: 0.2, count: 3, object: 'M 31' }, true)
  const night = String((await agent.state('observatory')).night)
  const frames = (await machine.out(`cd /data/pierside/archive && find ${night} -name '*.fits' | sort`)).split('\n')
  t.equal(frames.length, 3, frames.join(', '))

  const disks = (await machine.out(`lsblk -dno NAME,TRAN | sed -n 's/ *usb$//p' | sort`)).split('\n')
  t.equal(disks.length, 3, disks.join(', '))

  for (const [at, [kind, format]] of kinds.entries()) {
    t.test(`a night onto a stick of ${kind}`, async t => {
      const disk = disks[at].trim()
      await machine.out(`${format} NIGHTS${at} /dev/${disk}`, waitMs)
      const name = `stick/nights${at}`
      t.match(await until(name, value => Object.keys(value).length > 0), {
        device: disk,
        system: kind,
        readOnly: false,
      })
      t.match(await machine.out(`findmnt -no OPTIONS -S /dev/${disk}`), /nosuid.*nodev.*noexec/)
      const { id } = await agent.do('night-copy', { stick: `nights${at}`, night })
      const end = await until(`activity/${id}`, ({ status }) => status !== undefined && status !== 'running')
      const copied = /3 files are on NIGHTS\d, each read back from it\. It may be pulled out/
      t.match(end, { status: 'done', summary: copied }, JSON.stringify(end))
      t.equal((await machine.sh(`findmnt -S /dev/${disk}`)).code, 1, 'it is let go')
      await machine.out(`mkdir -p /run/look && mount -o ro /dev/${disk} /run/look`)
      t.match(await machine.out(`cd /run/look/pierside && sha256sum -c --strict ${night}.sha256`), /: OK/)
      for (const frame of frames) {
        await machine.out(`cmp '/data/pierside/archive/${frame}' '/run/look/pierside/${frame}'`)
      }
      await machine.out('umount /run/look')
    })
  }

  t.test('the frames as a folder of the network', async t => {
    await until('share', value => value.on === true)
    const got = path.join(folder, 'got.fits')
    const client = (commands: string) => {
      const words = ['-t', '100', '-p', String(smb), '-N', '//127.0.0.1/frames', '-c', commands]
      const { status, stdout, stderr } = spawnSync('smbclient', words, { encoding: 'utf8', timeout: waitMs })
      return { status, said: stdout + stderr }
    }
    // A server starts for each who comes: emulated, the first takes longer than a client waits.
    await patiently(async () => {
      const { status, said } = client(`get "${frames[0].replaceAll('/', '\\')}" ${got}`)
      if (status !== 0) throw new Error(said)
    }, 100_000)
    const sum = execFileSync('sha256sum', [got], { encoding: 'utf8' }).slice(0, 64)
    t.equal((await machine.out(`sha256sum '/data/pierside/archive/${frames[0]}'`)).slice(0, 64), sum, 'byte by byte')
    t.match(client(`put ${got} x.fits`).said, /ACCESS_DENIED|WRITE_PROTECTED/)
    await agent.do('share-set', { on: false })
    t.not(client('ls').status, 0, 'off, nobody gets in')
    t.notMatch(await machine.out('nft list set inet pierside open_tcp'), /445/)
    t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
  })

  t.test('the log bundle', async t => {
    const response = await agent.raw('GET', '/api/log-bundle', undefined, { Authorization: `Bearer ${token}` })
    const zip = path.join(folder, 'bundle.zip')
    writeFileSync(zip, Buffer.from(await response.arrayBuffer()))
    execFileSync('unzip', ['-q', '-j', zip, '-d', path.join(folder, 'bundle')])
    const read = (name: string) => readFileSync(path.join(folder, 'bundle', name), 'utf8')
    t.match(read('journal.log'), /pierside/, 'the journal may be read')
    t.match(read('kernel.log'), /Linux version/)
    t.match(read('about.json'), /"image"/)
    t.notMatch(read('journal.log'), new RegExp(token))
    t.notMatch(read('journal.log'), /Pairing code\s+\d{4} \d{4}/)
  })

  t.test('the card', async t => {
    t.match(await until('card', value => Object.keys(value).length > 0), {
      level: 'well',
      fileErrors: 0,
      diskErrors: 0,
    })
  })

  t.test('off means off', async t => {
    await agent.do('box-power-off')
    await machine.off(waitMs)
    t.match(machine.console(), /Power down|reboot: Power/i)
  })
})
