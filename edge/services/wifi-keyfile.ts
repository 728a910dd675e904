// A known Wi-Fi as NetworkManager keeps it on disk (nm-settings-keyfile(5)).
import type { KnownNetwork } from './boot-file.js'

/** Bytes as NetworkManager writes a name that is no plain text: nothing in it can end the line. */
const asBytes = (text: string) => [...Buffer.from(text)].map(byte => `${byte};`).join('')

/** GLib's key files give `\` a meaning, and drop spaces before a value. */
export const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll(' ', '\\s')

/** The file's name, the same for the same network. */
export const keyfileName = ({ name }: KnownNetwork): string => `card-${Buffer.from(name).toString('hex')}.nmconnection`

export function keyfileOf(network: KnownNetwork): string {
  const { name, password } = network
  // Nor what is called like the box's own profiles: its hotspot would be taken for made.
  const printable = /^(?!pierside-)[\x20-\x7e]+$/.test(name) ? name : `card ${Buffer.from(name).toString('hex')}`
  return [
    '[connection]',
    `id=${escaped(printable)}`,
    'type=wifi',
    '',
    '[wifi]',
    'mode=infrastructure',
    `ssid=${asBytes(name)}`,
    '',
    ...(password === undefined ? [] : ['[wifi-security]', 'key-mgmt=wpa-psk', `psk=${escaped(password)}`, '']),
    '[ipv4]',
    'method=auto',
    '',
    '[ipv6]',
    'method=auto',
    '',
  ].join('\n')
}
