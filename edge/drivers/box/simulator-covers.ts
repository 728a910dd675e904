// The simulated things that open, close and turn: roof, cover with its light panel, rotator.
import type { CoverState } from '../../ports/cover.js'
import type { DomeStatus } from '../../ports/dome.js'
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import { wholeTurn } from '../../ports/rotator.js'
import type { Observatory } from '../link/simulator/observatory.js'
import type { Travel } from '../link/simulator/travel.js'
import { listeners } from '../listeners.js'
import { type Presence, presence } from './simulator-presence.js'

const patienceMs = 10_000
const commandMs = 30
const pollMs = 1_000

/** Goes there and says so; whatever ends it early leaves it standing where it is. */
async function go(box: Presence, way: Travel, to: number, what: string, signal: AbortSignal): Promise<void> {
  box.check()
  if (signal.aborted) throw reasonOf(signal)
  if (way.heading() !== 0) throw new Fault('busy', `the simulated ${what} is moving`, 'Wait, or stop it')
  const takesMs = way.setOff(to)
  const halted = way.halted()
  try {
    await box.work(takesMs, patienceMs, `the simulated ${what} on its way`, signal, halted)
  } catch (error) {
    const stopped = halted.aborted && !signal.aborted
    way.halt()
    if (!stopped) throw error
    throw new Fault('aborted', `the simulated ${what} was stopped on its way`, 'Send it again')
  }
}

/** @param kind a roof does not turn; either is the one thing over this telescope */
export function openSimulatedDome(place: Observatory, kind: 'roof' | 'dome', tools: Tools): OpenBox {
  const box = presence(place, kind, tools)
  box.check()
  const { roof, slit, clock } = place
  const statuses = listeners<DomeStatus>()
  const shutter = (): DomeStatus['shutter'] => {
    if (roof.heading() !== 0) return roof.heading() > 0 ? 'opening' : 'closing'
    // End switches at both ends, and nothing between them.
    if (roof.position() === 1) return 'open'
    return roof.position() === 0 ? 'closed' : 'unknown'
  }
  const ask = (): DomeStatus => ({
    shutter: shutter(),
    moving: roof.heading() !== 0 || slit.heading() !== 0,
    ...(kind === 'dome' && { azDeg: slit.position() }),
    atMs: clock.now(),
  })
  let heard = ask()
  const listen = () => {
    if (box.silent()) return
    heard = ask()
    statuses.tell(heard)
  }
  const poll = clock.every(pollMs, listen)
  const travel = async (way: Travel, to: number, signal: AbortSignal) => {
    const going = go(box, way, to, kind, signal)
    listen()
    try {
      await going
    } finally {
      listen()
    }
  }
  return {
    ports: {
      dome: {
        kind,
        status: () => heard,
        onStatus: statuses.add,
        open: signal => travel(roof, 1, signal),
        close: signal => travel(roof, 0, signal),
        async stop() {
          box.check()
          roof.halt()
          slit.halt()
          listen()
        },
        ...(kind === 'dome' && {
          turnTo: async (azDeg: number, signal: AbortSignal) => travel(slit, checkedTurn(azDeg, kind), signal),
        }),
      },
    },
    async close() {
      poll.cancel()
      box.close()
    },
  }
}

export function openSimulatedCover(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'cover', tools)
  box.check()
  const { cover, panel } = place
  const maxBrightness = 100
  const state = (): CoverState => {
    if (cover.heading() !== 0) return 'moving'
    if (cover.position() === 1) return 'open'
    return cover.position() === 0 ? 'closed' : 'unknown'
  }
  return {
    ports: {
      cover: {
        cover: {
          state,
          open: signal => go(box, cover, 1, 'cover', signal),
          close: signal => go(box, cover, 0, 'cover', signal),
          async halt() {
            box.check()
            cover.halt()
          },
        },
        panel: {
          maxBrightness,
          brightness: () => panel.percent,
          async glow(brightness, signal) {
            box.check()
            if (signal.aborted) throw reasonOf(signal)
            if (!(Number.isInteger(brightness) && brightness >= 0 && brightness <= maxBrightness)) {
              const fix = `Choose a whole number from 0 to ${maxBrightness}`
              throw new Fault('bad-input', `the simulated panel cannot glow at ${brightness}`, fix)
            }
            await box.work(commandMs, patienceMs, 'the simulated panel', signal)
            panel.percent = brightness
          },
        },
      },
    },
    close: async () => box.close(),
  }
}

function checkedTurn(deg: number, what: string): number {
  if (deg >= 0 && deg < 360) return deg
  throw new Fault('bad-input', `the simulated ${what} cannot go to ${deg}°`, 'Choose from 0 to below 360°')
}

export function openSimulatedRotator(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'rotator', tools)
  box.check()
  const { rotator } = place
  const checked = (angleDeg: number) => checkedTurn(angleDeg, 'rotator')
  return {
    ports: {
      rotator: {
        angleDeg: () => wholeTurn(rotator.position()),
        moving: () => rotator.heading() !== 0,
        // Its cables end at 0: it never goes the short way through north.
        moveTo: async (angleDeg, signal) => go(box, rotator, checked(angleDeg), 'rotator', signal),
        async sync(angleDeg, signal) {
          checked(angleDeg)
          box.check()
          if (signal.aborted) throw reasonOf(signal)
          await box.work(commandMs, patienceMs, 'the simulated rotator, told where it stands', signal)
          rotator.place(angleDeg)
        },
        async halt() {
          box.check()
          rotator.halt()
        },
      },
    },
    close: async () => box.close(),
  }
}
