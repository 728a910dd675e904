// What the mount was last sent to: the object of a frame that nobody named another for.
import { useAt } from './live'
import type { Mount, Observatory } from './states'

export const objectHint = 'goes into the file and its name'

/** Only while the mount follows it: parked, or standing still, it points at nothing for long. */
export function useTarget(): string | undefined {
  const name = useAt<Observatory>('observatory')?.value.mount
  const mount = useAt<Mount>(name && `mount/${name}`)?.value
  return mount?.condition === 'ready' && mount.tracking && !mount.parked ? mount.target : undefined
}
