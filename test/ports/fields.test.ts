// Every field of every state is described once, in ports/fields.ts, and nothing is described that nobody says: a night
// with all devices and some trouble is run, and whatever stood in the feed is held against the descriptions.
import { copyFileSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { componentsOf } from '../../edge/api/mqtt/home-assistant.js'
import { topicsOf } from '../../edge/api/mqtt/topics.js'
import { parts } from '../../edge/drivers/link/simulator/mishaps.js'
import { ownImage } from '../../edge/main-image.js'
import type { Action } from '../../edge/ports/action.js'
import type { LastMove } from '../../edge/ports/data-disk.js'
import type { Feed } from '../../edge/ports/feed.js'
import type { Field } from '../../edge/ports/field.js'
import { kindOf, kinds } from '../../edge/ports/fields.js'
import type { Json } from '../../edge/ports/json.js'
import { jsonSchemaOf } from '../../edge/ports/schema.js'
import { dataDisk } from '../../edge/services/data-disk.js'
import { networkService } from '../../edge/services/network.js'
import { nothingSetUp, setUpService } from '../../edge/services/setup.js'
import { frameShare } from '../../edge/services/share.js'
import { sshAccess } from '../../edge/services/ssh-access.js'
import { openAir } from '../support/air.js'
import { boardFolder } from '../support/board-folder.js'
import { eveningMs, openHouse } from '../support/house.js'
import { mqttHouse } from '../support/mqtt-house.js'
import { openNight, pierConfig } from '../support/night.js'
import { gpsdSaying, jsonServer, piTree } from '../support/sensor-rigs.js'
import { syntax, visitAll } from '../support/source-tree.js'
import { makeBundles, openUpdateHouse } from '../support/update-house.js'

/** `kind.field` → values that were seen in it, by their JSON. */
const seen = new Map<string, Json>()

function watch(feed: Feed): void {
  const note = (kind: string, value: Readonly<Record<string, Json | undefined>>) => {
    for (const [field, one] of Object.entries(value)) if (one !== undefined) seen.set(`${kind}.${field}`, one)
  }
  for (const { kind, value } of feed.states()) note(kind, value)
  feed.listen({ state: ({ kind, value }) => note(kind, value) })
}

/** What a value of each type looks like. */
const isOf: Readonly<Record<Field['type'], (value: Json) => boolean>> = {
  number: value => typeof value === 'number' && Number.isFinite(value),
  time: value => typeof value === 'number' && value > Date.UTC(2020),
  text: value => typeof value === 'string',
  flag: value => typeof value === 'boolean',
  list: value => Array.isArray(value),
  record: value => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Stations that say every field there is, and one whose number may not be believed. */
async function everyStation(t: Parameters<typeof jsonServer>[0]) {
  const url = await jsonServer(t, () => ({ number: 20, pressure: 900, flag: true, absurd: 1e6 }))
  const paths: Readonly<Record<string, string>> = { pressureHectopascals: 'pressure' }
  const station = (kind: 'weather' | 'sensor') => {
    const measured = Object.entries(kinds[kind].fields).filter(([, { type }]) => type === 'number' || type === 'flag')
    const fields = Object.fromEntries(measured.map(([field, { type }]) => [field, { path: paths[field] ?? type }]))
    return { driver: 'json-sensor', url, fields, kind }
  }
  const absurd = (kind: string) => ({ driver: 'json-sensor', url, fields: { volts: { path: 'absurd' } }, kind })
  return {
    everything: station('weather'),
    'everything-else': station('sensor'),
    absurd: absurd('weather'),
    'absurd-too': absurd('sensor'),
  }
}

const gpsReport = { mode: 3, lat: 47, lon: 8, altMSL: 440, time: '2026-11-20T22:00:00.000Z' }

/** A Pi with something to warn of. */
function troubledPi(t: Parameters<typeof piTree>[0]): string {
  const { root, put } = piTree(t)
  put('sys/fs/ext4/mmcblk0p2/errors_count', '2')
  put('media/STICK/some file', '')
  put(
    'proc/self/mountinfo',
    '9 1 8:1 / /media/STICK rw - vfat /dev/sda1 rw\n8 1 179:4 / /data rw - ext4 /dev/mmcblk0p4 rw\n',
  )
  const card = { type: 'MMC', name: 'BJTD4R', date: '08/2023', life_time: '0x02 0x01', pre_eol_info: '0x01' }
  for (const [name, text] of Object.entries(card)) put(`sys/block/mmcblk0/device/${name}`, text)
  put('sys/fs/ext4/mmcblk0/errors_count', '0')
  put('sys/dev/block/.keep', '')
  symlinkSync(join(root, 'sys/block/mmcblk0'), join(root, 'sys/dev/block/179:4'))
  return root
}

t.test('a night in which everything happens', async t => {
  const part = (name: string, more: object = {}) => ({ driver: 'simulator', link: 'sky', part: name, ...more })
  const mishaps = [
    { at_s: 300, for_s: 60, kind: 'weather', cloud_percent: 100, rain: true },
    { at_s: 0.5, for_s: 2, kind: 'roof', fault: 'closed-switch-stuck' },
    // Cameras stay away for longer than a stack or a focus loop waits for them.
    ...parts.map(one => ({ at_s: 600, for_s: one.endsWith('camera') ? 400 : 60, kind: 'unplugged', part: one })),
  ]
  const config = JSON.parse(
    pierConfig({
      // The mount keeps what it believes, and that is wrong.
      sky: { mishaps, mount_clock_off_s: 3_600 },
      devices: {
        guide: part('guide-camera', { bayer: 'rggb' }),
        ...{ turner: part('rotator'), roof: part('dome'), lid: part('cover'), fix: part('gps'), guard: part('safety') },
        ...{ box: part('sensors'), pier: part('pier-camera'), motor: part('roof-relays') },
        shed: {
          ...{ driver: 'relay-roof', open_relay: 'motor/open', close_relay: 'motor/close' },
          ...{ open_switch: 'motor/opened', closed_switch: 'motor/closed' },
        },
        ...(await everyStation(t)),
        // It says another place and another time.
        far: { driver: 'gpsd', port: await gpsdSaying(t, () => gpsReport) },
      },
      more: {
        site: { latitude: 46.5, longitude: 8, elevation: 1200, position_from: 'town', place: 'Andermatt' },
        use: {
          camera: 'main',
          guide_camera: 'guide',
          mount: 'mount',
          focuser: 'focuser',
          wheel: 'wheel',
          ...{ rotator: 'turner', dome: 'roof', cover: 'lid' },
          pier_cam: 'pier',
        },
        mount: { time_and_place: { mount: 'mount' } },
        pier_cam: { enabled: true },
        power: {
          channels: {
            'relays/mount': { feeds: ['mount'] },
            'relays/camera': { feeds: ['main'], unsafe: 'off' },
            'relays/dew-heater': { station: 'box', volts: 'volts' },
          },
          battery: { station: 'box' },
        },
        heaters: {
          lens: { device: 'relays', channel: 'dew-heater', air: 'weather' },
          // Its output is not there, and its glass says nothing of a temperature that may be believed.
          corrector: { device: 'relays', channel: 'none', air: 'weather', glass: 'absurd' },
        },
      },
    }),
  )
  // Nobody listens on that port.
  config.links.away = { driver: 'indi', host: '127.0.0.1', port: 1 }
  const night = await openNight(t, JSON.stringify(config), { boxRoot: troubledPi(t), data: '/data', image: true })
  const { ask, start, clock, feed } = night
  const beganMs = clock.now()
  const until = (second: number) => clock.advance(Math.max(0, beganMs + second * 1000 - clock.now()))
  watch(feed)
  const unwatch = night.night.pierCamera.watch()
  await clock.advance(3_000)
  unwatch()
  await ask('mount-unpark')
  await ask('mount-slew', { target: 'M 31' })
  await ask('camera-cool', { targetCelsius: -5 })
  await ask('camera-expose', { seconds: 2, count: 2, object: 'M 31', filter: 'R', gain: 100, offset: 20 })
  const focus = await start('focus-start', { exposureSeconds: 1, region: { x: 20, y: 20, width: 200, height: 200 } })
  await clock.advance(5_000)
  await ask('focus-stop')
  await focus.ended
  await ask('power-set', { device: 'relays', channel: 'dew-heater', value: 40 })
  await ask('focuser-move', { by: 20 })

  await ask('calibration-take', { kind: 'flat', frames: 3, seconds: 0.01 })
  await t.rejects(ask('calibration-make', { kind: 'dark', ids: ['none'] }), { code: 'not-found' })

  await until(270)
  const stack = await start('stack-start', { frames: 9, exposureSeconds: 5, object: 'M 31' })
  await stack.done()
  // A stack that finds no room for its file is finished later.
  const incoming = join(night.archive, '.incoming')
  const unsaved = await start('stack-start', { frames: 0, exposureSeconds: 5 })
  await clock.advance(8_000)
  renameSync(incoming, `${incoming}-away`)
  await ask('stack-stop')
  await t.rejects(unsaved.done(), { name: 'Fault' })
  renameSync(`${incoming}-away`, incoming)
  await ask('stack-resume', { finish: true })
  await until(595)
  const runs = [
    await start('stack-start', { frames: 0, exposureSeconds: 5 }),
    await start('focus-start', { camera: 'guide', exposureSeconds: 5 }),
  ]
  for (const run of runs) await t.rejects(run.done(), { code: 'offline' })
  await ask('mount-park')
  await ask('power-safe')
  await clock.advance(60_000)
})

t.test('what an action says of itself holds for its input and for the state it is about', async t => {
  const { actions, feed } = await openNight(t, pierConfig())
  const complaints: string[] = []
  for (const { name, input, on, entity } of actions.table) {
    const complain = (words: string) => complaints.push(`${name}: ${words}`)
    if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name)) complain('is not named noun first, as in camera-expose')
    const fields = jsonSchemaOf(input).properties as Record<string, { description?: string }>
    for (const [key, { description }] of Object.entries(fields)) {
      if (!description) complain(`its input ${key} has no .describe()`)
    }
    const kind = on && kinds[kindOf(on)]
    if (on && !kind) complain(`is on ${on}, a kind that ports/fields.ts does not describe`)
    for (const [, part] of (on ?? '').matchAll(/\{(\w+)\}/g)) {
      if (!fields[part]) complain(`is on ${on}, but has no input ${part}`)
    }
    if (entity?.field && !fields[entity.field]) complain(`its entity fills ${entity.field}, which is no input`)
    for (const key of [entity?.shows, entity?.min, entity?.max]) {
      if (typeof key === 'string' && kind && !kind.fields[key]) complain(`its entity reads ${key}, not in ${on}`)
    }
  }
  t.ok(actions.table.length > 20)
  t.same(complaints, [])
  const bindings = (action: Action) => actions.bindings(action)
  const house = { node: 'test', topics: topicsOf('test'), states: feed.states(), bindings, known: new Set<string>() }
  const focuser = componentsOf({ ...house, actions: actions.table })['do_focuser-move_focuser']
  t.match(focuser, { platform: 'number', min: 0, max: 25_000 }, 'Home Assistant is told the range of this focuser')
})

t.test('a face over MQTT', async t => {
  const house = await mqttHouse()
  watch(house.feed)
  const face = house.face({}, { port: 0 })
  await face.start()
  await house.feed.event('frame-archived', {})
  for (let tries = 0; tries < 500 && !house.feed.get('mqtt')?.value.connected; tries++) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.equal(house.feed.get('mqtt')?.value.connected, true)
  await face.stop()
  await house.close()
})

t.test('a box that minds its own network', async t => {
  const house = await openHouse(t)
  const { clock, feed } = house
  watch(feed)
  const air = openAir(clock)
  const service = await networkService({ ...house, network: air })
  t.teardown(() => service.stop())
  const { signal } = new AbortController()
  air.routers.set('Home', { passphrase: 'correct horse' })
  await clock.advance(30_000)
  await t.rejects(clock.until(service.join({ ssid: 'Home', passphrase: 'wrong horse' }, signal), 90_000), {
    code: 'offline',
  })
  await clock.until(service.join({ ssid: 'Home', passphrase: 'correct horse' }, signal), 90_000)
  await clock.until(service.toHotspot(signal), 30_000)
  await clock.until(service.changeHotspot({ channel: 11 }, signal), 30_000)
  await service.confirm(signal)
  await service.changeCountry('DE', signal)
})

t.test('a box that is Pierside’s own', async t => {
  const { feed, folder } = await openHouse(t)
  watch(feed)
  const boardPlaces = boardFolder(folder, 'raspberrypi,5-model-b')
  const file = join(folder, 'image.json')
  writeFileSync(
    file,
    JSON.stringify({ version: '1.0.0', builtAt: '2026-11-30T00:00:00Z', base: 'debian', sources: [], boardPlaces }),
  )
  t.match(await ownImage(file, feed), { facts: { version: '1.0.0' } })
})

t.test('a box that waits for the browser of whoever set it up', async t => {
  const house = await openHouse(t)
  watch(house.feed)
  let record = nothingSetUp
  const setUp = setUpService({
    ...house,
    record: { read: () => record, write: async next => void (record = next) },
    given: { wishes: {}, complaints: [{ line: 1, words: 'is not a key here' }] },
    ...{ ssid: 'Pierside-0A1B', codeMs: 600_000, invite: () => '12345678', expect: () => {}, nameSite: async () => {} },
  })
  setUp.complete({ name: 'North', passphrase: 'clear skies' })
  setUp.stop()
  await sshAccess({ ...house, deed: async () => {}, onCard: 1 })
  t.match(house.feed.get('setup')?.value, { step: 'waiting' })
})

t.test('a box that gets another version', async t => {
  const folder = t.testdir({ run: { 'no-updates': 'slots: not this kernel' }, bundles: {} })
  const { good, key } = makeBundles(join(folder, 'bundles'))
  const house = await openUpdateHouse(t, { folder, key })
  watch(house.feed)
  house.put('run/slots.json', { slot: 'A', other: '0.2.0', otherState: 'bad', onTrial: false })
  house.put('update-result.json', {
    ok: false,
    version: '0.2.0',
    from: '0.1.0',
    reason: 'why',
    atMs: 1_800_000_000_000,
  })
  house.again()
  await house.until(({ refusal }) => refusal !== undefined)
  rmSync(join(folder, 'run/no-updates'))
  copyFileSync(good, join(folder, 'media/stick/good.raucb'))
  house.again()
  await house.until(({ found }) => (found as unknown[])?.length === 1)
  await house.activity('update-install', { from: join(folder, 'media/stick/good.raucb') })
  t.ok(house.feed.get('update'))
})

t.test('a box whose data has moved to a disk, and is to move on', async t => {
  const house = await openHouse(t)
  watch(house.feed)
  const disk = { id: 'b', device: 'sdb', name: 'B', bytes: 64e9, holds: [], ours: false }
  const place = { on: 'disk', name: 'A', trouble: 'full', usedBytes: 1e9, cardFreeBytes: 8e9, disks: [disk] } as const
  const failed = { ok: false, atMs: eveningMs, words: 'it was cut short', fix: 'Move it again' }
  let last: LastMove = failed
  const { stop } = dataDisk({ ...house, look: async () => ({ ...place, last }), deed: async () => {} })
  await house.clock.advance(10)
  last = { ok: true, atMs: eveningMs, to: 'A', files: 3 }
  await house.clock.advance(10_000)
  t.match(house.feed.get('data-disk')?.value, { lastOk: true, lastFiles: 3 })
  stop()
})

t.test('a share that is not obeyed', async t => {
  const house = await openHouse(t)
  watch(house.feed)
  const deed = async () => {
    throw new Error('it does not obey')
  }
  frameShare({ ...house, deed })
  await house.clock.advance(10)
  t.match(house.feed.get('share')?.value, { on: false, trouble: /does not obey/ })
})

t.test('what was said is described', async t => {
  const complaints: string[] = []
  for (const [name, value] of seen) {
    const [kind, field] = name.split('.')
    const described = kinds[kind]?.fields[field]
    if (!described) complaints.push(`${name} (${JSON.stringify(value)}) does not stand in ports/fields.ts`)
    else if (!isOf[described.type](value)) complaints.push(`${name} is no ${described.type}: ${JSON.stringify(value)}`)
  }
  t.same(complaints.sort(), [])
})

t.test('what is described was said', async t => {
  const all = Object.entries(kinds).flatMap(([kind, { fields }]) => Object.keys(fields).map(key => `${kind}.${key}`))
  t.ok(all.length > 150)
  const unsaid = all.filter(name => !seen.has(name))
  t.same(unsaid, [], 'nobody says these: take them out of ports/fields.ts, or let this night provoke them')
})

t.test('what the page reads is described', async t => {
  const file = 'web/states.ts'
  const complaints: string[] = []
  const judged = new Set<string>()
  visitAll(syntax(file, readFileSync(file, 'utf8')), node => {
    if (!ts.isInterfaceDeclaration(node)) return
    const name = node.name.text.toLowerCase()
    const kind = name === 'box' ? 'device' : name
    if (!kinds[kind]) return
    judged.add(kind)
    for (const member of node.members) {
      const field = member.name?.getText() ?? ''
      if (!kinds[kind].fields[field]) complaints.push(`${file} reads ${kind}.${field}, which nobody says`)
    }
  })
  t.ok(judged.size >= 12, [...judged].join(', '))
  t.same(complaints, [])
})
