// A camera's last exposure, to be looked at closely: the one that was just taken, or the newest that the box keeps.
import { useEffect, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { fetched } from '../ask'
import { boot, usePictureTag } from '../live'
import { useNewestKept } from './picture'
import { Viewer } from './viewer'

const empty = 'No frame yet. The first one appears here.'

/** What the archive knows of a frame. */
function useExposure(id: string | undefined): Exposure | undefined {
  const [found, setFound] = useState<Exposure>()
  useEffect(() => {
    if (!id) return
    fetched<Exposure>(`/api/exposures/${encodeURIComponent(id)}`).then(setFound, () => {
      // Without it the picture has the tones of a light frame.
    })
  }, [id])
  return found?.id === id ? found : undefined
}

/** The camera's device name is the end of an exposure's id. */
const isOf = (id: string | undefined, camera: string | undefined): boolean =>
  id !== undefined && id.slice(id.indexOf('-') + 1) === camera

export function LastExposure({ camera }: { camera: string | undefined }) {
  const tag = usePictureTag('frame')
  // The picture may be another camera's by now: then the box makes this one anew.
  const [newest, setNewest] = useState<string>()
  useEffect(() => {
    if (isOf(tag?.of, camera)) setNewest(tag?.of)
  }, [tag, camera])
  const mine = isOf(newest, camera) ? newest : undefined
  const told = useExposure(mine)
  const kept = useNewestKept(mine ? undefined : camera)
  const frame = told ?? (mine ? undefined : kept)
  const id = mine ?? kept?.id
  if (!id)
    return (
      <div class="lit vacant">
        <p>{empty}</p>
      </div>
    )
  return (
    <Viewer
      picture={{
        of: id,
        version: id,
        kind: frame?.frameType ?? 'light',
        ready: tag?.of === id ? `/api/pictures/frame?v=${boot.get()}-${tag.version}` : undefined,
        alt: `The last frame of camera “${camera}”, stretched`,
        width: frame?.width,
        height: frame?.height,
      }}
      empty={empty}
    />
  )
}
