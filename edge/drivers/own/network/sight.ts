// From nmcli's tables to what the box is on.
import type { Hotspot, NetworkSight, Radio } from '../../../ports/network.js'
import { hasCarrier, type NetworkPlaces, told } from './places.js'
import { terseRows } from './terse.js'

/** A profile of NetworkManager. */
export interface Profile {
  readonly name: string
  readonly uuid: string
  readonly wifi: boolean
  readonly active: boolean
  /** It lies on disk, not in memory only. */
  readonly kept: boolean
}

export function profilesOf(text: string): Profile[] {
  return terseRows(text, ['NAME', 'UUID', 'TYPE', 'ACTIVE', 'FILENAME']).map(row => ({
    name: row.NAME,
    uuid: row.UUID,
    wifi: row.TYPE === '802-11-wireless',
    active: row.ACTIVE === 'yes',
    kept: row.FILENAME.startsWith('/etc/'),
  }))
}

export interface Tables {
  readonly devices: string
  readonly profiles: readonly Profile[]
  /** Networks as they were last heard. */
  readonly heard: string
  readonly hotspot?: Hotspot
  readonly trial?: Hotspot
}

interface Names {
  /** Of hotspots: kept, on trial. */
  readonly hotspots: readonly string[]
  /** Of profiles that are no known networks. */
  readonly others: readonly string[]
  readonly where: NetworkPlaces
  /** How many stations a radio carries. */
  stations(device: string): Promise<number>
}

export async function seen(tables: Tables, { hotspots, others, where, stations }: Names): Promise<NetworkSight> {
  const { profiles, hotspot, trial } = tables
  const rows = terseRows(tables.devices, ['DEVICE', 'TYPE', 'STATE', 'CON-UUID'])
  const strength = terseRows(tables.heard, ['IN-USE', 'SSID', 'FREQ', 'SIGNAL', 'SECURITY']).find(
    row => row['IN-USE'] === '*',
  )
  const radios: Radio[] = []
  let phones = 0
  for (const { DEVICE: device, STATE: state, 'CON-UUID': uuid } of rows.filter(({ TYPE }) => TYPE === 'wifi')) {
    // Out of order, or somebody else's: no way in, whatever is done.
    if (state === 'unmanaged' || state === 'unavailable') continue
    const profile = profiles.find(one => one.uuid === uuid)
    const carries = profile !== undefined && hotspots.includes(profile.name)
    const linked = state === 'connected' && (await hasCarrier(where, device))
    if (carries && linked) phones += await stations(device)
    const joining = /^connecting/.test(state) || (state === 'connected' && !linked)
    const phase = linked ? (carries ? 'hotspot' : 'joined') : joining ? 'joining' : 'idle'
    const ssid = carries ? (profile.name === hotspots[0] ? hotspot : trial)?.ssid : (strength?.SSID ?? profile?.name)
    radios.push({
      ...{ device, phase, addresses: addressesOf(where, device) },
      ...(phase !== 'idle' && ssid !== undefined && { ssid }),
      ...(profile && !carries && { id: profile.uuid }),
      ...(phase === 'joined' && strength && { signalPercent: Number(strength.SIGNAL) }),
    })
  }
  const [country, name] = await Promise.all([told(where, 'country'), told(where, 'name')])
  return {
    ...{ radios, phones, hotspot, country, name },
    ...(trial && { trial }),
    cables: rows
      .filter(({ TYPE, STATE }) => TYPE === 'ethernet' && STATE.startsWith('connected'))
      .map(({ DEVICE }) => ({ device: DEVICE, addresses: addressesOf(where, DEVICE) })),
    known: profiles
      .filter(one => one.wifi && one.kept && ![...hotspots, ...others].includes(one.name))
      .map(({ uuid, name: ssid }) => ({ id: uuid, ssid })),
  }
}

/** Without those of version 6 that end at the cable: no browser takes them. */
function addressesOf(where: NetworkPlaces, device: string): string[] {
  const all = where.addresses()[device] ?? []
  return all.map(({ address }) => address).filter(address => !address.toLowerCase().startsWith('fe80:'))
}
