// The MQTT face on the broker inside the agent, and its tables: topics, commands, Home Assistant.
import { connect as openSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bareInput, idOf, readCommand } from '../../edge/api/mqtt/command-text.js'
import { componentsOf, discoveryPayload, type Household } from '../../edge/api/mqtt/home-assistant.js'
import { packetGuard } from '../../edge/api/mqtt/packet-guard.js'
import { mqttSettings } from '../../edge/api/mqtt/settings.js'
import { levelOf, topicsOf } from '../../edge/api/mqtt/topics.js'
import type { Action } from '../../edge/ports/action.js'
import type { Fault } from '../../edge/ports/fault.js'
import type { State } from '../../edge/ports/feed.js'
import { kindOf, kinds } from '../../edge/ports/fields.js'
import type { JsonObject } from '../../edge/ports/json.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { freePort } from '../support/free-port.js'
import { discoveryComplaints } from '../support/home-assistant-rules.js'
import { type Done, someActions } from '../support/mqtt-actions.js'
import { mqttHouse } from '../support/mqtt-house.js'
import { watcher } from '../support/mqtt-watcher.js'

const topics = topicsOf('pier-test')
const base = 'pierside/pier-test'
const nowMs = Date.parse('2026-03-21T21:00:00Z')
const bytes = (text: string) => new TextEncoder().encode(text)
const faultOf = (work: () => unknown): Fault => {
  try {
    work()
  } catch (error) {
    return error as Fault
  }
  throw new Error('nothing was refused')
}

t.test('every name of a thing has a topic of its own', async t => {
  t.equal(topics.state('power/relays/2'), `${base}/power/relays/2`)
  const names = ['EQMod Mount', 'eqmod_mount', 'EQMod mount', 'é', 'ü', '', '+', '#', 'a/b', '日本']
  const levels = names.map(levelOf)
  t.equal(new Set(levels).size, names.length)
  for (const level of levels) t.match(level, /^[a-z0-9_-]+$/)
  t.not(topics.state('status'), topics.status, 'a state called status would be taken for the will')
})

t.test('a packet too large is noticed at its first bytes, however the stream is cut', async t => {
  const random = seededRandom(3)
  const packet = (length: number) => {
    const head = [0x30]
    for (let rest = length; ; ) {
      const byte = rest % 128
      rest = Math.floor(rest / 128)
      head.push(rest > 0 ? byte | 0x80 : byte)
      if (rest === 0) break
    }
    return Buffer.concat([Buffer.from(head), Buffer.alloc(length)])
  }
  const fine = Buffer.concat([0, 1, 127, 128, 16_383, 16_384, 20_000].map(packet))
  const cut = (stream: Buffer, see: (chunk: Uint8Array) => boolean) => {
    for (let at = 0; at < stream.length; ) {
      const step = 1 + Math.floor(random.next() * 40)
      if (!see(stream.subarray(at, at + step))) return at
      at += step
    }
    return undefined
  }
  for (let round = 0; round < 20; round++) {
    t.equal(
      cut(
        fine,
        packetGuard(() => 20_000),
      ),
      undefined,
    )
    const at = cut(
      Buffer.concat([fine, packet(20_001)]),
      packetGuard(() => 20_000),
    )
    t.ok(at !== undefined && at <= fine.length + 4, 'it is refused before its body is there')
  }
  t.notOk(packetGuard(() => 1e9)(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01])), 'five length bytes are malformed')
})

t.test('the settings refuse what would open the box to the network', async t => {
  t.ok(mqttSettings.safeParse({}).success)
  for (const host of ['0.0.0.0', '::', '192.168.1.5']) {
    t.notOk(mqttSettings.safeParse({ embedded: { host } }).success, `${host} without a password`)
    t.ok(mqttSettings.safeParse({ embedded: { host, password: 'x' } }).success)
  }
  t.notOk(
    mqttSettings.safeParse({ broker: { url: 'mqtt://me:secret@host:1883' } }).success,
    'secrets are not for addresses',
  )
  t.notOk(mqttSettings.safeParse({ node: 'My Pier' }).success)
  t.notOk(mqttSettings.safeParse({ role: 'administrator' }).success)
})

t.test('a command says when it was meant, or is refused in words', async t => {
  const envelope = (more: object) =>
    bytes(JSON.stringify({ id: 'a1', issued: nowMs, expires: nowMs + 30_000, ...more }))
  t.same(readCommand(envelope({ on: true }), nowMs), {
    envelope: { id: 'a1', expiresMs: nowMs + 30_000 },
    fields: { on: true },
  })
  const iso = envelope({ issued: '2026-03-21T22:00:00+01:00', expires: '2026-03-21T21:00:30.5Z' })
  t.equal(readCommand(iso, nowMs).envelope?.expiresMs, nowMs + 30_500)
  const refused: [string, Uint8Array, string, RegExp][] = [
    ['late', envelope({ issued: nowMs - 60_000, expires: nowMs - 12_300 }), 'timeout', /expired 12.3 s ago/],
    ['from the future', envelope({ issued: nowMs + 61_000, expires: nowMs + 90_000 }), 'bad-input', /in the future/],
    ['valid for days', envelope({ expires: nowMs + 86_400_000 }), 'bad-input', /expires in 86400 s/],
    ['backwards', envelope({ expires: nowMs - 1, issued: nowMs }), 'bad-input', /later than issued/],
    ['in seconds', envelope({ issued: nowMs / 1000 }), 'bad-input', /milliseconds/],
    ['without a zone', envelope({ issued: '2026-03-21T21:00:00' }), 'bad-input', /zone/],
    ['without an expiry', envelope({ expires: undefined }), 'bad-input', /expires/],
    ['with an id for a topic tree', envelope({ id: 'a/b' }), 'bad-input', /id must be/],
    ['empty', bytes(' '), 'bad-input', /empty/],
    ['not JSON', bytes('{on:true}'), 'bad-input', /not JSON/],
    ['not text', Uint8Array.of(0xff, 0xfe), 'bad-input', /UTF-8/],
    ['huge', new Uint8Array(70_000), 'limit', /70000 bytes/],
  ]
  for (const [name, payload, code, words] of refused) {
    const fault = faultOf(() => readCommand(payload, nowMs))
    t.equal(fault.code, code, name)
    t.match(fault.message, words, name)
    t.ok(fault.fix, name)
  }
  t.equal(idOf(bytes('{"id":"a1", broken')), 'a1', 'even a broken command is answered at its own topic')
  t.equal(idOf(bytes('{"id":"a/b"}')), undefined)
})

t.test('bare payloads fill the one field they are for', async t => {
  const row = (name: string) => someActions([]).find(action => action.name === name)!
  t.same(bareInput(row('lamp-set'), 'ON'), { on: true })
  t.same(bareInput(row('lamp-set'), 'OFF'), { on: false })
  t.same(bareInput(row('lamp-dim'), '42.5'), { value: 42.5 })
  t.same(bareInput(row('mount-stop'), 'PRESS'), {})
  t.same(bareInput(row('wheel-select'), 'Ha'), { filter: 'Ha' })
  for (const [name, word] of [
    ['lamp-set', 'on'],
    ['lamp-dim', 'NaN'],
    ['lamp-dim', '0x10'],
    ['lamp-dim', ''],
    ['mount-stop', 'ON'],
  ]) {
    t.equal(faultOf(() => bareInput(row(name), word)).code, 'bad-input', `${name} ${word}`)
  }
})

/** One state of every kind with a value in every field. */
function everything(): State[] {
  const sample = { number: 1.5, text: 'words', flag: true, time: nowMs, list: ['L', 'Ha'], record: {} }
  const paths: Record<string, string[]> = {
    power: ['power/relays/2', 'power/Box A/dew heater'],
    camera: ['camera/main', 'camera/guide'],
  }
  return Object.entries(kinds).flatMap(([kind, { fields }]) =>
    (paths[kind] ?? [kind === 'observatory' || kind === 'storage' || kind === 'mqtt' ? kind : `${kind}/main`]).map(
      path => ({
        path,
        kind: kindOf(path),
        value: Object.fromEntries(Object.entries(fields).map(([key, { type }]) => [key, sample[type]])) as JsonObject,
        atMs: nowMs,
        stale: false,
      }),
    ),
  )
}

function household(states: readonly State[], actions: readonly Action[] = [], known: string[] = []): Household {
  const bound: Record<string, (state: State) => Record<string, string> | undefined> = {
    'power/{device}/{channel}': ({ path, kind }) =>
      kind === 'power' ? { device: path.split('/')[1], channel: path.split('/')[2] } : undefined,
    'wheel/{wheel}': ({ path, kind }) => (kind === 'wheel' ? { wheel: path.split('/')[1] } : undefined),
  }
  return {
    node: 'pier-test',
    topics,
    states,
    actions,
    bindings: action =>
      action.on
        ? states.flatMap(state => {
            const input = bound[action.on!](state)
            return input ? [{ path: state.path, input }] : []
          })
        : [{ input: {} }],
    known: new Set(known),
  }
}
const configTopic = 'homeassistant/device/pier-test/config'
const asConfig = (house: Household) =>
  JSON.parse(JSON.stringify(discoveryPayload(house, componentsOf(house)))) as Record<string, never>

t.test('Home Assistant takes every state and action that the house can have', async t => {
  const house = household(
    everything().map(state =>
      state.kind === 'power' ? { ...state, value: { ...state.value, min: 0, max: 100, step: 5 } } : state,
    ),
    someActions([]),
  )
  const config = asConfig(house)
  t.same(discoveryComplaints(configTopic, config), [])
  const components = config.components as Record<string, Record<string, unknown>>
  for (const [kind, { fields }] of Object.entries(kinds)) {
    const shown = Object.values(fields).filter(field => field.entity).length
    const instances = house.states.filter(state => state.kind === kind).length
    const entities = Object.values(components).filter(
      ({ state_topic, command_topic }) => !command_topic && `${state_topic}/`.startsWith(`${base}/${kind}/`),
    )
    t.equal(entities.length, shown * instances, `${kind}: one entity for each field that is shown`)
  }
  t.match(components.camera_main_sensorCelsius, {
    platform: 'sensor',
    name: 'Camera sensor temperature',
    unique_id: 'pierside_pier-test_camera_main_sensorCelsius',
    default_entity_id: 'sensor.pier_test_camera_main_sensor_celsius',
    device_class: 'temperature',
    state_class: 'measurement',
    unit_of_measurement: '°C',
    suggested_display_precision: 1,
    state_topic: `${base}/camera/main`,
    availability_mode: 'all',
    availability: [{ topic: `${base}/status` }, { topic: `${base}/camera/main` }],
  })
  t.match(components['do_lamp-set_relays_2'], {
    platform: 'switch',
    command_topic: `${base}/do/lamp-set/relays/2`,
    state_topic: `${base}/power/relays/2`,
    command_template: undefined,
  })
  t.match(components['do_lamp-dim_relays_2'], { platform: 'number', min: 0, max: 100, step: 5 })
  t.match(components['do_wheel-select_main'], { platform: 'select', options: ['L', 'Ha'] })
  t.match(components['do_roof-open'].command_template, /"expires"/, 'what may do harm late is asked for with an expiry')
  t.match(components.picture_stack, { platform: 'image', image_topic: `${base}/picture/stack` })
  t.match(components.picture_pier, { platform: 'camera', topic: `${base}/picture/pier` })
  for (const component of Object.values(components)) {
    t.notOk('object_id' in component || 'expire_after' in component || 'retain' in component)
  }
})

t.test('the rules would notice a payload that Home Assistant refuses', async t => {
  const spoil: [string, (component: Record<string, unknown>) => void][] = [
    ['unit', component => (component.unit_of_measurement = 'px')],
    ['class', component => (component.device_class = 'heat')],
    ['state class', component => (component.state_class = 'total')],
    ['no id', component => delete component.unique_id],
    ['object_id', component => (component.object_id = 'x')],
    ['precision', component => (component.suggested_display_precision = 0.5)],
    ['category', component => (component.entity_category = 'config')],
    ['topic', component => (component.state_topic = 'a/+')],
    ['template', component => (component.value_template = '{{ value_json.x')],
  ]
  for (const [name, how] of spoil) {
    const config = asConfig(household(everything()))
    how((config.components as Record<string, Record<string, unknown>>).camera_main_sensorCelsius)
    t.equal(discoveryComplaints(configTopic, config).length, 1, name)
  }
})

t.test('an entity stays while its device is there, and only fields that a device has become entities', async t => {
  const bare: State = {
    path: 'camera/main',
    kind: 'camera',
    value: { condition: 'opening' },
    atMs: nowMs,
    stale: false,
  }
  t.same(Object.keys(componentsOf(household([bare]))), ['picture_frame'])
  const known = ['camera_main_sensorCelsius']
  t.ok(componentsOf(household([bare], [], known)).camera_main_sensorCelsius, 'known from before a restart')
  t.notOk(
    componentsOf(household([], [], known)).camera_main_sensorCelsius,
    'but not once the camera has left the house',
  )
  const dimmer: State = {
    path: 'power/relays/2',
    kind: 'power',
    value: { value: 10, min: 0, max: 100 },
    atMs: nowMs,
    stale: false,
  }
  const components = componentsOf(household([dimmer], someActions([])))
  t.ok(components['do_lamp-dim_relays_2'])
  t.notOk(components['do_lamp-set_relays_2'], 'a dimmer has no on and off')
})

t.test('over the broker inside the agent', async t => {
  const done: Done[] = []
  let release: (() => void) | undefined
  let holding = false
  const hold = () => (holding ? new Promise<void>(settle => (release = settle)) : Promise.resolve())
  const house = await mqttHouse()
  house.actions.offer(someActions(done, hold))
  house.feed.set('observatory', { name: 'Test pier', version: '0.1', sentence: 'Nothing is running' })
  house.feed.set('power/relays/2', { condition: 'ready', on: false, name: 'Lamp' })
  house.feed.set('power/relays/mount', { condition: 'ready', on: true, name: 'Mount' })
  house.feed.set('mount/Old EQMod', { condition: 'ready', raHours: 5, slewing: false })
  await house.feed.event('before-the-first-start', {})
  const port = await freePort()
  const face = house.face({ picture_max_kb: 16, pier_picture_every_s: 1 }, { port })
  await face.start()
  t.equal(face.url, `mqtt://127.0.0.1:${port}`)
  const eye = await watcher({ url: face.url! })
  t.teardown(async () => {
    await face.stop()
    await eye.close()
    await house.close()
  })
  const ask = (name: string, id: string, more: object = {}, input: object = {}) => {
    const issued = Date.now()
    return eye.say(`${base}/do/${name}`, JSON.stringify({ id, issued, expires: issued + 20_000, ...more, ...input }))
  }
  const replies = (id: string) =>
    eye.seen.filter(({ topic }) => topic === `${base}/reply/${id}`).map(({ text }) => JSON.parse(text))
  const reply = async (id: string, place = 0) => {
    await eye.until(
      `answer ${place} to ${id}`,
      ({ topic }) => topic === `${base}/reply/${id}` && replies(id).length > place,
    )
    return replies(id)[place]
  }
  await eye.until('online', ({ topic, text }) => topic === `${base}/status` && text === 'online')

  await t.test('states stand retained, and leave when their device leaves', async t => {
    await eye.until('the lamp', ({ topic }) => topic === `${base}/power/relays/2`)
    t.match(JSON.parse(eye.last(`${base}/power/relays/2`)!.text), { on: false, name: 'Lamp', stale: false, at: /Z$/ })
    house.feed.patch('power/relays/2', { on: true })
    await eye.until('the lamp on', ({ topic, text }) => topic.endsWith('/relays/2') && JSON.parse(text).on === true)
    const late = await watcher({ url: face.url!, filters: [`${base}/#`] })
    const found = await late.until('the lamp', ({ topic }) => topic === `${base}/power/relays/2`)
    t.ok(found.retained)
    await late.until('the status', ({ topic, text }) => topic === `${base}/status` && text === 'online')
    t.ok(
      late.seen.some(({ topic }) => /\/mount\/old_eqmod-/.test(topic)),
      'a name with a space has a topic',
    )
    await late.close()
    house.feed.set('sensor/dome', { celsius: 4 })
    await eye.until('the sensor', ({ topic }) => topic === `${base}/sensor/dome`)
    house.feed.drop('sensor/dome')
    await eye.until('nothing more of it', ({ topic, text }) => topic === `${base}/sensor/dome` && text === '')
  })

  await t.test('many changes of one state become few messages, and the last one is right', async t => {
    eye.forget()
    for (let step = 0; step < 5_000; step++) house.feed.set('weather/mast', { windMetresPerSecond: step })
    await eye.until(
      'the last',
      ({ topic, text }) => topic === `${base}/weather/mast` && JSON.parse(text).windMetresPerSecond === 4_999,
    )
    t.ok(eye.seen.filter(({ topic }) => topic === `${base}/weather/mast`).length < 50)
  })

  await t.test('events come once each, in order, from the first start on', async t => {
    for (let step = 1; step <= 120; step++) await house.feed.event('frame-archived', { step })
    await eye.until(
      'the last',
      ({ topic, text }) => topic === `${base}/event/frame-archived` && JSON.parse(text).body.step === 120,
    )
    const steps = eye.seen.filter(({ topic }) => topic.includes('/event/')).map(({ text }) => JSON.parse(text))
    t.same(
      steps.map(({ body }) => body.step),
      Array.from({ length: 120 }, (_, step) => step + 1),
    )
    t.match(steps[0], { node: 'pier-test', boot: 1, kind: 'frame-archived' })
    t.notOk(eye.seen.some(({ topic }) => topic.includes('before-the-first-start')))
  })

  await t.test('a command is obeyed once and answered', async t => {
    await ask('roof-open', 'r1')
    t.match(await reply('r1'), { id: 'r1', ok: true, done: true, output: { did: 'roof-open' } })
    await ask('roof-open', 'r1')
    t.match(await reply('r1', 1), { ok: false, doubled: true, code: 'bad-input', fix: /id/ })
    t.equal(done.filter(({ name }) => name === 'roof-open').length, 1)
    await ask('roof-open', 'r2', { issued: Date.now() - 60_000, expires: Date.now() - 1_000 })
    t.match(await reply('r2'), { ok: false, code: 'timeout' })
    await ask('lamp-set/relays/2', 'l1', {}, { on: false })
    t.match(await reply('l1'), { ok: true })
    t.same(done.at(-1), { name: 'lamp-set', input: { on: false, device: 'relays', channel: '2' } })
    await ask('camera-expose', 'c1', {}, { seconds: 1 })
    t.match(await reply('c1'), { ok: true, accepted: true, activity: /^camera-expose-/ })
    t.match(await reply('c1', 1), { ok: true, done: true, output: { did: 'camera-expose' } })
  })

  await t.test('what may not be is refused in words, and nothing happens', async t => {
    const before = done.length
    await ask('config-save', 'x1')
    t.match(await reply('x1'), { ok: false, code: 'forbidden', fix: /administrator/ })
    await ask('camera-expose', 'x2', {}, { seconds: -1 })
    t.match(await reply('x2'), { ok: false, code: 'bad-input', error: /seconds/ })
    await ask('camera-exposs', 'x3')
    t.match(await reply('x3'), { ok: false, code: 'not-found', fix: /camera-expose/ })
    await ask('lamp-set/relays/9', 'x4', {}, { on: true })
    t.match(await reply('x4'), { ok: false, code: 'not-found' })
    await eye.say(`${base}/do/roof-open`, 'PRESS')
    await eye.until(
      'refusal',
      ({ topic, text }) => topic === `${base}/reply/unknown` && /id, issued and expires/.test(text),
    )
    const refusals = () => eye.seen.filter(({ text }) => text.includes('lamp-set may do harm')).length
    await eye.say(`${base}/do/lamp-set/relays/mount`, 'OFF')
    await eye.say(`${base}/do/lamp-set`, JSON.stringify({ device: 'relays', channel: 'mount', on: false }))
    await eye.until('two refusals', () => refusals() === 2)
    t.equal(done.length, before, 'not even the lamp that must not be switched late, however it is named')
    await ask('lamp-set/relays/mount', 'x5', {}, { on: false })
    t.match(await reply('x5'), { ok: true }, 'with an id it is')
  })

  await t.test('bare words serve what is harmless late; a fast toggle ends where the finger left it', async t => {
    done.splice(0)
    await eye.say(`${base}/do/mount-stop`, 'PRESS')
    await eye.say(`${base}/do/lamp-set/relays/2`, 'ON')
    while (done.length < 2) await sleep(10)
    t.same(done.map(({ name }) => name).sort(), ['lamp-set', 'mount-stop'])
    holding = true
    for (const word of ['ON', 'OFF', 'ON', 'OFF', 'ON', 'OFF']) await eye.say(`${base}/do/lamp-set/relays/2`, word)
    await sleep(100)
    holding = false
    release?.()
    while (done.length < 4) await sleep(10)
    await sleep(50)
    t.same(
      done.slice(2).map(({ input }) => input.on),
      [true, false],
      'the first, and the last that waited',
    )
  })

  await t.test('a retained command is dropped', async t => {
    done.splice(0)
    const late = await freePort()
    const other = await mqttHouse({ node: 'late' })
    other.actions.offer(someActions(done))
    const broker = other.face({}, { port: late })
    await broker.start()
    const hand = await watcher({ url: broker.url! })
    await hand.until('online', ({ topic, text }) => topic === 'pierside/late/status' && text === 'online')
    await hand.say('pierside/pier-test/do/mount-stop', 'PRESS', { retain: true })
    // A second box on the same broker, which subscribes after the command was left there.
    const guest = await mqttHouse()
    guest.actions.offer(someActions(done))
    const face = guest.face({ broker: { url: broker.url! } })
    await face.start()
    await hand.until('the guest', ({ topic, text }) => topic === `${base}/status` && text === 'online')
    await hand.say(`${base}/do/mount-stop`, 'PRESS')
    while (done.length < 1) await sleep(10)
    await sleep(100)
    t.equal(done.length, 1, 'only the one said while it listened')
    t.ok(guest.log.recent().some(({ message }) => /retained command was dropped/.test(message)))
    await face.stop()
    await hand.close()
    await broker.stop()
    await Promise.all([guest.close(), other.close()])
  })

  await t.test('garbage is refused and the face goes on', async t => {
    const random = seededRandom(11)
    const actionsNamed = ['lamp-set/relays/2', 'roof-open', 'camera-expose', '', 'a/b/c', '..', '%00', 'mount-stop']
    const whole = JSON.stringify({
      id: 'g1',
      issued: Date.now(),
      expires: Date.now() + 9_000,
      on: true,
      __proto__: { on: 1 },
    })
    for (let round = 0; round < 400; round++) {
      const noise = Buffer.from(whole)
      for (let hits = random.next() * 12; hits > 0; hits--)
        noise[Math.floor(random.next() * noise.length)] = Math.floor(random.next() * 256)
      const cut = noise.subarray(0, Math.floor(random.next() * (noise.length + 1)))
      await eye.say(`${base}/do/${actionsNamed[round % actionsNamed.length]}`, cut, { qos: 0 })
    }
    await ask('roof-open', 'after-garbage')
    t.match(await reply('after-garbage'), { ok: true })
  })

  await t.test('a flood of commands is bounded and stops still get through', async t => {
    holding = true
    const before = done.length
    for (let one = 0; one < 60; one++) await ask('camera-expose', `f${one}`, {}, { seconds: 1 })
    const all = await Promise.all(Array.from({ length: 60 }, (_, one) => reply(`f${one}`)))
    t.equal(all.filter(({ ok }) => ok).length, 1, 'one holds the camera')
    t.ok(all.slice(1).every(({ code }) => code === 'busy' || code === undefined))
    holding = false
    release?.()
    await ask('mount-stop', 'f-stop')
    t.match(await reply('f-stop'), { ok: true })
    t.ok(done.length > before)
  })

  await t.test('pictures: within the cap, the newest, and the pier camera not too often', async t => {
    eye.forget()
    const jpeg = (size: number, mark: number) => Buffer.alloc(size, mark)
    const put = (name: string, size: number, mark: number) =>
      house.pictures.put(name, { bytes: jpeg(size, mark), type: 'image/jpeg', atMs: nowMs })
    put('frame', 16_385, 1)
    put('stack', 9_000, 2)
    for (let mark = 3; mark < 40; mark++) put('pier', 9_000, mark)
    const pier = () => eye.seen.filter(({ topic }) => topic === `${base}/picture/pier`)
    await eye.until('the stack', ({ topic }) => topic === `${base}/picture/stack`)
    await eye.until(
      'the last of the pier',
      ({ topic, payload }) => topic === `${base}/picture/pier` && payload[0] === 39,
    )
    t.ok(pier().length <= 3, `${pier().length} of 37`)
    t.notOk(eye.last(`${base}/picture/frame`), 'one above the cap stays away')
    put('frame', 16_384, 50)
    await eye.until('the frame', ({ topic, payload }) => topic === `${base}/picture/frame` && payload.length === 16_384)
    const late = await watcher({ url: face.url!, filters: [`${base}/picture/#`] })
    t.ok((await late.until('a picture', () => true)).retained)
    await late.close()
  })

  await t.test('Home Assistant is told again when it is born, with the states', async t => {
    eye.forget()
    await eye.say('homeassistant/status', 'online')
    const config = await eye.until('discovery', ({ topic }) => topic === configTopic)
    t.same(discoveryComplaints(configTopic, JSON.parse(config.text)), [])
    await eye.until('states', ({ topic }) => topic === `${base}/power/relays/2`)
  })

  await t.test('what leaves the house leaves Home Assistant: once taken away, then forgotten', async t => {
    house.feed.set('focuser/main', { condition: 'ready', position: 5 })
    const component = (text: string) => JSON.parse(text).components.focuser_main_position
    await eye.until('the focuser', ({ topic, text }) => topic === configTopic && component(text)?.name)
    house.feed.drop('focuser/main')
    const isRemoval = (text: string) => JSON.stringify(component(text)) === '{"platform":"sensor"}'
    const removal = await eye.until('its removal', ({ topic, text }) => topic === configTopic && isRemoval(text))
    t.same(discoveryComplaints(configTopic, JSON.parse(removal.text)), [])
    const from = eye.seen.indexOf(removal)
    await eye.until(
      'nothing of it',
      message => message.topic === configTopic && eye.seen.indexOf(message) > from && !component(message.text),
    )
  })

  await t.test('nobody else may speak for the box', async t => {
    const liar = await watcher({ url: face.url!, filters: [] })
    await t.rejects(
      Promise.race([
        liar.say(`${base}/status`, 'offline', { retain: true }),
        sleep(1_000).then(() => Promise.reject(new Error('no answer'))),
      ]),
    )
    await liar.close()
    const late = await watcher({ url: face.url!, filters: [`${base}/status`] })
    t.equal((await late.until('the status', () => true)).text, 'online')
    await late.close()
  })

  await t.test('a stranger cannot make the broker keep a huge packet', async t => {
    const socket = openSocket(port, '127.0.0.1')
    const closed = new Promise(settle => socket.once('close', settle))
    socket.on('error', () => undefined)
    // CONNECT that announces 256 MB.
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]))
    await closed
    t.pass('the connection was cut before a byte of it came')
  })

  await t.test('a clean stop says offline', async t => {
    eye.forget()
    const gone = eye.until('offline', ({ topic, text }) => topic === `${base}/status` && text === 'offline')
    await face.stop()
    await gone
    t.match(house.feed.get('mqtt')?.value, { connected: false })
  })
})

t.test('wider than this machine there is a password, or no start', async t => {
  const house = await mqttHouse()
  const open = { ...mqttSettings.parse({}), embedded: { enabled: true, host: '0.0.0.0', port: 1883 } }
  const refused = house.face({}, { settings: open })
  await t.rejects(refused.start(), { code: 'bad-input', message: /without a password/ })
  await refused.stop()
  const port = await freePort()
  const face = house.face({ embedded: { host: '0.0.0.0', port, user: 'pier', password: 'moon' } })
  await face.start()
  await t.rejects(watcher({ url: `mqtt://127.0.0.1:${port}` }))
  await t.rejects(watcher({ url: `mqtt://127.0.0.1:${port}`, user: 'pier', password: 'sun' }))
  await t.rejects(watcher({ url: `mqtt://127.0.0.1:${port}`, user: 'other', password: 'moon' }))
  const eye = await watcher({ url: `mqtt://127.0.0.1:${port}`, user: 'pier', password: 'moon' })
  await eye.until('online', ({ topic, text }) => topic === `${base}/status` && text === 'online')
  await eye.close()
  await face.stop()
  await house.close()
})

t.test('a port that is taken is said, waited for, or stepped over', async t => {
  const port = await freePort()
  const first = await mqttHouse({ node: 'first' })
  const holder = first.face({}, { port })
  await holder.start()
  const second = await mqttHouse({ node: 'second' })
  const next = second.face({}, { port, nextFreePort: true })
  await next.start()
  t.not(next.url, `mqtt://127.0.0.1:${port}`)
  const third = await mqttHouse({ node: 'third' })
  const waiting = third.face({}, { port })
  await waiting.start()
  t.match(third.feed.get('mqtt')?.value, { connected: false, reason: new RegExp(`port ${port} .* taken`) })
  await holder.stop()
  while (third.feed.get('mqtt')?.value.connected !== true) await sleep(20)
  await Promise.all([next.stop(), waiting.stop()])
  await Promise.all([first, second, third].map(house => house.close()))
})
