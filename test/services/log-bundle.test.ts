// The log bundle of a rigged agent: whole, bounded, and without a secret, wherever and however it was written.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { careBundle } from '../../edge/main-care.js'
import { leftOut, redactor } from '../../edge/rules/redaction.js'
import { logBundle } from '../../edge/services/log-bundle.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { startAgent } from '../support/agent.js'

t.test('a known secret is found however it is written', async t => {
  const secrets = [
    'hunter2-and-more',
    'c"o\\rrect horse',
    'a/b?c&d=e f',
    'x9z',
    'first line of a key\nsecond line of a key',
    '',
  ]
  const clean = redactor(secrets)
  const lines = [
    'mqtt: connecting as pier with hunter2-and-more to nas',
    `facts ${JSON.stringify({ why: 'c"o\\rrect horse' })}`,
    JSON.stringify(JSON.stringify({ why: 'c"o\\rrect horse' })),
    `GET /x?y=${encodeURIComponent('a/b?c&d=e f')}`,
    `sent ${Buffer.from('hunter2-and-more').toString('base64')}`,
    'pin x9z was wrong',
    'second line of a key',
  ]
  const hidden = /hunter2|horse|a\/b|a%2Fb|aHVudGVy|\bx9z\b|line of a key/
  for (const line of lines) t.notMatch(clean(line), hidden, line)
  t.equal(clean('box9zen and a house'), 'box9zen and a house', 'a short one only where it stands alone')
})

t.test('an unknown one is found by the words before it', async t => {
  const clean = redactor([])
  const lines = [
    'wifi_passphrase = moon over hill',
    '    psk=moonless',
    '  "password": "moonless night",',
    'wpa_supplicant: network psk="moonless night" ssid="hill"',
    'NetworkManager[1]: <info> wifi-sec.psk=moonless key-mgmt=wpa-psk',
    `http: {"headers":{"authorization":"Bearer moonlessmoonless"}}`,
    `{"message":"{\\"password\\":\\"moonless\\"}"}`,
    'curl -H "Authorization: Basic moonless"',
    'rtsp://admin:moonless@camera/stream',
    'mqtt://nas:1883?password=moonless&x=1',
    'Cookie: pierside=moonless; other=1',
    'http://pierside.local/?pair=moonless',
    'access_token=moonless',
  ]
  for (const line of lines) t.notMatch(clean(line), /moon/, clean(line))
  t.notMatch(clean('  Pairing code          1234 5678   (once, for 10 minutes)'), /1234|5678/)
  const kept = ['password: !secret broker', 'the passphrase was changed', 'mount: 12:34:56 +45:00', 'http://nas:1883/x']
  for (const line of kept) t.equal(clean(line), line)
  t.match(clean('psk=x y'), leftOut)
})

t.test('no line is so made that it holds up the agent', async t => {
  const clean = redactor(['hunter2-and-more'])
  const long = 48_000
  const lines = ['a', 'a-', 'ab+', 'password:', 'token=" ', 'https://', "psk='", '?key='].flatMap(piece => [
    piece.repeat(long / piece.length),
    `password:${' '.repeat(long)}`,
    `x ${piece}${' '.repeat(long)}`,
    `${piece}${'x'.repeat(long)}`,
  ])
  for (const line of lines) {
    const beganMs = performance.now()
    clean(line)
    t.ok(performance.now() - beganMs < 500, line.slice(0, 20))
  }
  t.notMatch(clean(`${'my-'.repeat(100)}password=moonless`), /moon/)
})

t.test('while a long journal is cleaned the agent goes on with what else it does', async t => {
  const line = { atMs: 0, level: 'info', from: 'x', message: 'said hunter2 '.repeat(10) } as const
  const bundle = logBundle({
    ...{ feed: {} as never, clock: systemClock(), version: '0.1.0', config: () => '', about: {}, reports: [] },
    ...{ log: () => Array(20_000).fill(line), secrets: async () => ['hunter2'] },
  })
  let beats = 0
  const beat = setInterval(() => beats++, 1)
  const log = (await bundle.parts()).find(({ name }) => name === 'agent.log')!
  const text = await log.text(new AbortController().signal)
  clearInterval(beat)
  t.equal(text.split('\n').length, 20_000)
  t.notMatch(text, /hunter2/)
  t.ok(beats > 10, `${beats} beats`)
})

t.test('a pierside.txt that could not be taken gives its secrets away to nobody', async t => {
  const written =
    'Wi-Fi = hill\r\nWi-Fi-Password = "dark side"\r\nhotspot-passphrase = clear skies\r\ncode = 2026 1130\r\n'
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const folder = mkdtempSync(path.join(tmpdir(), 'pierside-owners-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const ownersFile = path.join(folder, 'pierside.txt')
    writeFileSync(ownersFile, Buffer.from(`\ufeff${written}`, encoding))
    const line = { atMs: 0, level: 'info', from: 'x', message: 'said dark side, clear skies and 20261130' } as const
    const bundle = careBundle({
      ...{ where: { config: path.join(folder, 'pierside.yaml'), data: folder }, held: { text: () => '' } },
      ...{ version: '0.1.0', ownersFile, image: {} as never, feed: {} as never, clock: {} as never },
      log: { named: () => ({}), kept: () => [line] } as never,
    })
    const log = (await bundle.parts()).find(({ name }) => name === 'agent.log')!
    t.match(await log.text(new AbortController().signal), `said ${leftOut}, ${leftOut} and ${leftOut}`, encoding)
  }
})

const secret = 'hunter2-and-more'
const config = `
links: {sky: {driver: simulator}}
devices:
  main: {driver: simulator, link: sky, part: camera, width: 320, height: 240}
  away: {driver: ffmpeg, source: url, url: !secret camera_url}
use: {camera: main}
mqtt: {node: rigged, broker: {url: "mqtt://127.0.0.1:9", user: pier, password: !secret broker}}
`

t.test('the bundle of a rigged agent', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-bundle-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  const program = (name: string, text: string) => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(path.join(bin, name), 0o755)
  }
  // The journal of a box whose programs are careless: what NetworkManager, a shell and the agent itself may say.
  writeFileSync(
    path.join(folder, 'journal'),
    [
      ...Array.from(
        { length: 90_000 },
        (_, line) => `2026-11-30T21:00:00 hill kernel: line ${line} ${'.'.repeat(100)}`,
      ),
      `2026-11-30T21:05:00 hill pierside[7]: {"message":"broker refused ${secret}"}`,
      '2026-11-30T21:05:01 hill NetworkManager[3]: wifi-sec.psk=ssid-passphrase-of-hill',
      '2026-11-30T21:05:02 hill sudo: pierside backup PIERSIDE_PASSPHRASE=backup-passphrase-of-hill',
      `2026-11-30T21:05:03 hill ffmpeg: rtsp://viewer:camera-password@10.0.0.5/live failed`,
      '2026-11-30T21:05:04 hill pierside[7]:   Pairing code          1234 5678   (once, for 10 minutes)',
      '2026-11-30T21:05:05 hill kernel: the last line',
      '',
    ].join('\n'),
  )
  program('journalctl', `case "$*" in *--dmesg*) echo 'mmc0: error -110' ;; *) cat ${folder}/journal ;; esac`)
  program('chronyc', 'exec sleep 60')
  program('rauc', 'echo broken >&2; exit 3')
  const image = path.join(folder, 'image.json')
  writeFileSync(image, JSON.stringify({ version: '9.9.9' }))
  writeFileSync(
    path.join(folder, 'secrets.yaml'),
    `broker: ${secret}\ncamera_url: rtsp://viewer:camera-password@10.0.0.5/live\n`,
  )
  const agent = await startAgent(t, {
    ...{ config, data: path.join(folder, 'data') },
    env: { PATH: `${bin}:${process.env.PATH}`, PIERSIDE_IMAGE: image },
  })
  const token = readFileSync(path.join(agent.data, 'cli.token'), 'utf8').trim()
  t.equal((await agent.raw('GET', '/api/log-bundle')).status, 403, 'strangers get none of a box that is not set up')
  const started = Date.now()
  const response = await agent.raw('GET', '/api/log-bundle', undefined, { Authorization: `Bearer ${token}` })
  t.equal(response.status, 200)
  t.match(response.headers.get('content-disposition'), /filename="pierside-rigged-log-\d{4}-\d\d-\d\d-\d{4}\.zip"/)
  const zip = path.join(folder, 'bundle.zip')
  writeFileSync(zip, Buffer.from(await response.arrayBuffer()))
  t.comment(`${Date.now() - started} ms, ${statSync(zip).size} bytes`)
  execFileSync('unzip', ['-q', zip, '-d', path.join(folder, 'out')])
  const inside = path.join(folder, 'out', readdirSync(path.join(folder, 'out'))[0])
  const texts = new Map(readdirSync(inside).map(name => [name, readFileSync(path.join(inside, name), 'utf8')]))

  for (const name of [
    'about.json',
    'state.json',
    'events.jsonl',
    'agent.log',
    'pierside.yaml',
    'journal.log',
    'kernel.log',
  ]) {
    t.ok((texts.get(name) ?? '').length > 10, `${name} is there`)
  }
  t.match(JSON.parse(texts.get('about.json')!), { image: { version: '9.9.9' }, node: 'rigged' })
  t.match(texts.get('journal.log'), /the last line/)
  t.match(
    texts.get('journal.log'),
    /^… \d+ characters before this are left out\n2026/,
    'of a long journal the end is there',
  )
  t.match(texts.get('chrony.txt'), /chronyc.*20 s|chronyc/, 'one that is silent costs its part only')
  t.match(texts.get('updates.txt'), /rauc ended with code 3: broken/)
  t.match(texts.get('pierside.yaml'), /password: !secret broker/)
  const total = [...texts.values()].reduce((sum, text) => sum + text.length, 0)
  t.ok(total < 40 * 2 ** 20, `${total} characters in all`)

  const never = [secret, 'camera-password', token, 'ssid-passphrase-of-hill', 'backup-passphrase-of-hill', '1234 5678']
  never.push(encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, ''))
  for (const [name, text] of texts) {
    t.same(
      never.filter(one => text.includes(one)),
      [],
      `nothing secret stands in ${name}`,
    )
  }
  t.notOk(readFileSync(zip).includes(secret))
})
