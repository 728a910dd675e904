// The receiver that the box's own gpsd has found, asked now and then: where we are needs no device to be set up.
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { GpsFix } from '../../ports/gps.js'
import { openByteLine } from '../link/serial/byte-line.js'
import { gpsdFix } from '../sensor/gpsd.js'

const standardPort = 2947
/** gpsd tells a fix once a second, where there is one. */
const patienceMs = 5_000

/** Asks once; undefined where no gpsd answers, or no receiver has a fix. Rejects only with the signal's reason. */
export function askBoxGps(clock: Clock, port = standardPort): (signal: AbortSignal) => Promise<GpsFix | undefined> {
  return async signal => {
    /** Without a height: the best there is when no better one comes. */
    let flat: GpsFix | undefined
    const limit = clock.deadline(patienceMs, 'gpsd', signal)
    try {
      const line = await openByteLine(`tcp://127.0.0.1:${port}`, 0, clock, limit.signal)
      try {
        const heard = new Promise<GpsFix>(settle => {
          let rest = ''
          line.onBytes(bytes => {
            const lines = (rest + Buffer.from(bytes).toString('utf8')).split('\n')
            rest = lines.pop()!.slice(-longestLine)
            for (const text of lines) {
              const fix = fixIn(text, clock.now())
              if (fix?.elevationMetres !== undefined) settle(fix)
              flat = fix ?? flat
            }
          })
        })
        await line.write('?WATCH={"enable":true,"json":true};\n', limit.signal)
        return await limit.race(heard)
      } finally {
        await line.close()
      }
    } catch (error) {
      signal.throwIfAborted()
      // No gpsd, no receiver, no sky: there is just no place from it.
      if (error instanceof Fault) return flat
      throw error
    } finally {
      limit.cancel()
    }
  }
}

/** A line is at most 10 240 bytes (gpsd_json(5)). */
const longestLine = 10_240

function fixIn(text: string, atMs: number): GpsFix | undefined {
  if (!text.startsWith('{"class":"TPV"')) return undefined
  try {
    return gpsdFix(JSON.parse(text), atMs)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
