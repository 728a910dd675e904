// Where the data is and what it can be moved to, as the page is told of it; and that nobody moves it while something
// goes on, onto what is too small, or onto another disk than was chosen.
import { mkdirSync, statfsSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { lookForData } from '../../edge/drivers/own/data-disk.js'
import type { Who } from '../../edge/ports/action.js'
import type { DataFacts } from '../../edge/ports/data-disk.js'
import { dataDisk } from '../../edge/services/data-disk.js'
import { openHouse } from '../support/house.js'
import { plugDisksIn, ssdBytes } from '../support/plugged-disks.js'
import { emptyTree } from '../support/sensor-rigs.js'

const owner: Who = { name: 'anna', role: 'administrator', face: 'http' }
const never = new AbortController().signal

t.test('what is plugged in, and what is on it', async t => {
  const { root } = emptyTree(t)
  const { put } = plugDisksIn(root)
  mkdirSync(path.join(root, 'data/pierside'), { recursive: true })
  const look = lookForData({ root, folder: path.join(root, 'data/pierside') })
  const { blocks, bfree, bsize } = statfsSync(root)
  const first = await look(never)
  t.match(first, { on: 'card', name: undefined, last: undefined, cardFreeBytes: undefined })
  t.ok(Math.abs(first.usedBytes - (blocks - bfree) * bsize) < 1e9)
  t.same(first.disks, [
    {
      ...{ id: `s1-234-${ssdBytes}`, device: 'sda', name: 'Acme Portable SSD', bytes: ssdBytes },
      ...{ holds: ['exfat “NIGHTS”', 'ext4'], ours: false },
    },
    { id: 'sdb-40000512', device: 'sdb', name: 'Tiny Stick', bytes: 40_000_512, holds: [], ours: false },
  ])
  put('proc/self/mountinfo', '30 1 8:1 / /media/pierside/NIGHTS rw - exfat /dev/sda1 rw')
  mkdirSync(path.join(root, 'media/pierside/NIGHTS'), { recursive: true })
  t.match((await look(never)).disks[0].holds[0], /^exfat “NIGHTS”, \d+\.\d GB used$/)

  put('run/udev/data/b8:2', 'E:ID_FS_TYPE=ext4\nE:ID_FS_LABEL=pierside-data')
  t.equal((await look(never)).disks[0].ours, true)
  put('proc/self/mountinfo', '30 1 8:2 / /data/pierside rw - ext4 /dev/sda2 rw')
  put(
    'run/pierside-do/data-disk.json',
    '{"on":"disk","name":"Acme Portable SSD","uuid":"x","bytes":1,"trouble":"full"}',
  )
  put('data/system/data-disk/result.json', '{"ok":true,"to":"Acme Portable SSD","kb":7,"files":3,"atMs":1000}')
  const moved = await look(never)
  t.match(moved, { on: 'disk', name: 'Acme Portable SSD', trouble: 'full', cardFreeBytes: Number })
  t.match(moved, { last: { ok: true, files: 3, to: 'Acme Portable SSD' } })
  t.same(
    moved.disks.map(({ device }) => device),
    ['sdb'],
    'the disk that the data is on is not offered',
  )
  put('data/system/data-disk/result.json', '{"ok":')
  put('run/pierside-do/data-disk.json', '')
  t.match(await look(never), { on: 'card', last: undefined }, 'what is half written counts for nothing')
})

const ssd = { id: 'ssd', device: 'sda', name: 'SSD', bytes: 64e9, holds: ['exfat'], ours: false }
const before: DataFacts = { on: 'card', usedBytes: 12e9, disks: [ssd] }

async function houseWith(t: Test, facts: () => DataFacts) {
  const house = await openHouse(t)
  const { clock, actions, feed } = house
  const deeds: string[] = []
  const deed = async (name: string, order: object) => void deeds.push(`${name} ${JSON.stringify(order)}`)
  const service = dataDisk({ ...house, look: async () => facts(), deed })
  t.teardown(() => service.stop())
  actions.offer(service.actions)
  await clock.advance(6_000)
  const ask = (name: string, input: object = {}, who = owner) =>
    clock.until(
      actions.ask(name, input, who).then(({ done }) => done),
      120_000,
    )
  return { ...house, deeds, ask, state: () => feed.get('data-disk')?.value as Record<string, unknown> }
}

t.test('a disk is erased by its owner, by the word, and only when it is large enough', async t => {
  let facts = before
  const { ask, deeds, state, clock, feed } = await houseWith(t, () => facts)
  t.match(state(), { on: 'card', usedBytes: 12e9, minutes: 22, disks: [{ id: 'ssd', enough: true }] })
  t.notOk(JSON.stringify(state()).includes('sda'), 'the kernel’s names are nobody’s business')
  const erase = { disk: 'ssd', confirm: 'erase' }
  await t.rejects(ask('data-to-disk', erase, { ...owner, role: 'observer' }), { code: 'forbidden' })
  await t.rejects(ask('data-to-disk', { disk: 'ssd' }), { code: 'bad-input' })
  await t.rejects(ask('data-to-disk', { disk: 'ssd', confirm: 'yes' }), { code: 'bad-input' })
  await t.rejects(ask('data-to-disk', { ...erase, disk: 'other' }), { code: 'not-found' })
  facts = { ...before, usedBytes: 62e9 }
  await t.rejects(ask('data-to-disk', erase), { code: 'disk-full', message: /SSD is too small/ })
  await clock.advance(6_000)
  t.match(state(), { disks: [{ enough: false }] })
  facts = before
  t.same(deeds, [])
  t.match(await ask('data-to-disk', erase), { minutes: 22 })
  t.same(deeds, ['data-move {"how":"erase","device":"sda","bytes":64000000000}'])
  t.ok(feed.get('data-disk'))
})

t.test('never while something goes on, or another version waits', async t => {
  const { ask, deeds, feed } = await houseWith(t, () => ({ ...before, disks: [{ ...ssd, ours: true }] }))
  const busy: [string, object, RegExp][] = [
    ['activity/1', { status: 'running', action: 'night-copy', summary: 'copying to NIGHTS' }, /copying to NIGHTS/],
    ['camera/main', { condition: 'ready', coolerOn: true }, /kept cold/],
    ['mount/mount', { condition: 'ready', tracking: true, parked: false }, /moves/],
    ['update', { phase: 'idle', onTrial: true }, /on trial/],
    ['update', { phase: 'ready', pendingReboot: true }, /waits for a restart/],
    ['update', { phase: 'installing' }, /being put in/],
  ]
  for (const [where, value, message] of busy) {
    feed.set(where, value as never)
    await t.rejects(ask('data-to-disk', { disk: 'ssd', confirm: 'erase' }), { code: 'busy', message }, where)
    await t.rejects(ask('data-take-disk', { disk: 'ssd' }), { code: 'busy' })
    feed.drop(where)
  }
  t.same(deeds, [])
  await ask('data-take-disk', { disk: 'ssd' })
  t.same(deeds, ['data-move {"how":"use","device":"sda","bytes":64000000000}'])
})

t.test('back to the card, if it has room; given up, if it is missed', async t => {
  let facts: DataFacts = before
  const { ask, deeds, state, clock } = await houseWith(t, () => facts)
  const see = async (next: DataFacts) => {
    facts = next
    await clock.advance(6_000)
  }
  await t.rejects(ask('data-to-card'), { code: 'unsupported' })
  await t.rejects(ask('data-forget-disk'), { code: 'unsupported' })
  await t.rejects(ask('data-take-disk', { disk: 'ssd' }), { code: 'unsupported', message: /no data of such a box/ })
  await see({ ...before, on: 'disk', name: 'SSD', disks: [], cardFreeBytes: 10e9 })
  t.match(state(), { on: 'disk', name: 'SSD', cardFits: false })
  await t.rejects(ask('data-to-card'), { code: 'disk-full' })
  await t.rejects(ask('data-forget-disk'), { code: 'unsupported' })
  await see({ ...facts, cardFreeBytes: 20e9 })
  t.match(state(), { cardFits: true })
  await ask('data-to-card')
  await see({ ...before, name: 'SSD', trouble: 'the disk with the data, SSD, is not there' })
  t.match(state(), { on: 'card', trouble: /is not there/ })
  await ask('data-forget-disk')
  t.same(deeds, ['data-move {"how":"card"}', 'data-move {"how":"forget"}'])
})

t.test('how the last move ended is told', async t => {
  const last = { ok: false, atMs: 1_000, words: 'it gave back something else', fix: 'Take another' }
  let facts: DataFacts = { ...before, last }
  const { state, clock } = await houseWith(t, () => facts)
  t.match(state(), { lastOk: false, lastAtMs: 1_000, lastWords: last.words, lastFix: last.fix })
  facts = { ...before, last: { ok: true, atMs: 2_000, to: 'SSD', files: 7 } }
  await clock.advance(6_000)
  t.match(state(), { lastOk: true, lastTo: 'SSD', lastFiles: 7 })
})
