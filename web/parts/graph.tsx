// A line over time. uPlot comes only when a graph is looked at; its colours are read from the theme at every redraw.
import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { useCell } from '../cell'
import { colour, theme } from '../theme'
import { clockSeconds, clockTime } from '../words'

interface GraphProps {
  readonly label: string
  /** Oldest first; null where there is none. */
  readonly values: readonly (number | null)[]
  readonly unit: string
  /** When each was; without them the values are counted back from now. */
  readonly timesMs?: readonly number[]
  /** Which of them are marked. */
  readonly marked?: readonly boolean[]
  /** Drawn as a dashed line. */
  readonly best?: number
  /** Less high, for one of several. */
  readonly low?: boolean
}

/** Star sizes that differ by less than this are drawn as the same. */
const leastSpan: Readonly<Record<string, number>> = { px: 0.3 }

function drawn({ values, timesMs, marked, best }: GraphProps): uPlot.AlignedData {
  return [
    timesMs ? timesMs.map(ms => ms / 1000) : values.map((_, index) => index + 1 - values.length),
    values as (number | null)[],
    values.map(() => best ?? null),
    values.map((value, index) => (marked?.[index] ? value : null)),
  ]
}

function options(props: GraphProps, width: number, height: number): uPlot.Options {
  const { unit, timesMs } = props
  const words = colour('--dim')
  const grid = { stroke: colour('--line'), width: 1 }
  const axis = { stroke: words, font: '12px system-ui', grid, ticks: { show: false } }
  const spare = leastSpan[unit] ?? 1
  const clock = (mark: number, apart: number): string => (apart < 60 ? clockSeconds : clockTime)(1000 * mark)
  const back = (mark: number): string => (mark ? (Number.isInteger(mark) ? `${mark}` : '') : 'now')
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false },
      y: {
        range: (_plot, low, high) => {
          const room = Math.max(spare, 0.1 * (high - low))
          return [Math.max(0, low - room), high + room]
        },
      },
    },
    axes: [
      {
        ...axis,
        ...(timesMs && { size: 28, space: 76, incrs: [1, 5, 10, 30, 60, 300, 600, 1200, 1800, 3600, 7200, 14_400] }),
        values: (_plot, marks, _axis, _space, apart) => marks.map(mark => (timesMs ? clock(mark, apart) : back(mark))),
      },
      {
        ...axis,
        size: 58,
        ...(props.low && { space: 24 }),
        values: (_plot, marks) => marks.map(mark => `${+mark.toFixed(1)} ${unit}`),
      },
    ],
    series: [
      {},
      { stroke: colour('--accent'), width: 2, points: { show: false } },
      { stroke: words, width: 1, dash: [4, 4], points: { show: false } },
      {
        stroke: 'transparent',
        width: 0,
        points: { show: true, size: 9, stroke: colour('--bad'), fill: colour('--panel'), width: 2 },
      },
    ],
  }
}

export function Graph(props: GraphProps) {
  const { label, low, unit } = props
  const heightPx = low ? 104 : 140
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const [failed, setFailed] = useState(false)
  const shade = useCell(theme)
  const now = useRef(props)
  now.current = props
  useEffect(() => {
    let here = true
    let size: ResizeObserver | undefined
    import('uplot').then(
      ({ default: UPlot }) => {
        const element = host.current
        if (!here || !element) return
        plot.current = new UPlot(options(now.current, element.clientWidth, heightPx), drawn(now.current), element)
        size = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }))
        size.observe(element)
      },
      () => setFailed(true),
    )
    return () => {
      here = false
      size?.disconnect()
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [shade, unit, heightPx])
  useEffect(() => plot.current?.setData(drawn(props)))
  return (
    <div
      class="graph"
      role="img"
      aria-label={`${label}, ${props.values.length} values`}
      style={{ minHeight: heightPx }}
    >
      <div ref={host} />
      {failed && <p class="why">The graph could not be loaded; the numbers above are whole.</p>}
    </div>
  )
}
