// The drivers of our own INDI server: one that is gone is started again after a pause that grows, one that answers
// nothing is killed first. Counted, and told.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Clock } from '../../../ports/clock.js'
import type { LinkPart } from '../../../ports/driver.js'
import type { Log } from '../../../ports/log.js'
import type { IndiClient } from './client.js'
import { childrenOf, killQuietly } from './processes.js'

export interface WatchOptions {
  readonly drivers: readonly string[]
  /** Process id of the server. */
  readonly server: number
  /** The pipe that the server takes orders from. */
  readonly orders: string
  readonly hungMs: number
  readonly client: IndiClient
  readonly clock: Clock
  readonly log: Log
}

export interface DriverWatch {
  parts(): readonly LinkPart[]
  stop(): void
}

const lookMs = 1_000
/** Pauses before the first, second … start again; the last one from then on. */
const pausesMs = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000]
/** Running for so long counts as well again. */
const steadyMs = 120_000
/** A driver that was just started has its chance to be seen before it counts as gone. */
const startMs = 3_000

interface Watched {
  readonly driver: string
  restarts: number
  /** Of late: how far the pauses have grown. */
  rung: number
  reason: string | undefined
  startedMs: number
  heardMs: number
  /** When it is to be started again; undefined while it runs. */
  againMs: number | undefined
}

export function driverWatch({ drivers, server, orders, hungMs, client, clock, log }: WatchOptions): DriverWatch {
  const nowMs = () => clock.monotonicMs()
  const watched = drivers.map((driver): Watched => {
    const ms = nowMs()
    return { driver, restarts: 0, rung: 0, reason: undefined, startedMs: ms, heardMs: ms, againMs: undefined }
  })
  const deaf = new Map<string, () => void>()
  let stopped = false
  let looking = false

  /** Any word of any of its devices shows that a driver lives. */
  const listen = () => {
    for (const device of client.devices()) {
      if (deaf.has(device)) continue
      const hear = () => {
        const program = client.property(device, 'DRIVER_INFO')?.items.get('DRIVER_EXEC')?.value
        const one = watched.find(({ driver }) => driver === program)
        if (one) one.heardMs = nowMs()
      }
      deaf.set(device, client.watch(device, hear))
      hear()
    }
  }
  const ask = () => {
    for (const device of client.devices()) client.ask(device, 'CONNECTION')
  }
  const fall = (one: Watched, reason: string) => {
    one.reason = reason
    one.againMs = nowMs() + pausesMs[Math.min(one.rung, pausesMs.length - 1)]
    one.rung++
    log.warn(`INDI driver ${one.driver} ${reason}; it is started again in ${(one.againMs - nowMs()) / 1000} s`)
  }
  const judge = async (one: Watched, pid: number | undefined) => {
    const ms = nowMs()
    if (one.againMs !== undefined) {
      if (ms < one.againMs) return
      one.restarts++
      Object.assign(one, { againMs: undefined, startedMs: ms, heardMs: ms })
      await order(orders, `start ${one.driver}\n`)
      return
    }
    if (ms - one.startedMs > steadyMs) one.rung = 0
    if (pid === undefined) {
      if (ms - one.startedMs > startMs) fall(one, 'died')
    } else if (ms - one.heardMs > hungMs) {
      killQuietly(pid, 'SIGKILL')
      // The server has to have noticed before the same name may start again.
      fall(one, `said nothing for ${Math.round((ms - one.heardMs) / 1000)} s`)
    }
  }
  const look = async () => {
    if (looking) return
    looking = true
    try {
      const running = await clock.outside(childrenOf(server))
      listen()
      ask()
      for (const one of watched) if (!stopped) await judge(one, running.get(one.driver))
    } finally {
      looking = false
    }
  }
  const timer = clock.every(lookMs, () => {
    look().catch(error => {
      // The server itself is gone: the client notices, and the link is opened anew.
      if (!stopped) log.warn(`the drivers of the INDI server cannot be watched: ${error.message}`)
    })
  })
  return {
    parts: () =>
      watched.map(({ driver, restarts, reason, againMs }) => ({
        name: driver,
        condition: againMs === undefined ? 'running' : 'restarting',
        restarts,
        ...(reason === undefined ? {} : { reason }),
      })),
    stop() {
      stopped = true
      timer.cancel()
      for (const stop of deaf.values()) stop()
    },
  }
}

/** Written without waiting for a reader: a server that does not read its pipe is on its way out. */
async function order(orders: string, text: string): Promise<void> {
  const pipe = await open(orders, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    await pipe.write(text)
  } finally {
    await pipe.close()
  }
}
