// The network of the image, by NetworkManager. Its profiles are all the memory there is: what is kept lies in its
// folder beneath /etc; what is tried lies in memory only (`save no`), so that a power cut undoes it. The kept hotspot
// is joined by NetworkManager itself, after everything else: without the agent, too, there is a way in.
import type { Clock } from '../../../ports/clock.js'
import { Fault } from '../../../ports/fault.js'
import type { Log } from '../../../ports/log.js'
import type { ImageDeed } from '../../../ports/machine.js'
import type { Hotspot, HotspotOrder, JoinOrder, Network, Tried } from '../../../ports/network.js'
import { type Ask, asker, demand, passphraseEdit } from './nmcli.js'
import { type NetworkPlaces, networkPrint, standardPlaces } from './places.js'
import { type Profile, profilesOf, seen } from './sight.js'
import { terseRows } from './terse.js'
import { joinTrouble, securityOf } from './words.js'

const hotspotName = 'pierside-hotspot'
const trialName = 'pierside-hotspot-trial'
const tryName = 'pierside-try'
/** What a joined network is kept as. One that is called like a profile of ours would be taken for it: the way in. */
const keptName = (ssid: string) => (ssid.startsWith('pierside-') ? `Wi-Fi ${ssid}` : ssid)
/** Seconds that nmcli itself waits; the callers' deadlines are shorter. */
const patience = ['--wait', '60']
/** What has to go although the deadline is over gets this long. */
const cleanMs = 5_000

export interface NmcliNetworkParts {
  readonly clock: Clock
  readonly log: Log
  readonly deed: ImageDeed
  readonly places?: Partial<NetworkPlaces>
  /** In place of running programs. */
  readonly ask?: Ask
}

export function nmcliNetwork(parts: NmcliNetworkParts): Network {
  const { clock, log, deed, places = {}, ask = asker({ clock, log }) } = parts
  const where = { ...standardPlaces, ...places }
  const nmcli = (args: readonly string[], signal: AbortSignal) => demand(ask, args, signal)
  const profiles = async (signal: AbortSignal) => profilesOf(await nmcli(profileQuestion, signal))
  const named = async (name: string, signal: AbortSignal) => (await profiles(signal)).filter(one => one.name === name)
  const remove = async (ones: readonly Profile[], signal: AbortSignal) => {
    if (ones.length > 0) await nmcli(['connection', 'delete', ...ones.flatMap(({ uuid }) => ['uuid', uuid])], signal)
  }
  /** Settles when what was written lies on the card: NetworkManager itself does not wait for it. */
  const settle = async (signal: AbortSignal) => {
    const said = await ask('sync', ['-f', where.data], signal)
    if (!said.done) throw new Fault('broken', `sync: ${said.words}`, 'Look at the card: it may be at its end')
  }
  /** Removes what was tried, also when the signal has fired already. */
  const clean = async (name: string) => {
    const limit = clock.deadline(cleanMs, `removing ${name}`)
    try {
      await remove(await named(name, limit.signal), limit.signal)
    } finally {
      limit.cancel()
    }
  }
  const hotspotOf = async (name: string, signal: AbortSignal): Promise<Hotspot | undefined> => {
    const [profile] = await named(name, signal)
    if (!profile) return undefined
    const fields = ['802-11-wireless.ssid', '802-11-wireless.band', '802-11-wireless.channel']
    const asked = [...fields, '802-11-wireless-security.key-mgmt'].join(',')
    const said = await nmcli(['-t', '-e', 'yes', '-f', asked, 'connection', 'show', 'uuid', profile.uuid], signal)
    const value = new Map(terseRows(said, ['field', 'value']).map(row => [row.field, row.value]))
    const channel = Number(value.get('802-11-wireless.channel') || 0)
    return {
      ssid: value.get('802-11-wireless.ssid') ?? '',
      secured: (value.get('802-11-wireless-security.key-mgmt') ?? '') !== '',
      band: value.get('802-11-wireless.band') === 'a' ? '5' : '2.4',
      ...(channel > 0 && { channel }),
    }
  }
  const up = (uuid: string, device: string | undefined, signal: AbortSignal) =>
    ask('nmcli', [...patience, 'connection', 'up', 'uuid', uuid, ...(device ? ['ifname', device] : [])], signal)
  /** To the profile beforehand: as an answer to a question (`passwd-file`) a wrong one is given again, endlessly. */
  const give = async (uuid: string, passphrase: string | undefined, signal: AbortSignal) => {
    if (passphrase === undefined) return
    await demand(ask, ['connection', 'edit', 'uuid', uuid], signal, passphraseEdit(passphrase))
  }
  const look = async (signal: AbortSignal) => {
    const devices = await nmcli(deviceQuestion, signal)
    const all = await profiles(signal)
    const heard = await nmcli([...aroundQuestion, '--rescan', 'no'], signal)
    const [hotspot, trial] = [await hotspotOf(hotspotName, signal), await hotspotOf(trialName, signal)]
    return seen(
      { devices, profiles: all, heard, ...(hotspot && { hotspot }), ...(trial && { trial }) },
      { hotspots: [hotspotName, trialName], others: [tryName], where, stations: device => stations(device, signal) },
    )
  }
  const stations = async (device: string, signal: AbortSignal) => {
    const said = await ask('iw', ['dev', device, 'station', 'dump'], signal)
    return said.out.split('\n').filter(line => line.startsWith('Station ')).length
  }
  /** The radio that is free, so that the hotspot may stand; undefined where there is but one. */
  const freeRadio = async (signal: AbortSignal) => {
    const { radios } = await look(signal)
    return radios.length > 1 ? radios.find(({ phase }) => phase !== 'hotspot')?.device : undefined
  }
  const tried = async (uuid: string, said: { done: boolean; words: string }, signal: AbortSignal): Promise<Tried> => {
    if (!said.done) return { joined: false, ...joinTrouble(said.words) }
    const radio = (await look(signal)).radios.find(({ id }) => id === uuid)
    if (radio?.addresses.length) return { joined: true, id: uuid, addresses: radio.addresses }
    return { joined: false, trouble: 'no-address', words: 'it gave no address' }
  }
  const securityFor = async ({ ssid, passphrase }: JoinOrder, signal: AbortSignal) => {
    if (passphrase === undefined) return []
    const heard = terseRows(await nmcli([...aroundQuestion, '--rescan', 'no'], signal), aroundFields)
    const kinds = heard.filter(row => row.SSID === ssid).map(row => securityOf(row.SECURITY))
    // A router of both kinds is joined by the older one, with which firmware of the Pi has fewer troubles.
    const only = kinds.length > 0 && kinds.every(kind => kind === 'sae')
    return ['wifi-sec.key-mgmt', only ? 'sae' : 'wpa-psk']
  }

  return {
    look,
    changed: (ms, signal) => networkPrint(where, clock, ms, signal),
    async scan(signal) {
      const said = await ask('nmcli', [...aroundQuestion, '--rescan', 'yes'], signal)
      const text = said.done ? said.out : await nmcli([...aroundQuestion, '--rescan', 'no'], signal)
      return terseRows(text, aroundFields)
        .filter(row => row.SSID !== '' && row['IN-USE'] !== '*')
        .map(row => ({
          ssid: row.SSID,
          signalPercent: Number(row.SIGNAL),
          security: securityOf(row.SECURITY),
          band: Number.parseInt(row.FREQ, 10) > 4000 ? '5' : '2.4',
        }))
    },
    async tryJoin(order, signal) {
      const device = await freeRadio(signal)
      await remove(await named(tryName, signal), signal)
      const security = await securityFor(order, signal)
      const hidden = order.hidden ? ['wifi.hidden', 'yes'] : []
      const common = ['type', 'wifi', 'con-name', tryName, 'ifname', '*', 'ssid', order.ssid]
      let joined = false
      try {
        const keep = ['save', 'no', ...common, 'connection.autoconnect', 'no', ...hidden, ...security]
        await nmcli(['connection', 'add', ...keep], signal)
        const [profile] = await named(tryName, signal)
        if (!profile) throw new Fault('broken', 'NetworkManager has lost what it was told', 'Try once more')
        await give(profile.uuid, order.passphrase, signal)
        const once = async () => tried(profile.uuid, await up(profile.uuid, device, signal), signal)
        const first = await once()
        // A handshake gets lost now and then: wrong is what is wrong twice.
        const end = !first.joined && first.trouble === 'wrong-passphrase' ? await once() : first
        joined = end.joined
        return end
      } finally {
        if (!joined) await clean(tryName)
      }
    },
    async keepJoined(id, signal) {
      const all = await profiles(signal)
      const ssid = (
        await nmcli(['-g', '802-11-wireless.ssid', '-e', 'no', 'connection', 'show', 'uuid', id], signal)
      ).trimEnd()
      const kept = keptName(ssid)
      const name = ['connection.id', kept, 'connection.autoconnect', 'yes', 'connection.autoconnect-priority', '10']
      await nmcli(['connection', 'modify', 'uuid', id, ...name], signal)
      await remove(
        all.filter(one => one.uuid !== id && one.name === kept && one.wifi),
        signal,
      )
      await settle(signal)
    },
    async rejoin(id, signal) {
      return tried(id, await up(id, undefined, signal), signal)
    },
    async forget(id, signal) {
      await nmcli(['connection', 'delete', 'uuid', id], signal)
      await settle(signal)
    },
    async raiseHotspot(signal) {
      const [profile] = await named(hotspotName, signal)
      if (!profile)
        throw new Fault('not-found', 'the box has no hotspot', 'Switch it off and on: it is made at the start')
      if (profile.active) return
      await nmcli([...patience, 'connection', 'up', 'uuid', profile.uuid], signal)
    },
    async lowerHotspot(signal) {
      const active = (await profiles(signal)).filter(one => one.active && one.name === hotspotName)
      for (const { uuid } of active) await nmcli(['connection', 'down', 'uuid', uuid], signal)
    },
    async tryHotspot(order, signal) {
      const [left, kept] = await Promise.all([named(trialName, signal), hotspotOf(hotspotName, signal)])
      await remove(left, signal)
      if (!kept) throw new Fault('not-found', 'the box has no hotspot', 'Switch it off and on: it is made at the start')
      await nmcli(['connection', 'clone', '--temporary', hotspotName, trialName], signal)
      await nmcli(['connection', 'modify', '--temporary', trialName, ...changesOf(order)], signal)
      const [profile] = await named(trialName, signal)
      if (!profile) throw new Fault('broken', 'NetworkManager has lost what it was told', 'Try once more')
      await give(profile.uuid, order.passphrase, signal)
      const said = await up(profile.uuid, undefined, signal)
      // Without a radio nothing is in the air that could be tried: it will be raised so when there is one.
      if (!said.done && (await look(signal)).radios.length > 0) {
        const fix = 'Choose another band or channel; 5 GHz needs the country'
        throw new Fault('unsupported', `the radio does not raise such a hotspot: ${said.words}`, fix)
      }
    },
    async keepHotspot(signal) {
      const [trial] = await named(trialName, signal)
      if (!trial) throw new Fault('not-found', 'no hotspot is on trial', 'It was undone: change it again')
      const before = await named(hotspotName, signal)
      // The new one is on the card before the old one goes. With two of one name, the younger would do as well.
      await nmcli(['connection', 'modify', 'uuid', trial.uuid, 'connection.id', hotspotName, ...fallback], signal)
      await settle(signal)
      await remove(before, signal)
      await settle(signal)
    },
    async dropTrial(signal) {
      await remove(await named(trialName, signal), signal)
    },
    setCountry: (country, keep, signal) => deed('country', { country, keep }, signal),
  }
}

const fallback = ['connection.autoconnect', 'yes', 'connection.autoconnect-priority', '-900']

function changesOf({ passphrase, band, channel }: HotspotOrder): string[] {
  return [
    ...['connection.autoconnect', 'no'],
    // The passphrase itself comes by the editor; what was there before must not be taken for it.
    ...(passphrase === undefined ? [] : ['wifi-sec.key-mgmt', 'wpa-psk', 'wifi-sec.proto', 'rsn', 'wifi-sec.psk', '']),
    // The channel before may be none of the new band's: it is taken away first, which is said by nothing at all.
    ...(band === undefined ? [] : ['wifi.channel', '', 'wifi.band', band === '5' ? 'a' : 'bg']),
    ...(channel === undefined ? [] : ['wifi.channel', String(channel)]),
  ]
}

const terse = ['-t', '-e', 'yes', '-f']
const profileQuestion = [...terse, 'NAME,UUID,TYPE,ACTIVE,FILENAME', 'connection', 'show']
const deviceQuestion = [...terse, 'DEVICE,TYPE,STATE,CON-UUID', 'device', 'status']
const aroundFields = ['IN-USE', 'SSID', 'FREQ', 'SIGNAL', 'SECURITY'] as const
const aroundQuestion = [...terse, aroundFields.join(','), 'device', 'wifi', 'list']
