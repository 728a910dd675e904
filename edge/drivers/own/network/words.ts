// What nmcli's words mean: why a network was not joined, and how one is secured.
import type { JoinTrouble, Security } from '../../../ports/network.js'

/** @param words of `nmcli connection up`, in English (LC_ALL=C) */
export function joinTrouble(words: string): { readonly trouble: JoinTrouble; readonly words: string } {
  const row = troubles.find(([said]) => said.test(words))
  return row ? { trouble: row[1], words: row[2] } : { trouble: 'refused', words: words.replace(/^Error: /, '') }
}

/** Texts of NMDeviceStateReason as nmcli has them (libnm-client-aux-extern, nm_device_state_reason). */
const troubles: readonly (readonly [RegExp, JoinTrouble, string])[] = [
  [
    /Secrets were required|no-secrets|password|802\.1X supplicant (disconnected|failed)/i,
    'wrong-passphrase',
    'the passphrase is wrong',
  ],
  [/could not be found|No network with SSID/i, 'not-found', 'it is not heard here'],
  [/IP configuration could not be reserved|DHCP/i, 'no-address', 'it gave no address'],
  [/took too long to authenticate|Timeout expired/i, 'late', 'it did not answer in time'],
]

/** @param said as in the column SECURITY: empty, `WPA2`, `WPA2 WPA3`, `WPA2 802.1X`, `OWE` … */
export function securityOf(said: string): Security {
  if (said === '' || said === '--') return 'open'
  const kinds = said.split(' ')
  if (kinds.includes('802.1X') || kinds.includes('WEP')) return 'other'
  if (kinds.includes('WPA1') || kinds.includes('WPA2')) return 'wpa'
  return kinds.includes('WPA3') ? 'sae' : 'other'
}
