// What a run of frames tells of the sky and the glass: dew, cloud, focus that drifts. Frame by frame, from numbers that
// are measured anyway; each word comes after it has been seen several times and goes when it is clearly over.

export type TrendWord = 'dew' | 'cloud' | 'focus-drift'

/** One measured frame. Frames of another `kind` (camera, filter, exposure, binning, object …) begin anew. */
export interface FrameNumbers {
  readonly kind: string
  readonly atMs: number
  readonly stars: number
  readonly hfdPx?: number
  /** Light of a star of fixed rank, so that it says how much comes through; absent where there are too few stars. */
  readonly fluxAdu?: number
  readonly backgroundAdu: number
}

export interface TrendState {
  readonly kind: string
  /** Oldest first. */
  readonly frames: readonly FrameNumbers[]
  readonly word?: TrendWord
  /** A word that may come or go, and how many frames in a row have said so. */
  readonly next?: { readonly word: TrendWord | undefined; readonly times: number }
}

export const noTrend: TrendState = { kind: '', frames: [] }

/** How the newest frames stand against the best ones of this run: 1 is as good as they were. */
export interface Standing {
  readonly light: number // of stars, that comes through
  readonly size: number // of stars
  readonly background: number
  /** From the last frame in good light to the first in bad. */
  readonly fallMs: number
  /** 1: light fell steadily; more: it came and went. */
  readonly restless: number
}

const mostFrames = 400
const windowMs = 3 * 3_600_000
/** After such a pause nothing can be said of what came before. */
const gapMs = 45 * 60_000
const leastFrames = 4

const lostLight = 0.65
const backLight = 0.82
const goodLight = 0.85
const wideStars = 1.2
const narrowStars = 1.1
/** What takes longer to darken a frame is not a cloud's edge. */
const suddenMs = 6 * 60_000
const restlessCloud = 2
const timesToCome: Readonly<Record<TrendWord, number>> = { cloud: 2, dew: 3, 'focus-drift': 3 }
const timesToGo = 2

/** @returns the state after this frame; the trend's word is in it */
export function withFrame(state: TrendState, frame: FrameNumbers): TrendState {
  const last = state.frames.at(-1)
  const goesOn = last !== undefined && state.kind === frame.kind && frame.atMs - last.atMs <= gapMs
  if (!goesOn) return { kind: frame.kind, frames: [frame] }
  const frames = [...state.frames, frame].filter(one => one.atMs >= frame.atMs - windowMs).slice(-mostFrames)
  const standing = standingOf(frames)
  if (!standing) return { ...state, frames }
  const seen = judge(standing, state.word)
  if (seen === state.word) return { kind: frame.kind, frames, word: state.word }
  const times = state.next && state.next.word === seen ? state.next.times + 1 : 1
  const enough = times >= (seen === undefined ? timesToGo : timesToCome[seen])
  return enough
    ? { kind: frame.kind, frames, word: seen }
    : { kind: frame.kind, frames, word: state.word, next: { word: seen, times } }
}

/** What the numbers say by themselves; what stands already needs less to stay. */
function judge({ light, size, fallMs, restless }: Standing, standing: TrendWord | undefined): TrendWord | undefined {
  const dark = standing === 'cloud' || standing === 'dew'
  if (light < (dark ? backLight : lostLight)) {
    if (dark) return standing
    return fallMs <= suddenMs || restless > restlessCloud ? 'cloud' : 'dew'
  }
  if (size > (standing === 'focus-drift' ? narrowStars : wideStars)) return 'focus-drift'
  return undefined
}

/** @returns undefined while there are too few frames, or never were any stars */
export function standingOf(frames: readonly FrameNumbers[]): Standing | undefined {
  if (frames.length < leastFrames) return undefined
  const lights = lightsOf(frames)
  const best = Math.max(...smoothed(lights))
  if (!(best > 0)) return undefined
  const sizes = frames.flatMap(({ hfdPx }) => (hfdPx === undefined ? [] : [hfdPx]))
  const smooth = smoothed(sizes)
  const light = lights.map(value => value / best)
  const lastGood = light.findLastIndex(value => value >= goodLight)
  const firstBad = light.findIndex((value, index) => index > lastGood && value < lostLight)
  const fall = light.slice(Math.max(0, lastGood))
  return {
    light: smoothed(light).at(-1)!,
    size: sizes.length < leastFrames ? 1 : smooth.at(-1)! / smallOf(smooth),
    background: frames.at(-1)!.backgroundAdu / medianOf(frames.map(one => one.backgroundAdu)),
    fallMs: lastGood < 0 || firstBad < 0 ? 0 : frames[firstBad].atMs - frames[lastGood].atMs,
    restless: restlessnessOf(fall),
  }
}

/** By the light of a star of fixed rank where all frames in question have enough stars, by their number elsewhere. */
function lightsOf(frames: readonly FrameNumbers[]): number[] {
  const fluxes = smoothed(frames.map(({ fluxAdu }) => fluxAdu ?? 0))
  const mostFlux = Math.max(...fluxes)
  const mostStars = Math.max(...smoothed(frames.map(({ stars }) => stars)))
  if (!(mostStars > 0)) return frames.map(() => 0)
  return frames.map(({ fluxAdu, stars }) => {
    if (fluxAdu !== undefined && mostFlux > 0) return fluxAdu / mostFlux
    // Too few stars for that rank: at best as much light as their number says.
    return stars / mostStars
  })
}

/** How far the light went in all, over how far it fell in the end. */
function restlessnessOf(light: readonly number[]): number {
  let path = 0
  for (let i = 1; i < light.length; i++) path += Math.abs(light[i] - light[i - 1])
  const fallen = light[0] - Math.min(...light)
  return fallen > 0 ? path / fallen : 1
}

/** Medians of three in a row: one odd frame is no trend. */
function smoothed(values: readonly number[]): number[] {
  if (values.length < 3) return [...values]
  return values.slice(2).map((_, i) => medianOf(values.slice(i, i + 3)))
}

/** Among the smallest; the very smallest was luck. */
function smallOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 8)]
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

/** What a person at the pier does with it. */
export const trendWords: Readonly<Record<TrendWord, string>> = {
  cloud: 'Cloud: the stars are losing light quickly',
  // A thin haze looks the same from below.
  dew: 'Dew: the stars have been losing light slowly. Look at the lens and turn the heater up',
  'focus-drift': 'Focus drifts: the stars grow, though their light comes through. Focus again',
}
