// The newest picture of a name. At night all of it is red: two layers in pictures.css see to that (a colour matrix on
// the image, a red that multiplies whatever lies below it).
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { fetched } from '../ask'
import { useCell } from '../cell'
import { boot, usePictureTag } from '../live'
import { framePath } from './kept-frame'
import { Zoom } from './zoom'

/**
 * Loads one picture after the other, newest next; the old one stays until the new one can be drawn. Of addresses that
 * change faster than pictures come, the last one always comes.
 */
export function useLoaded(address: string | undefined): { shown?: string; failed: boolean } {
  const [shown, setShown] = useState<string>()
  const [failed, setFailed] = useState(false)
  const wanted = useRef(address)
  wanted.current = address
  const wake = useRef<() => void>(() => {})
  useEffect(() => {
    let here = true
    let asked: string | undefined
    let loading = false
    wake.current = () => {
      const next = wanted.current
      if (!here || loading || !next || next === asked) return
      loading = true
      asked = next
      const image = new Image()
      const settle = (good: boolean): void => {
        loading = false
        if (!here) return
        setFailed(!good)
        if (good) setShown(next)
        wake.current()
      }
      image.onload = () => settle(true)
      image.onerror = () => settle(false)
      image.src = next
    }
    return () => {
      here = false
    }
  }, [])
  useEffect(() => wake.current(), [address])
  return { shown, failed }
}

/** How far back a frame of the main camera is looked for among those of others. */
const lookedAt = 20

/** This camera's newest frame on the disk, once that is known. */
export function useNewestKept(camera: string | undefined): Exposure | undefined {
  const [newest, setNewest] = useState<Exposure>()
  useEffect(() => {
    if (!camera) return
    fetched<{ exposures: readonly Exposure[] }>(`/api/exposures?limit=${lookedAt}`).then(
      ({ exposures }) => setNewest(exposures.find(frame => frame.camera === camera)),
      // The banner says that the box does not answer; there is no picture either way.
      () => {},
    )
  }, [camera])
  return camera ? newest : undefined
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
  // The box tells of the pictures it has before anything else.
  const known = useCell(boot)
  const latest = useLoaded(tag && `/api/pictures/${props.name}?v=${known}-${tag.version}`)
  const none = known > 0 && (!tag || latest.failed)
  const newest = useNewestKept(none && !latest.shown ? props.orKeptOf : undefined)
  const kept = useLoaded(newest && framePath(newest.id, 'preview'))
  const shown = latest.shown ?? kept.shown
  if (!shown)
    return (
      <div class="lit vacant">
        <p>{none ? props.empty : 'Loading the picture …'}</p>
      </div>
    )
  return (
    <Zoom onTap={props.onTap} tools={props.tools} over={props.children}>
      <img src={shown} alt={props.alt} draggable={false} />
    </Zoom>
  )
}
