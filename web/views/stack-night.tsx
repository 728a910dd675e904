// The night frame by frame: star size, stars and sky as they go, and which frames the stack left out.
import { useEffect, useState } from 'preact/hooks'
import type { FeedEvent } from '../../edge/ports/feed'
import type { Exposure } from '../../edge/ports/store'
import { fetched } from '../ask'
import { useCell } from '../cell'
import { boot, eventsBefore, onEvent } from '../live'
import { Graph } from '../parts/graph'
import { sizeName, sizeOf } from '../star-size'
import { fixed, whole } from '../words'

interface Point {
  readonly id: string
  readonly atMs: number
  readonly stars: number
  readonly hfdPx?: number
  readonly backgroundAdu: number
}

/** An hour of short frames; a graph on a phone has no room for more. */
const mostPoints = 360
/** Looked through for frames that were refused before the page came. */
const eventsBack = 500

type Points = ReadonlyMap<string, Point>

function withPoints(known: Points, more: readonly Point[]): Points {
  const all = new Map([...known, ...more.map(point => [point.id, point] as const)])
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)).slice(-mostPoints))
}

/** The camera's light frames of a night, oldest first, growing as they are measured. */
function useFrames(camera: string | undefined, night: string | undefined): readonly Point[] {
  const [points, setPoints] = useState<Points>(new Map())
  const start = useCell(boot)
  useEffect(() => {
    if (!camera || !night) return
    setPoints(new Map())
    let here = true
    // A dark has no stars, and that says nothing of the sky.
    const others = new Set<unknown>()
    const query = new URLSearchParams({ night, limit: String(mostPoints) })
    fetched<{ exposures: readonly Exposure[] }>(`/api/exposures?${query}`).then(
      ({ exposures }) => {
        if (!here) return
        const lights = exposures.filter(frame => frame.camera === camera && frame.frameType === 'light')
        setPoints(known =>
          withPoints(
            known,
            lights.flatMap(({ id, startedMs, measured }) => (measured ? [{ id, atMs: startedMs, ...measured }] : [])),
          ),
        )
      },
      // The banner says that the box does not answer; the graph begins with what comes.
      () => {},
    )
    const leave = onEvent(({ kind, body, atMs }) => {
      if (kind === 'frame-archived' && (body.camera !== camera || body.frameType !== 'light')) others.add(body.id)
      if (kind !== 'frame-measured' || others.has(body.id) || !String(body.id).endsWith(`-${camera}`)) return
      const { id, stars, hfdPx, backgroundAdu } = body as unknown as Point
      setPoints(known => withPoints(known, [{ id, atMs, stars, hfdPx, backgroundAdu }]))
    })
    return () => {
      here = false
      leave()
    }
  }, [camera, night, start])
  return [...points.values()]
}

/** Ids of the frames that a stack refused. */
function useRefused(): ReadonlySet<unknown> {
  const [refused, setRefused] = useState<ReadonlySet<unknown>>(new Set())
  const start = useCell(boot)
  useEffect(() => {
    const stop = new AbortController()
    const take = (events: readonly FeedEvent[]): void => {
      const ids = events.filter(({ kind }) => kind === 'stack-refused').map(({ body }) => body.id)
      if (ids.length) setRefused(known => new Set([...known, ...ids]))
    }
    void eventsBefore(eventsBack, stop.signal).then(take)
    const leave = onEvent(event => take([event]))
    return () => {
      stop.abort()
      leave()
    }
  }, [start])
  return refused
}

interface NightProps {
  readonly camera: string | undefined
  readonly night: string | undefined
  readonly sizes: 'hfd' | 'hfr' | undefined
}

export function StackNight({ camera, night, sizes }: NightProps) {
  const points = useFrames(camera, night)
  const refused = useRefused()
  if (points.length < 2) return null
  const last = points[points.length - 1]
  const marked = points.map(({ id }) => refused.has(id))
  const left = marked.filter(Boolean).length
  const timesMs = points.map(({ atMs }) => atMs)
  const graph = (name: string, now: string, unit: string, of: (point: Point) => number | undefined) => (
    <div class="night-graph">
      <h3>
        {name} <span class="dim">{now}</span>
      </h3>
      <Graph
        low
        label={`${name} of the frames of this night`}
        unit={unit}
        timesMs={timesMs}
        values={points.map(point => of(point) ?? null)}
        marked={marked}
      />
    </div>
  )
  return (
    <section class="card night-graphs">
      <h2>
        This night, {points.length} frames{left ? `, ${left} left out of the stack (marked)` : ''}
      </h2>
      {graph(sizeName(sizes), `${fixed(sizeOf(last.hfdPx, sizes), 2)} px`, 'px', ({ hfdPx }) => sizeOf(hfdPx, sizes))}
      {graph('Stars', whole(last.stars), '', ({ stars }) => stars)}
      {graph('Sky', `${whole(last.backgroundAdu)} ADU`, 'ADU', ({ backgroundAdu }) => backgroundAdu)}
    </section>
  )
}
