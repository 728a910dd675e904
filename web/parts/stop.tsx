// STOP: halts everything that moves, from every view, above every dialog. It is never disabled: when the box does not
// answer it still tries, and says that it failed.
import { useEffect, useState } from 'preact/hooks'
import { ask, pairingWish, type Refusal } from '../ask'
import { useCell } from '../cell'
import { boxNow } from '../live'
import { clockSeconds } from '../words'
import { asRefusal, Trouble } from './act'

const stopWithinMs = 6000

type Outcome = { pending: true } | { words: string } | { trouble: Refusal }

export function Stop() {
  const [outcome, setOutcome] = useState<Outcome>()
  const asksForCode = useCell(pairingWish) !== undefined
  useEffect(() => {
    if (!outcome || !('words' in outcome)) return
    const fade = setTimeout(() => setOutcome(undefined), 8000)
    return () => clearTimeout(fade)
  }, [outcome])
  const stop = async (): Promise<void> => {
    setOutcome({ pending: true })
    try {
      const said = await ask<{ stopped?: readonly string[] }>('stop-all', {}, { deadlineMs: stopWithinMs })
      const what =
        Array.isArray(said.stopped) && said.stopped.length ? said.stopped.join(', ') : 'everything that moves'
      setOutcome({ words: `Stopped at ${clockSeconds(boxNow())}: ${what}.` })
    } catch (error) {
      setOutcome({ trouble: asRefusal(error) })
    }
  }
  return (
    <div class="stop">
      <button type="button" class="stop-button" aria-label="STOP everything that moves" onClick={() => void stop()}>
        STOP
      </button>
      <div class="stop-says" role="status" aria-live="assertive">
        {outcome && 'pending' in outcome && (
          <p>{asksForCode ? 'Nothing is stopped before this device is paired.' : 'Stopping …'}</p>
        )}
        {outcome && 'words' in outcome && <p>{outcome.words}</p>}
        {outcome && 'trouble' in outcome && <Trouble of={outcome.trouble} onClose={() => setOutcome(undefined)} />}
      </div>
    </div>
  )
}
