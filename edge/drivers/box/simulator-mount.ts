// The simulated German mount as a port: it slews at its speed, settles, tracks, runs into its stops and can be stopped.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Mount, MountStatus, Pointing } from '../../ports/mount.js'
import { altAz } from '../../science/sky.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { listeners } from '../listeners.js'
import { simulatedGuidePort } from './simulator-guide-port.js'
import { presence } from './simulator-presence.js'

/** Rest after a slew before the mount says that it is there. */
const settleMs = 1500
const pollMs = 1000
const patienceMs = 10_000
const commandMs = 20

export function openSimulatedMount(place: Observatory, tools: Tools): OpenBox {
  const { telescope, clock } = place
  const fastestDegPerSecond = telescope.slewDegPerSecond
  const box = presence(place, 'mount', tools)
  box.check()
  const statuses = listeners<MountStatus>()
  let moving: AbortController | undefined
  let settling = false
  let heard = ask()

  function ask(): MountStatus {
    const { raDeg, decDeg, side } = telescope.believed()
    return {
      raHours: raDeg / 15,
      decDeg,
      equinox: 'jnow',
      slewing: telescope.slewing || settling,
      tracking: telescope.tracking,
      parked: telescope.parked,
      pierSide: side,
      ...place.altAz(),
      atMs: clock.now(),
    }
  }
  const listen = () => {
    if (box.silent()) return
    heard = ask()
    statuses.tell(heard)
  }
  const poll = clock.every(pollMs, listen)

  const command = async (what: string, signal: AbortSignal | undefined, run: () => void) => {
    box.check()
    if (signal?.aborted) throw reasonOf(signal)
    await box.work(commandMs, patienceMs, `the simulated mount, asked to ${what}`, signal)
    run()
    listen()
  }
  const refuseParked = (what: string) => {
    if (!telescope.parked) return
    throw new Fault('limit', `the simulated mount is parked and does not ${what}`, 'Unpark it first')
  }
  const go = async (target: { raDeg: number; decDeg: number } | 'park', signal: AbortSignal) => {
    box.check()
    if (signal.aborted) throw reasonOf(signal)
    const control = new AbortController()
    moving?.abort(new Fault('aborted', 'a newer order for the simulated mount replaced this one', 'Nothing to do'))
    moving = control
    const what = target === 'park' ? 'parking the simulated mount' : 'slewing the simulated mount'
    settling = false
    try {
      const ms = telescope.setOff(target)
      listen()
      await box.work(ms, patienceMs, what, signal, control.signal)
      if (!telescope.arrive()) {
        throw new Fault(
          'broken',
          `${what}: the axes do not move`,
          'Check the motor cables and that nothing is in the way',
        )
      }
      settling = true
      await box.work(settleMs, patienceMs, what, signal, control.signal)
    } catch (error) {
      // Replaced by a newer order, the axes are no longer ours to stop.
      if (moving === control && !box.silent()) telescope.halt()
      throw error
    } finally {
      if (moving === control) {
        settling = false
        moving = undefined
      }
      listen()
    }
  }

  const mount: Mount = {
    equinox: 'jnow',
    status: () => heard,
    sense: signal => command('say where it stands', signal, () => {}),
    onStatus: statuses.add,
    async slew(target, signal) {
      checkTarget(target)
      refuseParked('slew')
      const { altDeg } = altAz(target, place.site, clock.now())
      if (altDeg < 0) {
        throw new Fault(
          'limit',
          `the target is ${(-altDeg).toFixed(1)}° below the horizon`,
          'Choose a target that is up, or wait until it rises',
        )
      }
      await go({ raDeg: target.raHours * 15, decDeg: target.decDeg }, signal)
    },
    async sync(target, signal) {
      checkTarget(target)
      refuseParked('sync')
      if (moving) throw new Fault('busy', 'the simulated mount is slewing', 'Sync when it stands')
      await command('sync', signal, () => telescope.sync(target.raHours * 15, target.decDeg))
    },
    async stop() {
      box.check()
      if (box.silent()) return box.work(0, 2000, 'stopping the simulated mount')
      telescope.halt()
      moving?.abort(new Fault('aborted', 'the mount was stopped', 'Send it again when you are ready'))
      listen()
    },
    async setTracking(on, signal) {
      if (on) refuseParked('track')
      await command(on ? 'track' : 'stop tracking', signal, () => telescope.track(on))
    },
    async park(signal) {
      if (!telescope.parked) await go('park', signal)
    },
    unpark: signal => command('unpark', signal, () => telescope.unpark()),
    async moveAxis(axis, degPerSecond) {
      if (!(Math.abs(degPerSecond) <= fastestDegPerSecond)) {
        throw new Fault(
          'bad-input',
          `the simulated mount cannot move at ${degPerSecond}°/s`,
          `Choose from ${-fastestDegPerSecond} to ${fastestDegPerSecond}°/s`,
        )
      }
      if (degPerSecond !== 0) refuseParked('move')
      if (moving) throw new Fault('busy', 'the simulated mount is slewing', 'Stop it first')
      await command('move', undefined, () => telescope.push(axis, degPerSecond))
    },
    async whereabouts() {
      box.check()
      const { site, utcMs, atMonotonicMs } = place.mountBelieves
      const saysMs = utcMs + clock.monotonicMs() - atMonotonicMs
      return { ...site, clockAheadSeconds: (saysMs - clock.now()) / 1000 }
    },
    setSite: (latitudeDeg, longitudeDeg, elevationMetres, signal) =>
      command('take its place', signal, () => {
        const { elevationMetres: before } = place.mountBelieves.site
        place.mountBelieves.site = { latitudeDeg, longitudeDeg, elevationMetres: elevationMetres ?? before }
      }),
    setTime: (utcMs, _zoneHours, signal) =>
      command('take the time', signal, () => {
        Object.assign(place.mountBelieves, { utcMs, atMonotonicMs: clock.monotonicMs() })
      }),
    guidePort: simulatedGuidePort(place, box),
  }
  return {
    ports: { mount },
    async close() {
      poll.cancel()
      box.close()
    },
  }
}

function checkTarget({ raHours, decDeg, equinox }: Pointing): void {
  if (equinox !== 'jnow') {
    throw new Fault('bad-input', 'the simulated mount thinks in JNow, not in J2000', 'Convert the target to JNow')
  }
  if (raHours >= 0 && raHours < 24 && Math.abs(decDeg) <= 90) return
  throw new Fault(
    'bad-input',
    `RA ${raHours} h, dec ${decDeg}° is no place in the sky`,
    'RA runs from 0 to 24 h, declination from -90 to 90°',
  )
}
