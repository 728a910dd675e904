// When the box may be restarted by itself: nothing runs, moves, exposes, or is kept cold or open for the night.

/** A state of the feed. */
export interface Seen {
  readonly path: string
  readonly kind: string
  readonly value: Readonly<Record<string, unknown>>
}

/** @returns what stands against it, in words; empty when the moment is idle */
export function busyWith(states: readonly Seen[]): string[] {
  const against: string[] = []
  for (const { path, kind, value } of states) {
    const name = path.split('/').slice(1).join('/')
    if (kind === 'activity' && value.status === 'running' && value.action !== 'update-install') {
      against.push(String(value.summary ?? value.action))
    }
    if (kind === 'camera' && value.exposing === true) against.push(`camera ${name} exposes`)
    if (kind === 'camera' && value.coolerOn === true) against.push(`camera ${name} is kept cold`)
    if (kind === 'mount' && (value.slewing === true || (value.tracking === true && value.parked !== true))) {
      against.push(`mount ${name} moves`)
    }
    if ((kind === 'focuser' || kind === 'dome' || kind === 'rotator') && value.moving === true) {
      against.push(`${kind} ${name} moves`)
    }
  }
  return against
}

/**
 * Devices that were ready before and are not now, and whose power is not off.
 * @param before names
 */
export function missingDevices(before: readonly string[], states: readonly Seen[]): string[] {
  const ready = new Set<string>()
  const unfed = new Set<string>()
  for (const { path, kind, value } of states) {
    if (value.condition === 'ready') ready.add(path.split('/')[1])
    if (kind === 'power' && value.on === false && Array.isArray(value.feeds))
      for (const one of value.feeds) unfed.add(one)
  }
  return before.filter(name => !ready.has(name) && !unfed.has(name))
}

/** Names of all devices that are ready. */
export function readyDevices(states: readonly Seen[]): string[] {
  const ready = states.filter(({ path, value }) => value.condition === 'ready' && path.includes('/'))
  return [...new Set(ready.map(({ path }) => path.split('/')[1]))].sort()
}
