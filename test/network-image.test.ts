// What root's scripts of the image make before NetworkManager starts, in a folder that stands in for the root: a
// hotspot of the box's own name, the way by cable, and the names that the hotspot answers.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { keyfileName, keyfileOf } from '../edge/services/wifi-keyfile.js'
import { imageScripts } from './support/image-scripts.js'

const files = resolve('image-build/network/files')

function box(t: { testdir(): string }) {
  const root = t.testdir()
  for (const folder of ['etc', 'data/system/first-boot', 'proc/sys/kernel', 'run', 'bin'])
    mkdirSync(join(root, folder), { recursive: true })
  cpSync(join(files, 'usr/share'), join(root, 'usr/share'), { recursive: true })
  const put = (file: string, text: string) => writeFileSync(join(root, file), text)
  put('etc/machine-id', '0123456789abcdef0123456789abcdef\n')
  put('proc/sys/kernel/hostname', 'pier-1a2b\n')
  const env = { ...process.env, ROOT: root, PATH: `${root}/bin:${process.env.PATH}` }
  const scripts = imageScripts(join(root, 'scripts'))
  const run = (name: string) => execFileSync(join(scripts, name), { env, encoding: 'utf8' })
  return { root, put, run, read: (file: string) => readFileSync(join(root, file), 'utf8') }
}
const profiles = 'etc/NetworkManager/system-connections'
const hotspot = `${profiles}/pierside-hotspot.nmconnection`
const names = 'run/pierside-network/dnsmasq.conf'

t.test('the first start makes an open hotspot of the own name, once', async t => {
  const { root, put, run, read } = box(t)
  put('data/system/identity.json', '{"node": "pier-1a2b", "suffix": "1A2B"}')
  t.match(run('network-start'), /Pierside-1A2B/)
  t.match(read(hotspot), /^ssid=Pierside-1A2B$/m)
  t.match(read(hotspot), /^autoconnect-priority=-900$/m, 'NetworkManager raises it by itself, last of all')
  t.notMatch(read(hotspot), /wifi-security/)
  t.equal(statSync(join(root, hotspot)).mode & 0o777, 0o600, 'or NetworkManager would not take it')
  t.equal(statSync(join(root, 'run/NetworkManager/system-connections/cable.nmconnection')).mode & 0o777, 0o600)
  const first = read(hotspot)
  t.equal(run('network-start'), '')
  t.equal(read(hotspot), first, 'a second start changes nothing')
})

t.test(
  'without an identity the machine-id serves; a confirmed hotspot of another file name is the hotspot',
  async t => {
    const { root, put, run, read } = box(t)
    run('network-start')
    t.match(read(hotspot), /^ssid=Pierside-[0-9A-F]{4}$/m)
    rmSync(join(root, hotspot))
    put(
      `${profiles}/pierside-hotspot-trial.nmconnection`,
      '[connection]\nid=pierside-hotspot\n[wifi-security]\nkey-mgmt=wpa-psk\n',
    )
    t.equal(run('network-start'), '')
    t.same(readdirSync(join(root, profiles)), ['pierside-hotspot-trial.nmconnection'], 'no open one beside it')
  },
)

t.test('a network of the card that is called like the hotspot does not stand for it', async t => {
  const { root, put, run, read } = box(t)
  mkdirSync(join(root, profiles), { recursive: true })
  const home = { name: 'pierside-hotspot', password: 'clear skies' }
  put(`${profiles}/${keyfileName(home)}`, keyfileOf(home))
  run('network-start')
  t.match(read(hotspot), /^ssid=Pierside-/m)
  t.match(read(names), /#/, 'nor for its passphrase')
  put('data/system/first-boot/hotspot-psk', 'clear\\sskies\n')
  run('network-start')
  t.match(read(`${profiles}/${keyfileName(home)}`), /^psk=/m, 'it stays known')
})

t.test('a passphrase from the card is the hotspot’s before it is first raised, and once', async t => {
  const { root, put, run, read } = box(t)
  mkdirSync(join(root, profiles), { recursive: true })
  put(`${profiles}/pierside-hotspot-trial.nmconnection`, '[connection]\nid=pierside-hotspot\n')
  put('data/system/first-boot/hotspot-psk', 'clear\\sskies\\\\\n')
  run('network-start')
  t.match(read(hotspot), '\n[wifi-security]\nkey-mgmt=wpa-psk\nproto=rsn;\npsk=clear\\sskies\\\\\n')
  t.same(readdirSync(join(root, profiles)), ['pierside-hotspot.nmconnection'], 'the one before is gone')
  t.notMatch(read(names), /#/)
  t.same(readdirSync(join(root, 'data/system/first-boot')), [], 'what is changed on the page afterwards stays')
  t.equal(run('network-start'), '')
})

t.test('an open hotspot answers every name; one with a passphrase only what phones ask to be online', async t => {
  const { root, put, run, read } = box(t)
  run('network-start')
  t.match(read(names), /^address=\/#\/10\.42\.0\.1$/m)
  const trial = 'run/NetworkManager/system-connections/pierside-hotspot-trial.nmconnection'
  put(trial, '[connection]\nid=pierside-hotspot-trial\n\n[wifi-security]\nkey-mgmt=wpa-psk\n')
  run('hotspot-answers')
  t.notMatch(read(names), /#/)
  for (const name of [
    'pierside.local',
    'pier-1a2b.local',
    'captive.apple.com',
    'connectivitycheck.gstatic.com',
    'www.msftconnecttest.com',
  ])
    t.match(read(names), `address=/${name}/10.42.0.1\n`)
  rmSync(join(root, trial))
  run('hotspot-answers')
  t.match(read(names), /#/, 'undone: it waits for set-up again')
})

t.test('one name: the owner’s, else pierside.local, else its own where that is another box', async t => {
  const { root, put, run, read } = box(t)
  // As avahi answers over D-Bus; it keeps the name that it is given.
  put(
    'bin/busctl',
    `#!/bin/sh
case "$*" in
  *GetState*) echo '{"type":"i","data":[2]}' ;;
  *SetHostName*) for word; do last=$word; done; echo "$last" >${root}/avahi ;;
  *GetHostName*) echo '{"type":"s","data":["'"$(cat ${root}/avahi)"'"]}' ;;
esac
`,
  )
  chmodSync(join(root, 'bin/busctl'), 0o755)
  const named = (found: string) => {
    put('avahi', `${found}\n`)
    run('box-name')
    return read('run/pierside-network/name')
  }
  t.equal(named('pierside'), 'pierside.local\n')
  t.equal(named('pierside-2'), 'pier-1a2b.local\n', 'another box has that name')
  t.equal(named('pier-1a2b'), 'pier-1a2b.local\n', 'and it stays so')
  put('data/system/first-boot/hostname', '')
  t.equal(named('pierside'), 'pierside.local\n', 'a card that names nobody')
  put('data/system/first-boot/hostname', 'north\n')
  put('proc/sys/kernel/hostname', 'north\n')
  t.equal(named('pierside'), 'north.local\n')
})
