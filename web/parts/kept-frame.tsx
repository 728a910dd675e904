// A kept frame wherever it stands: its name, its small picture, and where the box keeps what belongs to it.
import { useEffect, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'

export const framePath = (id: string, what: string): string => `/api/exposures/${encodeURIComponent(id)}/${what}`

export function frameTitle(frame: Exposure): string {
  return frame.object ?? (frame.frameType === 'light' ? 'Sky' : frame.frameType)
}

export function Thumbnail({ frame }: { frame: Exposure }) {
  const [failed, setFailed] = useState(false)
  // Measuring also makes the thumbnail: asked for again when that has been done.
  const measured = !!frame.measured
  useEffect(() => setFailed(false), [measured])
  return (
    <span class="lit thumb">
      {failed ? (
        <small>no picture yet</small>
      ) : (
        <img
          src={`${framePath(frame.id, 'thumbnail')}${measured ? '' : '?early'}`}
          alt=""
          loading="lazy"
          decoding="async"
          onError={() => setFailed(true)}
        />
      )}
    </span>
  )
}
