// What the header of a master says, ours or anybody's.
import { dateObsMs } from './fits-date.js'
import { type Card, numberOf, textOf } from './fits-header.js'

export const masterKinds = ['dark', 'flat', 'bias', 'bad'] as const
export type MasterKind = (typeof masterKinds)[number]

/** What the header does not say is absent, and then no ground for a refusal. */
export interface MasterFacts {
  /** Absent when neither IMAGETYP nor FRAME names one. */
  readonly kind?: MasterKind
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  readonly binning: number
  /** Device name for our own. */
  readonly camera?: string
  /** What INSTRUME says. */
  readonly instrument?: string
  readonly exposureSeconds?: number
  readonly gain?: number
  readonly offset?: number
  readonly sensorCelsius?: number
  readonly filter?: string
  /** How many frames went in. */
  readonly frames?: number
  /** Unix ms UTC: when the first of its frames was taken. */
  readonly madeMs?: number
  readonly medianAdu?: number
  /** Temporal noise of one of its frames. */
  readonly noiseAdu?: number
}

/** Keywords of ours in masters. */
export const masterKeywords = {
  camera: 'PS_CAM',
  frames: 'NCOMBINE',
  median: 'PS_MED',
  noise: 'PS_NOISE',
  bad: 'PS_BAD',
  clipped: 'PS_CLIP',
} as const

const types: Readonly<Record<MasterKind, string>> = {
  dark: 'Master Dark',
  flat: 'Master Flat',
  bias: 'Master Bias',
  bad: 'Bad Pixel Map',
}

/** Cards of a frame that stay true of the master it went into. */
const lasting = new Set([
  ...['INSTRUME', 'TELESCOP', 'FOCALLEN', 'APTDIA', 'OBSERVER', 'ORIGIN', 'SITELAT', 'SITELONG', 'SITEELEV'],
  ...['XBINNING', 'YBINNING', 'XPIXSZ', 'YPIXSZ', 'XORGSUBF', 'YORGSUBF', 'READOUTM', 'EXPTIME', 'EXPOSURE'],
  ...['GAIN', 'OFFSET', 'EGAIN', 'SET-TEMP', 'FILTER', 'DATE-OBS', 'BAYERPAT', 'PS_CAM'],
])

export interface MasterNumbers {
  readonly kind: MasterKind
  /** Names of the frames, as they go into HISTORY. */
  readonly frames: readonly string[]
  /** Mean over the frames that tell one. */
  readonly sensorCelsius?: number
  readonly levelAdu: number
  readonly noiseAdu: number
  readonly clippedShare: number
  readonly badPixels: number
  /** What was taken off a flat's frames. */
  readonly pedestal?: string
}

/**
 * All cards of a master but the layout.
 * @param first  cards of its first frame
 * @param ours  who wrote it, and when
 */
export function masterCards(first: readonly Card[], said: MasterNumbers, ours: readonly Card[]): Card[] {
  const dark = said.kind === 'dark' || said.kind === 'bias'
  const cards: Card[] = first.filter(({ keyword }) => lasting.has(keyword) && !(dark && keyword === 'FILTER'))
  const put = (keyword: string, value: Card['value'], comment: string, real = false) =>
    cards.push({ keyword, value, comment, ...(real ? { real } : {}) })
  put('IMAGETYP', types[said.kind], 'type of frame')
  if (said.sensorCelsius !== undefined)
    put('CCD-TEMP', rounded(said.sensorCelsius, 2), 'degC, mean of the frames', true)
  put(masterKeywords.frames, said.frames.length, 'frames in this mean')
  put(masterKeywords.median, rounded(said.levelAdu, 3), '[ADU] median of a frame', true)
  put(masterKeywords.noise, rounded(said.noiseAdu, 4), '[ADU] temporal noise of one frame', true)
  put(masterKeywords.clipped, rounded(said.clippedShare, 7), 'share of samples left out by sigma clipping', true)
  put(masterKeywords.bad, said.badPixels, 'pixels that stand out')
  cards.push(...ours)
  cards.push({ keyword: 'HISTORY', value: 'sigma-clipped mean of these frames' })
  for (const frame of said.frames) cards.push({ keyword: 'HISTORY', value: `combined ${frame}` })
  if (said.pedestal !== undefined) cards.push({ keyword: 'HISTORY', value: `each less ${said.pedestal}` })
  return cards
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits))

/** @param cards  of the whole header, layout included */
export function masterFacts(cards: readonly Card[]): MasterFacts {
  const facts = {
    kind: kindOf(textOf(cards, 'IMAGETYP') ?? textOf(cards, 'FRAME') ?? ''),
    width: numberOf(cards, 'NAXIS1') ?? 0,
    height: numberOf(cards, 'NAXIS2') ?? 0,
    planes: numberOf(cards, 'NAXIS3') ?? 1,
    binning: numberOf(cards, 'XBINNING') ?? 1,
    camera: textOf(cards, masterKeywords.camera),
    instrument: textOf(cards, 'INSTRUME'),
    exposureSeconds: numberOf(cards, 'EXPTIME') ?? numberOf(cards, 'EXPOSURE'),
    gain: numberOf(cards, 'GAIN'),
    offset: numberOf(cards, 'OFFSET') ?? numberOf(cards, 'BLKLEVEL'),
    sensorCelsius: numberOf(cards, 'CCD-TEMP') ?? numberOf(cards, 'SET-TEMP'),
    filter: textOf(cards, 'FILTER'),
    frames: numberOf(cards, masterKeywords.frames) ?? numberOf(cards, 'STACKCNT'),
    madeMs: dateObsMs(cards),
    medianAdu: numberOf(cards, masterKeywords.median),
    noiseAdu: numberOf(cards, masterKeywords.noise),
  }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as unknown as MasterFacts
}

function kindOf(type: string): MasterKind | undefined {
  const said = type.toLowerCase()
  if (/bad|defect|hot|pixel map/.test(said)) return 'bad'
  if (said.includes('flat')) return 'flat'
  if (said.includes('dark')) return 'dark'
  return /bias|zero|offset/.test(said) ? 'bias' : undefined
}
