// The simulated drawtube and filter wheel: where they stand at a moment, and how far the focus then is off.
export interface FocusTraits {
  readonly stepsPerSecond: number
  readonly maxSteps: number
  /** Best focus at 10 °C through the first filter. */
  readonly bestSteps: number
  /** How far from the best focus the night begins. */
  readonly startOffSteps: number
  /** The tube shrinks in the cold. */
  readonly stepsPerCelsius: number
  readonly micronsPerStep: number
}

export interface FocusTrain {
  readonly maxSteps: number
  position(): number
  moving(): boolean
  /** Sets off; gives the ms it will take. */
  setOff(steps: number): number
  halt(): void
  /** Distance of the sensor from the focus, µm along the axis. */
  offMicrons(tubeCelsius: number, filterSteps: number): number
}

export function focusTrain(traits: FocusTraits, monotonicMs: () => number): FocusTrain {
  const first = Math.min(traits.maxSteps, Math.max(0, traits.bestSteps + traits.startOffSteps))
  let move = { from: first, to: first, startMs: 0, endMs: 0 }
  const exact = () => {
    const ms = monotonicMs()
    if (ms >= move.endMs) return move.to
    return move.from + ((move.to - move.from) * (ms - move.startMs)) / (move.endMs - move.startMs)
  }
  return {
    maxSteps: traits.maxSteps,
    position: () => Math.round(exact()),
    moving: () => monotonicMs() < move.endMs,
    setOff(steps) {
      const from = exact()
      const startMs = monotonicMs()
      move = { from, to: steps, startMs, endMs: startMs + (Math.abs(steps - from) / traits.stepsPerSecond) * 1000 }
      return move.endMs - startMs
    },
    halt() {
      const here = Math.round(exact())
      move = { from: here, to: here, startMs: 0, endMs: 0 }
    },
    offMicrons(tubeCelsius, filterSteps) {
      const best = traits.bestSteps + traits.stepsPerCelsius * (tubeCelsius - 10) + filterSteps
      return (exact() - best) * traits.micronsPerStep
    },
  }
}

export interface Filter {
  readonly name: string
  /** Share of white starlight and of sky glow that comes through. */
  readonly stars: number
  readonly sky: number
  readonly nanometres: number
  /** Glass shifts the focus. */
  readonly focusSteps: number
}

/** Widths against 300 nm of clear glass; narrow bands keep most of a town's lamps out. */
export const filters: readonly Filter[] = [
  { name: 'L', stars: 1, sky: 1, nanometres: 550, focusSteps: 0 },
  { name: 'R', stars: 0.3, sky: 0.34, nanometres: 640, focusSteps: 4 },
  { name: 'G', stars: 0.3, sky: 0.33, nanometres: 530, focusSteps: -2 },
  { name: 'B', stars: 0.27, sky: 0.22, nanometres: 450, focusSteps: 11 },
  { name: 'Ha', stars: 0.022, sky: 0.012, nanometres: 656, focusSteps: 18 },
  { name: 'OIII', stars: 0.022, sky: 0.014, nanometres: 501, focusSteps: 16 },
  { name: 'SII', stars: 0.02, sky: 0.011, nanometres: 672, focusSteps: 19 },
]

export interface Carousel {
  /** Slot in the light, or undefined while it turns. */
  position(): number | undefined
  /** Sets off; gives the ms it will take. */
  setOff(slot: number): number
  /** The filter whose glass a frame was taken through: the last one in the light. */
  filter(): Filter
}

const secondsPerSlot = 0.7

export function carousel(monotonicMs: () => number): Carousel {
  let slot = 0
  let endMs = 0
  return {
    position: () => (monotonicMs() < endMs ? undefined : slot),
    setOff(next) {
      // The short way round.
      const apart = Math.abs(next - slot)
      const slots = Math.min(apart, filters.length - apart)
      slot = next
      endMs = slots === 0 ? 0 : monotonicMs() + (slots * secondsPerSlot + 0.3) * 1000
      return Math.max(0, endMs - monotonicMs())
    },
    filter: () => filters[slot],
  }
}
