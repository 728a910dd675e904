// The fields of what the box is reached by; they exist on Pierside's own image alone.
import { flag, type Kind, list, number, text, time } from './field.js'

export const networkKinds: Readonly<Record<string, Kind>> = {
  network: {
    name: 'Network',
    fields: {
      phase: text('Wi-Fi', { entity: true, diagnostic: true, icon: 'mdi:wifi' }),
      ssid: text('Network'),
      signalPercent: number('Signal', '%', 0),
      addresses: list('Addresses'),
      cable: list('Addresses by cable'),
      name: text('Name of the box'),
      known: list('Known networks'),
      around: list('Networks around'),
      lookedAtMs: time('Networks around were seen'),
      phones: number('On the hotspot'),
      hotspotSsid: text('Hotspot'),
      hotspotSecured: flag('The hotspot has a passphrase'),
      hotspotBand: text('Band of the hotspot', { unit: 'GHz' }),
      hotspotChannel: number('Channel of the hotspot'),
      country: text('Country of the radio'),
      trying: text('Is being joined'),
      lastSsid: text('Was to be joined last'),
      lastJoined: flag('It was joined'),
      lastReason: text('Why it was not'),
      lastFix: text('What to do'),
      lastAtMs: time('That was'),
      unconfirmed: text('Is undone unless confirmed'),
      undoneSeconds: number('It is undone in', 's'),
    },
  },
}
