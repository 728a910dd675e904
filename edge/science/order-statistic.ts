// Medians of short scratch lists, by selection in place: whole mesh cells and rings are ranked thousands of times a
// frame.

/**
 * The `k`-th smallest (0-based) of the first `count` values; reorders them.
 * NaN must not be among them. Method: Hoare's quickselect, Comm. ACM 4 (1961) 321.
 */
export function selectInPlace(values: Float32Array | Float64Array, count: number, k: number): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high) >> 1
    // The median of three as pivot keeps sorted and constant lists from going quadratic.
    if (values[middle] < values[low]) swap(values, middle, low)
    if (values[high] < values[low]) swap(values, high, low)
    if (values[high] < values[middle]) swap(values, high, middle)
    const pivot = values[middle]
    let i = low
    let j = high
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i <= j) swap(values, i++, j--)
    }
    if (k <= j) high = j
    else if (k >= i) low = i
    else return values[k]
  }
  return values[k]
}

/**
 * Median of the first `count` values (the mean of the middle two when even); reorders them. NaN when there are
 * none.
 */
export function medianInPlace(values: Float32Array | Float64Array, count: number): number {
  if (count === 0) return Number.NaN
  const half = count >> 1
  const upper = selectInPlace(values, count, half)
  if (count % 2 === 1) return upper
  let lower = Number.NEGATIVE_INFINITY // selection left the smaller half in front
  for (let i = 0; i < half; i++) if (values[i] > lower) lower = values[i]
  return (lower + upper) / 2
}

/** A Gaussian's standard deviation over its median absolute deviation: 1 / Φ⁻¹(3/4). */
export const sigmaOfMad = 1.482602218505602

/** Robust spread about `centre`: the MAD as a Gaussian's sigma. Overwrites the first `count` values. */
export function spreadInPlace(values: Float32Array | Float64Array, count: number, centre: number): number {
  for (let i = 0; i < count; i++) values[i] = Math.abs(values[i] - centre)
  return sigmaOfMad * medianInPlace(values, count)
}

function swap(values: Float32Array | Float64Array, i: number, j: number): void {
  const kept = values[i]
  values[i] = values[j]
  values[j] = kept
}
