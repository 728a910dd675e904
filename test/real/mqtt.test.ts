// The MQTT face against a real mosquitto: TLS, passwords, a broker that stops, freezes, forgets, and an agent that is
// killed.
import { execFileSync, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../support/free-port.js'
import { discoveryComplaints } from '../support/home-assistant-rules.js'
import { hasMosquitto, mosquitto } from '../support/mosquitto.js'
import { type Done, someActions } from '../support/mqtt-actions.js'
import { mqttHouse } from '../support/mqtt-house.js'
import { type Seen, watcher } from '../support/mqtt-watcher.js'

const base = 'pierside/pier-test'
const configTopic = 'homeassistant/device/pier-test/config'
const skip = hasMosquitto ? false : 'mosquitto is not installed'
const isOnline = ({ topic, text }: Seen) => topic === `${base}/status` && text === 'online'
const isOffline = ({ topic, text }: Seen) => topic === `${base}/status` && text === 'offline'
const stepsOf = (seen: readonly Seen[]) =>
  seen.filter(({ topic }) => topic.includes('/event/')).map(({ text }) => JSON.parse(text).body.step as number)
const steps = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

async function furnished() {
  const house = await mqttHouse()
  house.feed.set('observatory', { name: 'Test pier', version: '0.1', sentence: 'Exposing 12 of 48' })
  house.feed.set('camera/main', { condition: 'ready', phase: 'exposing', exposing: true, sensorCelsius: -9.9 })
  house.feed.set('video/pier', { condition: 'ready', streaming: true })
  house.feed.set('stack/main', { running: true, framesAccepted: 12 })
  house.feed.set('power/relays/2', { condition: 'ready', on: false, name: 'Lamp' })
  return house
}

t.test('with TLS and a password', { skip }, async t => {
  const broker = await mosquitto({ user: 'pier', password: 'moonless', tls: true })
  const house = await furnished()
  house.actions.offer(someActions([]))
  const login = { url: broker.url, user: 'pier', password: 'moonless', ca: broker.ca }
  const eye = await watcher(login)
  const face = house.face({ broker: login })
  await face.start()
  t.teardown(async () => {
    await face.stop()
    await eye.close()
    await house.close()
    await broker.remove()
  })
  await eye.until('online', isOnline)

  await t.test('Home Assistant finds one device by its rules, and its templates say what the states say', async t => {
    const config = JSON.parse((await eye.until('discovery', ({ topic }) => topic === configTopic)).text)
    t.same(discoveryComplaints(configTopic, config), [])
    t.equal(config.device.name, 'Test pier')
    const late = await watcher({ ...login, filters: [configTopic, `${base}/#`] })
    t.ok((await late.until('it', ({ topic }) => topic === configTopic)).retained)
    for (const path of ['power/relays/2', 'camera/main', 'stack/main', 'observatory']) {
      await late.until(path, ({ topic }) => topic === `${base}/${path}`)
    }
    const told = (topic: string) => late.last(topic)?.text ?? ''
    const rendered = render(
      Object.entries(config.components as Record<string, Record<string, string>>).flatMap(([id, component]) =>
        component.value_template ? [[id, component.value_template, told(component.state_topic)]] : [],
      ),
    )
    if (!rendered) return t.comment('python3 has no jinja2: templates are not rendered')
    t.match(rendered, {
      camera_main_exposing: 'ON',
      camera_main_sensorCelsius: '-9.9',
      camera_main_phase: 'exposing',
      stack_main_framesAccepted: '12',
      'do_lamp-set_relays_2': 'OFF',
      observatory_sentence: 'Exposing 12 of 48',
    })
    const { value_template } = config.components.camera_main_phase.availability[1]
    const availability = render([
      ['ready', value_template, '{"condition":"ready","stale":false}'],
      ['stale', value_template, '{"condition":"ready","stale":true}'],
      ['lost', value_template, '{"condition":"retrying","stale":false}'],
      ['plain', value_template, '{"stale":false}'],
      ['dropped', value_template, ''],
    ])
    t.same(availability, { ready: 'online', stale: 'offline', lost: 'offline', plain: 'online', dropped: 'offline' })
    const {
      camera_main_sensorCelsius: number,
      camera_main_exposing: flag,
      camera_main_phase: words,
    } = config.components
    const missing = render(
      [number, flag, words].flatMap(({ value_template: template }, at) => [
        [`absent ${at}`, template, '{}'],
        [`dropped ${at}`, template, ''],
      ]),
    )
    t.same([...new Set(Object.values(missing ?? {}))], ['None'])
    await late.close()
  })

  await t.test('a wrong password, an unknown authority and a wrong path are said in words', async t => {
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{ ...login, password: 'guess' }, /refuses our user or password/],
      [{ ...login, ca: undefined }, /certificate .* is not trusted/],
      [{ ...login, ca: '/nowhere/ca.pem' }, /\/nowhere\/ca.pem cannot be read/],
      [{ url: `mqtt://127.0.0.1:${await freePort()}` }, /ECONNREFUSED/],
    ]
    for (const [settings, words] of wrong) {
      const other = await mqttHouse({ node: 'other' })
      const refused = other.face({ broker: settings })
      await refused.start()
      while (other.feed.get('mqtt')?.value.reason === 'connecting') await sleep(10)
      t.match(other.feed.get('mqtt')?.value, { connected: false, reason: words })
      t.notMatch(JSON.stringify(other.log.recent()), /moonless|guess/, 'no password in the log')
      await refused.stop()
      await other.close()
    }
  })
})

t.test('a broker that stops, forgets and freezes', { skip }, async t => {
  const broker = await mosquitto()
  const house = await furnished()
  const done: Done[] = []
  house.actions.offer(someActions(done))
  const face = house.face({ broker: { url: broker.url } })
  let eye = await watcher({ url: broker.url })
  await face.start()
  t.teardown(async () => {
    await face.stop()
    await eye.close()
    await house.close()
    await broker.remove()
  })
  await eye.until('online', isOnline)
  house.pictures.put('stack', { bytes: Buffer.alloc(5_000, 1), type: 'image/jpeg', atMs: 0 })
  const tell = async (from: number, to: number) => {
    for (const step of steps(from, to)) await house.feed.event('step', { step })
  }
  const mqttState = () => house.feed.get('mqtt')?.value

  await t.test('while it is away, events wait in order; what it has forgotten is published again', async t => {
    await tell(1, 5)
    await eye.until('five events', () => stepsOf(eye.seen).length === 5)
    await broker.stop()
    await tell(6, 300)
    house.feed.drop('video/pier')
    house.feed.patch('stack/main', { framesAccepted: 13 })
    while (mqttState()?.waitingEvents !== 295) await sleep(20)
    t.match(mqttState(), { connected: false, reason: /./ })
    await broker.start()
    await eye.close()
    eye = await watcher({ url: broker.url })
    await eye.until('online', isOnline)
    await eye.until('all events', () => stepsOf(eye.seen).at(-1) === 300)
    const told = stepsOf(eye.seen)
    // Those acknowledged before the watcher was back are not repeated for it.
    t.same(told, steps(told[0], 300))
    await eye.until(
      'the stack',
      ({ topic, text }) => topic === `${base}/stack/main` && JSON.parse(text).framesAccepted === 13,
    )
    await eye.until(
      'its picture',
      ({ topic, payload }) => topic === `${base}/picture/stack` && payload.length === 5_000,
    )
    await eye.until('discovery', ({ topic }) => topic === configTopic)
    t.equal(eye.last(`${base}/video/pier`)?.text ?? '', '')
    while (mqttState()?.waitingEvents !== 0) await sleep(20)
    t.match(mqttState(), { connected: true })
  })

  await t.test('frozen, it is noticed; a flood of states costs no memory; thawed, it is made whole', async t => {
    await eye.close()
    broker.freeze()
    global.gc?.()
    const before = process.memoryUsage()
    const filler = 'x'.repeat(2_000)
    let longestMs = 0
    for (let round = 0; round < 100; round++) {
      const startedMs = performance.now()
      for (let one = 0; one < 1_000; one++)
        house.feed.set(`sensor/s${one % 50}`, { celsius: round * 1_000 + one, filler })
      house.pictures.put('frame', { bytes: Buffer.alloc(500_000, round), type: 'image/jpeg', atMs: 0 })
      longestMs = Math.max(longestMs, performance.now() - startedMs)
      await sleep(5)
    }
    const after = process.memoryUsage()
    const grownMb = (after.external + after.heapUsed - before.external - before.heapUsed) / 1_048_576
    t.ok(grownMb < 60, `${grownMb.toFixed(1)} MB for 200 MB of states and 50 MB of pictures`)
    t.comment(`the longest thousand states took ${longestMs.toFixed(1)} ms`)
    await tell(301, 320)
    while (mqttState()?.connected !== false) await sleep(20)
    t.match(mqttState()?.reason, /silent|no answer|closed/)
    broker.thaw()
    eye = await watcher({ url: broker.url })
    await eye.until(
      'the newest state',
      ({ topic, text }) => topic === `${base}/sensor/s49` && JSON.parse(text).celsius === 99_999,
    )
    await eye.until('the newest frame', ({ topic, payload }) => topic === `${base}/picture/frame` && payload[0] === 99)
    while (mqttState()?.waitingEvents !== 0) await sleep(20)
    await eye.until('online at last', () => eye.last(`${base}/status`)?.text === 'online')
    for (let one = 0; one < 50; one++) house.feed.drop(`sensor/s${one}`)
  })

  await t.test('ten thousand states a second reach a dashboard as fast as it reads, the last one surely', async t => {
    eye.forget()
    for (let second = 0; second < 20; second++) {
      for (let one = 0; one < 1_000; one++)
        house.feed.set(`sensor/flood${one % 200}`, { celsius: second * 1_000 + one })
      await sleep(50)
    }
    await eye.until(
      'the last',
      ({ topic, text }) => topic === `${base}/sensor/flood199` && JSON.parse(text).celsius === 19_999,
    )
    await sleep(200)
    const last = Array.from(
      { length: 200 },
      (_, one) => JSON.parse(eye.last(`${base}/sensor/flood${one}`)!.text).celsius,
    )
    t.same(last, steps(19_800, 19_999))
    t.ok(eye.seen.length < 20_000, `${eye.seen.length} messages for 20 000 changes`)
  })
})

t.test('over a restart', { skip }, async t => {
  const broker = await mosquitto()
  const folder = t.testdir({})
  const done: Done[] = []
  const eye = await watcher({ url: broker.url })
  t.teardown(async () => {
    await eye.close()
    await broker.remove()
  })
  const run = async (furnish: (house: Awaited<ReturnType<typeof mqttHouse>>) => void, settings = {}) => {
    const house = await mqttHouse({ folder })
    house.actions.offer(someActions(done))
    furnish(house)
    const face = house.face({ broker: { url: broker.url }, ...settings })
    await face.start()
    return { house, stop: () => face.stop().then(() => house.close()) }
  }
  const order = (id: string) => JSON.stringify({ id, issued: Date.now(), expires: Date.now() + 60_000 })

  const first = await run(house => {
    house.feed.set('camera/main', { condition: 'ready', sensorCelsius: 1 })
    house.feed.set('focuser/main', { condition: 'ready', position: 7 })
  })
  await eye.until('online', isOnline)
  const command = order('once')
  await eye.say(`${base}/do/roof-open`, command)
  await eye.until('its answer', ({ topic }) => topic === `${base}/reply/once`)
  await first.house.feed.event('step', { step: 1 })
  await eye.until('the event', () => stepsOf(eye.seen).length === 1)
  await eye.until(
    'both in discovery',
    ({ topic, text }) => topic === configTopic && /focuser_main/.test(text) && /camera_main_sensor/.test(text),
  )
  await first.stop()
  await eye.until('offline', isOffline)
  eye.forget()

  // The focuser has been taken out of the configuration; the camera is slow to come up.
  const second = await run(house => house.feed.set('camera/main', { condition: 'opening' }))
  await eye.until('online', isOnline)

  await t.test('a command is not obeyed a second time, and an event not told a second time', async t => {
    await eye.say(`${base}/do/roof-open`, command)
    const answer = await eye.until('its answer', ({ topic }) => topic === `${base}/reply/once`)
    t.match(JSON.parse(answer.text), { ok: false, doubled: true })
    t.equal(done.length, 1)
    await second.house.feed.event('step', { step: 2 })
    await eye.until('the new event', () => stepsOf(eye.seen).length > 0)
    t.same(stepsOf(eye.seen), [2])
  })

  await t.test(
    'what has left the configuration leaves the broker and Home Assistant; what is only slow stays',
    async t => {
      await eye.until('the focuser gone', ({ topic, text }) => topic === `${base}/focuser/main` && text === '')
      const removal = await eye.until(
        'its removal',
        ({ topic, text }) => topic === configTopic && /"focuser_main_position":{"platform":"sensor"}/.test(text),
      )
      t.ok(JSON.parse(removal.text).components.camera_main_sensorCelsius.name)
    },
  )

  await t.test('switched off, Home Assistant loses the device', async t => {
    await second.stop()
    eye.forget()
    const third = await run(() => undefined, { home_assistant: { enabled: false } })
    await eye.until('no device', ({ topic, text }) => topic === configTopic && text === '')
    await third.stop()
    const late = await watcher({ url: broker.url })
    await late.until('the status', isOffline)
    t.notOk(late.last(configTopic))
    await late.close()
  })
})

t.test('an agent that is killed is said to be offline', { skip }, async t => {
  const broker = await mosquitto()
  const eye = await watcher({ url: broker.url })
  const child = spawn(
    process.execPath,
    [...process.execArgv, path.resolve('test/support/mqtt-child.ts'), 'pier-test', broker.url, t.testdir({})],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  t.teardown(async () => {
    child.kill('SIGKILL')
    await eye.close()
    await broker.remove()
  })
  await eye.until('online', isOnline)
  child.kill('SIGKILL')
  await eye.until('offline', isOffline)
  const late = await watcher({ url: broker.url, filters: [`${base}/status`] })
  t.match(await late.until('the status', () => true), { text: 'offline', retained: true })
  await late.close()
})

/** Templates as Home Assistant renders them, by Jinja itself; undefined where python3 has no jinja2. */
function render(jobs: string[][]): Record<string, string> | undefined {
  const script = `
import json, sys
try:
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ImportError:
    sys.exit(3)
out = {}
for name, template, payload in json.load(sys.stdin):
    given = {"value": payload}
    try:
        given["value_json"] = json.loads(payload)
    except ValueError:
        pass
    out[name] = ImmutableSandboxedEnvironment().from_string(template).render(given)
print(json.dumps(out))`
  try {
    return JSON.parse(execFileSync('python3', ['-c', script], { input: JSON.stringify(jobs), encoding: 'utf8' }))
  } catch (error) {
    if ((error as { status?: number }).status === 3) return undefined
    throw error
  }
}
