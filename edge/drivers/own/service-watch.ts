// Word to systemd (sd_notify(3)): that the agent answers, and from then on that its event loop turns. A loop that
// stands still sends nothing, and systemd starts the agent anew.
import type { Clock } from '../../ports/clock.js'
import { loadLibrary } from '../link/c-library.js'

/** systemd's own words are asked of its own library: Node has no datagram sockets of the kind it listens to. */
const library = 'libsystemd.so.0'

export interface ServiceWatch {
  /** The agent answers; beats begin. */
  ready(): void
  /** The end has begun, which takes as long as the unit allows. */
  stopping(): void
}

/**
 * @param environment  NOTIFY_SOCKET and WATCHDOG_USEC, as systemd sets them for a unit of Type=notify
 * @returns undefined where no systemd asked for word
 * @throws Error in the linker's words when it asked and has no library
 */
export function serviceWatch(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Pick<Clock, 'every'>,
): ServiceWatch | undefined {
  if (!environment.NOTIFY_SOCKET) return undefined
  const notify = loadLibrary(library).findNow('sd_notify', 'int', ['int', 'char *'])
  const tell = (words: string) => {
    const { value } = notify(0, Buffer.from(`${words}\0`))
    if ((value as number) <= 0) throw new Error(`systemd could not be told ${words}: ${value}`)
  }
  const patienceMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000
  return {
    ready() {
      tell('READY=1')
      // Three beats in the time that may pass without one: two may come late.
      if (patienceMs > 0) clock.every(patienceMs / 3, () => tell('WATCHDOG=1'))
    },
    stopping: () => tell('STOPPING=1'),
  }
}
