// The main camera's last exposure, to be looked at closely: the one that was just taken, or after a restart of the box
// the newest that it keeps.
import { useEffect, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { fetched } from '../ask'
import { boot, usePictureTag } from '../live'
import { useNewestKept } from './picture'
import { Viewer } from './viewer'

const alt = 'The last frame of the main camera, stretched'
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

export function LastExposure({ camera }: { camera: string | undefined }) {
  const tag = usePictureTag('frame')
  const told = useExposure(tag?.of)
  const kept = useNewestKept(tag ? undefined : camera)
  const frame = told ?? kept
  const id = tag?.of ?? kept?.id
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
        ready: tag && `/api/pictures/frame?v=${boot.get()}-${tag.version}`,
        alt,
        width: frame?.width,
        height: frame?.height,
      }}
      empty={empty}
    />
  )
}
