// The header of an archived frame: the source's cards, over them what frame and order know, over them what the service
// says of the observatory. Keywords of SBFITSEXT 1.0 and the usual capture programs.
import type { Frame, FrameType } from '../ports/frame.js'
import type { Order } from '../ports/store.js'
import { type Card, replaceCards, textOf } from '../science/fits-header.js'
import { lawfulCards } from './lawful-cards.js'

/** A frame without its memory's counters: what crosses to the store's thread. */
export type StoredFrame = Omit<Frame, 'memory'>

/** Where this archive's own facts stand, so that a row can be had again from the file alone. */
export const ownKeywords = {
  id: 'PS_ID',
  camera: 'PS_CAM',
  number: 'PS_NUM',
  total: 'PS_TOTAL',
  activity: 'PS_ACT',
} as const

const imageTypes: Readonly<Record<FrameType, string>> = {
  light: 'Light Frame',
  dark: 'Dark Frame',
  bias: 'Bias Frame',
  flat: 'Flat Field',
}

/** The order with the object and filter of the source's header where nobody named one. */
export function completeOrder(frame: StoredFrame, order: Order): Order {
  const said = (keyword: string) => {
    const text = textOf(frame.cards, keyword)
    return text === undefined || /^unknown$/i.test(text) ? undefined : text
  }
  const object = order.object ?? said('OBJECT')
  const filter = order.filter ?? said('FILTER')
  return { ...order, ...(object === undefined ? {} : { object }), ...(filter === undefined ? {} : { filter }) }
}

/**
 * All cards of the file but the layout and checksums, which `fitsHeader` adds.
 * @param order as `completeOrder` gives it
 * @param cards the service's; they win
 * @param software name and version, for SWCREATE
 * @param writtenMs when the file is written, Unix ms UTC
 */
export function frameCards(
  frame: StoredFrame,
  order: Order,
  cards: readonly Card[],
  software: string,
  writtenMs: number,
): Card[] {
  const derived = [...takenCards(frame, order), ...shelfCards(order, software, writtenMs)]
  const taken = new Set(derived.map(card => card.keyword))
  // A replayed file's own marks are those of another exposure, and times or places in it may be stale where we know
  // none.
  const source = frame.cards.filter(card => taken.has(card.keyword) || !marks.has(card.keyword))
  if (textOf(source, 'INSTRUME') === undefined) derived.push(text('INSTRUME', order.camera, 'camera'))
  // Source cards first become lawful: a doubled or forbidden one must not displace a comment of ours.
  const axes = frame.planes === 1 ? 2 : 3
  const kept = replaceCards(lawfulCards(source, axes), derived)
  return lawfulCards(replaceCards(kept, cards), axes)
}

const marks: ReadonlySet<string> = new Set([...Object.values(ownKeywords), 'SWMODIFY'])

function takenCards(frame: StoredFrame, order: Order): Card[] {
  const { binning, region, pixelMicrons } = frame
  const cards: Card[] = [
    text('DATE-OBS', isoUtc(frame.startedMs), 'UTC, shutter open'),
    real('EXPTIME', frame.exposureSeconds, 's'),
    real('EXPOSURE', frame.exposureSeconds, 's'),
    text('IMAGETYP', imageTypes[order.frameType], 'type of frame'),
    { keyword: 'XBINNING', value: binning.x, comment: 'px' },
    { keyword: 'YBINNING', value: binning.y, comment: 'px' },
  ]
  if (order.object !== undefined) cards.push(text('OBJECT', order.object, 'object of interest'))
  if (frame.readout !== undefined) cards.push(text('READOUTM', frame.readout, 'readout mode'))
  if (order.filter !== undefined) cards.push(text('FILTER', order.filter, 'filter'))
  if (region) {
    // SBFITSEXT counts the corner of a part of the sensor in binned pixels.
    cards.push({ keyword: 'XORGSUBF', value: Math.floor(region.x / binning.x), comment: 'px, binned; left column' })
    cards.push({ keyword: 'YORGSUBF', value: Math.floor(region.y / binning.y), comment: 'px, binned; top row' })
  }
  if (pixelMicrons) {
    cards.push(real('XPIXSZ', rounded(pixelMicrons.x * binning.x), 'micron, with binning'))
    cards.push(real('YPIXSZ', rounded(pixelMicrons.y * binning.y), 'micron, with binning'))
  }
  const more: [string, number | undefined, string][] = [
    ['CCD-TEMP', frame.sensorCelsius, 'degC, sensor'],
    ['SET-TEMP', frame.setCelsius, 'degC, cooler target'],
    ['EGAIN', frame.electronsPerAdu, 'electrons per ADU'],
    ['GAIN', frame.gain, 'as the camera counts it'],
    ['OFFSET', frame.offset, 'as the camera counts it'],
  ]
  for (const [keyword, value, comment] of more) {
    if (value === undefined || !Number.isFinite(value)) continue
    cards.push(keyword === 'GAIN' || keyword === 'OFFSET' ? { keyword, value, comment } : real(keyword, value, comment))
  }
  return cards
}

function shelfCards(order: Order, software: string, writtenMs: number): Card[] {
  const cards: Card[] = [
    text('SWCREATE', software, 'program that wrote this file'),
    text('DATE', isoUtc(writtenMs), 'UTC, file written'),
    text(ownKeywords.id, order.id, 'exposure'),
    text(ownKeywords.camera, order.camera, 'device'),
    { keyword: ownKeywords.number, value: order.number, comment: 'place in the run' },
    { keyword: ownKeywords.total, value: order.total, comment: 'frames in the run; 0 is without end' },
  ]
  if (order.activity !== undefined) cards.push(text(ownKeywords.activity, order.activity, 'what ordered it'))
  return cards
}

const text = (keyword: string, value: string, comment: string): Card => ({ keyword, value, comment })
const real = (keyword: string, value: number, comment: string): Card => ({ keyword, value, comment, real: true })
/** A product such as 3.76 × 3, without the digits that binary numbers add. */
const rounded = (value: number) => Number(value.toPrecision(12))
/** `YYYY-MM-DDThh:mm:ss.sss`: dates in FITS carry no zone (§9.1.1). */
const isoUtc = (atMs: number) => new Date(atMs).toISOString().slice(0, -1)
