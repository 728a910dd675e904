// The air around a pier, for what minds the network: routers that are there or not, one radio, phones on its hotspot.
// It stands in for NetworkManager and keeps its promises: what is kept outlives a power cut, what is tried does not,
// and radios join known networks by themselves while no hotspot is up.
import type { Clock } from '../../edge/ports/clock.js'
import { Fault, reasonOf } from '../../edge/ports/fault.js'
import type { Around, Hotspot, Network, Radio, Tried } from '../../edge/ports/network.js'

interface Router {
  readonly passphrase?: string
  /** It has no address to give. */
  readonly mute?: boolean
  /** Association takes longer than anybody waits. */
  readonly slow?: boolean
}

interface Profile {
  readonly id: string
  readonly ssid: string
  readonly passphrase: string | undefined
  kept: boolean
}

export interface Air extends Network {
  readonly routers: Map<string, Router>
  phones: number
  /** The radio refuses to raise hotspots of that band. */
  refuses: Hotspot['band'] | undefined
  /** What it is on now, in one word. */
  standing(): string
  /** Everything that is not kept is gone; the radio begins anew. */
  cutPower(): void
}

/** What a radio takes, ms: to join, to find that nobody is there, to raise a hotspot. */
const joinMs = 6_000
const missMs = 12_000
const raiseMs = 4_000
/** NetworkManager hopes for a lost network for so long, and looks for no other. */
const lingerMs = 15_000
/** NetworkManager raises the kept hotspot by itself when nothing else was joined for so long. */
const ownRaiseMs = 9_000

export function openAir(clock: Clock): Air {
  let profiles: Profile[] = []
  let count = 0
  let on: Profile | 'hotspot' | 'trial' | undefined
  let kept: Hotspot = { ssid: 'Pierside-0123', secured: false, band: '2.4' }
  let trial: Hotspot | undefined
  let country: string | undefined
  let keptCountry: string | undefined
  let idleSinceMs = clock.monotonicMs()
  const routers = new Map<string, Router>()
  const heard = (profile: Profile) => routers.get(profile.ssid)
  const leave = () => {
    on = undefined
    idleSinceMs = clock.monotonicMs()
  }
  /** What happens by itself. */
  const settle = () => {
    if (typeof on === 'object' && !heard(on)) {
      leave()
      idleSinceMs += lingerMs
    }
    if (on !== undefined) return
    const waitedMs = clock.monotonicMs() - idleSinceMs
    const found = profiles.find(one => one.kept && heard(one)?.passphrase === one.passphrase && heard(one))
    if (found && waitedMs >= joinMs) on = found
    else if (!found && waitedMs >= ownRaiseMs + raiseMs) on = 'hotspot'
  }
  const radio = (): Radio => {
    settle()
    if (on === undefined) return { device: 'wlan0', phase: 'idle', addresses: [] }
    if (on === 'hotspot' || on === 'trial') {
      const { ssid } = on === 'trial' ? trial! : kept
      return { device: 'wlan0', phase: 'hotspot', ssid, addresses: ['10.42.0.1'] }
    }
    return { device: 'wlan0', phase: 'joined', ssid: on.ssid, id: on.id, addresses: ['192.168.1.7'], signalPercent: 70 }
  }
  const join = async (profile: Profile, signal: AbortSignal): Promise<Tried> => {
    leave()
    // Nothing happens by itself while NetworkManager is told what to do.
    const before = on
    const router = heard(profile)
    const failed = (trouble: 'wrong-passphrase' | 'not-found' | 'no-address', words: string): Tried => {
      on = before
      idleSinceMs = clock.monotonicMs()
      return { joined: false, trouble, words }
    }
    await clock.sleep(router?.slow ? 3_600_000 : router ? joinMs : missMs, signal)
    if (!router) return failed('not-found', 'it is not heard here')
    if (router.passphrase !== profile.passphrase) return failed('wrong-passphrase', 'the passphrase is wrong')
    if (router.mute) return failed('no-address', 'it gave no address')
    on = profile
    return { joined: true, id: profile.id, addresses: radio().addresses }
  }
  const byId = (id: string) => {
    const found = profiles.find(one => one.id === id)
    if (!found) throw new Fault('not-found', `no profile ${id}`, 'Look again')
    return found
  }
  const raise = async (which: 'hotspot' | 'trial', signal: AbortSignal) => {
    if (signal.aborted) throw reasonOf(signal)
    leave()
    await clock.sleep(raiseMs, signal)
    on = which
  }

  return {
    routers,
    phones: 0,
    refuses: undefined,
    standing: () => {
      const { phase, ssid } = radio()
      return phase === 'joined' ? `joined ${ssid}` : on === 'trial' ? 'trial' : phase
    },
    cutPower() {
      profiles = profiles.filter(one => one.kept)
      trial = undefined
      country = keptCountry
      leave()
    },
    async look() {
      const now = radio()
      return {
        radios: [now],
        cables: [],
        phones: now.phase === 'hotspot' ? this.phones : 0,
        known: profiles.filter(one => one.kept).map(({ id, ssid }) => ({ id, ssid })),
        hotspot: kept,
        ...(trial && { trial }),
        ...(country && { country }),
        name: 'pierside.local',
      }
    },
    changed: (ms, signal) => clock.sleep(Math.min(ms, 2_000), signal),
    async scan(): Promise<Around[]> {
      if (on === 'hotspot' || on === 'trial') return []
      const open = (router: Router) => router.passphrase === undefined
      return [...routers].map(([ssid, router]) => ({
        ...{ ssid, signalPercent: 70, band: '2.4' as const },
        security: open(router) ? ('open' as const) : ('wpa' as const),
      }))
    },
    async tryJoin({ ssid, passphrase }, signal) {
      const profile = { id: `id-${++count}`, ssid, passphrase, kept: false }
      profiles.push(profile)
      let joined = false
      try {
        const end = await join(profile, signal)
        joined = end.joined
        return end
      } finally {
        if (!joined) profiles = profiles.filter(one => one !== profile)
      }
    },
    async keepJoined(id) {
      const found = byId(id)
      profiles = profiles.filter(one => one.ssid !== found.ssid || one === found)
      found.kept = true
    },
    rejoin: (id, signal) => join(byId(id), signal),
    async forget(id) {
      const found = byId(id)
      profiles = profiles.filter(one => one !== found)
      if (on === found) leave()
    },
    async raiseHotspot(signal) {
      if (on !== 'hotspot') await raise('hotspot', signal)
    },
    async lowerHotspot() {
      if (on === 'hotspot') leave()
    },
    async tryHotspot({ passphrase, band, channel }, signal) {
      trial = {
        ...kept,
        ...(passphrase !== undefined && { secured: true }),
        ...(band && { band }),
        ...(channel && { channel }),
      }
      await raise('trial', signal)
      if (trial.band === this.refuses) {
        leave()
        throw new Fault('unsupported', 'the radio does not raise such a hotspot', 'Choose another band')
      }
    },
    async keepHotspot() {
      kept = trial!
      trial = undefined
      on = 'hotspot'
    },
    async dropTrial() {
      trial = undefined
      if (on === 'trial') leave()
    },
    async setCountry(code, keep) {
      country = code
      if (keep) keptCountry = code
    },
  }
}
