// Fingers, wheel and keys on a picture: one finger drags what is enlarged and lets it glide, two pinch, two quick taps
// enlarge, one tap is handed on; plus, minus, arrows, 0 and 1 do the same from a keyboard.
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Cell } from '../cell'
import { closest, exactScale, type Frame, held, scaledAbout, type View, whole } from './zoom-view'

export interface Steering {
  readonly frame: RefObject<HTMLDivElement | null>
  readonly view: Cell<View>
  /** Width of the file in its own pixels; absent where those cannot be fetched. */
  readonly fullWidth?: number
  /** 0…1 of the picture's width and height. */
  readonly onTap?: (x: number, y: number) => void
}

const tapSlackPx = 10
const doubleTapMs = 320
const doubleTapPx = 30
/** Of its speed a glide keeps this part every millisecond; it ends below `stillPxPerMs`. */
const keptPerMs = 0.9965
const stillPxPerMs = 0.03
const keyPx = 60
const keyFactor = 1.5

/** Enlarges so that pixels of the file and of the screen are one; about (x, y) of the frame. */
function exactAbout(view: View, x: number, y: number, frame: Frame, fullWidth: number): View {
  const factor = exactScale(frame, fullWidth) / view.scale
  return scaledAbout(view, factor, x, y, frame, closest(frame, fullWidth))
}

export function useGestures(steering: Steering) {
  const now = useRef(steering)
  now.current = steering
  const { frame, view } = steering
  const fingers = useRef(new Map<number, { x: number; y: number }>())
  const moved = useRef(0)
  const tapped = useRef({ atMs: 0, x: 0, y: 0 })
  const speed = useRef({ x: 0, y: 0, atMs: 0 })
  const glide = useRef(0)

  const box = (): DOMRect => frame.current!.getBoundingClientRect()
  const most = (around: Frame): number => closest(around, now.current.fullWidth)
  const place = (event: PointerEvent | WheelEvent) => {
    const around = box()
    return { x: event.clientX - around.left, y: event.clientY - around.top, around }
  }
  const drag = (dx: number, dy: number, around: Frame): void => {
    const { scale, x, y } = view.get()
    view.set(held({ scale, x: x + dx, y: y + dy }, around, most(around)))
  }
  const halt = (): void => {
    cancelAnimationFrame(glide.current)
    glide.current = 0
  }
  const letGlide = (): void => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
    let { x, y } = speed.current
    let beforeMs = performance.now()
    const step = (nowMs: number): void => {
      const passedMs = Math.max(0, nowMs - beforeMs)
      beforeMs = nowMs
      if (!frame.current || Math.hypot(x, y) < stillPxPerMs) {
        halt()
        return
      }
      drag(x * passedMs, y * passedMs, box())
      const kept = keptPerMs ** passedMs
      x *= kept
      y *= kept
      glide.current = requestAnimationFrame(step)
    }
    glide.current = requestAnimationFrame(step)
  }

  useEffect(() => {
    const element = frame.current!
    // Not passive, so that the page does not scroll away under the wheel; Preact's own listeners are passive here.
    const turn = (event: WheelEvent): void => {
      if (!event.ctrlKey && view.get().scale === 1 && event.deltaY > 0) return
      event.preventDefault()
      halt()
      const { x, y, around } = place(event)
      view.set(scaledAbout(view.get(), Math.exp(-event.deltaY / 300), x, y, around, most(around)))
    }
    element.addEventListener('wheel', turn, { passive: false })
    return () => {
      element.removeEventListener('wheel', turn)
      halt()
    }
  }, [])

  const tapAt = (event: PointerEvent): void => {
    const { x, y, around } = place(event)
    const last = tapped.current
    const { fullWidth, onTap } = now.current
    const at = view.get()
    if (event.timeStamp - last.atMs < doubleTapMs && Math.hypot(x - last.x, y - last.y) < doubleTapPx) {
      tapped.current = { atMs: 0, x, y }
      if (at.scale > 1) view.set(whole)
      else if (fullWidth !== undefined && exactScale(around, fullWidth) > 1.5)
        view.set(exactAbout(at, x, y, around, fullWidth))
      else view.set(scaledAbout(at, 3, x, y, around, most(around)))
      return
    }
    tapped.current = { atMs: event.timeStamp, x, y }
    onTap?.((x - at.x) / (around.width * at.scale), (y - at.y) / (around.height * at.scale))
  }

  const nearer = (factor: number): void => {
    const around = box()
    view.set(scaledAbout(view.get(), factor, around.width / 2, around.height / 2, around, most(around)))
  }
  const exact = (): void => {
    const around = box()
    const { fullWidth } = now.current
    if (fullWidth !== undefined)
      view.set(exactAbout(view.get(), around.width / 2, around.height / 2, around, fullWidth))
  }

  const keys: Readonly<Record<string, () => void>> = {
    '+': () => nearer(keyFactor),
    '=': () => nearer(keyFactor),
    '-': () => nearer(1 / keyFactor),
    '0': () => view.set(whole),
    '1': exact,
    ArrowLeft: () => drag(keyPx, 0, box()),
    ArrowRight: () => drag(-keyPx, 0, box()),
    ArrowUp: () => drag(0, keyPx, box()),
    ArrowDown: () => drag(0, -keyPx, box()),
  }

  return {
    nearer,
    exact,
    /** To be spread on the frame. */
    on: {
      onPointerDown(event: PointerEvent): void {
        const { x, y } = place(event)
        halt()
        if (!fingers.current.size) moved.current = 0
        speed.current = { x: 0, y: 0, atMs: event.timeStamp }
        fingers.current.set(event.pointerId, { x, y })
        if (view.get().scale > 1 || fingers.current.size > 1) frame.current!.setPointerCapture(event.pointerId)
      },
      onPointerMove(event: PointerEvent): void {
        const before = fingers.current.get(event.pointerId)
        if (!before) return
        const { x, y, around } = place(event)
        const dx = x - before.x
        const dy = y - before.y
        moved.current += Math.hypot(dx, dy)
        const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1]
        fingers.current.set(event.pointerId, { x, y })
        if (other) {
          const was = Math.max(1, Math.hypot(before.x - other.x, before.y - other.y))
          const far = Math.hypot(x - other.x, y - other.y) / was
          // The middle of both fingers carries the picture along: half of what this one went.
          drag(dx / 2, dy / 2, around)
          view.set(scaledAbout(view.get(), far, (x + other.x) / 2, (y + other.y) / 2, around, most(around)))
          speed.current = { x: 0, y: 0, atMs: event.timeStamp }
        } else if (view.get().scale > 1) {
          drag(dx, dy, around)
          const passedMs = Math.max(1, event.timeStamp - speed.current.atMs)
          const part = Math.min(1, passedMs / 40)
          speed.current = {
            x: speed.current.x * (1 - part) + (dx / passedMs) * part,
            y: speed.current.y * (1 - part) + (dy / passedMs) * part,
            atMs: event.timeStamp,
          }
        }
      },
      onPointerUp(event: PointerEvent): void {
        if (!fingers.current.delete(event.pointerId)) return
        if (moved.current <= tapSlackPx) tapAt(event)
        else if (!fingers.current.size && view.get().scale > 1 && event.timeStamp - speed.current.atMs < 60) letGlide()
      },
      onPointerCancel(event: PointerEvent): void {
        fingers.current.delete(event.pointerId)
      },
      onKeyDown(event: KeyboardEvent): void {
        const does = keys[event.key]
        if (!does || event.ctrlKey || event.metaKey || event.altKey) return
        // Arrows scroll the page until something is enlarged.
        if (event.key.startsWith('Arrow') && view.get().scale === 1) return
        event.preventDefault()
        halt()
        does()
      },
    },
  }
}
