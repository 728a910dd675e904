// What opens above a view: from the bottom on a phone, in the middle on a desk. STOP stays in sight and in reach of it.
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon'

interface SheetProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
  readonly wide?: boolean
}

let open = 0

export function Sheet({ title, onClose, children, wide }: SheetProps) {
  const id = useId()
  const ground = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const before = document.activeElement
    // Everything but this sheet and the STOP bar sleeps: tabbing goes round the sheet and STOP, and nowhere else.
    const rest = document.querySelectorAll<HTMLElement>('[data-sleeps]')
    open++
    for (const part of rest) part.inert = true
    box.current?.querySelector<HTMLElement>('[data-first], input, button')?.focus()
    const key = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close.current()
    }
    const beside = (event: MouseEvent): void => {
      if (event.target === ground.current) close.current()
    }
    addEventListener('keydown', key)
    ground.current?.addEventListener('click', beside)
    return () => {
      removeEventListener('keydown', key)
      open--
      if (!open) for (const part of rest) part.inert = false
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <div ref={ground} class="sheet-ground">
      <div ref={box} class={`sheet ${wide ? 'wide' : ''}`} role="dialog" aria-modal="true" aria-labelledby={id}>
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="bare" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div class="inside">{children}</div>
      </div>
    </div>
  )
}
