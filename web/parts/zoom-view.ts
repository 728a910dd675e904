// Where a picture lies in its frame: how much enlarged, how far shifted, and which enlargement shows it pixel by pixel.

/** `scale` 1 is the whole picture; `x`, `y` say where its corner lies, CSS px of the frame around it. */
export interface View {
  readonly scale: number
  readonly x: number
  readonly y: number
}

/** The frame as it stands on the screen. */
export interface Frame {
  readonly width: number // CSS px
  readonly height: number
}

export const whole: View = { scale: 1, x: 0, y: 0 }
/** Of pictures whose own pixels nobody can fetch. */
const closestPlain = 12
/** Screen pixels per pixel of the file. */
const closestExact = 8

/** The scale at which a pixel of the file fills a pixel of the screen. */
export function exactScale(frame: Frame, fullWidth: number): number {
  return fullWidth / (frame.width * devicePixelRatio)
}

export function closest(frame: Frame, fullWidth: number | undefined): number {
  return fullWidth === undefined ? closestPlain : Math.max(4, closestExact * exactScale(frame, fullWidth))
}

/** Kept so that the frame is filled; what stands still stands on whole screen pixels. */
export function held(view: View, frame: Frame, most: number): View {
  const scale = Math.min(most, Math.max(1, view.scale))
  const bound = (at: number, length: number): number => Math.min(0, Math.max(length * (1 - scale), at))
  return { scale, x: bound(view.x, frame.width), y: bound(view.y, frame.height) }
}

/** The part of a file that is in sight, in its pixels; `undefined` while that is all of it. */
export function inSight(view: View, frame: Frame, full: { readonly width: number; readonly height: number }) {
  if (view.scale <= 1) return undefined
  const perPx = (frame.width * view.scale) / full.width
  const part = (at: number, length: number, most: number): [number, number] => {
    const from = Math.min(most - 2, Math.max(0, Math.round(-at / perPx)))
    return [from, Math.min(most - from, Math.max(2, Math.round(length / perPx)))]
  }
  const [x, width] = part(view.x, frame.width, full.width)
  const [y, height] = part(view.y, frame.height, full.height)
  return { x, y, width, height }
}

/** Enlarged by `factor`, with what lies at (x, y) of the frame staying there. */
export function scaledAbout(view: View, factor: number, x: number, y: number, frame: Frame, most: number): View {
  const scale = Math.min(most, Math.max(1, view.scale * factor))
  const by = scale / view.scale
  return held({ scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by }, frame, most)
}
