// The pier camera, as large as the screen allows, with the age of the picture that is really on the screen.
import { useEffect, useState } from 'preact/hooks'
import { boxNow, useAt } from '../live'
import { usePierStream } from '../parts/pier-stream'
import { useTick } from '../parts/tick'
import { Zoom } from '../parts/zoom'
import type { Observatory, Video } from '../states'
import { clockSeconds, duration, fixed, sentence } from '../words'
import { PierLight } from './pier-light'

/** Older than this is said in the colour of a warning. */
const oldMs = 5000

function usePageShown(): boolean {
  const [shown, setShown] = useState(!document.hidden)
  useEffect(() => {
    const look = (): void => setShown(!document.hidden)
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  return shown
}

export function PierView() {
  const name = useAt<Observatory>('observatory')?.value.pierCam
  const video = useAt<Video>(name && `video/${name}`)?.value
  const shown = usePageShown()
  const { picture, error, fix } = usePierStream(shown)
  useTick(200)
  const ageMs = picture && Math.max(0, boxNow() - picture.atMs)
  const said = error ?? video?.error ?? (video?.condition !== 'ready' ? video?.reason : undefined)
  return (
    <div class="pier-cam">
      {picture ? (
        <Zoom>
          <img src={picture.address} alt="What the pier camera sees now" draggable={false} />
        </Zoom>
      ) : (
        <div class="lit vacant">
          <p>{error ? 'No picture from the pier camera.' : 'Waiting for the first picture …'}</p>
        </div>
      )}
      <p class={`age ${ageMs !== undefined && ageMs > oldMs ? 'warned' : ''}`}>
        {ageMs === undefined ? (
          'No picture yet'
        ) : (
          <>
            <span class="big">{duration(ageMs / 1000)}</span> old
            <span class="dim"> · taken {clockSeconds(picture!.atMs)}</span>
          </>
        )}
      </p>
      {said && (
        <div class="trouble" role="alert">
          <div>
            <p>{sentence(said)}</p>
            {error && fix && <p class="fix">{sentence(fix)}</p>}
          </div>
        </div>
      )}
      {video && (
        <p class="dim">
          {video.widthPx ? `${video.widthPx} × ${video.heightPx} px` : ''}
          {video.framesPerSecond !== undefined ? ` · ${fixed(video.framesPerSecond, 1)} pictures per second` : ''} ·
          looks only while you do; nothing is recorded.
        </p>
      )}
      {video?.adjustable && <PierLight video={video} />}
    </div>
  )
}
