// A button that lets a file be chosen, and hands it on at once.
import { useRef } from 'preact/hooks'
import { Icon } from './icon'

interface PickFileProps {
  /** As browsers take it: `.fits,.fz`. */
  readonly accept: string
  readonly label: string
  readonly disabled: boolean
  onPick(file: File): void
}

export function PickFile({ accept, label, disabled, onPick }: PickFileProps) {
  const picked = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={picked}
        type="file"
        hidden
        accept={accept}
        onChange={event => {
          const file = event.currentTarget.files?.[0]
          if (file) onPick(file)
        }}
      />
      <button type="button" class="quiet" disabled={disabled} onClick={() => picked.current?.click()}>
        <Icon name="upload" />
        <span>{label}</span>
      </button>
    </>
  )
}
