// A line over time. uPlot comes only when a graph is looked at; its colours are read from the theme at every redraw.
import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { useCell } from '../cell'
import { colour, theme } from '../theme'

interface GraphProps {
  readonly label: string
  /** Oldest first. */
  readonly values: readonly number[]
  readonly unit: string
  /** Drawn as a dashed line. */
  readonly best?: number
}

const heightPx = 140

export function Graph({ label, values, unit, best }: GraphProps) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const [failed, setFailed] = useState(false)
  const shade = useCell(theme)
  const data = useRef<uPlot.AlignedData>([[], []])
  data.current = [
    values.map((_, index) => index + 1 - values.length),
    values as number[],
    values.map(() => best ?? null) as (number | null)[],
  ]
  useEffect(() => {
    let here = true
    let size: ResizeObserver | undefined
    import('uplot').then(
      ({ default: UPlot }) => {
        const element = host.current
        if (!here || !element) return
        const line = colour('--line')
        const words = colour('--dim')
        const axis = { stroke: words, font: '12px system-ui', grid: { stroke: line, width: 1 }, ticks: { show: false } }
        plot.current = new UPlot(
          {
            width: element.clientWidth,
            height: heightPx,
            legend: { show: false },
            cursor: { show: false },
            scales: { x: { time: false }, y: { range: (_plot, low, high) => [Math.max(0, low - 0.3), high + 0.3] } },
            axes: [
              {
                ...axis,
                values: (_plot, marks) => marks.map(mark => (mark ? (Number.isInteger(mark) ? `${mark}` : '') : 'now')),
              },
              { ...axis, size: 52, values: (_plot, marks) => marks.map(mark => `${+mark.toFixed(1)} ${unit}`) },
            ],
            series: [
              {},
              { stroke: colour('--accent'), width: 2, points: { show: false } },
              { stroke: words, width: 1, dash: [4, 4], points: { show: false } },
            ],
          },
          data.current,
          element,
        )
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
  }, [shade, unit])
  useEffect(() => plot.current?.setData(data.current))
  return (
    <div class="graph" role="img" aria-label={label}>
      <div ref={host} />
      {failed && <p class="why">The graph could not be loaded; the numbers above are whole.</p>}
    </div>
  )
}
