// Time going by in an exposure: a ring that fills, with what is left in its middle.
import type { ComponentChildren } from 'preact'

interface RingProps {
  /** 0…1; `undefined` where nobody can know. */
  readonly part: number | undefined
  readonly label: string
  readonly children?: ComponentChildren
}

const radius = 46
const round = 2 * Math.PI * radius

export function Ring({ part, label, children }: RingProps) {
  const known = part === undefined ? undefined : Math.min(1, Math.max(0, part))
  return (
    <div
      class={`ring ${known === undefined ? 'turning' : ''}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known === undefined ? undefined : Math.round(known * 100)}
    >
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <circle class="rail" cx="50" cy="50" r={radius} />
        <circle
          class="done"
          cx="50"
          cy="50"
          r={radius}
          stroke-dasharray={`${round * (known ?? 0.25)} ${round}`}
          transform="rotate(-90 50 50)"
        />
      </svg>
      <div class="middle">{children}</div>
    </div>
  )
}

/** The same, as a line: frames of a stack, space on a disk. */
export function Bar({ part, label }: { part: number; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100)
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  )
}
