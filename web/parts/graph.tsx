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

/** A pause of so many usual distances is no line. */
const pause = 5

/** Indices after which nothing was heard for long: the line is broken there. */
function pausesIn(timesMs: readonly number[] | undefined): ReadonlySet<number> {
  if (!timesMs || timesMs.length < 3) return new Set()
  const apart = timesMs.slice(1).map((ms, index) => ms - timesMs[index])
  const usual = [...apart].sort((a, b) => a - b)[apart.length >> 1]
  return new Set(apart.flatMap((ms, index) => (ms > pause * usual ? [index] : [])))
}

function drawn({ values, timesMs, marked, best }: GraphProps): uPlot.AlignedData {
  const pauses = pausesIn(timesMs)
  const data: [number[], ...(number | null)[][]] = [[], [], [], []]
  const add = (...row: [number, ...(number | null)[]]): void => {
    for (const [series, value] of row.entries()) (data[series] as (number | null)[]).push(value)
  }
  for (const [index, value] of values.entries()) {
    const x = timesMs ? timesMs[index] / 1000 : index + 1 - values.length
    add(x, value, best ?? null, marked?.[index] ? value : null)
    if (pauses.has(index)) add((x + timesMs![index + 1] / 1000) / 2, null, best ?? null, null)
  }
  return data
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
      {
        stroke: colour('--accent'),
        width: 2,
        points: timesMs ? { show: true, size: 4, fill: colour('--accent'), width: 0 } : { show: false },
      },
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
