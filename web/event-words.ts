// Events of the feed as sentences for the owner. A kind not listed here is shown by its name.
import type { FeedEvent } from '../edge/ports/feed'
import { duration, spoken } from './words'

const say: Readonly<Record<string, (body: Record<string, unknown>) => string>> = {
  'agent-started': () => 'The agent started',
  'frame-archived': body => {
    const of =
      Number(body.total) > 1 ? ` ${body.number} of ${body.total}` : Number(body.total) === 0 ? ` ${body.number}` : ''
    const what = body.frameType && body.frameType !== 'light' ? `${body.frameType} frame` : 'Frame'
    return `${what}${of}${body.object ? ` of ${body.object}` : ''}, ${duration(Number(body.exposureSeconds))}, is safe on the disk`
  },
  'exposure-failed': body => `An exposure with camera “${body.camera}” failed: ${body.error}`,
  'exposure-aborted': body => `The exposure with camera “${body.camera}” was aborted`,
  'frame-removed': () => 'A frame was deleted',
  'stack-started': () => 'The live stack started',
  'stack-refused': body => `A frame was left out of the stack: ${body.words ?? spoken(String(body.reason))}`,
  'stack-waiting': () => 'The stack waits for stars',
  'stack-resumed': () => 'The stars are back; the stack goes on',
  'stack-finished': body => `The stack of ${body.frames} frames is saved`,
  'device-ready': body => `“${body.device}” is ready`,
  'device-lost': body => `“${body.device}” is gone: ${body.reason}`,
  'mount-slewed': body => `The mount stands on ${body.target ?? 'its target'}`,
  'mount-parked': () => 'The mount is parked',
  'mount-unparked': () => 'The mount is unparked',
  'stopped-all': body => `Everything was stopped${body.who ? ` by ${body.who}` : ''}`,
  'frame-amended': () => 'A frame was corrected',
  'mount-stopped': () => 'The mount was stopped',
  'config-saved': () => 'The configuration was saved',
}

/** `undefined` for what only programs care about. */
export function eventWords(event: FeedEvent): string | undefined {
  if (event.kind === 'frame-measured') return undefined
  return say[event.kind]?.(event.body as Record<string, unknown>) ?? spoken(event.kind)
}

/** Kinds worth a warning's colour. */
export const isTrouble = (kind: string): boolean => /failed|lost|refused|waiting/.test(kind)
