// The image's own scripts of the first boot, in a folder that stands in for the whole computer: identity, pierside.txt,
// resets, the lamp. What only a real start shows is in test/image/first-boot.image.ts.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { seededRandom } from '../edge/spine/seeded-random.js'
import { builtAgent, root as repository } from './support/agent.js'

const edge = dirname(builtAgent())

interface Box {
  readonly root: string
  read(path: string): string
  has(path: string): boolean
  put(path: string, text: string): void
  /** Runs one of the scripts to its end. */
  run(script: string, ...args: string[]): { status: number | null; stderr: string }
  start(script: string): ChildProcess
}

/** A box that was just flashed. `programs` stand in for those of a computer with pins. */
function flashed(t: Test, programs: Record<string, string> = {}): Box {
  const root = mkdtempSync(join(tmpdir(), 'pierside-box-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  for (const concern of ['base', 'first-boot', 'data-disk'])
    cpSync(join(repository, 'image-build', concern, 'files'), root, { recursive: true })
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  put('boot/firmware/pierside.txt', readFileSync(join(repository, 'image-build/first-boot/pierside.txt'), 'utf8'))
  for (const folder of ['data/system', 'data/pierside', 'sys/class/leds/ACT'])
    mkdirSync(join(root, folder), { recursive: true })
  put('proc/device-tree/compatible', 'acme,board\0acme,chip\0')
  put('proc/sys/kernel/hostname', 'pierside\n')
  put(
    'usr/lib/pierside-image/boards/acme.board',
    'compatible="acme,board"\nled="ACT"\nreset_chip="acme-pins"\nreset_line="27"\n',
  )
  for (const [name, text] of Object.entries(programs)) {
    put(`bin/${name}`, `#!/bin/sh\n${text}\n`)
    chmodSync(join(root, 'bin', name), 0o755)
  }
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    ROOT: root,
    EDGE: edge,
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
  }
  const script = (name: string) => join(root, 'usr/lib/pierside-image', name)
  return {
    root,
    put,
    read: path => readFileSync(join(root, path), 'utf8'),
    has: path => existsSync(join(root, path)),
    run(name, ...args) {
      const { status, stderr } = spawnSync('sh', [script(name), ...args], { env, encoding: 'utf8', timeout: 60_000 })
      return { status, stderr }
    },
    start: name => spawn('sh', [script(name)], { env, detached: true, stdio: 'ignore' }),
  }
}

const faultless = (t: Test, box: Box) => t.notOk(box.has('run/pierside/boot-faults'), 'nothing went wrong')

t.test('two boxes of one image share no identity, and each keeps its own', async t => {
  const boxes = [flashed(t), flashed(t)]
  for (const box of boxes) {
    t.equal(box.run('first-boot').status, 0)
    faultless(t, box)
  }
  const told = boxes.map(box => JSON.parse(box.read('data/system/identity.json')))
  for (const { node, suffix } of told) {
    t.match(node, /^pier-[0-9a-f]{4}$/)
    t.equal(node.slice(-4).toUpperCase(), suffix)
  }
  const kept = ['data/system/identity.json', 'data/system/ssh/ssh_host_ed25519_key']
  for (const path of kept) {
    t.not(boxes[0].read(path), boxes[1].read(path), path)
    const before = boxes[0].read(path)
    boxes[0].run('first-boot')
    t.equal(boxes[0].read(path), before, `${path} stays`)
  }
  t.equal(statSync(join(boxes[0].root, kept[1])).mode & 0o777, 0o600)
  const names = boxes.map(({ read }) => read('proc/sys/kernel/hostname'))
  t.match(names, [/^pier-[0-9a-f]{4}\n$/, /^pier-[0-9a-f]{4}\n$/], 'each has a name of its own')
})

t.test('an identity that is damaged is made anew, and one that is sound stays', async t => {
  const box = flashed(t)
  const path = 'data/system/identity.json'
  for (const garbled of ['', '\0\0\0\0', '{"node": "pier-12', '{"node": "", "suffix": "1A2B"}\n']) {
    box.put(path, garbled)
    t.equal(box.run('first-boot').status, 0)
    faultless(t, box)
    t.match(JSON.parse(box.read(path)), { node: /^pier-[0-9a-f]{4}$/, suffix: /^[0-9A-F]{4}$/ })
  }
  box.put(path, '{"node": "pier-1a2b", "suffix": "1A2B"}\n')
  box.run('first-boot')
  t.equal(box.read(path), '{"node": "pier-1a2b", "suffix": "1A2B"}\n')
})

t.test('what was taken before and is damaged keeps no new pierside.txt from being taken', async t => {
  const box = flashed(t)
  box.put('data/system/first-boot/given.json', '{"wishes": {"coun')
  box.put('boot/firmware/pierside.txt', 'country = AT\npairing-code = 12345678\n')
  t.equal(box.run('first-boot').status, 0)
  faultless(t, box)
  t.match(JSON.parse(box.read('data/system/first-boot/given.json')).wishes, { country: 'AT', pairingCode: '12345678' })
})

const written = [
  'wifi = Höhle',
  'wifi-password = in the dark \\ #1',
  'hotspot-passphrase = clear skies',
  'hostname = north',
  'cuntry = AT',
  '',
]
const keyfile = `card-${Buffer.from('Höhle').toString('hex')}.nmconnection`

/** All that is kept of a box but what chance made. */
function keptBy(box: Box): Record<string, string> {
  const files = ['etc/NetworkManager/system-connections', 'data/system/first-boot', 'boot/firmware'].flatMap(folder =>
    readdirSync(join(box.root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
  )
  return Object.fromEntries(
    files.filter(path => statSync(join(box.root, path)).isFile()).map(path => [path, box.read(path)]),
  )
}

t.test('pierside.txt of a Windows computer is taken, and what was not understood is written beside it', async t => {
  const box = flashed(t)
  box.put('boot/firmware/pierside.txt', written.join('\r\n'))
  t.equal(box.run('first-boot').status, 0)
  faultless(t, box)
  const text = box.read(`etc/NetworkManager/system-connections/${keyfile}`)
  t.match(text, /^ssid=72;195;182;104;108;101;$/m)
  t.match(text, /^psk=in\\sthe\\sdark\\s\\\\\\s#1$/m)
  t.equal(statSync(join(box.root, 'etc/NetworkManager/system-connections', keyfile)).mode & 0o777, 0o600)
  t.equal(box.read('proc/sys/kernel/hostname'), 'north\n')
  t.equal(
    box.read('boot/firmware/pierside.txt'),
    ['wifi = Höhle', 'wifi-password = (taken)', 'hotspot-passphrase = (taken)', ...written.slice(3)].join('\r\n'),
  )
  t.match(box.read('boot/firmware/pierside-said.txt'), /line 5: “cuntry” is not a key here; did you mean “country”/)
  const given = JSON.parse(box.read('data/system/first-boot/given.json'))
  t.match(given, { wishes: { hotspotPassphrase: 'clear skies' }, complaints: [{ line: 5 }] })
  t.equal(box.read('data/system/first-boot/hotspot-psk'), 'clear\\sskies\n')
  t.equal(statSync(join(box.root, 'data/system/first-boot/hotspot-psk')).mode & 0o777, 0o600)
  t.notOk(JSON.stringify(given).includes('in the dark'), 'a password of a network is NetworkManager’s alone')
  t.equal(statSync(join(box.root, 'data/system/first-boot/given.json')).mode & 0o007, 0)

  const before = keptBy(box)
  const { mtimeMs } = statSync(join(box.root, 'data/system/first-boot/given.json'))
  box.run('first-boot')
  t.same(keptBy(box), before, 'the next start changes nothing')
  t.equal(statSync(join(box.root, 'data/system/first-boot/given.json')).mtimeMs, mtimeMs, 'it does not even read it')

  box.put('boot/firmware/pierside.txt', box.read('boot/firmware/pierside.txt').replace('cuntry', 'country'))
  box.run('first-boot')
  t.notOk(box.has('boot/firmware/pierside-said.txt'), 'put right, the complaint goes away')
  const again = JSON.parse(box.read('data/system/first-boot/given.json'))
  t.match(again, { wishes: { hotspotPassphrase: 'clear skies', country: 'AT' } }, 'a secret outlives that it is taken')
  t.match(box.read(`etc/NetworkManager/system-connections/${keyfile}`), /^psk=/m)
})

t.test('in the line ends of old Macs it is taken too, though it begins with a comment', async t => {
  const box = flashed(t)
  const text = `${box.read('boot/firmware/pierside.txt').replaceAll('\r\n', '\n')}${written.join('\n')}`
  box.put('boot/firmware/pierside.txt', text.replaceAll('\n', '\r'))
  t.equal(box.run('first-boot').status, 0)
  faultless(t, box)
  t.equal(box.read('proc/sys/kernel/hostname'), 'north\n')
})

t.test('from a card that is full each line counts once as well, and it is written to when there is room', async t => {
  const box = flashed(t, { mv: 'case "$*" in *boot/firmware*) exit 1 ;; esac; exec /bin/mv "$@"' })
  box.put('boot/firmware/pierside.txt', written.join('\n'))
  box.run('first-boot')
  t.match(box.read('run/pierside/boot-faults'), /^the card is full or cannot be written to/)
  t.match(box.read('boot/firmware/pierside.txt'), /clear skies/)
  const [psk, network] = ['data/system/first-boot/hotspot-psk', `etc/NetworkManager/system-connections/${keyfile}`]
  t.ok(box.has(psk))
  // The first start of the network uses it up; the owner forgets the Wi-Fi on the page.
  for (const path of [psk, network]) rmSync(join(box.root, path))
  box.run('first-boot')
  t.notOk(box.has(psk), 'the passphrase that was chosen on the page stays')
  t.notOk(box.has(network), 'a network that was forgotten stays so')
  rmSync(join(box.root, 'bin/mv'))
  rmSync(join(box.root, 'run/pierside/boot-faults'))
  for (let start = 0; start < 2; start++) box.run('first-boot')
  faultless(t, box)
  t.notMatch(box.read('boot/firmware/pierside.txt'), /clear skies|in the dark/)
  t.match(box.read('boot/firmware/pierside-said.txt'), /cuntry/)
  t.notOk(box.has(psk))
})

t.test('a name that Windows has doubled serves as well', async t => {
  const box = flashed(t)
  rmSync(join(box.root, 'boot/firmware/pierside.txt'))
  box.put('boot/firmware/pierside.txt.txt', written.join('\r\n'))
  box.run('first-boot')
  faultless(t, box)
  t.match(box.read('boot/firmware/pierside.txt.txt'), /\(taken\)/)
  t.notOk(box.has('boot/firmware/pierside.txt'))
  t.equal(box.read('proc/sys/kernel/hostname'), 'north\n')
})

t.test('a power cut at any moment leaves a box whose next start ends the same', { timeout: 120_000 }, async t => {
  const whole = flashed(t)
  whole.put('boot/firmware/pierside.txt', written.join('\r\n'))
  const started = Date.now()
  whole.run('first-boot')
  const tookMs = Date.now() - started
  const random = seededRandom(3)
  for (let round = 0; round < 5; round++) {
    const box = flashed(t)
    box.put('boot/firmware/pierside.txt', written.join('\r\n'))
    for (let cut = 0; cut < 2; cut++) {
      const child = box.start('first-boot')
      await new Promise(resolve => setTimeout(resolve, random.next() * tookMs))
      if (child.exitCode !== null) continue
      const gone = new Promise(resolve => child.once('exit', resolve))
      process.kill(-child.pid!, 'SIGKILL')
      await gone
    }
    box.run('first-boot')
    const left = keptBy(box)
    for (const name of Object.keys(left)) if (/\.(new|tmp)$/.test(name)) delete left[name]
    t.same(left, keptBy(whole))
    t.match(box.read('data/system/identity.json'), /^\{"node": "pier-[0-9a-f]{4}", "suffix": "[0-9A-F]{4}"\}\n$/)
  }
})

/** A box that has been used. */
function used(t: Test, programs: Record<string, string> = {}): Box {
  const box = flashed(t, programs)
  box.put('boot/firmware/pierside.txt', written.join('\r\n'))
  box.run('first-boot')
  for (const path of ['pierside.yaml', 'access.json', 'setup.json', 'pierside.db', 'archive/2026-11-29/a.fits']) {
    box.put(`data/pierside/${path}`, path)
  }
  box.put('data/system/country', 'AT\n')
  box.put('data/system/var/log/journal/x', 'x')
  box.put('etc/NetworkManager/system-connections/pierside-hotspot.nmconnection', 'psk=clear skies')
  return box
}

t.test('a file on the card resets the network: frames, settings and pairings stay', async t => {
  for (const name of ['reset-network', 'reset-network.txt']) {
    const box = used(t)
    const identity = box.read('data/system/identity.json')
    box.put(`boot/firmware/${name}`, '')
    t.equal(box.run('first-boot').status, 0)
    faultless(t, box)
    t.notOk(box.has(`boot/firmware/${name}`), 'the file is gone: once is enough')
    t.same(readdirSync(join(box.root, 'etc/NetworkManager/system-connections')), [], 'no network is known')
    t.notOk(box.has('data/pierside/setup.json'), 'set-up asks anew')
    t.notOk(box.has('data/system/country'))
    t.notOk(box.read('data/system/first-boot/given.json').includes('clear skies'))
    for (const path of ['pierside.yaml', 'access.json', 'pierside.db', 'archive/2026-11-29/a.fits']) {
      t.ok(box.has(`data/pierside/${path}`), path)
    }
    t.equal(box.read('data/system/identity.json'), identity)
    box.put('data/system/country', 'AT\n')
    box.run('first-boot')
    t.ok(box.has('data/system/country'), 'the start after it resets nothing')
  }
})

t.test('a file on the card resets everything; frames go only if asked', async t => {
  const box = used(t)
  const identity = box.read('data/system/identity.json')
  box.put('boot/firmware/reset-everything', '')
  box.run('first-boot')
  t.same(readdirSync(join(box.root, 'data/pierside')), ['archive'])
  t.ok(box.has('data/pierside/archive/2026-11-29/a.fits'))
  t.notOk(box.has('data/system/var/log/journal/x'))
  t.ok(box.has('data/system/var/log/journal'), 'folders that the system has laid over its own stay')
  t.not(box.read('data/system/identity.json'), identity, 'it is another box now')
  const bare = used(t)
  bare.put('boot/firmware/reset-everything.txt', 'and the frames, please')
  bare.run('first-boot')
  t.same(readdirSync(join(bare.root, 'data/pierside')), [])
})

t.test('a reset that the power cut short is done at the next start', async t => {
  const box = used(t)
  t.equal(box.run('reset', 'everything').status, 0)
  t.ok(box.has('data/pierside/pierside.yaml'), 'asked for, and not begun')
  box.run('first-boot')
  t.same(readdirSync(join(box.root, 'data/pierside')), ['archive'])
  t.notOk(box.has('data/system/first-boot/reset'))
  for (const wrong of [[], ['all'], ['everything', 'maybe']]) t.equal(box.run('reset', ...wrong).status, 64)
})

t.test('the page’s order is a stranger’s word', async t => {
  for (const [order, frames] of [
    ['{"frames":"remove"}', 'remove'],
    ['{"frames": "keep"}', 'keep'],
    ['{"frames":"keep","x":"$(reboot)"}', 'keep'],
    ['\0\0', 'keep'],
  ]) {
    const box = used(t)
    box.put('run/pierside/factory-reset.json', order)
    t.equal(box.run('factory-reset').status, 0)
    t.equal(box.read('data/system/first-boot/reset'), `everything ${frames}\n`)
  }
})

/** Programs of a box whose pin is held for some looks; no look takes time. */
const pinHeld = (looks: number): Record<string, string> => ({
  gpiodetect: 'echo "gpiochip0 [other-pins] (8 lines)"; echo "gpiochip4 [acme-pins] (54 lines)"',
  gpioget: `[ "$*" = "--numeric --bias pull-up --chip gpiochip4 27" ] || exit 1
    echo x >>"$ROOT/looks"; [ "$(wc -l <"$ROOT/looks")" -le ${looks} ] && echo 0 || echo 1`,
  sleep: ':',
})

t.test('the pin that the board names: touched, held, held for long', async t => {
  const touched = used(t, pinHeld(3))
  t.ok(touched.has('data/pierside/setup.json'))
  const outcome = (looks: number) => {
    const box = used(t)
    const held = pinHeld(looks)
    for (const [name, text] of Object.entries(held)) {
      box.put(`bin/${name}`, `#!/bin/sh\n${text}\n`)
      chmodSync(join(box.root, 'bin', name), 0o755)
    }
    box.run('first-boot')
    return { network: box.has('data/pierside/setup.json'), settings: box.has('data/pierside/pierside.yaml') }
  }
  t.same(outcome(5), { network: true, settings: true }, '2.5 s are an accident')
  t.same(outcome(8), { network: false, settings: true }, '4 s are the network')
  t.same(outcome(40), { network: false, settings: false }, '20 s are everything')
})

t.test('the lamp', async t => {
  const box = flashed(t)
  const shown = () =>
    ['trigger', 'brightness', 'delay_on', 'delay_off'].map(name =>
      box.has(`sys/class/leds/ACT/${name}`) ? box.read(`sys/class/leds/ACT/${name}`).trim() : '',
    )
  box.run('light', 'joined')
  t.same(shown(), ['none', '1', '', ''])
  box.put('run/pierside/light.json', '{"shows":"hotspot"}')
  t.equal(box.run('light').status, 0)
  t.same(shown(), ['timer', '1', '100', '1900'])
  box.put('run/pierside/light.json', '{"shows":"$(rm -rf /)"}')
  t.equal(box.run('light').status, 64, 'a word it does not know')
  rmSync(join(box.root, 'sys/class/leds/ACT'), { recursive: true })
  t.equal(box.run('light', 'fault').status, 0, 'a board without a lamp is no fault')
})

t.test('SSH keys from the page', async t => {
  const box = flashed(t)
  const to = join(box.root, 'keys')
  const take = (order: unknown) => {
    box.put('order.json', JSON.stringify(order))
    const run = spawnSync(process.execPath, [
      join(edge, 'main-first-boot.js'),
      'ssh-keys',
      join(box.root, 'order.json'),
      to,
    ])
    return run.status
  }
  box.run('first-boot')
  const key = box.read('data/system/ssh/ssh_host_ed25519_key.pub').trim()
  t.equal(take({ keys: [key, key] }), 0)
  t.equal(readFileSync(to, 'utf8'), `${key}\n${key}\n`)
  for (const wrong of [
    { keys: [key, 'x'] },
    { keys: [`${key}\n${key}`] },
    { keys: 'x' },
    {},
    { keys: Array(17).fill(key) },
  ]) {
    t.not(take(wrong), 0)
    t.equal(readFileSync(to, 'utf8'), `${key}\n${key}\n`, 'nothing of it is taken')
  }
  t.equal(take({ keys: [] }), 0)
  t.equal(readFileSync(to, 'utf8'), '')
})
