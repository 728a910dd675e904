// The light of a picture as a curve for each plane, and three handles on its axis: what is shown black, half grey and
// white.
import { useMemo, useRef } from 'preact/hooks'
import type { Histogram } from '../../edge/ports/display'
import { aduAt } from '../look'
import { whole } from '../words'

export type Handle = 'black' | 'mid' | 'white'

/** Places 0…1 on the axis of the histogram. */
export type Places = Readonly<Record<Handle, number>>

const names: Readonly<Record<Handle, string>> = { black: 'Black', mid: 'Middle', white: 'White' }
export const handles: readonly Handle[] = ['black', 'mid', 'white']
/** Nearer than this the stretch would divide by next to nothing. */
const apart = 0.002
const keyStep = 0.005

/** The handles after one was moved: it pushes the others before it. */
export function pushed(places: Places, moved: Handle, to: number): Places {
  const at = { ...places }
  const order = handles.indexOf(moved)
  at[moved] = Math.min(1 - apart * (2 - order), Math.max(apart * order, to))
  for (let next = order + 1; next < 3; next++)
    at[handles[next]] = Math.max(at[handles[next]], at[handles[next - 1]] + apart)
  for (let next = order - 1; next >= 0; next--)
    at[handles[next]] = Math.min(at[handles[next]], at[handles[next + 1]] - apart)
  return at
}

const height = 100

/** Heights by the root of the logarithm: the sky's peak and a few bright stars in one curve. */
function curve(bins: readonly number[], most: number): string {
  const top = Math.log1p(most)
  const points = bins.map((count, index) => {
    const y = height * (1 - 0.96 * Math.sqrt(Math.log1p(count) / top))
    return `${((index + 0.5) / bins.length) * 1000} ${y.toFixed(1)}`
  })
  return `M0 ${height}L${points.join('L')}L1000 ${height}Z`
}

interface ChartProps {
  readonly histogram: Histogram
  readonly places: Places
  readonly onPlaces: (places: Places) => void
}

export function HistogramChart({ histogram, places, onPlaces }: ChartProps) {
  const rail = useRef<HTMLDivElement>(null)
  const dragged = useRef<Handle | undefined>(undefined)
  const curves = useMemo(() => {
    const most = Math.max(1, ...histogram.bins.flat())
    return histogram.bins.map(bins => curve(bins, most))
  }, [histogram])
  const to = (event: PointerEvent): void => {
    if (!dragged.current) return
    const box = rail.current!.getBoundingClientRect()
    onPlaces(pushed(places, dragged.current, (event.clientX - box.left) / box.width))
  }
  const colours = histogram.planes > 1 ? ['red', 'green', 'blue'] : ['mono']
  return (
    <div class="histogram">
      <div ref={rail} class="rail">
        <svg viewBox={`0 0 1000 ${height}`} preserveAspectRatio="none" role="img" aria-label="Histogram">
          {curves.map((path, plane) => (
            <path key={colours[plane]} class={colours[plane]} d={path} />
          ))}
          {handles.map(handle => (
            <path key={handle} class={`mark ${handle}`} d={`M${places[handle] * 1000} 0V${height}`} />
          ))}
        </svg>
        {handles.map(handle => (
          <button
            key={handle}
            type="button"
            role="slider"
            class={`handle ${handle}`}
            style={{ left: `${100 * places[handle]}%` }}
            aria-label={names[handle]}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(1000 * places[handle]) / 10}
            aria-valuetext={`${whole(aduAt(histogram, places[handle]))} ADU`}
            onPointerDown={event => {
              dragged.current = handle
              event.currentTarget.setPointerCapture(event.pointerId)
            }}
            onPointerMove={to}
            onPointerUp={() => {
              dragged.current = undefined
            }}
            onPointerCancel={() => {
              dragged.current = undefined
            }}
            onKeyDown={event => {
              const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
              if (!way) return
              event.preventDefault()
              onPlaces(pushed(places, handle, places[handle] + way * keyStep * (event.shiftKey ? 10 : 1)))
            }}
          >
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d="M10 2 17 17H3Z" />
            </svg>
          </button>
        ))}
      </div>
      <dl class="levels">
        {handles.map(handle => (
          <div key={handle}>
            <dt>{names[handle]}</dt>
            <dd>{whole(aduAt(histogram, places[handle]))}</dd>
          </div>
        ))}
        <span class="dim">ADU</span>
      </dl>
    </div>
  )
}
