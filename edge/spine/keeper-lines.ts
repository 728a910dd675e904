// What goes over the pipe between agent and keeper, read with suspicion at both ends: a library may print what it likes
// to the same pipe, and an end that dies leaves half a line.
import type { FromKeeper, ToKeeper } from '../ports/keeper.js'

type Told = Readonly<Record<string, unknown>>

/** A line of the keeper's; undefined for anything else. */
export function fromKeeper(text: string): FromKeeper | undefined {
  const line = parsed(text)
  if (!line) return undefined
  const { say, id, fault, reading, astray } = line
  if (say === 'failed') {
    const whole = isTold(fault) && ['code', 'message', 'fix'].every(part => typeof fault[part] === 'string')
    return whole && (id === undefined || typeof id === 'number') ? (line as unknown as FromKeeper) : undefined
  }
  if (!isTold(reading) || !isTold(reading.on)) return undefined
  const fits =
    say === 'beat' ||
    say === 'reading' ||
    (say === 'open' && Array.isArray(astray)) ||
    (say === 'done' && typeof id === 'number') ||
    (say === 'safe' && typeof line.why === 'string')
  return fits ? (line as unknown as FromKeeper) : undefined
}

/** A line of the agent's; undefined for anything else. */
export function toKeeper(text: string): ToKeeper | undefined {
  const line = parsed(text)
  if (!line) return undefined
  const { board, channels, options, first, loss, id, channel, to } = line
  const fits =
    line.do === 'beat' ||
    line.do === 'close' ||
    (line.do === 'set' && typeof id === 'number' && typeof channel === 'string' && isLevel(to)) ||
    (line.do === 'open' &&
      typeof board === 'string' &&
      Array.isArray(channels) &&
      [options, first, loss].every(part => isTold(part)))
  return fits ? (line as unknown as ToKeeper) : undefined
}

function parsed(text: string): Told | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isTold(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const isLevel = (value: unknown) => typeof value === 'boolean' || Number.isFinite(value)

const isTold = (value: unknown): value is Told => typeof value === 'object' && value !== null
