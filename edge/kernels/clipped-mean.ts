// The sky among stars, told from a list of samples: robust start by medians of medians, then clipping about the mean.
import type { Views } from './memory.js'

const f = Math.fround
const sigmaOfMad = 1.482602218505602 // a Gaussian's standard deviation over its median absolute deviation
const sigmaAfterClip = 0.9866 // standard deviation of a unit Gaussian cut at ±3
const endless = 3e38

/**
 * Mean and spread of samples with outliers clipped off, written as two f64 to `answer`; two NaN when fewer than half
 * of the samples are numbers.
 *
 * Start: median and MAD as medians of three, of three … ("remedian": Rousseeuw & Bassett, JASA 85 (1990) 97), each
 * three a third of the list apart, so that a star's neighbouring pixels are split up. Then up to five rounds of 3-sigma
 * clipping about the mean: where the noise is close to one ADU a median moves in steps of one. Whole numbers alone are
 * a sensor's steps, and their spread is never taken for less than half of one at the start.
 *
 * @param from  4 · `vectors` f32; NaN among them are replaced by infinities of both signs in turn
 * @param work  a third as much memory, overwritten
 */
export function clippedMean(views: Views, from: number, vectors: number, work: number, answer: number): void {
  const { f32, f64 } = views
  const at = from >> 2
  const out = answer >> 3
  f64[out] = Number.NaN
  f64[out + 1] = Number.NaN
  let valid = 0
  let whole = true
  for (let i = 0; i < 4 * vectors; i++) {
    const value = f32[at + i]
    if (!Number.isNaN(value)) valid++
    else f32[at + i] = (i >> 2) & 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    whole &&= f32[at + i] === Math.floor(f32[at + i])
  }
  if (valid < 2 * vectors || vectors === 0) return
  const centre = remedian(views, from, vectors, work)
  if (!(Math.abs(centre) < endless)) return
  const spread = remedian(views, from, vectors, work, centre)
  if (!(spread < endless)) return
  let mean: number = centre
  let sigma = sigmaOfMad * spread
  if (whole && sigma < 0.5) sigma = 0.5
  for (let round = 0; round < 5; round++) {
    const middle = f(mean)
    const low = f(mean - 3 * sigma)
    const high = f(mean + 3 * sigma)
    const sum = [0, 0, 0, 0]
    const squares = [0, 0, 0, 0]
    let kept = 0
    for (let i = 0; i < 4 * vectors; i++) {
      const value = f32[at + i]
      const inside = value >= low && value <= high
      const offset = inside ? f(value - middle) : 0
      if (inside) kept++
      sum[i & 3] = f(sum[i & 3] + offset)
      squares[i & 3] = f(squares[i & 3] + f(offset * offset))
    }
    if (kept === 0) break
    const shift = (sum[0] + sum[1] + (sum[2] + sum[3])) / kept
    const variance = (squares[0] + squares[1] + (squares[2] + squares[3])) / kept - shift * shift
    mean = middle + shift
    const clipped = Math.sqrt(Math.max(0, variance)) / sigmaAfterClip
    if (Math.abs(clipped - sigma) < 1e-3 * sigma || clipped === 0) break
    sigma = clipped
  }
  f64[out] = mean
  f64[out + 1] = sigma
}

// No NaN is left among the samples, and of two zeros the first stays, as in the vector instruction.
function least(a: number, b: number): number {
  if (b < a) return b
  return a
}

function most(a: number, b: number): number {
  if (a < b) return b
  return a
}

/** Of the samples themselves, or of their distances from `centre`. */
function remedian({ f32 }: Views, from: number, vectors: number, work: number, centre?: number): number {
  const value = (i: number) => {
    const sample = f32[(from >> 2) + i]
    return centre === undefined ? sample : Math.abs(f(sample - centre))
  }
  const place = work >> 2
  let count = Math.floor(vectors / 3)
  if (count === 0) for (let lane = 0; lane < 4; lane++) f32[place + lane] = value(lane)
  for (let i = 0; i < 4 * count; i++) f32[place + i] = middle(value(i), value(i + 4 * count), value(i + 8 * count))
  while (count >= 3) {
    const third = Math.floor(count / 3)
    for (let i = place; i < place + 4 * third; i++) f32[i] = middle(f32[i], f32[i + 4 * third], f32[i + 8 * third])
    count = third
  }
  const [a, b, c, d] = f32.subarray(place, place + 4)
  return f(f(most(least(a, b), least(c, d)) + least(most(a, b), most(c, d))) * 0.5)
}

function middle(a: number, b: number, c: number): number {
  return most(least(a, b), least(most(a, b), c))
}
