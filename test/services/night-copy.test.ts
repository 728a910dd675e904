// A night onto a USB stick: whole, read back, once; room and file sizes looked at first; pulled out on the way and gone
// on with; and never anything overwritten. The stick is a folder that the kernel's list of mounts is said to name.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { lookForSticks } from '../../edge/drivers/own/sticks.js'
import { type OpenNight, openNight, pierConfig } from '../support/night.js'
import { emptyTree } from '../support/sensor-rigs.js'

const never = new AbortController().signal
const mount = (place: string, device: string, system: string, options = 'rw') =>
  `98 27 8:1 / ${place} ${options},nosuid,nodev,noexec - ${system} /dev/${device} ${options}\n`
const disk =
  '27 1 179:2 / / ro,relatime - squashfs /dev/mmcblk0p2 ro\n28 27 179:4 / /data rw - ext4 /dev/mmcblk0p4 rw\n'

/** A tree with the mounts, and how they change. */
function machine(t: Test) {
  const { root, put } = emptyTree(t)
  const mounts = (...lines: string[]) => put('proc/self/mountinfo', disk + lines.join(''))
  const place = path.join(root, 'media/pierside/FRAMES')
  mkdirSync(place, { recursive: true })
  return { root, mounts, place }
}
const plugged = mount('/media/pierside/FRAMES', 'sda1', 'exfat')

async function nightWithFrames(t: Test, root: string, image = true) {
  const night = await openNight(t, pierConfig(), { boxRoot: root, image })
  await night.ask('camera-expose', { seconds: 1, count: 5, object: 'M 31' })
  const { exposures } = { exposures: await night.store.exposures({ limit: 10 }) }
  const folder = path.join(night.archive, 'stacks', exposures[0].night)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'M 31 stack.fits'), 'a finished stack')
  await night.clock.advance(3_100)
  return { ...night, date: exposures[0].night, stacks: folder }
}

const below = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

async function copied({ start }: OpenNight, input: object) {
  const run = await start('night-copy', input)
  await run.done()
  return run.state() as unknown as { summary: string; done: number; total: number }
}

t.test('sticks are told as they come and go', async t => {
  const { root, mounts, place } = machine(t)
  mkdirSync(path.join(root, 'media/anna/My stick'), { recursive: true })
  mounts()
  const { state, clock, told } = await openNight(t, pierConfig(), { boxRoot: root, image: true })
  t.notOk(state('stick/frames'))
  mounts(
    plugged,
    plugged,
    mount('/media/anna/My\\040stick', 'sdb', 'vfat', 'ro'),
    mount('/media/anna/gone', 'sdc1', 'vfat'),
  )
  await clock.advance(3_100)
  t.match(state('stick/frames'), { label: 'FRAMES', device: 'sda1', system: 'exfat', readOnly: false, ejects: true })
  t.match(state('stick/my-stick'), { label: 'My stick', device: 'sdb', readOnly: true })
  t.same(
    (await lookForSticks(root)(never)).map(({ name }) => name),
    ['frames', 'my-stick'],
    'the disks of the box are none',
  )
  mounts()
  await clock.advance(3_100)
  t.notOk(state('stick/frames'))
  t.equal(told('stick-came').length, 2)
  t.equal(told('stick-gone').length, 2)
  t.ok(existsSync(place))
})

t.test('a night is copied whole, with a list of its sums, and the stick let go', async t => {
  const { root, mounts, place } = machine(t)
  mounts(plugged)
  const night = await nightWithFrames(t, root)
  await t.rejects(night.ask('night-copy', { stick: 'other', night: night.date }), { code: 'not-found' })
  await t.rejects(night.ask('night-copy', { stick: 'frames', night: '2001-01-01' }), { code: 'not-found' })
  const end = await copied(night, { stick: 'frames', night: night.date })
  t.equal(end.summary, '6 files are on FRAMES, each read back from it. It may be pulled out')
  t.same(
    night.machined.filter(told => !told.startsWith('share')),
    ['stick-eject {"device":"sda1"}'],
  )
  t.same([end.done, end.total], [6, 6])
  t.match(night.told('night-copied'), [{ night: night.date, label: 'FRAMES', files: 6 }])
  const files = night.files().filter(name => !name.startsWith('.'))
  t.same(below(path.join(place, 'pierside')), [...files, `${night.date}.sha256`].sort())
  for (const file of files) {
    const same = readFileSync(path.join(place, 'pierside', file)).equals(readFileSync(path.join(night.archive, file)))
    t.ok(same, `${file} is the same, byte by byte`)
  }
  execFileSync('sha256sum', ['--check', '--quiet', '--strict', `${night.date}.sha256`], {
    cwd: path.join(place, 'pierside'),
  })

  const again = await copied(night, { stick: 'frames', night: night.date, eject: false })
  t.match(again.summary, /6 were before\. Eject the stick/)
  t.equal(readFileSync(path.join(place, 'pierside', `${night.date}.sha256`), 'utf8').split('\n').length, 7, 'once each')
})

t.test('a stick that is pulled out is said to be, and the copy goes on where it was', async t => {
  const { root, mounts, place } = machine(t)
  mounts(plugged)
  const night = await nightWithFrames(t, root)
  const away = `${place} away`
  const stop = night.feed.listen({
    state({ value }) {
      if (value.action !== 'night-copy' || !(Number(value.done) >= 2) || existsSync(away)) return
      renameSync(place, away)
      mounts()
    },
  })
  const run = await night.start('night-copy', { stick: 'frames', night: night.date })
  await t.rejects(run.done(), { code: 'offline', message: /FRAMES was pulled out: [23] of 6 files are on it, whole/ })
  stop()
  t.notOk(existsSync(place), 'nothing is written where the stick was')
  t.match(run.state(), { status: 'failed', fix: /Plug it in again and copy again/ })
  renameSync(away, place)
  mounts(plugged)
  t.match(await copied(night, { stick: 'frames', night: night.date }), {
    summary: /6 files are on FRAMES.*[23] were before/,
  })
  t.notOk(below(place).some(name => name.endsWith('.part')))
})

t.test('a copy may be stopped, and nothing half is left', async t => {
  const { root, mounts, place } = machine(t)
  mounts(plugged)
  const night = await nightWithFrames(t, root)
  const stop = night.feed.listen({
    state({ value }) {
      if (value.action !== 'night-copy' || !(Number(value.done) >= 2)) return
      stop()
      night.ask('night-copy-stop').catch(error => t.fail(error))
    },
  })
  const run = await night.start('night-copy', { stick: 'frames', night: night.date })
  await t.rejects(run.done(), { code: 'aborted', message: 'anna stopped the copy' })
  const there = below(place).filter(name => !name.endsWith('.sha256'))
  t.ok(there.length >= 2 && there.length < 6 && !there.some(name => name.endsWith('.part')), there.join(', '))
  t.match(await copied(night, { stick: 'frames', night: night.date }), { summary: /6 files are on FRAMES/ })
})

t.test('what has the same name on the stick stays; what is the same is not copied twice', async t => {
  const { root, mounts, place } = machine(t)
  mounts(plugged)
  const night = await nightWithFrames(t, root)
  const files = night.files().filter(name => !name.startsWith('.'))
  const put = (name: string, bytes: Uint8Array | string) => {
    mkdirSync(path.dirname(path.join(place, 'pierside', name)), { recursive: true })
    writeFileSync(path.join(place, 'pierside', name), bytes)
  }
  put(files[0], 'mine, and another one')
  put(files[1], readFileSync(path.join(night.archive, files[1])))
  put(files[2], Buffer.alloc(readFileSync(path.join(night.archive, files[2])).length))
  await copied(night, { stick: 'frames', night: night.date })
  t.equal(readFileSync(path.join(place, 'pierside', files[0]), 'utf8'), 'mine, and another one')
  const second = (name: string) => name.replace(/\.fits$/, '-2.fits')
  for (const at of [0, 2]) {
    const copy = readFileSync(path.join(place, 'pierside', second(files[at])))
    t.ok(copy.equals(readFileSync(path.join(night.archive, files[at]))))
  }
  t.notOk(existsSync(path.join(place, 'pierside', second(files[1]))))
  const hash = createHash('sha256')
    .update(readFileSync(path.join(night.archive, files[1])))
    .digest('hex')
  t.match(readFileSync(path.join(place, 'pierside', `${night.date}.sha256`), 'utf8'), `${hash}  ${files[1]}`)
})

t.test('room and the size of files are looked at before anything is written', async t => {
  const { root, mounts, place } = machine(t)
  mounts(mount('/media/pierside/FRAMES', 'sda1', 'vfat'))
  const night = await nightWithFrames(t, root)
  const huge = path.join(night.stacks, 'huge.fits')
  writeFileSync(huge, '')
  truncateSync(huge, 2 ** 32)
  const ask = () => night.ask('night-copy', { stick: 'frames', night: night.date })
  await t.rejects(ask(), {
    code: 'unsupported',
    message: /huge\.fits is larger than a file on FAT may be/,
    fix: /exFAT/,
  })
  truncateSync(huge, 2 ** 42)
  mounts(plugged)
  await t.rejects(ask(), { code: 'disk-full', message: /FRAMES has .* GB free, and the night needs 4398/ })
  mounts(mount('/media/pierside/FRAMES', 'sda1', 'exfat', 'ro'))
  await t.rejects(ask(), { code: 'unsupported', message: /may not be written to/ })
  t.same(below(place), [])
})

t.test('a stick that gives back something else is not trusted', async t => {
  const { root, mounts, place } = machine(t)
  mounts(plugged)
  const night = await nightWithFrames(t, root)
  const bin = mkdtempSync(path.join(tmpdir(), 'pierside-bin-'))
  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
    rmSync(bin, { recursive: true })
  })
  writeFileSync(path.join(bin, 'dd'), '#!/bin/sh\necho lies\n')
  chmodSync(path.join(bin, 'dd'), 0o755)
  process.env.PATH = `${bin}:${PATH}`
  await t.rejects(night.ask('night-copy', { stick: 'frames', night: night.date }), {
    code: 'broken',
    message: /gives .* back otherwise than it was written/,
  })
  t.same(
    below(place).filter(name => name.endsWith('.fits')),
    [],
    'what is wrong has no frame’s name',
  )
})

t.test('on somebody’s own computer the stick is the desktop’s to let go', async t => {
  const { root, mounts } = machine(t)
  mounts(mount('/media/pierside/FRAMES', 'sda1', 'exfat'))
  const night = await nightWithFrames(t, root, false)
  await t.rejects(night.ask('stick-eject', { stick: 'frames' }), { code: 'not-found' })
  t.match(await copied(night, { stick: 'frames', night: night.date }), {
    summary: /Eject the stick before you pull it out/,
  })
})
