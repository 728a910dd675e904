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

/** All that sleeps while a sheet is open. Not STOP: tabbing goes round the sheet and STOP, and nowhere else. */
function besides(sheet: HTMLElement): HTMLElement[] {
  const sleepers: HTMLElement[] = []
  for (let part = sheet; part.parentElement && part !== document.body; part = part.parentElement)
    for (const other of part.parentElement.children as HTMLCollectionOf<HTMLElement>) {
      if (other === part || other.matches('.stop')) continue
      if (other.querySelector('.stop'))
        sleepers.push(...([...other.children] as HTMLElement[]).filter(one => !one.matches('.stop')))
      else sleepers.push(other)
    }
  return sleepers.filter(({ inert }) => !inert)
}

export function Sheet({ title, onClose, children, wide }: SheetProps) {
  const id = useId()
  const ground = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const before = document.activeElement
    const rest = besides(ground.current!)
    for (const part of rest) part.inert = true
    const first = box.current?.querySelector<HTMLElement>('[data-first]') ?? box.current
    first?.focus()
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
      for (const part of rest) part.inert = false
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <div ref={ground} class="sheet-ground">
      <div
        ref={box}
        class={`sheet ${wide ? 'wide' : ''}`}
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
      >
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
