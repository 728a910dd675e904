// INDI's rootless XML stream, cut anywhere by the network, as whole elements; images inside it go from base64 straight
// into memory that the listener gives. Everything is bounded: tags, text, depth and, by the listener, images.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Fault } from '../../../ports/fault.js'
import { type Base64Stream, base64Stream } from './base64-stream.js'
import { type Attributes, parseTag, unescapeText } from './markup.js'

/** One element with everything in it. */
export interface Element {
  readonly name: string
  readonly attributes: Attributes
  readonly children: readonly Element[]
  /** Entities decoded; whitespace as sent. */
  readonly text: string
  /** Of a oneBLOB: the valid bytes, in the memory that `blobStarts` gave; absent when it was passed over. */
  readonly blob?: Uint8Array
}

export interface TokenSink {
  /** Called with every whole outermost element. */
  element(element: Element): void
  /**
   * Called at the start tag of an image. Gives the memory it shall be decoded into (as long as what is valid of it), or
   * `undefined` to pass over it. While a promise is open, nothing further is read: the line holds its breath.
   */
  blobStarts(vector: Attributes, blob: Attributes): Uint8Array | undefined | Promise<Uint8Array | undefined>
}

export interface Tokenizer {
  /**
   * Takes the next bytes off the line. A promise means: wait for it before the next push. Throws, or rejects with,
   * `broken` when this is not INDI; the stream cannot be read on after that.
   */
  push(chunk: Buffer): Promise<void> | undefined
  /** Touches no memory and calls nobody any more. */
  stop(): void
}

const maxTagBytes = 65_536 // real ones stay under 1 kB
const maxElementBytes = 4 * 2 ** 20 // text of one outermost element without its images; real ones stay under 50 kB
const maxDepth = 8 // INDI needs 2
const less = 0x3c
const greater = 0x3e

interface Open {
  readonly name: string
  readonly attributes: Attributes
  readonly children: Element[]
  readonly text: Buffer[]
  blob?: Uint8Array
}

export function indiTokenizer(sink: TokenSink): Tokenizer {
  const open: Open[] = []
  let rest: Buffer = Buffer.alloc(0)
  let at = 0 // bytes of `rest` that are done
  let elementBytes = 0
  let image: { stream: Base64Stream | undefined; memory: Uint8Array | undefined } | undefined
  let waiting = false
  let stopped = false

  const count = (byteCount: number) => {
    elementBytes += byteCount
    if (elementBytes > maxElementBytes) throw tooBig(`an element of more than ${maxElementBytes} bytes`)
  }

  /** Everything up to the next tag; false when there is no next tag yet. */
  const untilTag = (): boolean => {
    const found = rest.indexOf(less, at)
    const stop = found < 0 ? rest.length : found
    const piece = rest.subarray(at, stop)
    if (image) image.stream?.write(piece)
    else if (open.length > 0 && piece.length > 0) {
      count(piece.length)
      open[open.length - 1].text.push(piece)
    }
    at = stop
    return found >= 0
  }

  const endImage = () => {
    if (!image) return
    const { stream, memory } = image
    image = undefined
    if (stream && memory) open[open.length - 1].blob = memory.subarray(0, stream.end())
  }

  const close = (name: string) => {
    const last = open.pop()
    if (last?.name !== name) throw misplaced(name, last?.name)
    const text = unescapeText(Buffer.concat(last.text).toString('utf8'))
    finish({ name, attributes: last.attributes, children: last.children, text, ...(last.blob && { blob: last.blob }) })
  }

  const finish = (element: Element) => {
    const parent = open.at(-1)
    if (parent) parent.children.push(element)
    else {
      elementBytes = 0
      sink.element(element)
    }
  }

  const startImage = (attributes: Attributes): Promise<void> | undefined => {
    const vector = open.at(-2)?.attributes ?? new Map<string, string>()
    const begin = (memory: Uint8Array | undefined) => {
      image = { stream: memory && base64Stream(memory), memory }
    }
    const memory = sink.blobStarts(vector, attributes)
    if (memory instanceof Promise) return memory.then(begin)
    begin(memory)
    return undefined
  }

  const tag = (inside: Buffer): Promise<void> | undefined => {
    endImage()
    count(inside.length)
    const { name, attributes, kind } = parseTag(inside.toString('utf8'))
    if (kind === 'close') close(name)
    else if (kind === 'empty') finish({ name, attributes, children: [], text: '' })
    else {
      if (open.length >= maxDepth) throw tooBig(`elements nested more than ${maxDepth} deep`)
      open.push({ name, attributes, children: [], text: [] })
      if (name === 'oneBLOB') return startImage(attributes)
    }
    return undefined
  }

  const run = (): Promise<void> | undefined => {
    while (!stopped && untilTag()) {
      const end = markupEnd(rest, at)
      if (end === undefined) break
      const { inside, kind } = end
      at = end.next
      if (kind === 'cdata' && open.length > 0) {
        count(inside.length)
        open[open.length - 1].text.push(Buffer.from(inside.toString('latin1').replaceAll('&', '&amp;'), 'latin1'))
      } else if (kind === 'tag') {
        const wait = tag(inside)
        if (wait) return hold(wait)
      }
    }
    rest = rest.subarray(at)
    at = 0
    if (rest.length > maxTagBytes) throw tooBig(`a tag of more than ${maxTagBytes} bytes`)
    return undefined
  }

  const hold = async (wait: Promise<void>): Promise<void> => {
    waiting = true
    await wait
    waiting = false
    if (!stopped) await run()
  }

  return {
    push(chunk) {
      assert(!waiting, 'bytes were pushed while the line should wait')
      if (stopped) return undefined
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      return run()
    },
    stop() {
      stopped = true
    },
  }
}

interface Markup {
  readonly kind: 'tag' | 'cdata' | 'skipped'
  readonly inside: Buffer
  readonly next: number
}

const special = [
  { start: '<!--', end: '-->', kind: 'skipped' },
  { start: '<![CDATA[', end: ']]>', kind: 'cdata' },
  { start: '<?', end: '?>', kind: 'skipped' },
  { start: '<!', end: '>', kind: 'skipped' },
] as const

/** What begins at `start` with `<`, if its end is there. A `>` inside quotes does not end a tag. */
function markupEnd(bytes: Buffer, start: number): Markup | undefined {
  const head = bytes.toString('latin1', start, start + 9)
  if (head[1] === '!' || head[1] === '?') {
    for (const { start: mark, end, kind } of special) {
      if (head.length < mark.length && mark.startsWith(head)) return undefined // could still become this one
      if (!head.startsWith(mark)) continue
      const found = bytes.indexOf(end, start + mark.length, 'latin1')
      if (found < 0) return undefined
      return { kind, inside: bytes.subarray(start + mark.length, found), next: found + end.length }
    }
  }
  let quote = 0
  for (let i = start + 1; i < bytes.length; i++) {
    const byte = bytes[i]
    if (quote) {
      if (byte === quote) quote = 0
    } else if (byte === 0x22 || byte === 0x27) quote = byte
    else if (byte === greater) return { kind: 'tag', inside: bytes.subarray(start + 1, i), next: i + 1 }
  }
  return undefined
}

function tooBig(what: string): Fault {
  return new Fault('broken', `the INDI server sent ${what}`, 'Check that the port is an INDI server')
}

function misplaced(name: string, open: string | undefined): Fault {
  const where = open === undefined ? 'outside any element' : `inside <${open}>`
  return new Fault('broken', `the INDI server closed <${name}> ${where}`, 'Restart the INDI server')
}
