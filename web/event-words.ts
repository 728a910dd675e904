// Events of the feed as sentences for the owner. A kind not listed here is shown by its name.
import type { FeedEvent } from '../edge/ports/feed'
import { counted, duration, spoken } from './words'

interface FrameTold {
  readonly number?: unknown
  readonly total?: unknown
  readonly frameType?: unknown
  readonly object?: unknown
  readonly exposureSeconds?: unknown
}

/** Of the event, or of the row in the archive. */
function frameWords({ number, total, frameType, object, exposureSeconds }: FrameTold): string {
  const place = Number(total) > 1 ? ` ${number} of ${total}` : Number(total) === 0 ? ` ${number}` : ''
  const kind = frameType && frameType !== 'light' ? `A ${frameType} frame` : 'Frame'
  return `${kind}${place}${object ? ` of ${object}` : ''}, ${duration(Number(exposureSeconds))}, is safe on the disk`
}

/** What an older version could not read of a newer one's is kept, and where. */
function wentBackWords({ from, database, configuration }: Record<string, unknown>): string {
  const parts = [
    database && `the newer database is ${fileName(database)}, frames have their rows from their files`,
    configuration && `the newer configuration is ${fileName(configuration)}`,
  ].filter(Boolean)
  return `This version goes on with what was kept before ${from ?? 'the newer one'}: ${parts.join('; ')}`
}

const spans = (seconds: unknown) => `${duration(Math.abs(Number(seconds)))} ${Number(seconds) < 0 ? 'back' : 'forward'}`
const frames = (body: Record<string, unknown>) => counted(Number(body.frames), 'frame')
const fileName = (path: unknown) => String(path).split('/').at(-1)

const say: Readonly<Record<string, (body: Record<string, unknown>) => string>> = {
  'agent-started': () => 'The agent started',
  'set-up-done': body => `The box was set up as “${body.name}”`,
  'set-up-administrator': () => 'A device paired with the code of pierside.txt',
  'update-ready': body => `Version ${body.version} is in the other slot; it starts when the box restarts`,
  'update-restarts': body => `The box restarts into version ${body.version} (${body.who})`,
  'went-back': body => wentBackWords(body),
  'frame-archived': body => frameWords(body),
  'exposure-failed': body => `An exposure with camera “${body.camera}” failed: ${body.error}`,
  'exposure-aborted': body => `The exposure with camera “${body.camera}” was aborted`,
  'frame-removed': () => 'A frame was deleted',
  'stack-started': () => 'The live stack started',
  'stack-accepted': () => 'A frame went into the stack',
  'stack-refused': body => `A frame was left out of the stack: ${body.words ?? spoken(String(body.reason))}`,
  'stack-waiting': () => 'The stack waits for stars',
  'stack-resumed': () => 'The stars are back; the stack goes on',
  'stack-refolding': body => `A stack was broken off: its ${frames(body)} are put together again`,
  trend: body => String(body.words ?? `Over: ${spoken(String(body.was))}`),
  'stack-finished': body => `The stack of ${frames(body)} is saved`,
  'master-made': body =>
    `A master ${body.master} of ${frames(body)} is in the library${body.warning ? `; ${body.warning}` : ''}`,
  'master-loaded': body => `${fileName(body.path)} is in the calibration library`,
  'master-forgotten': body => `${fileName(body.path)} was deleted from the calibration library`,
  'device-ready': body => `“${body.device}” is ready`,
  'device-lost': body =>
    body.switchedOff ? `“${body.device}” is switched off` : `“${body.device}” is gone: ${body.reason}`,
  'device-reset': body => `To bring “${body.device}” back: ${body.how}`,
  'sensor-failed': body => `${body.name} of “${body.device}” is not believed: ${body.reason}`,
  'sensor-well': body => `${body.name} of “${body.device}” is believed again`,
  'plugged-in': body => `${body.name} was plugged in (${body.place})`,
  unplugged: body => `${body.name} was unplugged (${body.place})`,
  'box-warning': body => String(body.words),
  'clock-set': body => `${body.who} set the clock of the box; it went ${spans(body.seconds)}`,
  'clock-stepped': body => `The clock was set: it went ${spans(body.seconds)}`,
  'place-from-gps': () => 'The place of the pier was taken from the GPS',
  'heater-safe': body => `Dew heater “${body.heater}” goes by its safe ${body.percent} %: ${body.reason}`,
  'heater-well': body => `Dew heater “${body.heater}” goes by the dew point again`,
  'mount-slewed': body => `The mount stands on ${body.target ?? 'its target'}`,
  'mount-parked': () => 'The mount is parked',
  'mount-unparked': () => 'The mount is unparked',
  'stopped-all': body => `Everything was stopped${body.who ? ` by ${body.who}` : ''}`,
  'frame-amended': () => 'A frame was corrected',
  'power-made-safe': () => 'Every channel was put into its state for unsafe conditions',
  'station-on': () => 'The station is switched on',
  'station-off': () => 'The station is switched off',
  'night-ended': body => `The night is ended: ${body.why}`,
  'battery-good': () => 'The battery is good again',
  'battery-low': body => `The battery is low, at ${body.volts} V`,
  'battery-critical': body => `The battery is nearly empty, at ${body.volts} V: everything is stopped`,
  'battery-unknown': () => 'The battery is not measured any more',
  'mount-told': body => `The mount was told time and place: ${body.words}`,
  'mount-disagrees': body => `The mount and the box disagree: ${body.words}`,
  'mount-stopped': () => 'The mount was stopped',
  'stick-came': body => `The stick ${body.label} was plugged in`,
  'stick-gone': body => `The stick ${body.label} is gone`,
  'night-copied': body =>
    `The night ${body.night} is on the stick ${body.label}: ${counted(Number(body.files), 'file')}`,
  'data-moves': body => `${body.who} moves the data${body.how === 'card' ? ' back to the card' : ' to a disk'}`,
  'card-warning': body => String(body.words),
  'box-goes-off': body => `The box is switched off by ${body.who}`,
  'box-restarts': body => `The box is switched off and on by ${body.who}`,
  'config-saved': () => 'The configuration was saved',
  'network-undone': body => `${String(body.what).replace(/^t/, 'T')} was not confirmed, and is undone`,
}

/** `undefined` for what only programs care about. */
export function eventWords(event: FeedEvent): string | undefined {
  if (event.kind === 'frame-measured' || event.kind === 'power-measured') return undefined
  return say[event.kind]?.(event.body as Record<string, unknown>) ?? spoken(event.kind)
}

/** What is worth a warning's colour; a device that was switched off is not. */
export const isTrouble = ({ kind, body }: FeedEvent): boolean =>
  /failed|lost|refused|waiting|safe|warning|battery-(low|critical|unknown)/.test(kind) && !body.switchedOff
