// How a thing is, in shape and word before colour: in red light there is only red.

const lamps = {
  ready: ['good', 'ready'],
  opening: ['busy', 'opening'],
  retrying: ['busy', 'trying again'],
  unavailable: ['bad', 'unavailable'],
  closed: ['off', 'closed'],
  'switched off': ['off', 'switched off'],
} as const

export function Lamp({ condition }: { condition: string | undefined }) {
  const [shade, word] = lamps[condition as keyof typeof lamps] ?? ['off', condition ?? 'unknown']
  return (
    <span class={`lamp ${shade}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {shade === 'good' && <circle cx="6" cy="6" r="5" />}
        {shade === 'busy' && <path d="M6 .8 11.4 11H.6z" />}
        {shade === 'bad' && <path d="M3 .6 6 3.6 9 .6 11.4 3 8.4 6l3 3L9 11.4l-3-3-3 3L.6 9l3-3-3-3z" />}
        {shade === 'off' && <circle class="hollow" cx="6" cy="6" r="4.2" />}
      </svg>
      {word}
    </span>
  )
}
