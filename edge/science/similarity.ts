// How one frame lies on another: turned, scaled and moved, never mirrored or sheared. Cameras do not do the latter
// two in a night.

/**
 * Takes frame pixel (x, y) to reference pixel (a x − b y + tx, b x + a y + ty). a = scale · cos(turn), b = scale ·
 * sin(turn).
 */
export interface Similarity {
  readonly a: number
  readonly b: number
  readonly tx: number // px
  readonly ty: number // px
}

export const identity: Similarity = { a: 1, b: 0, tx: 0, ty: 0 }

/** The transform the other way, reference to frame. */
export function invert({ a, b, tx, ty }: Similarity): Similarity {
  const square = a * a + b * b
  const c = a / square
  const d = -b / square
  return { a: c, b: d, tx: -(c * tx - d * ty), ty: -(d * tx + c * ty) }
}

export function moveX({ a, b, tx }: Similarity, x: number, y: number): number {
  return a * x - b * y + tx
}

export function moveY({ a, b, ty }: Similarity, x: number, y: number): number {
  return b * x + a * y + ty
}

/** Magnification of frame onto reference. */
export function scaleOf({ a, b }: Similarity): number {
  return Math.hypot(a, b)
}

/**
 * How far the sky moved at the frame's centre since the reference, [dx, dy] px: what stood on the reference's centre
 * now stands this much further right and down.
 */
export function offsetAtCentre(frameToReference: Similarity, width: number, height: number): [number, number] {
  const x = (width - 1) / 2
  const y = (height - 1) / 2
  const back = invert(frameToReference)
  return [moveX(back, x, y) - x, moveY(back, x, y) - y]
}

/** How far the sky turned since the reference, radians, from +x towards +y; −π … π. */
export function turnOf({ a, b }: Similarity): number {
  return Math.atan2(-b, a)
}

/**
 * The similarity that brings points of a frame closest to their partners on the reference, by weighted least squares.
 *
 * @param pairs  x, y on the frame, X, Y on the reference, weight; five numbers each, `count` of them
 * @returns undefined when the points coincide or weigh nothing
 * Source: Umeyama, IEEE PAMI 13 (1991) 376, in its plane form without mirror.
 */
export function fitSimilarity(pairs: Float64Array, count: number): Similarity | undefined {
  let weight = 0
  let x = 0
  let y = 0
  let u = 0
  let v = 0
  for (let i = 0; i < 5 * count; i += 5) {
    const w = pairs[i + 4]
    weight += w
    x += w * pairs[i]
    y += w * pairs[i + 1]
    u += w * pairs[i + 2]
    v += w * pairs[i + 3]
  }
  if (!(weight > 0)) return undefined
  x /= weight
  y /= weight
  u /= weight
  v /= weight
  let spread = 0
  let along = 0
  let across = 0
  for (let i = 0; i < 5 * count; i += 5) {
    const w = pairs[i + 4]
    const dx = pairs[i] - x
    const dy = pairs[i + 1] - y
    const du = pairs[i + 2] - u
    const dv = pairs[i + 3] - v
    spread += w * (dx * dx + dy * dy)
    along += w * (dx * du + dy * dv)
    across += w * (dx * dv - dy * du)
  }
  if (!(spread > 0)) return undefined
  const a = along / spread
  const b = across / spread
  return { a, b, tx: u - a * x + b * y, ty: v - b * x - a * y }
}
