// The newest picture of a name, and what may be done with a picture: pinch, wheel, drag, double tap. At night all of it
// is red: two layers in theme.css see to that (a colour matrix on the image, a red that multiplies whatever lies below
// it).
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { fetched } from '../ask'
import { boot, usePictureTag } from '../live'
import { Icon } from './icon'
import { framePath } from './kept-frame'

/** Loads one picture after the other, newest next; the old one stays until the new one can be drawn. */
function useLoaded(address: string | undefined): { shown?: string; failed: boolean } {
  const [shown, setShown] = useState<string>()
  const [failed, setFailed] = useState(false)
  const wanted = useRef(address)
  const loading = useRef(false)
  wanted.current = address
  useEffect(() => {
    let here = true
    const load = (): void => {
      const next = wanted.current
      if (loading.current || !next) return
      loading.current = true
      const image = new Image()
      const settle = (good: boolean): void => {
        loading.current = false
        if (!here) return
        setFailed(!good)
        if (good) setShown(next)
        if (wanted.current !== next) load()
      }
      image.onload = () => settle(true)
      image.onerror = () => settle(false)
      image.src = next
    }
    load()
    return () => {
      here = false
      loading.current = false
    }
  }, [address])
  return { shown, failed }
}

/** How far back a frame of the main camera is looked for among those of others. */
const lookedAt = 20

/** Where the preview of this camera's newest frame on the disk is, once that is known. */
function useNewestKept(camera: string | undefined): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    if (!camera) return
    fetched<{ exposures: readonly Exposure[] }>(`/api/exposures?limit=${lookedAt}`).then(
      ({ exposures }) => {
        const newest = exposures.find(frame => frame.camera === camera)
        setAddress(newest && framePath(newest.id, 'preview'))
      },
      // The banner says that the box does not answer; there is no picture either way.
      () => {},
    )
  }, [camera])
  return camera && address
}

interface LatestProps {
  /** `frame`, `stack`, `focus`, `pier`. */
  readonly name: string
  readonly alt: string
  /** Shown while there is none. */
  readonly empty: string
  /** Of this camera the newest kept frame stands in while the box, started anew, has shown none. */
  readonly orKeptOf?: string
  readonly children?: ComponentChildren
  /** Where in the picture somebody tapped, 0…1 of its width and height. */
  readonly onTap?: (x: number, y: number) => void
  readonly tools?: boolean
}

export function Latest(props: LatestProps) {
  const tag = usePictureTag(props.name)
  // Without a tag it is asked for once: the box may have had the picture before this page came.
  const address = `/api/pictures/${props.name}?v=${boot.get()}-${tag?.version ?? 0}`
  const latest = useLoaded(address)
  const kept = useLoaded(useNewestKept(latest.failed && !latest.shown ? props.orKeptOf : undefined))
  const shown = latest.shown ?? kept.shown
  const failed = latest.failed
  if (!shown)
    return (
      <div class="lit vacant">
        <p>{failed || !tag ? props.empty : 'Loading the picture …'}</p>
      </div>
    )
  return (
    <Zoom onTap={props.onTap} tools={props.tools} over={props.children}>
      <img src={shown} alt={props.alt} draggable={false} />
    </Zoom>
  )
}

interface ZoomProps {
  readonly children: ComponentChildren
  /** Drawn above the image, in its coordinates. */
  readonly over?: ComponentChildren
  readonly onTap?: (x: number, y: number) => void
  readonly tools?: boolean
}

interface View {
  readonly scale: number
  /** Where the image's corner lies, in px of the frame around it. */
  readonly x: number
  readonly y: number
}

const whole: View = { scale: 1, x: 0, y: 0 }
const closest = 12

function held(view: View, frame: DOMRect): View {
  const scale = Math.min(closest, Math.max(1, view.scale))
  const bound = (at: number, length: number): number => Math.min(0, Math.max(length * (1 - scale), at))
  return { scale, x: bound(view.x, frame.width), y: bound(view.y, frame.height) }
}

function scaledAbout(view: View, factor: number, x: number, y: number, frame: DOMRect): View {
  const scale = Math.min(closest, Math.max(1, view.scale * factor))
  const by = scale / view.scale
  return held({ scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by }, frame)
}

/** Fingers on the picture: one drags what is enlarged, two pinch, two quick taps enlarge, one tap is handed on. */
function useFingers(
  frame: RefObject<HTMLDivElement | null>,
  view: View,
  setView: (view: View) => void,
  onTap: ZoomProps['onTap'],
) {
  const fingers = useRef(new Map<number, { x: number; y: number }>())
  const moved = useRef(0)
  const tapped = useRef({ atMs: 0, x: 0, y: 0 })
  const place = (event: PointerEvent): { x: number; y: number; box: DOMRect } => {
    const box = frame.current!.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top, box }
  }
  return {
    onPointerDown(event: PointerEvent): void {
      const { x, y } = place(event)
      if (!fingers.current.size) moved.current = 0
      fingers.current.set(event.pointerId, { x, y })
      if (view.scale > 1 || fingers.current.size > 1) frame.current!.setPointerCapture(event.pointerId)
    },
    onPointerMove(event: PointerEvent): void {
      const before = fingers.current.get(event.pointerId)
      if (!before) return
      const { x, y, box } = place(event)
      moved.current += Math.hypot(x - before.x, y - before.y)
      const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1]
      if (other) {
        const far =
          Math.hypot(x - other.x, y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y))
        setView(scaledAbout(view, far, (x + other.x) / 2, (y + other.y) / 2, box))
      } else if (view.scale > 1) setView(held({ ...view, x: view.x + x - before.x, y: view.y + y - before.y }, box))
      fingers.current.set(event.pointerId, { x, y })
    },
    onPointerUp(event: PointerEvent): void {
      if (!fingers.current.delete(event.pointerId) || moved.current > 10) return
      const { x, y, box } = place(event)
      const last = tapped.current
      if (event.timeStamp - last.atMs < 320 && Math.hypot(x - last.x, y - last.y) < 30) {
        setView(view.scale > 1 ? whole : scaledAbout(view, 3, x, y, box))
        tapped.current = { atMs: 0, x, y }
        return
      }
      tapped.current = { atMs: event.timeStamp, x, y }
      onTap?.((x - view.x) / (box.width * view.scale), (y - view.y) / (box.height * view.scale))
    },
    onPointerCancel(event: PointerEvent): void {
      fingers.current.delete(event.pointerId)
    },
  }
}

export function Zoom({ children, over, onTap, tools = true }: ZoomProps) {
  const frame = useRef<HTMLDivElement>(null)
  const [view, setView] = useState(whole)
  const now = useRef(view)
  now.current = view
  const fingers = useFingers(frame, view, setView, onTap)
  useEffect(() => {
    const element = frame.current!
    // Not passive, so that the page does not scroll away under the wheel; Preact's own listeners are passive here.
    const turn = (event: WheelEvent): void => {
      if (!event.ctrlKey && now.current.scale === 1 && event.deltaY > 0) return
      event.preventDefault()
      const box = element.getBoundingClientRect()
      setView(
        scaledAbout(now.current, Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top, box),
      )
    }
    element.addEventListener('wheel', turn, { passive: false })
    return () => element.removeEventListener('wheel', turn)
  }, [])
  const nearer = (factor: number) => (): void => {
    const box = frame.current!.getBoundingClientRect()
    setView(scaledAbout(view, factor, box.width / 2, box.height / 2, box))
  }
  return (
    <div class="picture">
      <div ref={frame} class={`lit frame ${view.scale > 1 ? 'near' : ''} ${onTap ? 'aims' : ''}`} {...fingers}>
        <div class="moves" style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}>
          {children}
          {over}
        </div>
      </div>
      {tools && (
        <div class="tools">
          <button type="button" aria-label="Enlarge" disabled={view.scale >= closest} onClick={nearer(1.6)}>
            <Icon name="plus" />
          </button>
          {view.scale > 1 && (
            <>
              <button type="button" aria-label="Reduce" onClick={nearer(1 / 1.6)}>
                <Icon name="minus" />
              </button>
              <button type="button" aria-label="Whole picture" onClick={() => setView(whole)}>
                <Icon name="fit" />
              </button>
            </>
          )}
        </div>
      )}
    </div>
  )
}
