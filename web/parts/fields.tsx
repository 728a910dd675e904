// Form fields that look the same on every system: no native pickers, whose popups no style sheet turns red at night.
import type { ComponentChildren } from 'preact'
import { useId, useRef } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onValue: (value: string) => void
  readonly unit?: string
  readonly help?: string
  /** What is wrong with the value, in words. */
  readonly wrong?: string
  readonly placeholder?: string
  readonly keys?: 'decimal' | 'numeric' | 'text' | 'search'
  readonly disabled?: boolean
  readonly onEnter?: () => void
  /** Takes the focus when its sheet opens. */
  readonly first?: boolean
}

export function Field(props: FieldProps) {
  const id = useId()
  const note = props.wrong ?? props.help
  return (
    <div class={`field ${props.wrong ? 'wrong' : ''}`}>
      <label for={id}>{props.label}</label>
      <div class="entry">
        <input
          id={id}
          type="text"
          inputMode={props.keys ?? 'text'}
          value={props.value}
          placeholder={props.placeholder}
          disabled={props.disabled}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          data-first={props.first}
          aria-invalid={!!props.wrong}
          aria-describedby={note ? `${id}-note` : undefined}
          onInput={event => props.onValue(event.currentTarget.value)}
          onKeyDown={event => event.key === 'Enter' && props.onEnter?.()}
        />
        {props.unit && <span class="unit">{props.unit}</span>}
      </div>
      {note && (
        <small id={`${id}-note`} class={props.wrong ? 'why' : 'help'}>
          {note}
        </small>
      )}
    </div>
  )
}

export interface Option<T extends string> {
  readonly value: T
  readonly label: string
  /** Why it cannot be chosen. */
  readonly unless?: string
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly options: readonly Option<T>[]
  readonly value: T | undefined
  readonly onValue: (value: T) => void
  /** The label is for screen readers only. */
  readonly bare?: boolean
  readonly disabled?: boolean
  readonly help?: string
}

/** One of a few, all of them in sight. Arrow keys move between them, as in any radio group. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const id = useId()
  const group = useRef<HTMLDivElement>(null)
  const chosen = props.options.findIndex(option => option.value === props.value)
  const step = (by: number): void => {
    const count = props.options.length
    let next = Math.max(0, chosen)
    do next = (next + by + count) % count
    while (props.options[next].unless && next !== chosen)
    props.onValue(props.options[next].value)
    group.current?.querySelectorAll('button')[next]?.focus()
  }
  return (
    <div class="field">
      {!props.bare && <span id={id}>{props.label}</span>}
      <div
        ref={group}
        class="chips"
        role="radiogroup"
        aria-label={props.bare ? props.label : undefined}
        aria-labelledby={props.bare ? undefined : id}
      >
        {props.options.map((option, index) => (
          // biome-ignore lint/a11y/useSemanticElements: a native radio paints itself in the system's colours
          <button
            key={option.value}
            type="button"
            role="radio"
            aria-checked={index === chosen}
            tabIndex={index === Math.max(0, chosen) ? 0 : -1}
            disabled={props.disabled || !!option.unless}
            onClick={() => props.onValue(option.value)}
            onKeyDown={event => {
              if (event.key === 'ArrowRight' || event.key === 'ArrowDown') step(1)
              else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') step(-1)
              else return
              event.preventDefault()
            }}
          >
            {option.label}
          </button>
        ))}
      </div>
      {props.help && <small class="help">{props.help}</small>}
    </div>
  )
}

interface ToggleProps {
  readonly label: string
  readonly on: boolean
  readonly onToggle: (on: boolean) => void
  readonly disabled?: boolean
  readonly describedBy?: string
  readonly children?: ComponentChildren
}

export function Toggle({ label, on, onToggle, disabled, describedBy, children }: ToggleProps) {
  return (
    <button
      type="button"
      role="switch"
      class="toggle"
      aria-checked={on}
      aria-describedby={describedBy}
      disabled={disabled}
      onClick={() => onToggle(!on)}
    >
      <span class="words">
        {label}
        {children}
      </span>
      <span class="state">{on ? 'on' : 'off'}</span>
      <span class="track" aria-hidden="true" />
    </button>
  )
}

/** A number with its name and unit. */
export function Figure(props: { label: string; value: ComponentChildren; unit?: string; class?: string }) {
  return (
    <div class={`figure ${props.class ?? ''}`}>
      <dt>{props.label}</dt>
      <dd>
        {props.value}
        {props.unit && <span class="unit"> {props.unit}</span>}
      </dd>
    </div>
  )
}

export interface Bounds {
  readonly name: string
  readonly min?: number
  readonly max?: number
  readonly above?: number
  readonly unit?: string
  readonly integer?: boolean
  readonly optional?: boolean
}

/** Reads what was typed; a comma serves as well as a point. Says what is wrong with it and which range would do. */
export function readNumber(words: string, bounds: Bounds): { value?: number; wrong?: string } {
  const text = words.trim().replace(',', '.')
  if (!text) return bounds.optional ? {} : { wrong: `${bounds.name} is missing` }
  const value = Number(text)
  const unit = bounds.unit ? ` ${bounds.unit}` : ''
  if (!Number.isFinite(value)) return { wrong: `“${words}” is not a number` }
  if (bounds.integer && !Number.isInteger(value)) return { wrong: `${bounds.name} is a whole number` }
  if (bounds.above !== undefined && !(value > bounds.above)) return { wrong: `More than ${bounds.above}${unit}` }
  if (bounds.min !== undefined && value < bounds.min) return { wrong: `At least ${bounds.min}${unit}` }
  if (bounds.max !== undefined && value > bounds.max) return { wrong: `At most ${bounds.max}${unit}` }
  return { value }
}
