// NetworkManager by nmcli, in the words of nmcli 1.52.1 as it gave them in the image with simulated radios. A script
// stands in for the program: it answers with what was recorded, and writes down how it was called. The real one is met
// in the booted image.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { joinTrouble, securityOf } from '../../edge/drivers/own/network/words.js'
import { nmcliNetwork } from '../../edge/drivers/own/network/nmcli-network.js'
import { terseRows } from '../../edge/drivers/own/network/terse.js'
import { createLog } from '../../edge/spine/log.js'
import { systemClock } from '../../edge/spine/system-clock.js'

const never = new AbortController().signal
const hotspotId = 'fbe876f1-05bc-466f-926e-d1dc2e9a3c45'
const homeId = '87602029-c77f-4433-bdec-4e2872a7fbbf'
const triedId = '74840919-99eb-464b-9c76-36a4a34cf8ee'
const etc = '/etc/NetworkManager/system-connections'
const run = '/run/NetworkManager/system-connections'

const rows = {
  hotspot: (active: string) =>
    `pierside-hotspot:${hotspotId}:802-11-wireless:${active}:${etc}/pierside-hotspot.nmconnection`,
  home: `Haus\\: am \\\\ Hang:${homeId}:802-11-wireless:no:${etc}/Haus\\: am \\\\ Hang.nmconnection`,
  lo: `lo:d0f1d7b2-0a70-4ecb-a8cf-dd82e85cd3c1:loopback:yes:${run}/lo.nmconnection`,
  tried: (active: string) => `pierside-try:${triedId}:802-11-wireless:${active}:${run}/pierside-try.nmconnection`,
}
const onHotspot = `wlan0:wifi:connected:${hotspotId}
lo:loopback:connected (externally):d0f1d7b2-0a70-4ecb-a8cf-dd82e85cd3c1
p2p-dev-wlan0:wifi-p2p:disconnected:
enp0s2:ethernet:connected:b7a1d5f0-5c1e-4c1b-9d0e-3f1f6f6c7f11
hwsim0:unknown:unmanaged:
`
const heard = ` :Haus\\: am \\\\ Hang:2437 MHz:100:WPA2
 :Nur drei:5180 MHz:41:WPA3
 ::2412 MHz:30:WPA2
*:Pierside-6ED6:2462 MHz:0:
`
const hotspotFields = `802-11-wireless.ssid:Pierside-6ED6
802-11-wireless.band:bg
802-11-wireless.channel:0
802-11-wireless-security.key-mgmt:
`

/** A box as folders and a script in place of nmcli; `says` are answers by the beginning of what is asked. */
function standIn(t: { testdir(): string; teardown(run: () => void): void }) {
  const folder = t.testdir()
  const bin = path.join(folder, 'bin')
  const links = path.join(folder, 'links')
  mkdirSync(bin)
  mkdirSync(path.join(links, 'wlan0'), { recursive: true })
  mkdirSync(path.join(folder, 'answers'))
  writeFileSync(path.join(folder, 'calls'), '')
  const script = (name: string, lines: string) => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${lines}\n`)
    chmodSync(path.join(bin, name), 0o755)
  }
  script(
    'nmcli',
    `printf '%s\\n' "$*" >>${folder}/calls
for word in "$@"; do last=$word; done
case "$*" in
  *passwd-file*) cat "$last" >>${folder}/secrets; stat -c %a "$last" "\${last%/*}" >>${folder}/modes ;;
esac
case "$*" in
  *"NAME,UUID"*) cat ${folder}/answers/profiles ;;
  *DEVICE,TYPE*) cat ${folder}/answers/devices ;;
  *wifi\\ list*) cat ${folder}/answers/heard ;;
  *band*) cat ${folder}/answers/hotspot ;;
  *"connection add"*) cp ${folder}/answers/profiles-added ${folder}/answers/profiles ;;
  *"connection up"*) if [ -s ${folder}/answers/trouble ]; then cat ${folder}/answers/trouble >&2; exit 4; fi ;;
  *"-g 802-11-wireless.ssid"*) cat ${folder}/answers/ssid ;;
esac`,
  )
  script('iw', `printf 'Station 02:00:00:00:02:00 (on wlan0)\\n\\tinactive time:\\t120 ms\\n'`)
  script('sync', `printf 'sync %s\\n' "$*" >>${folder}/calls`)
  const before = process.env.PATH
  process.env.PATH = `${bin}:${before}`
  t.teardown(() => {
    process.env.PATH = before
  })
  const answer = (name: string, text: string) => writeFileSync(path.join(folder, 'answers', name), text)
  answer('profiles', `${[rows.hotspot('yes'), rows.home, rows.lo].join('\n')}\n`)
  answer('profiles-added', `${[rows.hotspot('no'), rows.home, rows.tried('yes')].join('\n')}\n`)
  answer('devices', onHotspot)
  answer('heard', heard)
  answer('hotspot', hotspotFields)
  const deeds: unknown[] = []
  const clock = systemClock()
  const addresses: Record<string, string[]> = { wlan0: ['10.42.0.1'], enp0s2: ['10.0.2.15', 'fe80::1'] }
  const network = nmcliNetwork({
    ...{ clock, log: createLog(clock, () => {}) },
    async deed(name, order) {
      deeds.push([name, order])
    },
    places: {
      ...{ links, told: folder, data: folder },
      addresses: () =>
        Object.fromEntries(
          Object.entries(addresses).map(([device, all]) => [device, all.map(address => ({ address }) as never)]),
        ),
    },
  })
  const carrier = (up: boolean) => writeFileSync(path.join(links, 'wlan0/carrier'), up ? '1\n' : '0\n')
  carrier(true)
  return {
    ...{ network, answer, carrier, deeds, addresses, folder },
    calls: () => readFileSync(path.join(folder, 'calls'), 'utf8'),
    read: (name: string) => readFileSync(path.join(folder, name), 'utf8'),
  }
}

t.test('terse rows', async t => {
  t.same(terseRows(rows.home, ['name', 'uuid', 'type', 'active', 'file']), [
    {
      ...{ name: 'Haus: am \\ Hang', uuid: homeId, type: '802-11-wireless', active: 'no' },
      file: `${etc}/Haus: am \\ Hang.nmconnection`,
    },
  ])
  t.same(terseRows('a:b\n\nWarning\n', ['one', 'two']), [{ one: 'a', two: 'b' }], 'other lines are no rows')
})

t.test('words', async t => {
  const trouble = (words: string) => joinTrouble(`Error: Connection activation failed: ${words}`).trouble
  t.equal(trouble('Secrets were required, but not provided'), 'wrong-passphrase')
  t.equal(trouble('The Wi-Fi network could not be found'), 'not-found')
  t.equal(
    trouble('IP configuration could not be reserved (no available address, timeout, etc.)'),
    'no-address',
  )
  t.equal(trouble('802.1X supplicant took too long to authenticate'), 'late')
  t.match(joinTrouble('Error: something new'), { trouble: 'refused', words: 'something new' })
  t.same(
    ['', 'WPA2', 'WPA1 WPA2', 'WPA2 WPA3', 'WPA3', 'WPA2 802.1X', 'WEP', 'OWE'].map(securityOf),
    ['open', 'wpa', 'wpa', 'wpa', 'sae', 'other', 'other', 'other'],
  )
})

t.test('what the box is on', async t => {
  const { network, answer, carrier, addresses, folder } = standIn(t)
  writeFileSync(path.join(folder, 'name'), 'pierside.local\n')
  t.same(await network.look(never), {
    radios: [{ device: 'wlan0', phase: 'hotspot', addresses: ['10.42.0.1'], ssid: 'Pierside-6ED6' }],
    phones: 1,
    hotspot: { ssid: 'Pierside-6ED6', secured: false, band: '2.4' },
    country: undefined,
    name: 'pierside.local',
    cables: [{ device: 'enp0s2', addresses: ['10.0.2.15'] }],
    known: [{ id: homeId, ssid: 'Haus: am \\ Hang' }],
  })
  answer('devices', `wlan0:wifi:connected:${homeId}\n`)
  answer('heard', `*:Haus\\: am \\\\ Hang:2437 MHz:73:WPA2\n`)
  addresses.wlan0 = ['192.168.77.49', 'fe80::fc40:48a6:76af:649f']
  const joined = { ssid: 'Haus: am \\ Hang', id: homeId, signalPercent: 73, addresses: ['192.168.77.49'] }
  t.match(await network.look(never), { radios: [{ phase: 'joined', ...joined }], phones: 0 })
  carrier(false)
  t.match(await network.look(never), { radios: [{ phase: 'joining' }] }, 'NetworkManager waits; the link is gone')
  answer('devices', 'wlan0:wifi:unavailable:\n')
  t.same((await network.look(never)).radios, [], 'a radio that is out of order is none')
})

t.test('what is around', async t => {
  const { network } = standIn(t)
  t.same(await network.scan(never), [
    { ssid: 'Haus: am \\ Hang', signalPercent: 100, security: 'wpa', band: '2.4' },
    { ssid: 'Nur drei', signalPercent: 41, security: 'sae', band: '5' },
  ])
})

t.test('a passphrase goes by a file that is gone afterwards, and by no command line', async t => {
  const { network, calls, read, addresses, answer } = standIn(t)
  const passphrase = 's3cret pass\\: "x" #%'
  answer('devices', `wlan0:wifi:connected:${triedId}\n`)
  addresses.wlan0 = ['192.168.77.49']
  const tried = await network.tryJoin({ ssid: 'Haus: am \\ Hang', passphrase }, never)
  t.same(tried, { joined: true, id: triedId, addresses: ['192.168.77.49'] })
  t.notMatch(calls(), /s3cret/)
  t.match(calls(), /connection add save no type wifi con-name pierside-try .*key-mgmt wpa-psk/)
  const [name, octal] = read('secrets').trim().split(':')
  t.equal(name, '802-11-wireless-security.psk')
  t.equal(octal.replace(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8))), passphrase)
  t.equal(read('modes'), '600\n700\n')
  const file = /passwd-file (\S+)/.exec(calls())![1]
  t.throws(() => readFileSync(file), { code: 'ENOENT' })

  answer('profiles-added', `${[rows.hotspot('no'), rows.tried('no')].join('\n')}\n`)
  answer('trouble', 'Error: Connection activation failed: Secrets were required, but not provided.\n')
  t.match(await network.tryJoin({ ssid: 'Nur drei', passphrase }, never), { trouble: 'wrong-passphrase' })
  t.match(calls(), /ssid Nur drei .*key-mgmt sae/, 'WPA3 alone')
  t.match(calls().trim().split('\n').at(-1), `connection delete uuid ${triedId}`, 'what was tried is forgotten')
})

t.test('what is kept lies on the card', async t => {
  const { network, calls, answer, deeds } = standIn(t)
  answer('ssid', 'Haus: am \\ Hang\n')
  answer('profiles', `${[rows.hotspot('no'), rows.home, rows.tried('yes')].join('\n')}\n`)
  await network.keepJoined(triedId, never)
  t.match(calls(), `connection modify uuid ${triedId} connection.id Haus: am \\ Hang connection.autoconnect yes`)
  t.match(calls(), `connection delete uuid ${homeId}`, 'of one name there is one')
  t.match(calls().trim().split('\n').at(-1), /^sync -f /)
  await network.setCountry('DE', true, never)
  t.same(deeds, [['country', { country: 'DE', keep: true }]])
})

t.test('what cannot be asked says so', async t => {
  const { network, folder } = standIn(t)
  writeFileSync(path.join(folder, 'bin/nmcli'), '#!/bin/sh\necho "Error: NetworkManager is not running." >&2\nexit 8\n')
  await t.rejects(network.look(never), { code: 'offline', message: /not running/ })
  await t.rejects(network.look(AbortSignal.abort()), { code: 'aborted' })
})
