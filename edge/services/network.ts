// How the box is reached, minded so that there is always a way in. One thing after another: a look, what the rule wants
// of it, and what people ask for, which are tries that undo themselves: a network that does not hold leads back to
// where the box was or to the hotspot, and a changed hotspot to the one before, unless somebody who came in by it says
// so.
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Around, HotspotOrder, JoinOrder, Network, NetworkSight, Tried } from '../ports/network.js'
import type { Kept, Store } from '../ports/store.js'
import { takingTurns } from '../ports/turns.js'
import { seekMs, type WayMemory, wayIn } from '../rules/way-in.js'
import { fixFor, type LastJoin, lastJoin, networkFields } from './network-report.js'

export interface NetworkParts {
  readonly network: Network
  readonly store: Pick<Store, 'keep'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
}

/** What is undone by itself; `fix` of a Fault when it could not be done at all. */
export interface NetworkService {
  /** Settles when the box is on the network, or back: at most a minute. Throws why it is not, with what to do. */
  join(order: JoinOrder, signal: AbortSignal): Promise<{ addresses: readonly string[] }>
  forget(id: string, signal: AbortSignal): Promise<void>
  lookAround(signal: AbortSignal): Promise<readonly Around[]>
  /** Leaves the network for the hotspot. */
  toHotspot(signal: AbortSignal): Promise<void>
  /** Settles when the changed hotspot stands; then the time to confirm it runs. */
  changeHotspot(order: HotspotOrder, signal: AbortSignal): Promise<void>
  changeCountry(code: string, signal: AbortSignal): Promise<void>
  confirm(signal: AbortSignal): Promise<void>
  /**
   * For the first set-up, which sees itself to what is kept and what is undone: no clock runs, and `dropTrial` settles
   * when the hotspot stands as it is kept.
   */
  readonly byHand: Pick<Network, 'tryHotspot' | 'keepHotspot' | 'dropTrial' | 'setCountry'>
  stop(): Promise<void>
}

/** The answer reaches the phone, and the QR code its owner, before the hotspot goes. */
const leaveMs = 3_000
/** Together with the way back they stay within the promised minute. */
const tryMs = 30_000
/** Changing the hotspot asks more of the system, and needs nobody else's answer. */
const tryHotspotMs = 45_000
const backMs = 10_000
const raiseMs = 11_000
/** A phone that has to be told the new passphrase by hand needs a while. */
export const confirmMs = 120_000
const lookMs = 10_000
/** Of a lost network's 30 s: to hear another known one, and to join it. */
const hearMs = 7_000
const elsewhereMs = 8_000
const calmPauseMs = 15_000
const watchfulPauseMs = 2_000

/** A change that undoes itself. */
interface Unconfirmed {
  readonly what: string
  readonly untilMs: number
  keep(signal: AbortSignal): Promise<void>
  undo(signal: AbortSignal): Promise<void>
}

export async function networkService({ network, store, feed, clock, log }: NetworkParts): Promise<NetworkService> {
  const kept: Kept<LastJoin> = await store.keep('network/last', lastJoin, {})
  const end = new AbortController()
  let memory: WayMemory = { soughtMs: clock.monotonicMs() }
  let sight: NetworkSight | undefined
  let around: { readonly found: readonly Around[]; readonly atMs: number } | undefined
  let trying: string | undefined
  let unconfirmed: Unconfirmed | undefined
  /** A hotspot is on trial that somebody else minds. */
  let handed = false
  const inTurn = takingTurns()

  const limited = async <T>(
    ms: number,
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    asked?: AbortSignal,
  ) => {
    const limit = clock.deadline(ms, what, end.signal, asked)
    try {
      // Not raced: who has been told to stop takes away what it tried, and the next one waits for that.
      return await work(limit.signal)
    } finally {
      limit.cancel()
    }
  }
  const tell = () => {
    const undoneSeconds = unconfirmed && Math.max(0, Math.round((unconfirmed.untilMs - clock.monotonicMs()) / 1000))
    if (sight)
      feed.set('network', networkFields(sight, { around, trying, last: kept.read(), undoneSeconds, unconfirmed }))
  }
  const look = async () => {
    sight = await limited(lookMs, 'looking at the network', signal => network.look(signal))
    tell()
    return sight
  }
  const scan = async (asked?: AbortSignal, withinMs = 30_000) => {
    const found = await limited(withinMs, 'looking around', signal => network.scan(signal), asked)
    // A radio that carries the hotspot may be deaf: what was heard before is better than nothing.
    if (found.length > 0 || !around) around = { found, atMs: clock.now() }
    tell()
    return around.found
  }
  const raise = async () => {
    await limited(raiseMs, 'raising the hotspot', signal => network.raiseHotspot(signal))
    await look()
  }
  const seek = async () => {
    const untilMs = clock.monotonicMs() + seekMs
    await limited(lookMs, 'taking the hotspot down', signal => network.lowerHotspot(signal))
    try {
      await scan()
      while (clock.monotonicMs() < untilMs) {
        if ((await look()).radios.some(({ phase }) => phase === 'joined')) return
        await network.changed(watchfulPauseMs, end.signal)
      }
    } finally {
      if (!end.signal.aborted && !(await look()).radios.some(({ phase }) => phase === 'joined')) await raise()
    }
  }
  /** Joins another known network that is heard. By itself NetworkManager hopes for the lost one first, for 15 s. */
  const elsewhere = async ({ radios, known }: NetworkSight): Promise<boolean> => {
    const others = known.filter(({ id }) => radios.every(radio => radio.id !== id))
    if (others.length === 0) return false
    try {
      const heard = [...(await scan(undefined, hearMs))].sort((a, b) => b.signalPercent - a.signalPercent)
      const next = heard.flatMap(({ ssid }) => others.filter(one => one.ssid === ssid)).at(0)
      if (!next) return false
      const joined = await limited(elsewhereMs, `joining ${next.ssid}`, signal => network.rejoin(next.id, signal))
      await look()
      return joined.joined
    } catch (error) {
      if (end.signal.aborted) throw error
      log.info(`no other known network is joined: ${asFault(error, 'the network').message}`)
      return false
    }
  }
  const undo = async () => {
    const { what, undo: back } = unconfirmed!
    unconfirmed = undefined
    log.info(`${what} was not confirmed and is undone`)
    await limited(raiseMs, `undoing ${what}`, back)
    await look()
    await feed.event('network-undone', { what })
  }
  /** What an agent before us left behind when it ended in the middle. */
  const settleLeftovers = async ({ trial, radios, known }: NetworkSight) => {
    if (trial && !unconfirmed && !handed) {
      await limited(raiseMs, 'dropping a hotspot on trial', signal => network.dropTrial(signal))
      await raise()
    }
    const stray = radios.find(
      ({ phase, id }) => phase === 'joined' && id !== undefined && !known.some(one => one.id === id),
    )
    if (stray) await limited(lookMs, 'keeping the network', signal => network.keepJoined(stray.id!, signal))
  }
  const step = async () => {
    const seen = await look()
    if (unconfirmed && clock.monotonicMs() >= unconfirmed.untilMs) return undo()
    await settleLeftovers(seen)
    const { deed, memory: next } = wayIn(seen, memory, clock.monotonicMs())
    memory = next
    // Under a hotspot on trial somebody is at work.
    if (deed === 'raise') {
      if (!(await elsewhere(seen))) await raise()
    } else if (deed === 'seek' && !unconfirmed && !handed) await seek()
  }
  const watch = async () => {
    let words = ''
    while (!end.signal.aborted) {
      try {
        await inTurn(step)
        words = ''
      } catch (error) {
        const fault = asFault(error, 'the network')
        // The same trouble every few seconds is told once.
        if (!end.signal.aborted && fault.message !== words) log.warn(fault.message, { fix: fault.fix })
        words = fault.message
      }
      const watchful = memory.lostMs !== undefined || unconfirmed !== undefined || words !== ''
      await network.changed(watchful ? watchfulPauseMs : calmPauseMs, end.signal).catch(error => {
        if (!end.signal.aborted)
          log.warn(`the network is looked at without being called: ${asFault(error, '').message}`)
      })
    }
  }

  /** Joined, and still so at a second look; or why not. */
  const attempt = async (order: JoinOrder, asked: AbortSignal): Promise<Tried> => {
    try {
      const tried = await limited(tryMs, `joining ${order.ssid}`, signal => network.tryJoin(order, signal), asked)
      if (!tried.joined) return tried
      const there = (await look()).radios.find(({ phase, id }) => phase === 'joined' && id === tried.id)
      if (!there?.addresses.length) {
        return { joined: false, trouble: 'no-address', words: 'it was lost again at once' }
      }
      await limited(lookMs, 'keeping the network', signal => network.keepJoined(tried.id, signal))
      return { ...tried, addresses: there.addresses }
    } catch (error) {
      if (end.signal.aborted) throw error
      return { joined: false, trouble: 'late', words: asFault(error, order.ssid).message }
    }
  }
  /** Where the box was before, or the hotspot. */
  const back = async (before: string | undefined) => {
    if (before !== undefined) {
      try {
        const again = await limited(backMs, 'going back', signal => network.rejoin(before, signal))
        if (again.joined) return
      } catch (error) {
        log.warn(`the network before does not take us back: ${asFault(error, 'network').message}`)
      }
    }
    await raise()
  }
  const begin = async (what: string, change: Omit<Unconfirmed, 'what' | 'untilMs'>) => {
    unconfirmed = { ...change, what, untilMs: clock.monotonicMs() + confirmMs }
    await look()
  }
  const drop = async (signal: AbortSignal) => {
    await network.dropTrial(signal)
    await network.raiseHotspot(signal)
  }
  const demandNothingUnconfirmed = () => {
    if (!unconfirmed) return
    throw new Fault('busy', `${unconfirmed.what} is not confirmed yet`, 'Confirm it, or wait until it is undone')
  }

  void watch()
  void inTurn(() => scan()).catch(error => log.info(`nothing is heard around: ${asFault(error, 'radio').message}`))
  return {
    join: (order, asked) =>
      inTurn(async () => {
        demandNothingUnconfirmed()
        const { radios } = await look()
        const before = radios.find(({ phase }) => phase === 'joined')?.id
        trying = order.ssid
        tell()
        try {
          await clock.sleep(leaveMs, asked)
          const tried = await attempt(order, asked)
          const atMs = clock.now()
          if (tried.joined) {
            await kept.write({ ssid: order.ssid, joined: true, atMs })
            return { addresses: tried.addresses }
          }
          const { trouble, words } = tried
          await kept.write({ ssid: order.ssid, joined: false, atMs, trouble, words })
          log.warn(`${order.ssid} was not joined: ${words}`, { trouble })
          await back(before)
          throw new Fault('offline', `${order.ssid} was not joined: ${words}`, fixFor(trouble))
        } finally {
          trying = undefined
          memory = { soughtMs: clock.monotonicMs() }
          if (!end.signal.aborted) await look()
        }
      }),
    forget: (id, asked) =>
      inTurn(async () => {
        if (!(await look()).known.some(one => one.id === id)) {
          throw new Fault('not-found', `no known network is ${id}`, 'Look at the list again')
        }
        await limited(lookMs, 'forgetting the network', signal => network.forget(id, signal), asked)
        await look()
      }),
    lookAround: asked => inTurn(() => scan(asked)),
    toHotspot: asked =>
      inTurn(async () => {
        await clock.sleep(leaveMs, asked)
        memory = { soughtMs: clock.monotonicMs() }
        await raise()
      }),
    changeHotspot: (order, asked) =>
      inTurn(async () => {
        demandNothingUnconfirmed()
        if (!(await look()).radios.some(({ phase }) => phase === 'hotspot')) {
          const fix = 'Go to the hotspot first; there the change can be tried, and undone when no phone comes back'
          throw new Fault('unsupported', 'the hotspot is not up, and what is not tried is not changed', fix)
        }
        await clock.sleep(leaveMs, asked)
        try {
          await limited(tryHotspotMs, 'raising the changed hotspot', signal => network.tryHotspot(order, signal), asked)
        } catch (error) {
          await limited(raiseMs, 'raising the hotspot as it was', drop)
          await look()
          throw error
        }
        await begin('the change of the hotspot', { keep: signal => network.keepHotspot(signal), undo: drop })
      }),
    changeCountry: (code, asked) =>
      inTurn(async () => {
        demandNothingUnconfirmed()
        const before = (await look()).country ?? worldwide
        await limited(lookMs, 'setting the country', signal => network.setCountry(code, false, signal), asked)
        await begin(`the country ${code}`, {
          keep: signal => network.setCountry(code, true, signal),
          undo: signal => network.setCountry(before, false, signal),
        })
      }),
    confirm: asked =>
      inTurn(async () => {
        if (!unconfirmed)
          throw new Fault('not-found', 'nothing waits to be confirmed', 'It was undone: change it again')
        await limited(raiseMs, `keeping ${unconfirmed.what}`, unconfirmed.keep, asked)
        unconfirmed = undefined
        await look()
      }),
    byHand: {
      tryHotspot: (order, signal) =>
        inTurn(async () => {
          demandNothingUnconfirmed()
          try {
            await network.tryHotspot(order, signal)
            handed = true
          } catch (error) {
            await limited(raiseMs, 'raising the hotspot as it was', drop)
            throw error
          } finally {
            await look()
          }
        }),
      keepHotspot: signal =>
        inTurn(async () => {
          await network.keepHotspot(signal)
          handed = false
          await look()
        }),
      dropTrial: signal =>
        inTurn(async () => {
          handed = false
          await drop(signal)
          await look()
        }),
      setCountry: (code, keep, signal) => inTurn(() => network.setCountry(code, keep, signal)),
    },
    async stop() {
      end.abort(new Fault('aborted', 'the agent ends', 'Ask again when it is back'))
      await inTurn(async () => {})
      feed.drop('network')
    },
  }
}

/** What the kernel keeps to without a country (net/wireless/reg.c): the least that is allowed anywhere. */
const worldwide = '00'
