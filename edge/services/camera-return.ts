// A loop of exposures outlives a camera that is gone for a while: the supervisor works on it, and the loop waits.
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device } from '../ports/device.js'
import type { Fault } from '../ports/fault.js'

/** Exposures that may fail one after another before a loop gives up. */
const failuresInARow = 5
/** For a hub that resets, a driver that starts anew, a cable that somebody puts back. */
const absentMs = 300_000
/** Between a failure and the next exposure: a camera that comes and goes must not be asked without a breath. */
const pauseMs = 2_000

export interface Patience {
  /** An exposure came: the count of failures begins anew. */
  well(): void
  /**
   * After a failed exposure: settles when the camera is there again. Throws `fault` when it is not one that passes,
   * when too many came in a row or the camera stays away; the signal's reason when that fires first.
   */
  afterFailure(fault: Fault, signal: AbortSignal): Promise<void>
}

export function patienceWith(camera: Device<Camera>, clock: Clock): Patience {
  let failures = 0
  return {
    well() {
      failures = 0
    },
    async afterFailure(fault, signal) {
      if (!['timeout', 'offline', 'broken'].includes(fault.code) || ++failures >= failuresInARow) throw fault
      await clock.sleep(pauseMs, signal)
      await returned(camera, clock, fault, signal)
    },
  }
}

async function returned(camera: Device<Camera>, clock: Clock, fault: Fault, signal: AbortSignal): Promise<void> {
  if (camera.condition === 'ready') return
  const deadline = clock.deadline(absentMs, `camera ${camera.name}`, signal)
  let deaf = () => {}
  const ready = new Promise<void>(settle => {
    deaf = camera.onChange(() => {
      if (camera.condition === 'ready') settle()
    })
  })
  try {
    await deadline.race(ready)
  } catch (error) {
    // That it is still away says less than why it went.
    throw signal.aborted ? error : (camera.fault ?? fault)
  } finally {
    deadline.cancel()
    deaf()
  }
}
