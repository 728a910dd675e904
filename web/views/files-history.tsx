// The night as a list: one row per exposure with what was measured; the object may be corrected here.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { ask } from '../ask'
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Field } from '../parts/fields'
import { frameTitle, Thumbnail } from '../parts/kept-frame'
import { sizeName, sizeOf } from '../star-size'
import type { Observatory } from '../states'
import { clockSeconds, duration, fixed, whole } from '../words'

interface HistoryProps {
  readonly frames: readonly Exposure[]
  /** The frame somebody came for. */
  readonly marked: string | undefined
  readonly onOpen: (id: string) => void
  readonly onChange: (frame: Exposure) => void
  readonly more: boolean
  readonly next: () => void
}

export function History({ frames, marked, onOpen, onChange, more, next }: HistoryProps) {
  const list = useRef<HTMLOListElement>(null)
  const sizes = useAt<Observatory>('observatory')?.value.sizes
  const found = !marked || frames.some(({ id }) => id === marked)
  // Pages in until the row is there; every page ends the wait or asks for the next.
  useEffect(() => {
    if (frames.length && !found && more) next()
  }, [frames.length, found, more])
  useEffect(() => {
    if (marked && found) list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' })
  }, [marked, found])
  return (
    <>
      {!found && frames.length > 0 && !more && (
        <p class="why block">That frame is not in this night any more; it may have been deleted.</p>
      )}
      <ol class="history" ref={list}>
        {frames.map(frame => (
          <li key={frame.id} aria-current={frame.id === marked ? 'true' : undefined}>
            <button
              type="button"
              class="opens"
              aria-label={`Open ${frameTitle(frame)} of ${clockSeconds(frame.startedMs)}`}
              onClick={() => onOpen(frame.id)}
            >
              <Thumbnail frame={frame} />
            </button>
            <div class="what">
              <p>
                <strong>{frameTitle(frame)}</strong> <time>{clockSeconds(frame.startedMs)}</time>
              </p>
              <p class="dim">
                {[
                  duration(frame.exposureSeconds),
                  frame.filter,
                  frame.frameType !== 'light' && frame.frameType,
                  `bin ${frame.binning}`,
                  frame.gain !== undefined && `gain ${frame.gain}`,
                  frame.total > 1 ? `${frame.number} of ${frame.total}` : frame.total === 0 && `number ${frame.number}`,
                  !frame.ours && 'found on the disk',
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
              <p class="dim">
                {frame.measured
                  ? [
                      `${whole(frame.measured.stars)} stars`,
                      frame.measured.hfdPx !== undefined &&
                        `${sizeName(sizes)} ${fixed(sizeOf(frame.measured.hfdPx, sizes), 2)} px`,
                      `sky ${whole(frame.measured.backgroundAdu)} ADU`,
                    ]
                      .filter(Boolean)
                      .join(' · ')
                  : 'not measured yet'}
              </p>
              <Rename frame={frame} onChange={onChange} />
            </div>
          </li>
        ))}
      </ol>
    </>
  )
}

function Rename({ frame, onChange }: { frame: Exposure; onChange: (frame: Exposure) => void }) {
  const [words, setWords] = useState<string>()
  const job = useJob()
  if (words === undefined)
    return (
      <button type="button" class="bare worded" onClick={() => setWords(frame.object ?? '')}>
        Correct the object
      </button>
    )
  return (
    <div class="row ends">
      <Field label="Object" value={words} onValue={setWords} />
      <Act
        job={job}
        label="Save"
        work={() => ask('frame-amend', { id: frame.id, object: words.trim() })}
        yet={!words.trim() && 'Type a name'}
        onDone={() => {
          onChange({ ...frame, object: words.trim() })
          setWords(undefined)
        }}
      />
      <button type="button" class="bare worded" onClick={() => setWords(undefined)}>
        Cancel
      </button>
      <Said by={job} />
    </div>
  )
}
