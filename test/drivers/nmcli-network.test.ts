// NetworkManager by nmcli, in the words of nmcli 1.52.1 as it gave them in the image with simulated radios. A script
// stands in for the program: it answers with what was recorded, and writes down how it was called. The real one is met
// in the booted image.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { nmcliNetwork } from '../../edge/drivers/own/network/nmcli-network.js'
import { terseRows } from '../../edge/drivers/own/network/terse.js'
import { joinTrouble, securityOf } from '../../edge/drivers/own/network/words.js'
import { createLog } from '../../edge/spine/log.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { homeId, rows, standInNmcli, triedId } from '../support/stand-in-nmcli.js'

const never = new AbortController().signal
/** A box as folders and a script in place of nmcli; `says` are answers by the beginning of what is asked. */
function standIn(t: { testdir(): string; teardown(run: () => void): void }) {
  const folder = t.testdir()
  const links = path.join(folder, 'links')
  mkdirSync(path.join(links, 'wlan0'), { recursive: true })
  const { bin, answer } = standInNmcli(folder)
  const before = process.env.PATH
  process.env.PATH = `${bin}:${before}`
  t.teardown(() => {
    process.env.PATH = before
  })
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
      file: `/etc/NetworkManager/system-connections/Haus: am \\ Hang.nmconnection`,
    },
  ])
  t.same(terseRows('a:b\n\nWarning\n', ['one', 'two']), [{ one: 'a', two: 'b' }], 'other lines are no rows')
})

t.test('words', async t => {
  const trouble = (words: string) => joinTrouble(`Error: Connection activation failed: ${words}`).trouble
  t.equal(trouble('Secrets were required, but not provided'), 'wrong-passphrase')
  t.equal(trouble('The Wi-Fi network could not be found'), 'not-found')
  t.equal(trouble('IP configuration could not be reserved (no available address, timeout, etc.)'), 'no-address')
  t.equal(trouble('802.1X supplicant took too long to authenticate'), 'late')
  t.match(joinTrouble('Error: something new'), { trouble: 'refused', words: 'something new' })
  t.same(['', 'WPA2', 'WPA1 WPA2', 'WPA2 WPA3', 'WPA3', 'WPA2 802.1X', 'WEP', 'OWE'].map(securityOf), [
    'open',
    'wpa',
    'wpa',
    'wpa',
    'sae',
    'other',
    'other',
    'other',
  ])
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

t.test('a passphrase goes by no command line', async t => {
  const { network, calls, read, addresses, answer } = standIn(t)
  const passphrase = 's3cret pass\\: "x" #%'
  answer('devices', `wlan0:wifi:connected:${triedId}\n`)
  addresses.wlan0 = ['192.168.77.49']
  const tried = await network.tryJoin({ ssid: 'Haus: am \\ Hang', passphrase }, never)
  t.same(tried, { joined: true, id: triedId, addresses: ['192.168.77.49'] })
  t.notMatch(calls(), /s3cret/)
  t.match(calls(), /connection add save no type wifi con-name pierside-try .*key-mgmt wpa-psk/)
  t.equal(read('secrets'), `set 802-11-wireless-security.psk ${passphrase}\nsave temporary\nquit\n`)

  answer('profiles-added', `${[rows.hotspot('no'), rows.tried('no')].join('\n')}\n`)
  answer('trouble', 'Error: Connection activation failed: Secrets were required, but not provided.\n')
  const before = calls().length
  t.match(await network.tryJoin({ ssid: 'Nur drei', passphrase }, never), { trouble: 'wrong-passphrase' })
  t.equal(
    calls()
      .slice(before)
      .match(/connection up/g)?.length,
    2,
    'wrong is what is wrong twice',
  )
  t.match(calls(), /ssid Nur drei .*key-mgmt sae/, 'WPA3 alone')
  t.match(calls().trim().split('\n').at(-1), `connection delete uuid ${triedId}`, 'what was tried is forgotten')
})

t.test('a hotspot that no radio can try is kept as it is ordered', async t => {
  const { network, answer, read, calls } = standIn(t)
  const trial = rows.hotspot('no').replace('pierside-hotspot:', 'pierside-hotspot-trial:')
  answer('profiles', `${[rows.hotspot('no'), trial].join('\n')}\n`)
  answer('trouble', 'Error: No suitable device found for this connection.\n')
  await t.rejects(network.tryHotspot({ passphrase: 'clear skies' }, never), { code: 'unsupported' })
  answer('devices', 'lo:loopback:connected (externally):\n')
  await network.tryHotspot({ passphrase: 'clear skies' }, never)
  t.match(read('secrets'), /psk clear skies\n/)
  await network.tryHotspot({ band: '5', channel: 36 }, never)
  t.match(calls(), 'connection.autoconnect no wifi.channel  wifi.band a wifi.channel 36')
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

t.test('a network that is called like the hotspot’s profile does not take its place', async t => {
  const { network, calls, answer } = standIn(t)
  answer('ssid', 'pierside-hotspot\n')
  answer('profiles', `${[rows.hotspot('no'), rows.tried('yes')].join('\n')}\n`)
  await network.keepJoined(triedId, never)
  t.match(calls(), `connection modify uuid ${triedId} connection.id Wi-Fi pierside-hotspot connection.autoconnect yes`)
  t.notMatch(calls(), /connection delete/, 'the way in stays')
})

t.test('what cannot be asked says so', async t => {
  const { network, folder } = standIn(t)
  writeFileSync(path.join(folder, 'bin/nmcli'), '#!/bin/sh\necho "Error: NetworkManager is not running." >&2\nexit 8\n')
  await t.rejects(network.look(never), { code: 'offline', message: /not running/ })
  await t.rejects(network.look(AbortSignal.abort()), { code: 'aborted' })
})
