// A computer that knows the time, and one whose knowledge the test decides.
import type { SystemTime, SystemTimeReading } from '../../edge/ports/timekeeping.js'
import type { TimeQuality } from '../../edge/rules/time-quality.js'

/** As a computer on the internet has it. */
export const networkTime: TimeQuality = { source: 'ntp', synchronised: true, uncertaintySeconds: 0.02 }

/** The operating system of such a computer, whose clock may not be set. */
export function systemTimeOf(reading: () => SystemTimeReading = () => networkTime): SystemTime {
  return { read: async () => ({ bootId: 'this-boot', uptimeSeconds: 100, zone: 'Europe/Zurich', ...reading() }) }
}
