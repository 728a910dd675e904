// What is seldom changed, folded away behind a line that says how it stands.
import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { Icon } from './icon'

interface FoldProps {
  readonly label: string
  /** How it stands: shown while it is closed. */
  readonly summary: string
  readonly onOpen?: () => void
  readonly children: ComponentChildren
}

export function Fold({ label, summary, onOpen, children }: FoldProps) {
  const id = useId()
  const [open, setOpen] = useState(false)
  const flip = (): void => {
    if (!open) onOpen?.()
    setOpen(!open)
  }
  return (
    <div class="fold">
      <button type="button" aria-expanded={open} aria-controls={id} onClick={flip}>
        <span>{label}</span>
        <span class="dim">{open ? '' : summary}</span>
        <Icon name={open ? 'up' : 'down'} />
      </button>
      {open && (
        <div id={id} class="stacked">
          {children}
        </div>
      )}
    </div>
  )
}
