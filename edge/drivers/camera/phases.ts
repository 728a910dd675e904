// The phase of a camera's exposure: told when it changes, and again every second, so that silence is noticed.
import type { ExposurePhase } from '../../ports/camera.js'
import type { Clock } from '../../ports/clock.js'
import { listeners } from '../listeners.js'

export interface RunningPhase {
  enter(phase: ExposurePhase): void
  /** Idle again. */
  end(): void
}

export interface ExposurePhases {
  onPhase(listener: (phase: ExposurePhase) => void): () => void
  /** An exposure has been ordered: it waits until it enters another phase. */
  begin(): RunningPhase
}

export function exposurePhases(clock: Clock): ExposurePhases {
  const told = listeners<ExposurePhase>()
  return {
    onPhase: told.add,
    begin() {
      let phase: ExposurePhase = 'waiting'
      const reminder = clock.every(1000, () => told.tell(phase))
      return {
        enter(next) {
          phase = next
          told.tell(phase)
        },
        end() {
          reminder.cancel()
          told.tell('idle')
        },
      }
    },
  }
}
