// The computer itself: off, off and on, and back to how it was flashed, on its own image alone; and root's deeds as the
// agent asks for them.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import type { Who } from '../../edge/ports/action.js'
import { imageDeeds } from '../../edge/spine/machine.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { openNight, pierConfig } from '../support/night.js'

/** What the box was told by what is asked here. */
const own = (machined: readonly string[]) => machined.filter(told => !told.startsWith('share'))

const owner: Who = { name: 'anna', role: 'administrator', face: 'http' }

t.test('nobody’s own computer is switched off', async t => {
  const { ask } = await openNight(t, pierConfig())
  for (const name of ['box-power-off', 'box-restart', 'box-factory-reset']) {
    await t.rejects(ask(name, {}, owner), { code: 'not-found' }, name)
  }
})

t.test('the image is switched off when nothing goes on, and by an administrator', async t => {
  const { ask, machined, told } = await openNight(t, pierConfig(), { image: true })
  await t.rejects(ask('box-power-off'), { code: 'forbidden' })
  await ask('box-power-off', {}, owner)
  t.same(own(machined), ['sync', 'shut down'])
  t.match(told('box-goes-off'), [{ who: 'anna' }])
  machined.length = 0
  await ask('box-restart', {}, owner)
  t.same(own(machined), ['sync', 'restart'])
})

t.test('it stays on while something moves or exposes, unless told otherwise', async t => {
  const { ask, start, machined, clock } = await openNight(t, pierConfig(), { image: true })
  const run = await start('camera-expose', { seconds: 60, count: 2 })
  await clock.advance(2_000)
  await t.rejects(ask('box-power-off', {}, owner), { code: 'busy', message: /camera-expose \(anna\)/ })
  await t.rejects(ask('box-factory-reset', { confirm: 'factory reset' }, owner), { code: 'busy' })
  t.same(own(machined), [])
  await ask('box-power-off', { anyway: true }, owner)
  t.same(own(machined), ['sync', 'shut down'])
  await ask('camera-abort')
  await t.rejects(run.ended, { code: 'aborted' })

  await ask('mount-unpark')
  const slew = ask('mount-slew', { target: 'M 31' })
  await clock.advance(1_000)
  await t.rejects(ask('box-restart', {}, owner), { code: 'busy', message: /mount-slew/ })
  await slew
})

t.test('asked so, it ends the night before', async t => {
  const { ask, start, machined, state, told } = await openNight(t, pierConfig(), { image: true })
  await ask('mount-unpark')
  const run = await start('camera-expose', { seconds: 60, count: 2 })
  await ask('box-power-off', { endNight: true }, owner)
  await t.rejects(run.ended, { code: 'aborted' })
  t.match(state('mount/mount'), { parked: true })
  t.match(told('night-ended'), [{ who: 'anna', why: /switches the box off/ }])
  t.same(own(machined), ['sync', 'shut down'])
})

t.test('the factory reset wants its words, and keeps the frames unless told', async t => {
  const { ask, machined } = await openNight(t, pierConfig(), { image: true })
  await t.rejects(ask('box-factory-reset', {}, owner), { code: 'bad-input' })
  await t.rejects(ask('box-factory-reset', { confirm: 'yes' }, owner), { code: 'bad-input' })
  t.same(own(machined), [])
  await ask('box-factory-reset', { confirm: 'factory reset' }, owner)
  await ask('box-factory-reset', { confirm: 'factory reset', frames: 'remove' }, owner)
  t.same(own(machined), ['sync', 'factory-reset {"frames":"keep"}', 'sync', 'factory-reset {"frames":"remove"}'])
})

t.test('an order for root lies there before its deed starts; what root says of a failure is told', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-deeds-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [orders, words, systemctl] = ['orders', 'words', 'systemctl'].map(name => path.join(folder, name))
  writeFileSync(
    systemctl,
    `#!/bin/sh\necho "$1 $2" >>${folder}/asked\n` +
      `[ "$2" = pierside-do-good.service ] && exec cat ${orders}/good.json >${folder}/got\n` +
      '[ "$2" = pierside-do-slow.service ] && exec sleep 60\nexit 1\n',
  )
  chmodSync(systemctl, 0o755)
  mkdirSync(words)
  writeFileSync(path.join(words, 'told'), 'the stick is in use\nClose what reads it\n')
  const deed = imageDeeds({ orders, words, systemctl })
  const never = new AbortController().signal
  await deed('good', { device: 'sda1' }, never)
  t.equal(readFileSync(path.join(folder, 'got'), 'utf8'), '{"device":"sda1"}\n')
  t.equal(readFileSync(path.join(folder, 'asked'), 'utf8'), 'start pierside-do-good.service\n')
  await t.rejects(deed('told', {}, never), {
    code: 'broken',
    message: 'the stick is in use',
    fix: 'Close what reads it',
  })
  await t.rejects(deed('untold', {}, never), { code: 'broken', message: /ended with 1/ })
  const soon = new AbortController()
  const slow = deed('slow', {}, soon.signal)
  soon.abort()
  await t.rejects(slow, { code: 'aborted' })
})

t.test('of two orders for one deed each is read; who gives up waiting is not kept', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-deeds-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [orders, systemctl] = ['orders', 'systemctl'].map(name => path.join(folder, name))
  const [start, go] = ['begun', 'go'].map(name => path.join(folder, name))
  // As a unit does it: what is there when it begins is read, at its own pace.
  writeFileSync(
    systemctl,
    `#!/bin/sh\ntouch ${start}; until [ -e ${go} ]; do sleep 0.02; done\ncat ${orders}/zone.json >>${folder}/read\n`,
  )
  chmodSync(systemctl, 0o755)
  const deed = imageDeeds({ orders, words: folder, systemctl })
  const never = new AbortController().signal
  const soon = new AbortController()
  const first = deed('zone', { zone: 'Asia/Tokyo' }, never)
  const left = deed('zone', { zone: 'Asia/Seoul' }, soon.signal)
  const second = deed('zone', { zone: 'Europe/Rome' }, never)
  soon.abort()
  await t.rejects(left, { code: 'aborted' })
  while (!existsSync(start)) await systemClock().sleep(10)
  writeFileSync(go, '')
  await Promise.all([first, second])
  t.equal(readFileSync(path.join(folder, 'read'), 'utf8'), '{"zone":"Asia/Tokyo"}\n{"zone":"Europe/Rome"}\n')
})
