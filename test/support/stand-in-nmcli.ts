// A script in place of nmcli, for what is to be seen without a radio: it answers with what nmcli 1.52.1 gave in the
// image with simulated radios, and writes down how it was called.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export const hotspotId = 'fbe876f1-05bc-466f-926e-d1dc2e9a3c45'
export const homeId = '87602029-c77f-4433-bdec-4e2872a7fbbf'
export const triedId = '74840919-99eb-464b-9c76-36a4a34cf8ee'
const etc = '/etc/NetworkManager/system-connections'
const run = '/run/NetworkManager/system-connections'

export const rows = {
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

/** Programs in `<folder>/bin`, which belongs into PATH; each answer is a file that may change. */
export function standInNmcli(folder: string) {
  const bin = path.join(folder, 'bin')
  for (const one of ['bin', 'answers']) mkdirSync(path.join(folder, one))
  writeFileSync(path.join(folder, 'calls'), '')
  const script = (name: string, lines: string) => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${lines}\n`)
    chmodSync(path.join(bin, name), 0o755)
  }
  script(
    'nmcli',
    `printf '%s\\n' "$*" >>${folder}/calls
case "$*" in
  *"NAME,UUID"*) cat ${folder}/answers/profiles ;;
  *DEVICE,TYPE*) cat ${folder}/answers/devices ;;
  *wifi\\ list*) cat ${folder}/answers/heard ;;
  *band*) cat ${folder}/answers/hotspot ;;
  *"connection add"*) cp ${folder}/answers/profiles-added ${folder}/answers/profiles ;;
  *"connection edit"*) cat >>${folder}/secrets ;;
  *"connection up"*) if [ -s ${folder}/answers/trouble ]; then cat ${folder}/answers/trouble >&2; exit 4; fi ;;
  *"-g 802-11-wireless.ssid"*) cat ${folder}/answers/ssid ;;
esac`,
  )
  script('iw', `printf 'Station 02:00:00:00:02:00 (on wlan0)\\n\\tinactive time:\\t120 ms\\n'`)
  script('sync', `printf 'sync %s\\n' "$*" >>${folder}/calls`)
  const answer = (name: string, text: string) => writeFileSync(path.join(folder, 'answers', name), text)
  answer('profiles', `${[rows.hotspot('yes'), rows.home, rows.lo].join('\n')}\n`)
  answer('profiles-added', `${[rows.hotspot('no'), rows.home, rows.tried('yes')].join('\n')}\n`)
  answer('devices', onHotspot)
  answer('heard', heard)
  answer('hotspot', hotspotFields)
  return { bin, answer }
}
