// A picture as JSON, from servers without ImageBytes: {"Type":2,"Rank":2,"Value":[[…],[…]], …}. Read digit by digit as
// it arrives, since the text of a large sensor is longer than a string may be.
import type { Fault } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import { checkedAnswer } from '../../link/alpaca/answer.js'
import { elementTypes, type Picture, type Turning, turnColumns } from './columns.js'
import { broken, cutShort, type PictureOrder } from './image-bytes.js'

export interface JsonPictureOrder extends PictureOrder {
  /** What was ordered, px: the text itself says its size only when it is over. */
  readonly width: number
  readonly height: number
}

/** All of the text but its picture. */
const mostOuterBytes = 20_000
/** Longer than any number. */
const mostDigits = 40
/** JSON.stringify's and .NET's blanks. */
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d])
const [open, close, comma, minus, zero, nine] = [0x5b, 0x5d, 0x2c, 0x2d, 0x30, 0x39]

/** As `readImageBytes`. */
export async function readImageJson(
  body: AsyncIterable<Buffer>,
  order: JsonPictureOrder,
  signal: AbortSignal,
): Promise<Picture> {
  const { who } = order
  const reader = new PictureReader(order, signal)
  try {
    for await (const part of body) await reader.take(part)
    const outer = Buffer.from(reader.outer, 'latin1').toString('utf8')
    checkedAnswer(outer, { what: `${who}, its picture`, transaction: order.transaction })
    if (!reader.turning) throw broken(who, 'an answer without a picture')
    if (reader.turning.taken() < order.width) throw cutShort(who, `column ${reader.turning.taken()} of ${order.width}`)
    return await reader.turning.finish()
  } finally {
    reader.turning?.drop()
  }
}

class PictureReader {
  outer = ''
  turning: Turning | undefined
  private depth = 0
  private seen = false
  private planes = 1
  private floats = false
  /** The number that is being read: its digits so far, or its text when it is not just digits. */
  private whole = 0
  private negative = false
  private digits = 0
  private text: string | undefined
  private column = new Float64Array()
  private inColumn = 0
  private inPixel = 0

  constructor(
    private readonly order: JsonPictureOrder,
    private readonly signal: AbortSignal,
  ) {}

  async take(part: Buffer): Promise<void> {
    for (let at = 0; at < part.length; at++) {
      const byte = part[at]
      if (this.depth === 0) at += this.takeOuter(part, at)
      else if (byte >= zero && byte <= nine && this.text === undefined) {
        if (!this.turning) await this.begin()
        this.whole = this.whole * 10 + (byte - zero)
        if (++this.digits > 15) this.text = this.spelled()
      } else if (byte === comma) this.endNumber()
      else if (byte === close) this.leave()
      else if (byte === open) this.enter()
      else if (byte === minus && this.digits === 0 && this.text === undefined) this.negative = true
      else if (!blanks.has(byte)) this.takeOdd(byte)
    }
  }

  /** @returns how many bytes more than one were taken */
  private takeOuter(part: Buffer, at: number): number {
    const found = part.indexOf(open, at)
    const end = found < 0 ? part.length : found
    this.outer += part.toString('latin1', at, end)
    if (this.outer.length > mostOuterBytes) throw broken(this.order.who, 'an answer that is no picture')
    if (found < 0) return end - at - 1
    if (!this.seen && /"value"\s*:\s*$/i.test(this.outer)) {
      this.outer += 'null'
      this.seen = true
      this.depth = 1
    } else this.outer += '['
    return end - at
  }

  private enter(): void {
    if (++this.depth > 3 || this.digits > 0) throw broken(this.order.who, 'a picture of more than three dimensions')
  }

  private leave(): void {
    const { who, height } = this.order
    this.endNumber()
    if (this.depth === 3) {
      if (this.inPixel !== this.planes) throw broken(who, `a pixel of ${this.inPixel} colours`)
      this.inPixel = 0
    } else if (this.depth === 2) {
      if (this.inColumn !== height * this.planes) throw broken(who, `a column of ${this.inColumn} samples`)
      this.turning?.take(this.column, 1)
      this.inColumn = 0
    }
    this.depth--
  }

  /** The first number shows how deep the picture is. */
  private async begin(): Promise<void> {
    const { width, height, who } = this.order
    if (this.depth < 2) throw broken(who, 'a picture of one dimension')
    this.planes = this.depth === 3 ? 3 : 1
    const type = elementTypeIn(this.outer)
    const floats = type === elementTypes.double || type === elementTypes.single
    const shape = { width, height, planes: this.planes }
    this.column = new Float64Array(height * this.planes)
    this.turning = await turnColumns(
      { ...this.order, shape, room: floats ? 'f64' : 'i32', narrow: !floats },
      this.signal,
    )
    this.floats = floats
  }
  private takeOdd(byte: number): void {
    this.text = (this.text ?? this.spelled()) + String.fromCharCode(byte)
    if (this.text.length > mostDigits) throw broken(this.order.who, 'a sample that is no number')
  }

  private spelled(): string {
    return `${this.negative ? '-' : ''}${this.digits > 0 ? this.whole : ''}`
  }

  private endNumber(): void {
    if (this.digits === 0 && this.text === undefined) return
    const value = this.text === undefined ? (this.negative ? -this.whole : this.whole) : Number(this.text)
    const fits = this.floats ? Number.isFinite(value) : (value | 0) === value
    if (!fits || !this.turning) throw broken(this.order.who, `a sample of ${this.text ?? value}`)
    if (this.inColumn >= this.column.length) throw broken(this.order.who, `a column of more samples than ordered`)
    this.column[this.inColumn++] = value
    this.inPixel++
    this.whole = 0
    this.digits = 0
    this.negative = false
    this.text = undefined
  }
}

/** Told before the picture by every server that we know of. */
function elementTypeIn(outer: string): Json | undefined {
  const [, type] = /"type"\s*:\s*(\d+)/i.exec(outer) ?? []
  return type === undefined ? undefined : Number(type)
}

/** So that an answer of the wrong kind is not taken for an empty picture. */
export function noPicture(who: string, type: string): Fault {
  return broken(who, `${type || 'something without a type'} in place of a picture`)
}
