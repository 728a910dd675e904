// What went wrong, to which thing, and what a person can do: the one error that crosses rooms.

/** The closed list. Each face maps a code to its own status once (HTTP in api/http/answer.ts). */
const faultCodes = [
  'bad-input', // a value is wrong; names the value and the range
  'unpaired', // nobody we know: pair first
  'forbidden', // known, but the role may not
  'not-found',
  'busy', // held by somebody else; names holder and action
  'offline', // the device or link is not there now
  'timeout', // it is there and silent
  'broken', // it answered, and the answer makes no sense
  'unsafe', // weather, interlock
  'limit', // horizon mask, altitude, axis limits
  'disk-full',
  'aborted', // somebody asked for it
  'unsupported', // this device cannot do that
] as const

export type FaultCode = (typeof faultCodes)[number]

/**
 * An operating error. `message` says what happened to which thing, with the number; `fix` what a person can do.
 * Bugs are assertions instead, and what the sky does is a returned result with a `reason`.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  constructor(
    readonly code: FaultCode,
    message: string,
    readonly fix: string,
    options?: { cause?: unknown; detail?: Record<string, unknown> },
  ) {
    super(message, options)
    this.detail = options?.detail
  }
  /** Numbers a foreign table may want beside the words, e.g. `min_safe_alt`. */
  readonly detail: Record<string, unknown> | undefined
}

/**
 * The fault itself, or any other error wrapped with its cause, as `broken` or `disk-full`: so that nothing is shown
 * without a fix.
 */
export function asFault(error: unknown, thing: string): Fault {
  if (error instanceof Fault) return error
  const words = error instanceof Error ? error.message : String(error)
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const fix = 'Remove frames you have copied elsewhere, or use a larger disk'
    return new Fault('disk-full', `${thing}: no room is left on the disk`, fix, { cause: error })
  }
  return new Fault('broken', `${thing}: ${words}`, 'See the log; if it happens again, report it with the log', {
    cause: error,
  })
}

/** The reason a signal was aborted with, as a Fault: what every wait throws when it is told to stop. */
export function reasonOf(signal: AbortSignal): Fault {
  if (signal.reason instanceof Fault) return signal.reason
  return new Fault('aborted', 'stopped on request', 'Start it again when you are ready')
}
