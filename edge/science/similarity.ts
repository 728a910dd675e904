// How one frame lies on another: turned, scaled, moved, and mirrored when a diagonal or another camera came in between;
// never sheared.

/**
 * Takes frame pixel (x, y) to reference pixel (a x − b y + tx, b x + a y + ty), where x is negated first when
 * `mirrored`. a = scale · cos(turn), b = scale · sin(turn).
 */
export interface Similarity {
  readonly a: number
  readonly b: number
  readonly tx: number // px
  readonly ty: number // px
  readonly mirrored: boolean
}

export const identity: Similarity = { a: 1, b: 0, tx: 0, ty: 0, mirrored: false }

/** The transform the other way, reference to frame; not finite when there is none. */
export function invert({ a, b, tx, ty, mirrored }: Similarity): Similarity {
  const square = a * a + b * b
  const sign = mirrored ? -1 : 1
  const c = a / square
  const d = (-sign * b) / square
  return { a: c, b: d, tx: -(sign * c * tx - d * ty), ty: -(sign * d * tx + c * ty), mirrored }
}

/** One transform that does what `inner`, then `outer` do. */
export function compose(outer: Similarity, inner: Similarity): Similarity {
  const b = outer.mirrored ? -inner.b : inner.b
  return {
    a: outer.a * inner.a - outer.b * b,
    b: outer.b * inner.a + outer.a * b,
    tx: moveX(outer, inner.tx, inner.ty),
    ty: moveY(outer, inner.tx, inner.ty),
    mirrored: outer.mirrored !== inner.mirrored,
  }
}

export function moveX({ a, b, tx, mirrored }: Similarity, x: number, y: number): number {
  return (mirrored ? -a * x : a * x) - b * y + tx
}

export function moveY({ a, b, ty, mirrored }: Similarity, x: number, y: number): number {
  return (mirrored ? -b * x : b * x) + a * y + ty
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

/**
 * How far the sky turned since the reference, radians, from +x towards +y; −π … π. On a mirrored frame: before it was
 * mirrored.
 */
export function turnOf({ a, b }: Similarity): number {
  return Math.atan2(-b, a)
}

/**
 * The similarity that brings points of a frame closest to their partners on the reference, by weighted least squares.
 *
 * @param pairs  x, y on the frame, X, Y on the reference, weight; five numbers each, `count` of them
 * @param like  mirrored or not as this one
 * @returns undefined when the points coincide or weigh nothing
 * Source: Umeyama, IEEE PAMI 13 (1991) 376, in its plane form.
 */
export function fitSimilarity(
  pairs: Float64Array,
  count: number,
  like: Pick<Similarity, 'mirrored'> = identity,
): Similarity | undefined {
  const { mirrored } = like
  const sign = mirrored ? -1 : 1
  let weight = 0
  let x = 0
  let y = 0
  let u = 0
  let v = 0
  for (let i = 0; i < 5 * count; i += 5) {
    const w = pairs[i + 4]
    weight += w
    x += w * sign * pairs[i]
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
    const dx = sign * pairs[i] - x
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
  return { a, b, tx: u - a * x + b * y, ty: v - b * x - a * y, mirrored }
}
