// Chance without a clock: hashes, generators and slow noise that depend on their seed alone, for the sky maker and its
// like. Fast rather than perfect: a frame wants a normal number per pixel, in a few nanoseconds each.

/** One uniform 32-bit word from a seed and any whole numbers: the same words give the same answer, always. */
export function hash32(seed: number, ...parts: readonly number[]): number {
  // The seed is mixed by itself first: else 9 with part 1 and 10 with part 2 would meet in the exclusive or.
  let h = finish((seed | 0) ^ 0x9e3779b9)
  for (const part of parts) h = finish(Math.imul(h ^ (part | 0), 0x85ebca6b) + 0x7f4a7c15)
  return finish(h) >>> 0
}

function finish(word: number): number {
  // The finaliser of MurmurHash3 (public domain, A. Appleby).
  let h = word | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Uniform in [0, 1) from a seed and whole numbers. */
export function hashUnit(seed: number, ...parts: readonly number[]): number {
  return hash32(seed, ...parts) / 4294967296
}

/** A generator of uniform 32-bit words: sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state. */
export function wordsFrom(seed: number): () => number {
  let a = hash32(seed, 1) | 0
  let b = hash32(seed, 2) | 0
  let c = hash32(seed, 3) | 0
  let counter = 1
  return () => {
    const word = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + word
    c |= 0
    return word >>> 0
  }
}

const normalBits = 12
const normalCount = 1 << normalBits
/** Quantiles of the normal distribution; two of them added and scaled by √½ are normal out to more than five sigma. */
export const normalQuantiles: Float32Array = quantiles()
export const normalMask = normalCount - 1
export const normalShift = normalBits

/** Normal, mean 0, variance 1, from one uniform 32-bit word. */
export function normalFrom(word: number): number {
  return normalQuantiles[word & normalMask] + normalQuantiles[(word >>> normalShift) & normalMask]
}

function quantiles(): Float32Array {
  const table = new Float64Array(normalCount)
  let squares = 0
  for (let i = 0; i < normalCount; i++) {
    const z = normalQuantile((i + 0.5) / normalCount)
    table[i] = z
    squares += z * z
  }
  // The sum of two has variance 1 exactly.
  const scale = Math.sqrt(normalCount / squares / 2)
  return Float32Array.from(table, z => z * scale)
}

/** z with P(Z < z) = p, relative error below 1.2e-9 (P. J. Acklam's rational approximation). */
function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
    )
  }
  const q = p - 0.5
  const r = q * q
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  )
}

/** A whole number with the given mean: by counting for small means, from the normal distribution above 30. */
export function poissonFrom(words: () => number, mean: number): number {
  if (!(mean > 0)) return 0
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normalFrom(words())))
  const floor = Math.exp(-mean)
  let product = words() / 4294967296
  let count = 0
  while (product > floor) {
    product *= words() / 4294967296
    count++
  }
  return count
}

/** Smooth noise along a line, in [0, 1], with one independent value per whole `at`; mean ½. */
export function lineNoise(seed: number, at: number): number {
  const cell = Math.floor(at)
  const part = smooth(at - cell)
  return hashUnit(seed, cell) * (1 - part) + hashUnit(seed, cell + 1) * part
}

/** Smooth noise on a plane, in [0, 1]; three octaves, so that clouds have edges and bulk. */
export function planeNoise(seed: number, x: number, y: number): number {
  return (
    0.57 * planeOctave(seed, x, y) +
    0.28 * planeOctave(seed + 1, x * 2.1, y * 2.1) +
    0.15 * planeOctave(seed + 2, x * 4.3, y * 4.3)
  )
}

function planeOctave(seed: number, x: number, y: number): number {
  const i = Math.floor(x)
  const j = Math.floor(y)
  const u = smooth(x - i)
  const v = smooth(y - j)
  const top = hashUnit(seed, i, j) * (1 - u) + hashUnit(seed, i + 1, j) * u
  const bottom = hashUnit(seed, i, j + 1) * (1 - u) + hashUnit(seed, i + 1, j + 1) * u
  return top * (1 - v) + bottom * v
}

function smooth(part: number): number {
  return part * part * (3 - 2 * part)
}
