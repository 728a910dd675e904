// The data on a disk of its own, in the booted image: moved there from the page, with the plug pulled on the way; the
// disk missing and back, pulled out in the middle, and the way back to the card.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { type AgentClient, patiently } from '../support/agent-client.js'
import { imageAgent, pairWithImage, setUpBeforehand } from '../support/image-agent.js'
import { bootImage, type ImageMachine } from '../support/image-machine.js'

const config = `links: {sky: {driver: simulator}}
devices: {main: {driver: simulator, link: sky, part: camera, width: 320, height: 240, readout_s: 0}}
use: {camera: main}
`
const waitMs = 240_000
const moveMs = 600_000

interface Data {
  readonly on?: string
  readonly name?: string
  readonly trouble?: string
  readonly lastOk?: boolean
  readonly lastWords?: string
  readonly disks?: readonly { readonly id: string; readonly name: string; readonly enough: boolean }[]
}

t.test('the data moves to a disk on USB and back', async t => {
  await mkdir('build/image-test', { recursive: true })
  const folder = path.resolve(await mkdtemp('build/image-test/disk-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'ssd.img')
  await writeFile(file, '')
  await truncate(file, 3 * 2 ** 30)
  const plug = [
    ...['-drive', `file=${file},format=raw,if=none,id=ssd,cache=writeback`],
    ...['-device', 'usb-storage,bus=usb.0,port=1,drive=ssd,serial=SSD1'],
  ]
  const more = ['-device', 'qemu-xhci,id=usb', ...plug]
  const machine = await bootImage(t, { bootFiles: { 'pierside.txt': setUpBeforehand }, more })
  const token = await pairWithImage(machine)
  const agentNow = () => imageAgent(machine, token)
  let agent = await agentNow()
  await agent.post('/api/actions/config-save', { text: config })
  await expose(agent)
  const began = await frames(agent)
  t.equal(began.size, 3)
  const id = await machine.out('cat /etc/machine-id')

  const disk = async () => {
    const { disks } = await data(agent, ({ disks }) => disks?.length === 1)
    t.match(disks, [{ name: /QEMU HARDDISK/, enough: true }])
    return disks![0].id
  }
  /** All that was told is there, byte by byte. */
  const all = async (when: string) => {
    agent = await agentNow()
    const now = await frames(agent)
    for (const [name, sum] of began) if (now.get(name) !== sum) t.fail(`${when}: ${name} is ${now.get(name)}`)
    t.match(await (await agent.raw('GET', '/api/config')).text(), /width: 320/, `${when}: the settings are there`)
    t.equal(await machine.out('cat /run/pierside/boot-faults 2>/dev/null || true'), '')
    t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '', `${when}: nothing has failed`)
    return now
  }
  const restart = async () => {
    await machine.cutPower()
    await machine.powerOn()
    await machine.pageAnswers()
  }

  await t.test('the plug is pulled while it is copied: the card has all of it', async t => {
    const first = await disk()
    // Something that takes its time.
    await machine.out('head -c 400M /dev/urandom >/data/pierside/archive/ballast.bin', waitMs)
    await agent.do('data-to-disk', { disk: first, confirm: 'erase' })
    await patiently(async () => {
      const { text } = await machine.sh('du -sm /run/pierside-image/to/archive | cut -f 1')
      if (!(Number(text) > 50)) throw new Error(`it copies: ${text}`)
    }, waitMs)
    await restart()
    await all('after the cut')
    t.match(await data(agent), { on: 'card', lastOk: false, lastWords: /was cut short/, trouble: undefined })
    await machine.out('rm /data/pierside/archive/ballast.bin')
  })

  await t.test('it moves, and the box starts from there', async t => {
    const boot = await machine.out('cat /proc/sys/kernel/random/boot_id')
    await agent.do('data-to-disk', { disk: await disk(), confirm: 'erase' })
    await restarted(machine, boot)
    await all('on the disk')
    t.match(await data(agent), { on: 'disk', name: /QEMU HARDDISK/, lastOk: true, trouble: undefined })
    t.match(await machine.out('findmnt -no SOURCE,FSTYPE,OPTIONS /data/pierside'), /^\/dev\/sda1 ext4 .*nosuid,nodev/)
    t.match(await machine.out('dumpe2fs -h /dev/sda1 2>/dev/null'), /pierside-data[\s\S]*has_journal/)
    t.equal(await machine.out('cat /etc/machine-id'), id)
    t.match(machine.console(), /pierside: all of it is read back and compared/)
    const below = 'mkdir -p /run/below && mount --bind /data /run/below && ls /run/below/pierside; umount /run/below'
    const left = await machine.out(below)
    t.match(left, /^access\.json$/m, 'what a start without it needs is on the card')
    t.notMatch(left, /archive|sqlite/, 'and nothing more')
  })

  await t.test('a plug that is pulled there costs nothing either', async t => {
    await expose(agent)
    for (const [name, sum] of await frames(agent)) began.set(name, sum)
    t.equal(began.size, 6)
    await restart()
    await all('after a cut')
  })

  await t.test('pulled out while it runs, the box goes on with its card and says so', async t => {
    await machine.out('echo 1 >/sys/block/sda/device/delete')
    const before = performance.now()
    await patiently(async () => {
      const { on } = await agent.state<Data>('data-disk')
      if (on !== 'card') throw new Error('it has not gone over to the card')
    }, waitMs)
    t.comment(`it goes on with the card after ${Math.round((performance.now() - before) / 1000)} s`)
    agent = await agentNow()
    t.match((await data(agent)).trouble, /the disk with the data, .*, is not there: plug it in/)
    const box = await agent.until('box', value => JSON.stringify(value.warnings).includes('is not there'), waitMs)
    t.ok(box)
    await expose(agent)
    const meanwhile = await frames(agent)
    t.ok(meanwhile.size >= 3, 'observing goes on')
    for (const [name, sum] of meanwhile) began.set(name, sum)
    await restart()
    const now = await all('with the disk again')
    t.ok(now.size >= began.size, `${now.size} frames, those of the card among them`)
    t.match(await data(agent), { on: 'disk', trouble: undefined })
  })

  await t.test('missing at the start, the box starts with its card; back, it is taken again', async t => {
    const before = performance.now()
    more.splice(2)
    await restart()
    t.comment(`without its disk the page answered after ${Math.round((performance.now() - before) / 1000)} s`)
    agent = await agentNow()
    t.match(await data(agent), { on: 'card', trouble: /is not there/ })
    t.match(await (await agent.raw('GET', '/api/config')).text(), /width: 320/, 'it knows its settings')
    t.match(await agent.state('setup'), { done: true }, 'and that it is set up')
    await expose(agent)
    const meanwhile = await frames(agent)
    t.equal(meanwhile.size, 3)
    for (const [name, sum] of meanwhile) began.set(name, sum)
    more.push(...plug)
    await restart()
    await all('back')
    t.match(await data(agent), { on: 'disk', trouble: undefined })
  })

  await t.test('and back to the card', async t => {
    const boot = await machine.out('cat /proc/sys/kernel/random/boot_id')
    await agent.do('data-to-card')
    await restarted(machine, boot)
    await all('on the card')
    t.match(await data(agent), { on: 'card', lastOk: true, trouble: undefined })
    t.equal((await machine.sh('findmnt -n --mountpoint /data/pierside')).code, 1)
    t.match(await machine.out('cat /boot/firmware/slots.env'), /^BOOT_A_LEFT=3$/m, 'no start was counted against it')
    await expose(agent)
  })
})

async function expose(agent: AgentClient) {
  await agent.until('camera/main', value => value.condition === 'ready' && value.exposing !== true, waitMs)
  await agent.do('camera-expose', { seconds: 0.05, count: 3 }, true)
}

/** SHA-256 of every frame that is told of, by its path, as the page gives it. */
async function frames(agent: AgentClient): Promise<Map<string, string>> {
  const { exposures } = await agent.get<{ exposures: { id: string; path: string }[] }>('/api/exposures?limit=1000')
  const sums = new Map<string, string>()
  for (const one of exposures) {
    const bytes = await (await agent.raw('GET', `/api/exposures/${one.id}/fits`)).arrayBuffer()
    sums.set(one.path, createHash('sha256').update(new Uint8Array(bytes)).digest('hex'))
  }
  return sums
}

const data = (agent: AgentClient, seen: (value: Data) => boolean = () => true): Promise<Data> =>
  agent.until('data-disk', value => value.on !== undefined && seen(value as Data), waitMs) as Promise<Data>

/** Waits for another start than that one. */
async function restarted(machine: ImageMachine, boot: string) {
  await patiently(async () => {
    const { text } = await machine.sh('cat /proc/sys/kernel/random/boot_id /data/system/data-disk/result.json', 20_000)
    const [now, result] = text.split('\n')
    if (!/^[0-9a-f-]{36}$/.test(now) || now === boot) throw new Error(`it runs on, ${now}: ${result}`)
  }, moveMs)
  await machine.pageAnswers()
}
