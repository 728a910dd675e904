// A picture that can be enlarged, down to the pixels of its file where the box has them as tiles. The picture moves by
// a transform, tiles and marks are painted on canvases above it, all in the same animation frame; Preact draws only
// what stands beside them.
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Cell, cell, useCell } from '../cell'
import { theme } from '../theme'
import { useGestures } from './gestures'
import { Icon } from './icon'
import { cleared, makeTiles, type Placement, placementOf, type TileLayer, type TileSource } from './tiles'
import { closest, exactScale, type Frame, held, inSight, type View, whole } from './zoom-view'

/** Paints above the picture, in device pixels of the frame. */
export type Paint = (pen: CanvasRenderingContext2D, place: Placement) => void

type Region = NonNullable<ReturnType<typeof inSight>>

/** Numbers of what is in sight are asked for when nobody moves it. */
const stillMs = 400

interface ZoomProps {
  readonly children: ComponentChildren
  /** Drawn above the image, in its coordinates. */
  readonly over?: ComponentChildren
  readonly onTap?: (x: number, y: number) => void
  readonly tools?: boolean
  /** Of what the keys move, for those who do not see it. */
  readonly label?: string
  /** The file's own pixels. */
  readonly full?: TileSource
  /** Somebody takes hold of it: `full` is wanted if it is not there yet. */
  readonly onHold?: () => void
  /** It stands still, and this part of `full` is in sight; `undefined`: all of it. */
  readonly onStill?: (region: Region | undefined) => void
  readonly paint?: Paint
}

export function Zoom(props: ZoomProps) {
  const { children, over, onTap, tools = true, full } = props
  const frame = useRef<HTMLDivElement>(null)
  const moves = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const marks = useRef<HTMLCanvasElement>(null)
  const [view] = useState(() => cell(whole))
  const [near, setNear] = useState(false)
  const gestures = useGestures({ frame, view, fullWidth: full?.width, onTap })
  const redraw = useDrawing({ frame, moves, canvas, marks, view, props })
  const keyed = tools || !!props.onHold
  const told = useRef(props)
  told.current = props
  useEffect(() => {
    let wait: ReturnType<typeof setTimeout> | undefined
    const tell = (): void => {
      const { onStill, full } = told.current
      const around = frame.current?.getBoundingClientRect()
      if (around && full) onStill?.(inSight(view.get(), around, full))
    }
    const leave = view.listen(() => {
      setNear(view.get().scale > 1)
      redraw()
      clearTimeout(wait)
      wait = setTimeout(tell, stillMs)
    })
    return () => {
      leave()
      clearTimeout(wait)
    }
  }, [])
  return (
    <div class="picture">
      <div
        ref={frame}
        class={`lit frame ${near ? 'near' : ''} ${onTap ? 'aims' : ''} ${full ? 'deep' : ''}`}
        {...gestures.on}
        {...{ onPointerEnter: props.onHold, onFocus: props.onHold }}
        {...(keyed
          ? { role: 'application', tabIndex: 0, 'aria-label': props.label ?? 'Picture: + and − enlarge, arrows move' }
          : {})}
      >
        <div ref={moves} class="moves">
          {children}
          {over}
        </div>
        <canvas ref={canvas} class="tiles" />
        <canvas ref={marks} class="marks" />
      </div>
      {tools && <Tools view={view} near={near} frame={frame} full={full} {...gestures} />}
    </div>
  )
}

interface Drawing {
  readonly frame: RefObject<HTMLDivElement | null>
  readonly moves: RefObject<HTMLDivElement | null>
  /** Of the tiles, which are a picture, and of the marks above it, which have colours of ours. */
  readonly canvas: RefObject<HTMLCanvasElement | null>
  readonly marks: RefObject<HTMLCanvasElement | null>
  readonly view: Cell<View>
  readonly props: ZoomProps
}

/** Draws once an animation frame, and only when something changed. */
function useDrawing({ frame, moves, canvas, marks, view, props }: Drawing): () => void {
  const now = useRef(props)
  now.current = props
  const layer = useRef<TileLayer | undefined>(undefined)
  const size = useRef<Frame>({ width: 1, height: 1 })
  const asked = useRef(0)
  const draw = (): void => {
    asked.current = 0
    if (!moves.current || !layer.current) return
    const { scale, x, y } = view.get()
    const [left, top] = [x, y].map(at => Math.round(at * devicePixelRatio) / devicePixelRatio)
    moves.current.style.transform = `translate(${left}px, ${top}px) scale(${scale})`
    const { full, paint } = now.current
    layer.current.draw(view.get(), size.current)
    const pen = cleared(marks.current!, size.current, !!paint)
    if (pen && paint && full) paint(pen, placementOf(view.get(), size.current, full.width))
  }
  const redraw = (): void => {
    asked.current ||= requestAnimationFrame(draw)
  }
  useEffect(() => {
    layer.current = makeTiles(canvas.current!, redraw)
    const measure = new ResizeObserver(([{ contentRect }]) => {
      size.current = contentRect
      view.set(held(view.get(), contentRect, closest(contentRect, now.current.full?.width)))
      redraw()
    })
    measure.observe(frame.current!)
    return () => {
      measure.disconnect()
      cancelAnimationFrame(asked.current)
      layer.current?.close()
    }
  }, [])
  const { full } = props
  useEffect(() => layer.current?.show(full), [full?.address, full?.query, full?.version, full?.width])
  const shade = useCell(theme)
  useEffect(redraw, [props.paint, full, shade])
  return redraw
}

interface ToolsProps {
  readonly view: Cell<View>
  readonly near: boolean
  readonly frame: RefObject<HTMLDivElement | null>
  readonly full?: TileSource
  readonly nearer: (factor: number) => void
  readonly exact: () => void
}

function Tools({ view, near, frame, full, nearer, exact }: ToolsProps) {
  const { scale } = useCell(view)
  const around = frame.current && { width: frame.current.clientWidth, height: frame.current.clientHeight }
  const percent = around && full ? (100 * scale) / exactScale(around, full.width) : undefined
  const atExact = percent !== undefined && Math.abs(percent - 100) < 0.5
  return (
    <>
      {near && percent !== undefined && (
        <output class={`percent ${atExact ? 'exact' : ''}`} aria-label="Enlarged to">
          {Math.round(percent)} %
        </output>
      )}
      <div class="tools">
        {near && full && (
          <button type="button" aria-label="Pixel by pixel" aria-pressed={atExact} onClick={exact}>
            1:1
          </button>
        )}
        <button
          type="button"
          aria-label="Enlarge"
          disabled={!!around && scale >= closest(around, full?.width)}
          onClick={() => nearer(1.6)}
        >
          <Icon name="plus" />
        </button>
        {near && (
          <>
            <button type="button" aria-label="Reduce" onClick={() => nearer(1 / 1.6)}>
              <Icon name="minus" />
            </button>
            <button type="button" aria-label="Whole picture" onClick={() => view.set(whole)}>
              <Icon name="fit" />
            </button>
          </>
        )}
      </div>
    </>
  )
}
