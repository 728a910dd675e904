// One picture with all that can be known of it: the preview at once, its pixels when it is enlarged, tones to drag, a
// circle round every star, the numbers of the frame. Used for the stack, a kept frame and the last exposure.
import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Histogram, RegionStatistics, StarOverlay } from '../../edge/ports/display'
import { fetched, type Refusal } from '../ask'
import { useCell } from '../cell'
import { lookFor, queryOf } from '../look'
import { asRefusal, Trouble } from './act'
import { DisplayPanel } from './display-panel'
import { useLoaded } from './picture'
import { paintStars, StarCard, starAt } from './stars'
import { Statistics } from './statistics'
import type { TileSource } from './tiles'
import { Zoom } from './zoom'

export interface Viewed {
  /** `stack` or the id of an exposure. */
  readonly of: string
  /** Changes when the picture does. */
  readonly version: string
  /** Whose tones these are: `stack`, `light`, `dark` … */
  readonly kind: string
  /** Where a picture of the standard tones is ready; made when absent. */
  readonly ready?: string
  readonly alt: string
  readonly width?: number
  readonly height?: number
}

const previewPx = 720

/** The address of one version: another version, another address, so that nothing old is shown from a cache. */
const versioned = (address: string, version: string): string =>
  `${address}${address.includes('?') ? '&' : '?'}version=${encodeURIComponent(version)}`

interface Said<T> {
  readonly said?: T
  readonly trouble?: Refusal
}

/**
 * What the box says of a picture, asked for again when that is another; the old words stay until then. One question at
 * a time, about the newest: frames may come faster than answers.
 */
function useSaid<T>(wanted: boolean, address: string, version: string): Said<T> {
  const [answer, setAnswer] = useState<Said<T> & { address?: string }>({})
  const newest = useRef(version)
  newest.current = version
  const wake = useRef<() => void>(() => {})
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    let asked: string | undefined
    let busy = false
    const ask = async (): Promise<void> => {
      if (busy) return
      busy = true
      while (asked !== newest.current && !stop.signal.aborted) {
        asked = newest.current
        try {
          const said = await fetched<T>(versioned(address, asked), { signal: stop.signal })
          if (!stop.signal.aborted) setAnswer({ address, said })
        } catch (error) {
          if (!stop.signal.aborted) setAnswer(before => ({ ...before, address, trouble: asRefusal(error) }))
        }
      }
      busy = false
    }
    wake.current = () => void ask()
    void ask()
    return () => {
      stop.abort()
      wake.current = () => {}
    }
  }, [wanted, address])
  useEffect(() => wake.current(), [version])
  return answer.address?.split('?')[0] === address.split('?')[0] ? answer : {}
}

type Open = 'display' | 'numbers'

interface ViewerProps {
  readonly picture: Viewed
  /** Shown while there is no picture. */
  readonly empty: string
  readonly children?: ComponentChildren
}

export function Viewer({ picture, empty, children }: ViewerProps) {
  const { of, version, kind } = picture
  const base = `/api/views/${encodeURIComponent(of)}`
  const look = useCell(lookFor(kind))
  const [held, setHeld] = useState(false)
  const [open, setOpen] = useState<Open>()
  const [region, setRegion] = useState<RegionStatistics['region']>()
  const [circles, setCircles] = useState(false)
  const [star, setStar] = useState<number>()
  const sized = picture.width !== undefined && picture.height !== undefined
  const asksHistogram = open === 'display' || !!look.levels || (held && !sized)
  const { said: histogram, trouble } = useSaid<Histogram>(
    asksHistogram,
    `${base}/histogram?balance=${look.balance}`,
    version,
  )
  const overlay = useSaid<StarOverlay>(circles || open === 'numbers', `${base}/stars`, version)
  const numbers = useSaid<RegionStatistics>(
    open === 'numbers',
    `${base}/statistics${region ? `?x=${region.x}&y=${region.y}&width=${region.width}&height=${region.height}` : ''}`,
    version,
  )
  const stars = circles ? overlay.said?.stars : undefined
  const query = queryOf(look, histogram)
  const standard = query === '' && picture.ready
  const made = versioned(`${base}/preview?maxWidth=${previewPx}${query ? `&${query}` : ''}`, version)
  const { shown, failed } = useLoaded(query === undefined && !trouble ? undefined : standard || made)
  useEffect(() => setStar(undefined), [of, circles])

  const width = histogram?.width ?? picture.width
  const height = histogram?.height ?? picture.height
  const full = useMemo<TileSource | undefined>(
    () =>
      width !== undefined && height !== undefined && query !== undefined
        ? { address: `${base}/tiles`, query, version, width, height }
        : undefined,
    [base, query, version, width, height],
  )
  const chosen = star === undefined ? undefined : stars?.[star]
  const paint = useMemo(() => stars && paintStars(stars, chosen), [stars, chosen])
  const tap = useCallback(
    (x: number, y: number) => {
      if (stars && overlay.said) setStar(starAt(overlay.said, x * overlay.said.width, y * overlay.said.height))
    },
    [stars],
  )
  if (!shown)
    return (
      <div class="lit vacant">
        <p>{failed ? empty : 'Loading the picture …'}</p>
      </div>
    )
  const flip = (what: Open): void => setOpen(open === what ? undefined : what)
  return (
    <div class={`viewer ${open === 'display' ? 'toned' : ''}`}>
      <Zoom
        label={`${picture.alt}. Plus and minus enlarge, arrows move, 1 shows pixel by pixel, 0 the whole`}
        full={full}
        onHold={() => setHeld(true)}
        onStill={setRegion}
        onTap={stars && tap}
        paint={paint}
        over={children}
      >
        <img
          src={shown}
          alt={picture.alt}
          // The file's shape, not that of a preview whose rows were rounded: tiles and circles count in its pixels.
          style={width !== undefined && height !== undefined ? { aspectRatio: `${width} / ${height}` } : undefined}
          draggable={false}
        />
      </Zoom>
      <div class="row views">
        <button type="button" class="quiet" aria-expanded={open === 'display'} onClick={() => flip('display')}>
          Tones
        </button>
        <button type="button" class="quiet" aria-pressed={circles} onClick={() => setCircles(!circles)}>
          Stars
        </button>
        <button type="button" class="quiet" aria-expanded={open === 'numbers'} onClick={() => flip('numbers')}>
          Numbers
        </button>
      </div>
      {circles && <Trouble of={overlay.trouble} />}
      {circles && overlay.said && <StarCard overlay={overlay.said} at={star} onStar={setStar} />}
      {(open === 'display' || look.levels) && <Trouble of={trouble} />}
      {open && !(open === 'display' ? histogram : numbers.said) && !trouble && !numbers.trouble && (
        <p class="dim">Counting the pixels …</p>
      )}
      {open === 'display' && histogram && <DisplayPanel kind={kind} histogram={histogram} />}
      {open === 'numbers' && <Trouble of={numbers.trouble} />}
      {open === 'numbers' && numbers.said && (
        <Statistics statistics={numbers.said} part={!!region} overlay={overlay.said} />
      )}
    </div>
  )
}
