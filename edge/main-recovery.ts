// What may be done to bring back a device that does not come back by itself, as the owner allows it: the upper rungs of
// the ladder.
import { cycleUsbPower, resetUsb, socketName } from './drivers/link/usb-socket.js'
import type { Clock } from './ports/clock.js'
import { z } from './ports/schema.js'
import { isOn, type Outlet, type Power } from './services/power.js'
import type { Rung } from './spine/supervisor.js'

export const recoverySettings = z
  .strictObject({
    usb_reset: z
      .string()
      .regex(socketName, 'a USB socket is named as in 1-1.3')
      .optional()
      .describe('USB socket whose device is reset'),
    usb_power: z
      .string()
      .regex(socketName, 'a USB socket is named as in 1-1.3')
      .optional()
      .describe('USB socket whose power is cut for a moment, by uhubctl'),
    relay: z.string().optional().describe('Channel that is switched off for a moment: relays/camera'),
  })
  .describe('What may be done, in this order, when it does not come back by itself')

export interface RecoveryParts {
  readonly clock: Clock
  /** Behind the interlocks; asked only when it is needed. */
  power(): Pick<Power, 'outlet' | 'set'>
}

/** Off for so long, so that its capacitors are empty, ms. */
const emptyMs = 5_000

export function rungsOf(allowed: z.output<typeof recoverySettings> | undefined, parts: RecoveryParts): Rung[] {
  const { usb_reset: reset, usb_power: cut, relay } = allowed ?? {}
  const rungs: Rung[] = []
  if (reset) rungs.push({ words: `USB socket ${reset} is reset`, run: () => resetUsb(reset) })
  if (cut) rungs.push({ words: `the power of USB socket ${cut} is cut`, run: signal => cycleUsbPower(cut, signal) })
  if (relay)
    rungs.push({ words: `channel ${relay} is switched off and on`, run: signal => cycle(relay, parts, signal) })
  return rungs
}

/** One that is off stays off: somebody wanted it so. */
async function cycle(path: string, { clock, power }: RecoveryParts, signal: AbortSignal): Promise<void> {
  const outlet: Outlet = power().outlet(path)
  if (!isOn(outlet)) return
  const { min = 0, max = 1 } = outlet.channel.range ?? {}
  await power().set(outlet, min, signal)
  await clock.sleep(emptyMs, signal)
  await power().set(outlet, max, signal)
}
