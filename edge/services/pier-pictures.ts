// What becomes of the pier camera's pictures: thinned to the pace, passed on untouched when they are light enough,
// encoded anew otherwise, and told to the feed once a second.
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Pictures } from '../ports/pictures.js'
import type { Pixels } from '../ports/pixels.js'
import type { Picture } from '../ports/video-source.js'
import { jpegQuality, jpegSize } from '../science/jpeg-quality.js'

export interface PierPictureParts {
  readonly pixels: Pick<Pixels, 'convert'>
  readonly pictures: Pictures
  readonly feed: Feed
  readonly clock: Clock
  readonly settings: { readonly jpeg_quality: number }
}

export interface PierPictures {
  /** Quick: what takes time is done after it has returned. */
  take(picture: Picture): void
  /** Nothing is shown after this, not even what is being encoded. */
  close(): void
}

/** Compressed less than this much above the wish is still left alone: encoding anew costs more than it saves. */
const qualitySlack = 10
const encodeMs = 5_000
/** One picture may be damaged on the cable; so many in a row mean that the source sends nonsense. */
const badInARow = 5
const tellMs = 1_000
/** Arrivals that the pace is measured over. */
const arrivals = 20

/** @param fail called when pictures can no longer be shown */
export function pierPictures(
  { pixels, pictures, feed, clock, settings }: PierPictureParts,
  { path, framesPerSecond }: { readonly path: string; readonly framesPerSecond: number },
  fail: (fault: Fault) => void,
): PierPictures {
  const closing = new AbortController()
  const due = metronome(1000 / framesPerSecond)
  let encoding = false
  let bad = 0
  let shownMs: number[] = []
  let toldMs: number | undefined

  const show = (bytes: Uint8Array, picture: Picture, untouched: boolean) => {
    const size = picture.width === undefined ? jpegSize(bytes) : { width: picture.width, height: picture.height }
    pictures.put('pier', { bytes, type: 'image/jpeg', atMs: picture.atMs, ...size })
    const nowMs = clock.monotonicMs()
    shownMs = [...shownMs.slice(1 - arrivals), nowMs]
    // The feed hears of it once a second at most; the picture itself tells the rest.
    if (toldMs !== undefined && nowMs - toldMs < tellMs) return
    toldMs = nowMs
    const perSecond = shownMs.length > 1 ? ((shownMs.length - 1) * 1000) / (nowMs - shownMs[0]) : undefined
    feed.patch(path, {
      streaming: true,
      error: undefined,
      pictureAtMs: picture.atMs,
      framesPerSecond: perSecond && Math.round(perSecond * 10) / 10,
      widthPx: size?.width,
      heightPx: size?.height,
      untouched,
    })
  }
  const encode = async (picture: Picture) => {
    const to = { as: 'jpeg', quality: settings.jpeg_quality } as const
    const deadline = clock.deadline(encodeMs, 'encoding a picture of the pier camera', closing.signal)
    const encoded = await deadline.race(pixels.convert(picture.jpeg, to, deadline.signal)).catch(error => {
      return asFault(error, 'pixels')
    })
    deadline.cancel()
    encoding = false
    if (closing.signal.aborted) return
    if (!(encoded instanceof Fault)) {
      bad = 0
      show(encoded, picture, false)
      return
    }
    bad++
    if (bad < badInARow) return
    const words = `${bad} pictures in a row cannot be read: ${encoded.message}`
    fail(new Fault('broken', words, encoded.fix, { cause: encoded }))
  }
  return {
    take(picture) {
      // While one is being encoded, others would come out of order: they are skipped.
      if (closing.signal.aborted || encoding || !due(clock.monotonicMs())) return
      const quality = jpegQuality(picture.jpeg)
      if (quality !== undefined && quality <= settings.jpeg_quality + qualitySlack) {
        show(picture.jpeg, picture, true)
        return
      }
      encoding = true
      void encode(picture)
    },
    close: () => closing.abort(new Fault('aborted', 'the pier camera is stopped', 'Start it again')),
  }
}

/**
 * Says yes at most once in `gapMs` on the average, and at once after a pause. A tenth of the gap is forgiven: a source
 * at just this pace must not lose every other picture to jitter; what comes late does not push back the ones after it.
 */
function metronome(gapMs: number): (nowMs: number) => boolean {
  let nextMs: number | undefined
  return nowMs => {
    if (nextMs !== undefined && nowMs < nextMs - gapMs * 0.1) return false
    nextMs = nextMs === undefined ? nowMs + gapMs : Math.max(nextMs + gapMs, nowMs)
    return true
  }
}
