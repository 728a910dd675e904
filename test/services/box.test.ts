// The box as a sensor of itself: a Pi as a folder, what it warns of and in which words, and this very machine.
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { boxHealth } from '../../edge/drivers/own/box-health.js'
import { boxWarnings } from '../../edge/rules/box-warnings.js'
import { openNight, pierConfig } from '../support/night.js'
import { emptyTree, piTree } from '../support/sensor-rigs.js'

const never = new AbortController().signal

interface Box {
  readonly warnings: readonly string[]
  readonly [field: string]: unknown
}

t.test('what a Pi tells of itself', async t => {
  const { root, put } = piTree(t)
  t.same(await boxHealth({ root })(never), {
    model: 'Raspberry Pi 5 Model B Rev 1.0',
    cpuCelsius: 52.35,
    throttled: 0,
    supplyAlarm: false,
    memoryTotalBytes: 4_034_424 * 1024,
    memoryFreeBytes: 3_034_424 * 1024,
    load: 0.52,
    uptimeSeconds: 93_784.51,
    cardErrors: 0,
    cardLifePercent: 20,
  })
  put('sys/devices/platform/soc/soc:firmware/get_throttled', '50005\n')
  t.equal((await boxHealth({ root })(never)).throttled, 0x5_0005)
})

t.test('where sysfs does not say it, vcgencmd does; elsewhere nobody', async t => {
  const { root } = emptyTree(t)
  const program = path.join(root, 'vcgencmd')
  writeFileSync(program, '#!/bin/sh\n[ "$1" = get_throttled ] && echo throttled=0x10000\n')
  chmodSync(program, 0o755)
  t.equal((await boxHealth({ root, vcgencmd: program })(never)).throttled, 0x1_0000)
  const nothing = await boxHealth({ root, vcgencmd: path.join(root, 'none') })(never)
  t.same(
    Object.values(nothing).filter(value => value !== undefined),
    [],
    'an empty machine says nothing, and nothing is made up',
  )
  const here = await boxHealth()(never)
  t.ok(Number(here.memoryTotalBytes) > 1e8 && Number(here.uptimeSeconds) > 0, 'the machine of this test has memory')
})

t.test('what went wrong as the image started, and what it lacks since, is a warning', async t => {
  const { root, put } = emptyTree(t)
  put('run/pierside/boot-faults', 'data: the file system was damaged and has been repaired\n\n')
  put(
    'run/pierside-do/data-disk.json',
    '{"on":"card","name":"SSD","trouble":"the disk with the data, SSD, is not there"}\n',
  )
  const facts = await boxHealth({ root })(never)
  t.same(
    boxWarnings(facts).map(({ words }) => words),
    ['The disk with the data, SSD, is not there', 'Data: the file system was damaged and has been repaired'],
  )
  put('run/pierside-do/data-disk.json', '{"on":"disk","name":"SSD"}\n')
  put('run/pierside/boot-faults', '')
  t.equal((await boxHealth({ root })(never)).faults, undefined)
})

t.test('warnings in words', async t => {
  const about = (facts: Parameters<typeof boxWarnings>[0]) => boxWarnings(facts).map(one => one.about)
  t.same(about({}), [], 'what is not known is no warning')
  t.same(about({ throttled: 0, cpuCelsius: 60, cardErrors: 0, memoryFreeBytes: 1e9, diskFreeBytes: 50e9 }), [])
  t.same(about({ throttled: 0x5_0005 }), ['supply', 'slow'])
  t.same(about({ throttled: 0x1_0000 }), ['supply-seen'], 'once since the start is worth a word')
  t.same(about({ supplyAlarm: true }), ['supply'])
  t.same(about({ throttled: 0x8, cpuCelsius: 84 }), ['hot'])
  t.same(about({ cpuCelsius: 81 }), ['hot'])
  t.same(about({ cardErrors: 3, cardLifePercent: 100 }), ['card', 'worn'])
  t.same(about({ memoryFreeBytes: 90e6 }), ['memory'])
  t.same(about({ diskFreeBytes: 2.4e9, diskReserveBytes: 0.5e9 }), ['disk'])
  for (const { words } of boxWarnings({ throttled: 0xf_000f, cpuCelsius: 85, cardErrors: 1, memoryFreeBytes: 1 })) {
    t.match(words, /^The |^Memory /, words)
    t.match(words, /: \w/, 'what happened, and what to do')
  }
})

t.test('the box on the feed', async t => {
  const { root, put } = piTree(t)
  const night = await openNight(t, pierConfig(), { boxRoot: root })
  t.match(night.state<Box>('box'), { cpuCelsius: 52.4, underVoltage: false, throttled: false })
  const disk = night.state<Box>('box').warnings.filter(words => !words.startsWith('The disk is nearly full'))
  t.same(disk, [])
  put('sys/devices/platform/soc/soc:firmware/get_throttled', '50005\n')
  await night.clock.advance(31_000)
  t.match(night.state<Box>('box'), {
    underVoltage: true,
    throttled: true,
    troubled: true,
    warning: /too weak right now/,
  })
  await night.clock.advance(120_000)
  t.equal(night.told('box-warning').filter(({ about }) => about === 'supply').length, 1, 'told once')
  put('sys/devices/platform/soc/soc:firmware/get_throttled', '50000\n')
  await night.clock.advance(31_000)
  t.match(night.state<Box>('box'), { underVoltage: false, warning: /was too weak since the start/ })
})
