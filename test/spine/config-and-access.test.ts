// The configuration names every mistake, secrets stay secret, pairing codes work once, and simulated time is fair.
// What the owner wrote and whom the owner lets in: the config file, secrets, pairing, tokens; and simulated time.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { configSchema, demoConfig } from '../../edge/main-config.js'
import { openAccess } from '../../edge/spine/access.js'
import {
  hideSecrets,
  looseSettings,
  mergeConfig,
  mergeSecrets,
  parseConfig,
  parseSecrets,
} from '../../edge/spine/config.js'
import { claimFolder, runningAgent } from '../../edge/spine/one-agent.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { systemClock } from '../../edge/spine/system-clock.js'

const none = new Map<string, string>()
const check = (text: string) => parseConfig(text, configSchema, none).settings

t.test('the demo is a valid configuration, and an empty file is one too', async t => {
  t.equal(check(demoConfig).use.camera, 'main')
  t.equal(check('').stacking.frames, 20)
})

t.test('a mistake is named with its line and the nearest right key', async t => {
  const wrong = (text: string, words: RegExp) =>
    t.throws(() => check(text), { code: 'bad-input', message: words }, text)
  wrong('site:\n  latitude: 46\n  longtude: 8\n', /line 3: site\.longtude.*did you mean "longitude"/)
  wrong('stacking:\n  frames: many\n', /line 2: stacking\.frames/)
  wrong('staking: {}\n', /line 1: staking.*"stacking"/)
  wrong('devices:\n  main: {driver: simulator, link: sky}\n', /line 2: devices\.main\.link: there is no link "sky"/)
  wrong('devices:\n  main: {driver: simulater}\n', /line 2: devices\.main/)
  wrong('devices:\n  __proto__: {driver: simulator}\n', /line 2: __proto__: cannot be a name/)
  wrong('power:\n  battery:\n    warn_volts: 11\n    critical_volts: 12\n', /line 4: .*not below warn_volts, 11 V/)
  wrong('power:\n  battery: {field: volt}\n', /line 2: power\.battery\.field: no station measures "volt"/)
  const boxes = `${demoConfig}power:\n  `
  wrong(
    `${boxes}up: [relays/mount, relays/fan, relays/mount]\n`,
    /power\.up\.2: "relays\/mount" is in this order already/,
  )
  wrong(`${boxes}channels: {relays/fan: {volts: volts}}\n`, /relays\/fan\.station: it must say which station has volts/)
  wrong(`${boxes}channels: {relays/fan: {station: box, amperes: amps}}\n`, /amperes: no station measures "amps"/)
  wrong('use:\n  camera: main\n', /line 2: use\.camera: there is no device "main"/)
  wrong(
    'links: {x: {driver: indi}}\ndevices: {m: {driver: indi, link: x, device: Mount}}\nuse:\n  mount: m\n',
    /line 4: use\.mount: device "m" is used as camera, not as mount/,
  )
  wrong('site:\n  latitude: 46\n latitude: 3\n', /line 3/)
  wrong('devices:\n  Main: {driver: replay, folder: x}\n', /devices/)
})

t.test('comments and order survive a change from the page, and only what changed is different', async t => {
  const text = '# my pier\nsite:\n  name: Hill # on the hill\n  latitude: 46\nstacking: {frames: 5}\n'
  const next = mergeConfig(text, { site: { name: 'Top' }, stacking: null, mqtt: { node: 'top' } })
  t.match(next, /# my pier\nsite:\n {2}name: Top # on the hill\n {2}latitude: 46\n/)
  t.notMatch(next, /stacking/)
  t.equal(check(next).mqtt.node, 'top')
})

t.test('a secret stays in its file: resolved for use, named in the text, never shown', async t => {
  const text = 'mqtt:\n  broker: {url: "mqtt://nas:1883", user: pier, password: !secret mqtt_password}\n'
  const { settings } = parseConfig(text, configSchema, new Map([['mqtt_password', 'hunter2']]))
  t.equal(settings.mqtt.broker?.password, 'hunter2')
  t.same(looseSettings(text).mqtt, {
    broker: { url: 'mqtt://nas:1883', user: 'pier', password: '!secret mqtt_password' },
  })
  const merged = mergeConfig(text, looseSettings(text))
  t.match(merged, /password: !secret mqtt_password/)
  t.throws(() => check(text), { message: /line 2: secrets\.yaml has no "mqtt_password"/ })
  t.throws(() => parseSecrets('mqtt_password: [hunter2]', 'secrets.yaml'), { message: /^(?!.*hunter2)/ })
  t.throws(() => parseSecrets('a: "hunter2', 'secrets.yaml'), { message: /^(?!.*hunter2)/ })
})

t.test('a change from the page sets, replaces and takes away a secret', async t => {
  const known = new Map([
    ['old', 'hunter2'],
    ['new', 'hunter3'],
  ])
  const password = (text: string) => parseConfig(text, configSchema, known).settings.mqtt.embedded.password
  const merged = (text: string, value: string | null) => mergeConfig(text, { mqtt: { embedded: { password: value } } })
  const written = 'mqtt:\n  embedded: {password: !secret old} # of the house\n'
  t.equal(password(written), 'hunter2')
  t.equal(password(merged(written, '!secret new')), 'hunter3')
  t.throws(() => password(merged(written, 'plain')), { message: /must not stand here in the open/ })
  t.equal(password(merged(written, null)), undefined)
  for (const before of ['', 'site: {name: Hill}\n', 'mqtt:\n', 'mqtt: {embedded: {password: plain}}\n']) {
    t.equal(password(merged(before, '!secret new')), 'hunter3', `into "${before}"`)
  }
  t.match(merged('mqtt:\n  embedded:\n    password: !secret old # of the house\n', 'plain'), /plain # of the house/)
})

t.test('a password typed into a form goes into the secrets, and a name stands for it', async t => {
  const url = 'rtsp://pier:hunter3@10.0.0.9/live'
  const cameras = { 'dome-cam': { driver: 'ffmpeg', url }, pier: { url: 'rtsp://10.0.0.8/live' } }
  const broker = { url: 'mqtt://nas:1883', user: 'pier', password: 'hunter2' }
  const { settings, secrets } = hideSecrets({
    devices: cameras,
    mqtt: { broker, embedded: { password: '!secret old' } },
  })
  t.same(
    [...secrets],
    [
      ['devices_dome_cam_url', url],
      ['mqtt_broker_password', 'hunter2'],
    ],
  )
  t.match(settings, {
    devices: { 'dome-cam': { url: '!secret devices_dome_cam_url' }, pier: { url: 'rtsp://10.0.0.8/live' } },
    mqtt: { broker: { password: '!secret mqtt_broker_password', user: 'pier' }, embedded: { password: '!secret old' } },
  })
  const text = mergeSecrets('# the house\nold: hunter1\n', secrets, 'secrets.yaml')
  t.match(text, /^# the house\nold: hunter1\n/)
  t.same(parseSecrets(text, 'secrets.yaml'), new Map([['old', 'hunter1'], ...secrets]))
  const odd = new Map([['a', ': "\'#\n1e3 !secret x']])
  t.same(parseSecrets(mergeSecrets('', odd, 'secrets.yaml'), 'secrets.yaml'), odd, 'whatever it holds')
  t.throws(() => mergeSecrets('a: [hunter2', odd, 'secrets.yaml'), { message: /^(?!.*hunter2)/ })
})

t.test('a file made to do harm is a mistake like any other, soon told, and tells no secret', async t => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [at, name] of [...'bcdefgh'].entries()) {
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`)}]`)
  }
  const secrets = new Map([['pw', 'hunter2']])
  const refused = (text: string, message: RegExp) => {
    try {
      parseConfig(text, configSchema, secrets)
      t.fail(text.slice(0, 60))
    } catch (error) {
      t.match(error, { code: 'bad-input', message }, text.slice(0, 60))
      t.notMatch(JSON.stringify({ ...(error as object), message: (error as Error).message }), /hunter2/)
    }
  }
  refused(bomb.join('\n'), /alias/)
  refused('site: *nobody\n', /alias/)
  refused('a: &a [*a]\n', /line 1: a/)
  refused('['.repeat(20_000), /mistakes/)
  refused(Array.from({ length: 2_000 }, (_, i) => `k${i}: 1`).join('\n'), /more than 20 mistakes: .*k19/)
  refused('mqtt: {!secret pw: 1}\n', /!secret pw/)
  refused('devices: {main: {driver: simulator, link: !secret pw, part: camera}}\n', /no link "!secret pw"/)
  refused('use: {camera: constructor}\n', /no device "constructor"/)
  refused('use: {camera: __proto__}\n', /no device "__proto__"/)
  const deep = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)
  t.throws(() => mergeConfig('', deep), { code: 'bad-input' })
  t.throws(() => mergeConfig('site: Hill\n', { 'site\n': { x: Symbol('x') } }), { code: 'bad-input' })
})

t.test('a damaged list of pairings is set aside: nobody is paired, and everybody can be', async t => {
  const folder = t.testdir({ 'access.json': '{"tokens": [{"na' })
  const said: string[] = []
  const access = await openAccess(folder, systemClock(), { warn: words => said.push(words) })
  t.same(access.names(), [])
  t.match(said.join(), /who was paired is not known any more: .*access\.json is no JSON/)
  t.equal(await readFile(join(folder, 'access.json.damaged'), 'utf8'), '{"tokens": [{"na')
  const { token } = await access.pair(access.pairingCode('administrator'), 'phone')
  t.match(await access.whoHas(token), { role: 'administrator' })
})

t.test('a password in the open is refused: anyone may look at the file', async t => {
  const open = 'mqtt:\n  broker:\n    url: mqtt://nas:1883\n    password: hunter2\n'
  const words = /line 4: mqtt\.broker\.password: must not stand here in the open/
  t.throws(() => check(open), { message: words })
  t.throws(() => check(open), { message: /^(?!.*hunter2)/ })
  const camera = (url: string) => `devices:\n  pier:\n    driver: ffmpeg\n    source: url\n    url: ${url}\n`
  const addresses = [
    'rtsp://owner:hunter2@cam/1',
    'http://cam/mjpg?user=a&pwd=hunter2',
    'rtsp://cam/user=a&password=hunter2&channel=1',
  ]
  for (const url of addresses) {
    t.throws(() => check(camera(url)), { message: /line 5: devices\.pier\.url: must not stand here/ }, url)
    t.throws(() => check(camera(url)), { message: /^(?!.*hunter2)/ })
    t.ok(parseConfig(camera('!secret cam'), configSchema, new Map([['cam', url]])))
  }
  t.ok(check(camera('rtsp://cam:554/channel=1')))
})

t.test('a pairing code works once, for ten minutes, and not by guessing', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-access-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const clock = simulatedClock(0)
  const access = await openAccess(folder, clock)
  const code = access.pairingCode('observer')
  t.match(code, /^\d{8}$/)
  const { token, role } = await access.pair(`${code.slice(0, 4)} ${code.slice(4)}`, 'phone')
  t.equal(role, 'observer')
  t.match(await access.whoHas(token), { name: 'phone', role: 'observer' })
  await t.rejects(access.pair(code, 'again'), { code: 'unpaired' }, 'used up')

  const old = access.pairingCode('observer')
  await clock.advance(600_001)
  await t.rejects(access.pair(old, 'late'), { code: 'unpaired' })

  const guessed = access.pairingCode('observer')
  const wrong = String((Number(guessed) + 1) % 1e8).padStart(8, '0')
  for (let i = 0; i < 5; i++) await t.rejects(access.pair(wrong, 'thief'), { code: 'unpaired' })
  await t.rejects(access.pair(guessed, 'thief'), { code: 'unpaired' }, 'five guesses end it')

  const file = join(folder, 'access.json')
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.notOk((await readFile(file, 'utf8')).includes(token), 'the token itself is kept nowhere')
})

t.test('a token from another process is known at once, and a forgotten one no more', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-access-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const running = await openAccess(folder, simulatedClock(0))
  const other = await openAccess(folder, simulatedClock(0))
  const token = await other.issue('script', 'observer')
  t.match(await running.whoHas(token), { name: 'script' })
  await running.forget(token)
  t.equal(await running.whoHas(token), undefined)
  t.equal(await running.whoHas(''), undefined)
})

t.test('phones that pair at once all get in, also after a moment without room on the disk', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-access-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const access = await openAccess(folder, simulatedClock(0))
  const names = ['anna', 'ben', 'carla', 'dario']
  const tokens = await Promise.all(names.map(name => access.issue(name, 'observer')))
  t.same(await Promise.all(tokens.map(async token => (await access.whoHas(token))?.name)), names)

  const aside = join(folder, 'access.json.tmp')
  await mkdir(aside)
  await t.rejects(access.issue('emil', 'observer'), 'the file cannot be written')
  t.notOk(
    access.names().some(({ name }) => name === 'emil'),
    'and nobody is let in whom the file does not know',
  )
  await rm(aside, { recursive: true })
  t.match(await access.whoHas(await access.issue('emil', 'observer')), { name: 'emil' })
  await writeFile(join(folder, 'access.json'), '{"tokens":[{"name":"x","role":"observer","hash":"1","issuedMs":0}]}')
  await t.rejects(access.issue('fred', 'observer'), { code: 'bad-input', message: /tokens\.0\.hash/ })
})

t.test('tokens that several processes make at once all hold, also after a crash in the middle of one', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-access-'))
  t.teardown(() => rm(folder, { recursive: true }))
  // The clock's timers keep no process alive, and here nothing else does.
  const alive = setInterval(() => {}, 1_000)
  t.teardown(() => clearInterval(alive))
  const lock = join(folder, 'access.json.lock')
  await writeFile(lock, '4194304')
  const books = await Promise.all(Array.from({ length: 4 }, () => openAccess(folder, systemClock())))
  const tokens = await Promise.all([...books, ...books, ...books].map((book, at) => book.issue(`t${at}`, 'observer')))
  for (const [at, token] of tokens.entries()) t.match(await books[0].whoHas(token), { name: `t${at}` })
  await writeFile(lock, '')
  await utimes(lock, 1, 1)
  t.ok(await books[1].issue('after', 'observer'), 'who died before writing a number keeps nobody out either')
  t.same(
    (await readdir(folder)).filter(name => name !== 'access.json'),
    [],
    'nothing is left lying about',
  )

  await writeFile(lock, String(process.pid))
  const clock = simulatedClock(0)
  const late = (await openAccess(folder, clock)).issue('late', 'observer')
  await t.rejects(clock.until(late, 60_000), { code: 'busy', message: /another process/ })
})

t.test('a folder is one agent’s alone, and what a crash left of another’s mark is no agent', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-folder-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const mine = await claimFolder(folder)
  await mine.tell({ port: 8080 })
  await t.rejects(claimFolder(folder), { code: 'busy', message: new RegExp(`process ${process.pid}, port 8080`) })
  await mine.leave()
  t.equal(await runningAgent(folder), undefined)
  const born = { pid: process.pid, born: 'another start' }
  for (const left of ['', '{}', 'null', '{"pid":"1"}', '{"pid":4194304,"born":"1"}', JSON.stringify(born)]) {
    await writeFile(join(folder, 'agent.json'), left)
    t.equal(await runningAgent(folder), undefined, left)
  }
  t.ok(await claimFolder(folder))
})

t.test('simulated time moves from timer to timer, waits for outside work, and runs the same again', async t => {
  const night = async () => {
    const clock = simulatedClock(0)
    const random = seededRandom(7)
    const log: string[] = []
    clock.every(1_000, () => log.push(`tick ${clock.now()}`))
    const work = (async () => {
      await clock.sleep(1_500)
      await clock.outside(new Promise<void>(resolve => setTimeout(resolve, 20)))
      log.push(`work ${clock.now()} ${random.id()}`)
    })()
    await clock.advance(3_000)
    await work
    return log
  }
  const first = await night()
  t.match(first.join(), /tick 1000,work 1500 \w{12},tick 2000,tick 3000/)
  t.same(await night(), first)
  const clock = simulatedClock(0)
  await t.rejects(clock.sleep(10, AbortSignal.abort()), { code: 'aborted' })
  const deadline = clock.deadline(2_000, 'the dome')
  const late = deadline.race(new Promise(() => {}))
  late.catch(() => {})
  await clock.advance(2_000)
  await t.rejects(late, { code: 'timeout', message: /the dome.*2 s/ })
})
