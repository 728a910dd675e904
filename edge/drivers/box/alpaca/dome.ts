// An Alpaca dome or roof. What can be turned is a dome; what only opens is a roof.
import type { Dome, DomeStatus, ShutterState } from '../../../ports/dome.js'
import { Fault } from '../../../ports/fault.js'
import { wholeTurn } from '../../../ports/rotator.js'
import { isAbsent } from '../../link/alpaca/answer.js'
import { oneMotion } from './motion.js'
import { type AlpacaSession, maybe } from './session.js'
import { keepState, type Member } from './state.js'

const everyMs = 1_000
const travelMs = 300_000
const startMs = 5_000
const stopMs = 8_000
const nearDeg = 3
/** ShutterState of IDome; 4 is an error, as after a stop between the ends. */
const shutters: readonly ShutterState[] = ['open', 'closed', 'opening', 'closing']

export async function openAlpacaDome(session: AlpacaSession, signal: AbortSignal): Promise<Dome> {
  const { name, gone } = session
  const can = async (member: string) => (await maybe(session.flag(member))) ?? false
  const [opens, turns, follows] = [await can('cansetshutter'), await can('cansetazimuth'), await can('canslave')]
  if (!opens && !turns) {
    throw new Fault('unsupported', `${name} can neither be opened nor turned`, 'Look at its setup page')
  }
  const members: Readonly<Record<string, Member>> = {
    // What the interlocks of the mount hang on is asked by name.
    Slewing: { type: 'flag', alone: true },
    ...(opens && { ShutterStatus: { type: 'number', alone: true } }),
    ...(turns && { Azimuth: { type: 'number' } }),
  }
  const state = await keepState(session, members, everyMs, signal)
  const shutter = (): ShutterState => shutters[state.number('ShutterStatus') ?? -1] ?? 'unknown'
  const moving = () => state.flag('Slewing') === true || ['opening', 'closing'].includes(shutter())
  const status = (): DomeStatus => {
    const az = turns ? state.number('Azimuth') : undefined
    return {
      shutter: shutter(),
      moving: moving(),
      ...(az !== undefined && { azDeg: wholeTurn(az) }),
      atMs: state.atMs(),
    }
  }

  const halt = async (replaced: () => boolean) => {
    try {
      await session.put('abortslew', {}, { ms: stopMs })
    } catch (error) {
      // A shutter that cannot be stopped goes on to its end, and whoever says STOP hears that.
      if (isAbsent(error)) await state.refresh()
      if (!isAbsent(error) || moving()) throw error
    }
    await state.until({ what: 'stopping', ms: stopMs }, () => (moving() && !replaced() ? undefined : true))
  }
  const motion = oneMotion(name, gone, halt)
  session.onLeave(async () => {
    if (motion.underWay()) await motion.stop(new Fault('aborted', `${name} is closed`, 'Open it again'))
  })
  const travel = async (to: 'open' | 'closed', of: AbortSignal) => {
    if (!opens) throw new Fault('unsupported', `${name} has no shutter to move`, 'Move it by hand')
    const what = to === 'open' ? 'opening' : 'closing'
    const failed = (words: string) => new Fault('broken', `${name}, ${what}: ${words}`, 'Go and look at it')
    await motion.run(of, async own => {
      await state.refresh(own)
      if (shutter() === to && !moving()) return
      const from = shutter()
      await session.put(to === 'open' ? 'openshutter' : 'closeshutter', {}, { ms: travelMs, signal: own })
      // An old driver may say for a moment still what it said before.
      await state
        .until({ what: `${what}, beginning`, ms: startMs, signal: own }, () =>
          moving() || shutter() !== from ? true : undefined,
        )
        .catch(error => {
          const silent = error instanceof Fault && error.code === 'timeout' && !own.aborted
          throw silent ? failed('it did not begin to move') : error
        })
      await state.until({ what, ms: travelMs, signal: own }, () => (moving() ? undefined : true))
      if (shutter() !== to) throw failed(`it says that it is done, and is ${shutter()}`)
    })
  }
  const turnTo = async (azDeg: number, of: AbortSignal) => {
    if (!(azDeg >= 0 && azDeg < 360)) {
      throw new Fault('bad-input', `${name} cannot turn to ${azDeg}°`, 'Give an azimuth from 0 to below 360°')
    }
    const off = () => Math.abs((((state.number('Azimuth') ?? Number.NaN) - azDeg + 540) % 360) - 180)
    await motion.run(of, async own => {
      // Whoever turns it by hand does not want it to follow the mount.
      if (follows && (await session.flag('slaved', {}, own)))
        await session.put('slaved', { Slaved: false }, { signal: own })
      await session.put('slewtoazimuth', { Azimuth: azDeg }, { ms: travelMs, signal: own })
      const wait = { what: `turning to ${azDeg}°`, ms: travelMs, signal: own }
      await state.until(wait, () => (moving() ? undefined : true))
      if (off() <= nearDeg) return
      const words = `${name}, turning to ${azDeg}°: it stopped at ${state.number('Azimuth')}°`
      throw new Fault('broken', words, 'Go and look at it')
    })
  }

  return {
    kind: turns ? 'dome' : 'roof',
    status,
    onStatus: listener => state.onHeard(() => listener(status())),
    open: of => travel('open', of),
    close: of => travel('closed', of),
    stop: () => motion.stop(new Fault('aborted', `${name} was stopped`, 'Start it again when you are ready')),
    turnTo: turns ? turnTo : undefined,
  }
}
