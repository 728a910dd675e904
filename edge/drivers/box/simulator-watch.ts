// The simulated watchers: a GPS that knows the site, and a monitor that says whether the weather is fit to be open in.
import type { OpenBox, Tools } from '../../ports/driver.js'
import type { GpsFix } from '../../ports/gps.js'
import type { SafetyVerdict } from '../../ports/safety-monitor.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { listeners } from '../listeners.js'
import { presence } from './simulator-presence.js'

const pollMs = 10_000
const mostCloud = 0.8
const mostWindMetresPerSecond = 12

export function openSimulatedGps(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'gps', tools)
  box.check()
  const fixes = listeners<GpsFix>()
  const { latitudeDeg, longitudeDeg, elevationMetres } = place.site
  const read = (): GpsFix => {
    const atMs = place.clock.now()
    return { latitudeDeg, longitudeDeg, elevationMetres, utcMs: atMs, atMs }
  }
  let last = read()
  const poll = place.clock.every(pollMs, () => {
    if (box.silent()) return
    last = read()
    fixes.tell(last)
  })
  return {
    ports: { gps: { fix: () => last, onFix: fixes.add } },
    async close() {
      poll.cancel()
      box.close()
    },
  }
}

export function openSimulatedSafety(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'safety', tools)
  box.check()
  const verdicts = listeners<SafetyVerdict>()
  const read = (): SafetyVerdict => {
    const { raining, cloudCover, windMetresPerSecond } = place.weather()
    const against = [
      raining && 'rain',
      cloudCover > mostCloud && 'clouds',
      windMetresPerSecond > mostWindMetresPerSecond && 'wind',
    ].filter(Boolean)
    const words = against.length > 0 ? against.join(', ') : undefined
    return { safe: against.length === 0, words, atMs: place.clock.now() }
  }
  let last = read()
  const poll = place.clock.every(pollMs, () => {
    if (box.silent()) return
    last = read()
    verdicts.tell(last)
  })
  return {
    ports: { safety: { verdict: () => last, onVerdict: verdicts.add } },
    async close() {
      poll.cancel()
      box.close()
    },
  }
}
