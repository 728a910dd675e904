// Which masters of the library serve an exposure, and in words what is missing. Pure: a list of masters, an exposure,
// and the owner's tolerances.
import type { Chosen, ChosenMaster, Master, MissingMaster, Shot } from '../ports/calibration.js'
import type { Card } from '../science/fits-header.js'
import type { MasterKind } from '../science/master-cards.js'

export interface Tolerances {
  readonly temperatureCelsius: number
  /** Darks of another exposure are scaled by means of a bias. */
  readonly scaleDarks: boolean
}

/** Exposures that differ by less are the same: cameras round theirs. */
const sameExposure = (a: number, b: number) => Math.abs(a - b) <= Math.max(0.01 * Math.max(a, b), 0.002)

const both = <T>(a: T | undefined, b: T | undefined): boolean => a !== undefined && b !== undefined

/** What speaks against a master; what its header does not say does not. */
function against(master: Master, shot: Shot, tolerances: Tolerances, checks: readonly Check[]): string[] {
  return checks.flatMap(check => check(master, shot, tolerances) ?? [])
}

type Check = (master: Master, shot: Shot, tolerances: Tolerances) => string | undefined

const camera: Check = (master, shot) =>
  both(master.camera, shot.camera) && master.camera !== shot.camera ? `of camera ${master.camera}` : undefined

const size: Check = (master, { width, height, binning }) => {
  if (master.width !== width || master.height !== height) return `of ${master.width}×${master.height} px`
  return master.binning === binning ? undefined : `at binning ${master.binning}`
}

const exposure: Check = ({ exposureSeconds }, shot) =>
  exposureSeconds !== undefined && !sameExposure(exposureSeconds, shot.exposureSeconds)
    ? `of ${exposureSeconds} s`
    : undefined

const gain: Check = (master, shot) =>
  both(master.gain, shot.gain) && master.gain !== shot.gain ? `at gain ${master.gain}` : undefined

const offset: Check = (master, shot) =>
  both(master.offset, shot.offset) && master.offset !== shot.offset ? `at offset ${master.offset}` : undefined

const temperature: Check = (master, shot, { temperatureCelsius }) =>
  both(master.sensorCelsius, shot.sensorCelsius) && warmth(master, shot) > temperatureCelsius
    ? `at ${master.sensorCelsius!.toFixed(1)} °C`
    : undefined

const filter: Check = (master, shot) =>
  both(master.filter, shot.filter) && master.filter !== shot.filter ? `with filter ${master.filter}` : undefined

const warmth = (master: Master, shot: Shot) =>
  Math.abs((master.sensorCelsius ?? shot.sensorCelsius ?? 0) - (shot.sensorCelsius ?? 0))

const checksOf: Readonly<Record<MasterKind, readonly Check[]>> = {
  dark: [camera, size, exposure, gain, offset, temperature],
  bias: [camera, size, gain, offset],
  flat: [camera, size, filter],
  bad: [camera, size],
}
/** What even the owner's word does not overrule. */
const firmOf: Readonly<Record<MasterKind, readonly Check[]>> = {
  dark: [camera, size, exposure],
  bias: [camera, size],
  flat: [camera, size],
  bad: [camera, size],
}

/** The masters to apply to a shot, the reasons for those that are missing, and the cards that say both. */
export function chooseMasters(library: readonly Master[], shot: Shot, tolerances: Tolerances): Chosen {
  const find = (kind: MasterKind) => best(library, kind, shot, tolerances)
  const masters: ChosenMaster[] = []
  const missing: MissingMaster[] = []
  const take = ({ kind, path }: Master, scale?: number) =>
    masters.push({ kind, path, ...(scale === undefined ? {} : { scale }) })

  const dark = find('dark')
  const bias = find('bias')
  const scaled = dark || !tolerances.scaleDarks || !bias ? undefined : toScale(library, shot, tolerances)
  if (dark) take(dark)
  else if (scaled && bias) {
    take(scaled, shot.exposureSeconds / scaled.exposureSeconds!)
    take(bias)
  } else {
    missing.push({ kind: 'dark', words: lackWords(library, 'dark', shot, tolerances) })
    if (bias) take(bias)
  }
  const flat = find('flat')
  if (flat) take(flat)
  else missing.push({ kind: 'flat', words: lackWords(library, 'flat', shot, tolerances) })
  const map = find('bad')
  if (map) take(map)
  return { masters, missing, cards: cardsOf(masters, missing) }
}

/** Those that were chosen before, with the cards that say so; `undefined` when one of them is gone. */
export function sameMasters(library: readonly Master[], before: readonly ChosenMaster[]): Chosen | undefined {
  if (!before.every(({ path }) => library.some(master => master.path === path))) return undefined
  const lacking = (['dark', 'flat'] as const).filter(kind => !before.some(one => one.kind === kind))
  const missing = lacking.map(kind => ({ kind, words: `no ${kind}, as there was none that fits at the beginning` }))
  return { masters: before, missing, cards: cardsOf(before, missing) }
}

function best(library: readonly Master[], kind: MasterKind, shot: Shot, tolerances: Tolerances): Master | undefined {
  const usable = library.filter(master => master.kind === kind && master.use !== 'never')
  const wanted = usable.find(one => one.use === 'always' && fits(one, shot, tolerances, firmOf))
  if (wanted) return wanted
  return usable.filter(one => fits(one, shot, tolerances, checksOf)).sort(better(shot))[0]
}

const fits = (master: Master, shot: Shot, tolerances: Tolerances, checks: typeof checksOf) =>
  against(master, shot, tolerances, checks[master.kind]).length === 0

/** The nearest temperature, to the degree; then the newest; then the one of more frames. */
const better = (shot: Shot) => (a: Master, b: Master) =>
  Math.round(warmth(a, shot)) - Math.round(warmth(b, shot)) ||
  (b.madeMs ?? 0) - (a.madeMs ?? 0) ||
  (b.frames ?? 0) - (a.frames ?? 0) ||
  (a.path < b.path ? -1 : 1)

/** The longest dark that fits in all but its exposure: what is scaled down keeps its noise low. */
function toScale(library: readonly Master[], shot: Shot, tolerances: Tolerances): Master | undefined {
  const checks = checksOf.dark.filter(check => check !== exposure)
  return library
    .filter(({ kind, use, exposureSeconds }) => kind === 'dark' && use !== 'never' && (exposureSeconds ?? 0) > 0)
    .filter(master => against(master, shot, tolerances, checks).length === 0)
    .sort((a, b) => b.exposureSeconds! - a.exposureSeconds! || better(shot)(a, b))[0]
}

/** What a master of that kind would have to be, and the nearest one there is. */
function lackWords(library: readonly Master[], kind: 'dark' | 'flat', shot: Shot, tolerances: Tolerances): string {
  const { width, height, binning, exposureSeconds, gain: atGain, sensorCelsius, filter: through } = shot
  const wanted =
    kind === 'dark'
      ? [
          `of ${exposureSeconds} s`,
          ...(atGain === undefined ? [] : [`gain ${atGain}`]),
          ...(sensorCelsius === undefined ? [] : [`${sensorCelsius.toFixed(0)} °C`]),
        ]
      : [through === undefined ? 'of any filter' : `with filter ${through}`]
  const words = `no ${kind} ${[...wanted, `${width}×${height} px`, `binning ${binning}`].join(', ')}`
  const near = library
    .filter(master => master.kind === kind)
    .map(master => ({ master, reasons: against(master, shot, tolerances, checksOf[kind]) }))
    .sort((a, b) => a.reasons.length - b.reasons.length || better(shot)(a.master, b.master))[0]
  if (!near) return words
  const reasons = near.master.use === 'never' ? ['never used, as the owner chose'] : near.reasons
  return `${words}; ${nameOf(near.master.path)} is ${reasons.join(', ')}`
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

const letters: Readonly<Record<MasterKind, string>> = { bias: 'B', dark: 'D', flat: 'F', bad: 'P' }

function cardsOf(masters: readonly ChosenMaster[], missing: readonly MissingMaster[]): Card[] {
  const steps = [...new Set(masters.map(({ kind }) => letters[kind]))].join('')
  return [
    ...(steps === '' ? [] : [{ keyword: 'CALSTAT', value: steps, comment: 'B bias D dark F flat P bad pixels' }]),
    ...masters.map(({ kind, path, scale }): Card => {
      const times = scale === undefined ? '' : `, scaled by ${scale.toPrecision(6)}`
      return { keyword: 'HISTORY', value: `calibrated: ${kind} ${nameOf(path)}${times}` }
    }),
    ...missing.map(({ kind }): Card => ({ keyword: 'HISTORY', value: `not calibrated: no ${kind} that fits` })),
  ]
}
