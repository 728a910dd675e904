// Frames on the shelf into a master: strips of rows of all of them at a time, so that a hundred frames take no more
// memory than ten.
import { basename, join } from 'node:path'
import type { MasterMade, MasterOrder } from '../ports/calibration.js'
import { Fault } from '../ports/fault.js'
import { type Card, numberOf } from '../science/fits-header.js'
import { masterCards } from '../science/master-cards.js'
import { cellLevels, clippedMean, normaliseRows } from '../science/masters.js'
import { oddInDark, oddInFlat } from '../science/odd-pixels.js'
import { medianInPlace, spreadInPlace } from '../science/order-statistic.js'
import { type FrameFile, openFrameFile } from './frame-file.js'
import { rowReader } from './row-reader.js'
import { writeStackFile } from './stack-file.js'

/** Rows of all frames at a time are no more than this. */
const stripBytes = 64 * 2 ** 20
/** Of full scale; a flat with less has more noise than light. */
const leastLight = 0.002
const mostRows = 64
export const mostFrames = 100
/** Pairs of rows that a frame's level is taken from. */
const levelPairs = 48
/** A dark with more light than this was not taken in the dark. */
const mostDarkShare = 0.2

interface Opened {
  readonly name: string
  readonly file: FrameFile
}

/** Rows of a frame, see `rowReader`; what goes wrong is told with its name. */
type ReadRows = (from: Opened, firstRow: number, to: Float32Array) => void

/**
 * Combines frames by a sigma-clipped mean and writes the master aside.
 * @param archive  folder that paths of frames start from
 * @throws Fault `bad-input` naming the frame that does not go with the others, or with what it is said to be
 */
export function makeMaster(order: MasterOrder, archive: string): MasterMade {
  const { kind, frames, pedestal } = order
  if (frames.length === 0 || frames.length > mostFrames) {
    const words = `a master is made of 1 to ${mostFrames} frames, not of ${frames.length}`
    throw new Fault('bad-input', words, 'Choose other frames')
  }
  const opened: Opened[] = []
  const open = (path: string) => {
    const file = named(path, () => openFrameFile(join(archive, path)))
    opened.push({ name: basename(path), file })
    return file
  }
  try {
    for (const path of frames) open(path)
    const members = [...opened]
    const dark = kind === 'dark'
    const base = pedestal === undefined ? undefined : { name: basename(pedestal), file: open(pedestal) }
    for (const member of members) demandSame(member, members[0], ['GAIN', 'XBINNING', ...(dark ? ['EXPTIME'] : [])])
    if (base) demandSame(base, members[0], ['GAIN', 'XBINNING'])
    return combine(order, members, base)
  } finally {
    for (const { file } of opened) file.close()
  }
}

function combine({ kind, aside, cards }: MasterOrder, members: readonly Opened[], base: Opened | undefined) {
  const { raw, bayer, topDown } = members[0].file
  const { width, height, planes } = raw
  const isCell = bayer !== undefined && planes === 1
  const rowsAtATime = Math.max(2, Math.min(mostRows, Math.floor(stripBytes / (4 * width * (members.length + 1)))))
  const read = rowReader(width, Math.max(rowsAtATime, 2 * levelPairs))
  const reader: ReadRows = ({ name, file }, firstRow, to) => named(name, () => read(file.raw, firstRow, to))
  const levels = members.map(member => levelsOf(reader, member, base, kind === 'flat' && isCell))
  const share = fullScale(raw.form.type)
  const levelAdu = medianOf(levels.map(meanOf))
  const levelShare = share === undefined ? undefined : levelAdu / share
  const spread = members.length > 1 ? pairNoise(reader, members[0], members[1]) : 0
  if (kind === 'flat') demandLight(levels.flat(), levelAdu, levelShare)
  else demandDark(members, levels.map(meanOf), levelAdu, levelShare, spread)

  const samples = new Float32Array(width * height * planes)
  const rows = members.map(() => new Float32Array(rowsAtATime * width))
  const below = new Float32Array(rowsAtATime * width)
  const sigmas: number[] = []
  let clipped = 0
  for (let plane = 0; plane < planes; plane++) {
    for (let first = 0; first < height; first += rowsAtATime) {
      const count = Math.min(rowsAtATime, height - first) * width
      const row = plane * height + first
      if (base) reader(base, row, below.subarray(0, count))
      members.forEach((member, i) => {
        const mine = rows[i].subarray(0, count)
        reader(member, row, mine)
        if (kind === 'flat') normaliseRows(mine, width, first, base && below, levels[i])
      })
      const strip = clippedMean(
        rows.map(mine => mine.subarray(0, count)),
        count,
        samples.subarray(row * width, row * width + count),
      )
      sigmas.push(strip.sigma)
      clipped += strip.clipped
    }
  }
  const noiseAdu = medianOf(sigmas) * (kind === 'flat' ? levelAdu : 1)
  let badPixels = 0
  for (let first = 0; first < samples.length; first += width * height) {
    const plane = samples.subarray(first, first + width * height)
    if (kind === 'flat') badPixels += oddInFlat(plane, width, height, isCell).length
    else {
      const { hot, cold } = oddInDark(plane, width, height, noiseAdu)
      badPixels += hot.length + cold.length
    }
  }
  const clippedShare = clipped / (samples.length * members.length)
  const temperatures = members.flatMap(({ file }) => numberOf(file.cards, 'CCD-TEMP') ?? [])
  const said = {
    ...{ kind, levelAdu, noiseAdu, clippedShare, badPixels },
    frames: members.map(({ name }) => name),
    ...(temperatures.length > 0 ? { sensorCelsius: meanOf(temperatures) } : {}),
    ...(base ? { pedestal: base.name } : {}),
  }
  const header: Card[] = masterCards(members[0].file.cards, said, cards)
  const image = { width, height, planes, type: 'f32', samples, topDown, ...(bayer ? { bayer } : {}) } as const
  writeStackFile(aside, image, 1, header)
  const made = { width, height, planes, frames: members.length, levelAdu, noiseAdu, clippedShare, badPixels }
  return levelShare === undefined ? made : { ...made, levelShare }
}

/** See `cellLevels`, from pairs of rows all over the frame, with the pedestal taken off. */
function levelsOf(reader: ReadRows, member: Opened, base: Opened | undefined, bayer: boolean): number[] {
  const { width, height } = member.file.raw
  const rows = sampleRows(reader, member)
  if (base) {
    const below = sampleRows(reader, base)
    for (let i = 0; i < rows.length; i++) rows[i] -= below[i]
  }
  const levels = cellLevels(rows, width, Math.min(height, rows.length / width), bayer)
  if (levels.every(level => Number.isFinite(level))) return levels
  throw new Fault('bad-input', `${member.name} holds no light at all`, 'Leave it out')
}

/** @throws Fault `bad-input` for flats whose light is lost in their noise, whatever would be divided by it */
function demandLight(levels: readonly number[], levelAdu: number, levelShare: number | undefined): void {
  if (levels.every(level => level > 0) && (levelShare === undefined || levelShare > leastLight)) return
  const words = `the flats hold hardly any light: ${levelAdu.toFixed(1)} ADU`
  throw new Fault('bad-input', words, 'Light the panel, or expose longer: 20 to 70 % of full scale are good')
}

/** Pairs of neighbouring rows, the first of each an even one, so that Bayer cells stay whole. */
function sampleRows(reader: ReadRows, member: Opened): Float32Array {
  const { width, height } = member.file.raw
  const pairs = Math.max(1, Math.min(levelPairs, height >> 1))
  const deep = Math.min(2, height)
  const rows = new Float32Array(pairs * deep * width)
  for (let pair = 0; pair < pairs; pair++) {
    const row = 2 * Math.floor((pair * (height >> 1)) / pairs)
    reader(member, row, rows.subarray(pair * deep * width, (pair + 1) * deep * width))
  }
  return rows
}

/** Temporal noise of one frame from the difference of two. */
function pairNoise(reader: ReadRows, one: Opened, other: Opened): number {
  const apart = sampleRows(reader, one)
  const second = sampleRows(reader, other)
  for (let i = 0; i < apart.length; i++) apart[i] -= second[i]
  const middle = medianInPlace(apart.slice(), apart.length)
  return spreadInPlace(apart, apart.length, middle) / Math.SQRT2
}

function demandSame({ name, file }: Opened, { name: first, file: model }: Opened, cards: readonly string[]): void {
  const { raw } = file
  const wanted = model.raw
  if (raw.width !== wanted.width || raw.height !== wanted.height || raw.planes !== wanted.planes) {
    const sizes = `${raw.width}×${raw.height} px, ${first} has ${wanted.width}×${wanted.height}`
    throw new Fault('bad-input', `${name} has ${sizes}`, 'Combine frames of one size')
  }
  for (const keyword of cards) {
    const [mine, theirs] = [numberOf(file.cards, keyword), numberOf(model.cards, keyword)]
    if (mine === undefined || theirs === undefined || mine === theirs) continue
    const words = `${name} has ${keyword} ${mine}, ${first} has ${theirs}`
    throw new Fault('bad-input', words, 'Combine frames of one kind')
  }
}

/** Darks and bias frames are dark, and one is like the other. */
function demandDark(
  members: readonly Opened[],
  levels: readonly number[],
  levelAdu: number,
  levelShare: number | undefined,
  spread: number,
): void {
  const fix = 'Cap the telescope, look for light that leaks in, and take them again'
  if (levelShare !== undefined && levelShare > mostDarkShare) {
    const words = `half of these frames' pixels are above ${Math.round(100 * levelShare)} % of full scale`
    throw new Fault('bad-input', `${words}: they were not taken in the dark`, fix)
  }
  members.forEach(({ name }, i) => {
    const apart = levels[i] - levelAdu
    if (Math.abs(apart) <= 5 * spread + 5) return
    const words = `${name} is ${Math.abs(apart).toFixed(1)} ADU ${apart > 0 ? 'brighter' : 'darker'} than the others`
    throw new Fault('bad-input', `${words}: light leaks in, or the temperature changed`, fix)
  })
}

function fullScale(type: string): number | undefined {
  if (type === 'u8') return 255
  return type === 'u16' || type === 'i16' ? 65_535 : undefined
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function medianOf(values: readonly number[]): number {
  return medianInPlace(Float64Array.from(values), values.length)
}

/** What goes wrong with a file is told with its name. */
function named<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const words = `${basename(path)} cannot be read: ${(error as Error).message}`
    throw new Fault('bad-input', words, 'Leave it out', { cause: error })
  }
}
