// A GPS receiver through gpsd: where the pier stands, and how many satellites say so.
import { driver } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import type { GpsFix } from '../../ports/gps.js'
import { z } from '../../ports/schema.js'
import { openByteLine } from '../link/serial/byte-line.js'
import { listeners } from '../listeners.js'
import { fedStation } from './station-box.js'

const options = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Where gpsd runs'),
  port: z.int().min(1).max(65_535).default(2947).describe('Its TCP port'),
})

/** gpsd reports every second while there is a receiver. */
const silenceMs = 30_000
/** A line is at most 10 240 bytes (gpsd_json(5)). */
const longestLine = 10_240
/** Every second is news nobody needs, ms. */
const tellMs = 10_000

type Report = Readonly<Record<string, unknown>>

/**
 * What a TPV and the last SKY report say (gpsd_json(5)), degrees and metres; without a fix only the satellites.
 */
export function gpsdValues(tpv: Report, sky: Report | undefined): Record<string, number> {
  const values: Record<string, number> = {}
  const note = (field: string, value: unknown) => {
    if (typeof value === 'number') values[field] = value
  }
  if (Number(tpv.mode) >= 2) {
    note('latitudeDeg', tpv.lat)
    note('longitudeDeg', tpv.lon)
  }
  if (Number(tpv.mode) >= 3) note('elevationMetres', tpv.altMSL ?? tpv.alt)
  const seen = sky?.satellites
  if (Array.isArray(seen)) values.satellites = seen.filter(one => (one as Report)?.used === true).length
  else note('satellites', sky?.uSat)
  return values
}

/** The fix that a TPV report tells, when it is one. @param atMs now, by our clock */
export function gpsdFix({ mode, lat, lon, alt, altMSL, time }: Report, atMs: number): GpsFix | undefined {
  if (Number(mode) < 2 || typeof lat !== 'number' || typeof lon !== 'number') return undefined
  const height = altMSL ?? alt
  const utcMs = Date.parse(String(time))
  return {
    latitudeDeg: lat,
    longitudeDeg: lon,
    ...(Number(mode) >= 3 && typeof height === 'number' ? { elevationMetres: height } : {}),
    ...(Number.isNaN(utcMs) ? {} : { utcMs }),
    atMs,
  }
}

export const gpsdDriver = driver<typeof options>({
  id: 'gpsd',
  summary: 'A GPS receiver through gpsd: position, height and time',
  options,
  ports: () => ['station', 'gps'],
  async open({ host, port }, tools, signal) {
    const { clock } = tools
    const line = await openByteLine(`tcp://${host}:${port}`, 0, clock, signal)
    const fed = fedStation('sensor', tools)
    const fixes = listeners<GpsFix>()
    let fix: GpsFix | undefined
    let sky: Report | undefined
    let toldMs = -Infinity
    let rest = ''
    const silent = () =>
      new Fault('timeout', `gpsd has no position for ${silenceMs / 1000} s`, 'Check that a receiver is plugged in')
    let silence = clock.after(silenceMs, () => tools.lost(silent()))
    const hear = (text: string) => {
      const report = parsed(text)
      if (report.class === 'SKY') sky = report
      if (report.class !== 'TPV') return
      silence.cancel()
      silence = clock.after(silenceMs, () => tools.lost(silent()))
      if (clock.monotonicMs() - toldMs < tellMs) return
      toldMs = clock.monotonicMs()
      fed.feed({ values: gpsdValues(report, sky) })
      fix = gpsdFix(report, clock.now())
      if (fix) fixes.tell(fix)
    }
    line.onBytes(bytes => {
      const lines = (rest + Buffer.from(bytes).toString('utf8')).split('\n')
      rest = lines.pop()!
      try {
        if (rest.length > longestLine) throw notJson(rest)
        for (const text of lines) if (text.trim()) hear(text)
      } catch (error) {
        tools.lost(error as Fault)
      }
    })
    line.ended.addEventListener('abort', () => tools.lost(line.ended.reason), { once: true })
    const close = async () => {
      silence.cancel()
      await line.close()
    }
    try {
      await line.write('?WATCH={"enable":true,"json":true};\n', signal)
    } catch (error) {
      await close()
      throw error
    }
    return { ports: { station: fed.station, gps: { fix: () => fix, onFix: fixes.add } }, close }
  },
})

function parsed(text: string): Report {
  try {
    const report: unknown = JSON.parse(text)
    if (typeof report === 'object' && report !== null) return report as Report
  } catch (error) {
    throw notJson(text, error)
  }
  throw notJson(text)
}

const notJson = (text: string, cause?: unknown) =>
  new Fault('broken', `what answers as gpsd says ${JSON.stringify(text.slice(0, 40))}`, 'Check host and port of gpsd', {
    cause,
  })
