// An INDI server as drivers see it: devices with properties, orders to them, and images on a line of their own, so that
// a 40 MB picture over a slow network never stands before a STOP's answer.
import type { Clock } from '../../../ports/clock.js'
import { Fault } from '../../../ports/fault.js'
import type { Log } from '../../../ports/log.js'
import { type Line, openLine } from './line.js'
import { type Attributes, escapeText } from './markup.js'
import { formatIndiNumber, type IndiChange, type IndiProperty, type IndiValue, indiTree } from './property.js'
import type { Element, TokenSink } from './tokenizer.js'

export interface IndiClient {
  /** `host:port`, for people. */
  readonly address: string
  /** Names of the devices that are defined now. */
  devices(): string[]
  property(device: string, name: string): IndiProperty | undefined
  properties(device: string): IndiProperty[]
  /** Called with every change to a device, in the order heard, after `property` shows it. */
  watch(device: string, listener: (change: IndiChange) => void): () => void
  /** Called once when the server is gone or the link closed; the client is of no use after that. */
  onLost(listener: (fault: Fault) => void): () => void
  /** Asks the server to define the device's properties again. */
  ask(device: string, property?: string): void
  /**
   * Writes a property. Of a OneOfMany switch only the elements that go on are sent.
   * Throws `unsupported` when the device has no such writable property or element, `offline` when the line is lost.
   */
  order(device: string, property: string, values: Readonly<Record<string, IndiValue>>): void
  /** Opens a line that carries this BLOB property only. */
  images(device: string, property: string, receiver: ImageReceiver, signal: AbortSignal): Promise<ImageLine>
}

export interface ImageReceiver {
  /** See TokenSink: gives the memory for one image, or undefined to pass over it. */
  starts(image: ImageHead): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The image whose memory `starts` gave is whole: `bytes` is the filled part of that memory. */
  ends(bytes: Uint8Array): void
  /** The line is lost (not after `close`); an image that has started never ends. */
  lost(fault: Fault): void
}

export interface ImageHead {
  /** Valid bytes, as the server says: `len`, or `size` from servers that do not know `len`. NaN with neither. */
  readonly byteLength: number
  /** `.fits`, `.fits.fz`, `.stream_jpg` … */
  readonly format: string
}

export interface ImageLine {
  close(): void
}

export interface ClientOptions {
  readonly host: string
  readonly port: number
  readonly quietMs: number
  readonly clock: Clock
  readonly log: Log
  lost(fault: Fault): void
}

const subscribedMs = 1500

const passOver: TokenSink['blobStarts'] = () => undefined

/** Connects and asks for all definitions, which come later. Rejects with `offline`, `timeout`, the signal's reason. */
export async function openClient(options: ClientOptions, signal: AbortSignal): Promise<IndiClient & { close(): void }> {
  const { host, port, quietMs, clock, log } = options
  const tree = indiTree()
  const watchers = new Map<string, Set<(change: IndiChange) => void>>()
  const lostListeners = new Set<(fault: Fault) => void>()
  const imageLines = new Set<Line>()

  const element = (message: Element) => {
    const said = tree.apply(message)
    if (message.name === 'message') tell(log, message.attributes)
    if (!said) return
    const listeners = [...(watchers.get(said.device) ?? [])]
    for (const change of said.changes) for (const listener of listeners) listener(change)
  }
  const close = () => {
    line.close()
    for (const other of imageLines) other.close()
    imageLines.clear()
  }
  const end = (fault: Fault) => {
    close()
    for (const listener of [...lostListeners]) listener(fault)
    lostListeners.clear()
  }
  const lost = (fault: Fault) => {
    end(fault)
    options.lost(fault)
  }
  const probe = () => {
    const [device] = tree.devices()
    return device === undefined ? '' : getProperties(device, 'CONNECTION')
  }
  const line = await openLine({ host, port, quietMs, clock, element, blobStarts: passOver, probe, lost }, signal)
  line.send(getProperties())

  return {
    address: `${host}:${port}`,
    devices: tree.devices,
    property: tree.property,
    properties: tree.properties,
    watch(device, listener) {
      const own = (change: IndiChange) => listener(change)
      const listeners = watchers.get(device) ?? new Set()
      watchers.set(device, listeners.add(own))
      return () => void listeners.delete(own)
    },
    onLost(listener) {
      const own = (fault: Fault) => listener(fault)
      lostListeners.add(own)
      return () => void lostListeners.delete(own)
    },
    ask: (device, property) => line.send(getProperties(device, property)),
    order: (device, property, values) => line.send(orderXml(device, property, tree.property(device, property), values)),
    async images(device, property, receiver, opening) {
      let answered: () => void = () => {}
      const ready = new Promise<void>(settle => {
        answered = settle
      })
      const sink = imageSink(property, receiver, answered)
      const gone = (fault: Fault) => {
        imageLines.delete(images)
        receiver.lost(fault)
      }
      const images = await openLine({ host, port, quietMs, clock, ...sink, lost: gone }, opening)
      imageLines.add(images)
      const names = `device="${escapeText(device)}" name="${escapeText(property)}"`
      images.send(`${getProperties(device, property)}<enableBLOB ${names}>Only</enableBLOB>\n`)
      // An order on the other line could otherwise overtake the wish for its image. Old servers do not answer here.
      await Promise.race([ready, clock.sleep(subscribedMs, opening)]).catch(error => {
        images.close()
        throw error
      })
      return {
        close() {
          imageLines.delete(images)
          images.close()
        },
      }
    },
    close: () => end(new Fault('offline', `the link to INDI server ${host}:${port} is closed`, 'Open it again')),
  }
}

function imageSink(property: string, receiver: ImageReceiver, answered: () => void): TokenSink {
  return {
    element(message) {
      if (message.name === 'defBLOBVector') answered()
      for (const { blob } of message.children) if (blob) receiver.ends(blob)
    },
    blobStarts(vector, blob) {
      if (vector.get('name') !== property) return undefined
      const stated = blob.get('len') ?? blob.get('size')
      const byteLength = stated !== undefined && /^\d{1,15}$/.test(stated.trim()) ? Number(stated) : Number.NaN
      return receiver.starts({ byteLength, format: blob.get('format') ?? '' })
    },
  }
}

function getProperties(device?: string, property?: string): string {
  const which = device === undefined ? '' : ` device="${escapeText(device)}"`
  const what = property === undefined ? '' : ` name="${escapeText(property)}"`
  return `<getProperties version="1.7"${which}${what}/>\n`
}

function orderXml(
  device: string,
  name: string,
  property: IndiProperty | undefined,
  values: Readonly<Record<string, IndiValue>>,
): string {
  const tag = property && orderTags[property.kind]
  if (!property || !tag || property.permission === 'ro') throw cannot(device, property ? `set ${name}` : `do ${name}`)
  const onlyOn = property.kind === 'switch' && property.rule === 'OneOfMany'
  const lines: string[] = []
  for (const [item, value] of Object.entries(values)) {
    if (!property.items.has(item)) throw cannot(device, `set ${name}.${item}`)
    if (onlyOn && value !== true) continue
    lines.push(`<one${tag} name="${escapeText(item)}">${written(value)}</one${tag}>`)
  }
  const head = `device="${escapeText(device)}" name="${escapeText(name)}"`
  return `<new${tag}Vector ${head}>${lines.join('')}</new${tag}Vector>\n`
}

const orderTags: Partial<Record<IndiProperty['kind'], string>> = { number: 'Number', text: 'Text', switch: 'Switch' }

function written(value: IndiValue): string {
  if (typeof value === 'boolean') return value ? 'On' : 'Off'
  return typeof value === 'number' ? formatIndiNumber(value) : escapeText(value)
}

function cannot(device: string, what: string): Fault {
  return new Fault('unsupported', `INDI device "${device}" cannot ${what}`, 'Use a device whose INDI driver can')
}

/** What drivers say goes into our log, at the level they say it with. */
function tell(log: Log, attributes: Attributes): void {
  const text = attributes.get('message') ?? ''
  const about = log.named(`indi/${attributes.get('device') ?? 'server'}`)
  if (/^\[(ERROR|WARNING)\]/.test(text)) about.warn(text)
  else about.debug(text)
}
