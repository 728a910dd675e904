// Every night and every frame of it: as a grid of pictures, or as the history with what was measured.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Exposure, Night } from '../../edge/ports/store'
import { fetched, type Refusal } from '../ask'
import { useCell } from '../cell'
import { onEvent } from '../live'
import { asRefusal, Trouble } from '../parts/act'
import { Choice } from '../parts/fields'
import { Icon } from '../parts/icon'
import { frameTitle, Thumbnail } from '../parts/kept-frame'
import { go, hrefOf, route } from '../route'
import { clockTime, counted, duration, nightName, size } from '../words'
import { FrameSheet } from './files-frame'
import { History } from './files-history'
import { Sticks } from './files-sticks'

const pageLength = 60
/** Frames may come several a second; the list asks once for all of them. */
const askAgainMs = 1500

function useNights(): { nights?: readonly Night[]; trouble?: Refusal } {
  const [said, setSaid] = useState<{ nights?: readonly Night[]; trouble?: Refusal }>({})
  useEffect(() => {
    let wait: ReturnType<typeof setTimeout> | undefined
    const read = (): void => {
      wait = undefined
      fetched<{ nights: readonly Night[] }>('/api/nights').then(
        ({ nights }) => setSaid({ nights }),
        error => setSaid(before => ({ ...before, trouble: asRefusal(error) })),
      )
    }
    read()
    const leave = onEvent(({ kind }) => {
      if (kind === 'frame-archived' || kind === 'frame-removed') wait ??= setTimeout(read, askAgainMs)
    })
    return () => {
      leave()
      clearTimeout(wait)
    }
  }, [])
  return said
}

interface Frames {
  readonly frames?: readonly Exposure[]
  readonly more: boolean
  readonly trouble?: Refusal
  next(): void
  replace(frame: Exposure): void
}

/** The frames of a night, newest first, page by page; new ones come in at the top by themselves. */
function useFrames(night: string | undefined): Frames {
  const [frames, setFrames] = useState<readonly Exposure[]>()
  const [more, setMore] = useState(false)
  const [trouble, setTrouble] = useState<Refusal>()
  const newest = useRef(night)
  newest.current = night
  const read = (before?: string): void => {
    if (!night) return
    const query = new URLSearchParams({ night, limit: String(pageLength), ...(before ? { before } : {}) })
    fetched<{ exposures: readonly Exposure[] }>(`/api/exposures?${query}`).then(
      ({ exposures }) => {
        if (newest.current !== night) return
        setTrouble(undefined)
        setFrames(known => {
          const old = known?.filter(frame => frame.night === night) ?? []
          if (before) return [...old, ...exposures.filter(frame => !old.some(({ id }) => id === frame.id))]
          // The newest page replaces what it covers; what was paged in below it stays.
          const last = exposures.at(-1)?.id
          return exposures.length < pageLength || !last
            ? exposures
            : [...exposures, ...old.filter(frame => frame.id < last)]
        })
        if (before || exposures.length < pageLength) setMore(exposures.length === pageLength)
        else setMore(was => was || exposures.length === pageLength)
      },
      error => setTrouble(asRefusal(error)),
    )
  }
  useEffect(() => {
    setFrames(undefined)
    setMore(false)
    read()
    let wait: ReturnType<typeof setTimeout> | undefined
    const leave = onEvent(event => {
      if (event.kind === 'frame-removed') setFrames(known => known?.filter(({ id }) => id !== event.body.id))
      else if (event.kind === 'frame-archived' || event.kind === 'frame-measured')
        wait ??= setTimeout(() => {
          wait = undefined
          read()
        }, askAgainMs)
    })
    return () => {
      leave()
      clearTimeout(wait)
    }
  }, [night])
  return {
    frames,
    more,
    trouble,
    next: () => read(frames?.at(-1)?.id),
    replace: frame => setFrames(known => known?.map(old => (old.id === frame.id ? frame : old))),
  }
}

/** `#/files/-/history/<id>`: a link that knows the frame but not its night. */
function useNightOf(night: string | undefined, id: string | undefined): Refusal | undefined {
  const [trouble, setTrouble] = useState<Refusal>()
  useEffect(() => {
    if (night !== '-' || !id) return
    fetched<Exposure>(`/api/exposures/${encodeURIComponent(id)}`).then(
      frame => {
        setTrouble(undefined)
        history.replaceState(null, '', hrefOf('files', frame.night, 'history', id))
        dispatchEvent(new HashChangeEvent('hashchange'))
      },
      error => setTrouble(asRefusal(error)),
    )
  }, [night, id])
  return trouble
}

export function FilesView() {
  const { rest } = useCell(route)
  const [asked, manner, marked] = rest
  const lost = useNightOf(asked, marked)
  const { nights, trouble } = useNights()
  const night = asked && asked !== '-' ? asked : asked === '-' && !lost ? undefined : nights?.[0]?.night
  const list = useFrames(night)
  const [open, setOpen] = useState<string>()
  const shown = list.frames?.find(({ id }) => id === open)
  const row = nights?.find(other => other.night === night)
  const asHistory = manner === 'history'
  return (
    <div class="files">
      <Trouble of={trouble ?? lost} />
      {nights && !nights.length && <p class="dim">No frame has been kept yet. Go to Expose and take the first.</p>}
      {!!nights?.length && (
        <nav class="nights" aria-label="Nights">
          {nights.map(other => (
            <a
              key={other.night}
              href={hrefOf('files', other.night, ...(asHistory ? ['history'] : []))}
              aria-current={other.night === night ? 'true' : undefined}
            >
              <span>{nightName(other.night)}</span>
              <small>
                {counted(other.frames, 'frame')} · {size(other.bytes)}
              </small>
            </a>
          ))}
        </nav>
      )}
      {night && (
        <section class="night">
          <div class="row ends">
            <Choice
              bare
              label="Shown as"
              value={asHistory ? 'history' : 'grid'}
              onValue={next => go('files', night, ...(next === 'history' ? ['history'] : []))}
              options={[
                { value: 'grid', label: 'Pictures' },
                { value: 'history', label: 'History' },
              ]}
            />
            {row && (
              <a class="button" href={`/api/nights/${night}.zip`} download>
                <Icon name="download" />
                <span>Whole night, {size(row.bytes)}</span>
              </a>
            )}
          </div>
          <Sticks night={night} />
          <Trouble of={list.trouble} />
          {list.frames && !list.frames.length && <p class="dim">No frame is left of this night.</p>}
          {asHistory ? (
            <History
              frames={list.frames ?? []}
              marked={marked}
              onOpen={setOpen}
              onChange={list.replace}
              more={list.more}
              next={list.next}
            />
          ) : (
            <ul class="grid">
              {list.frames?.map(frame => (
                <li key={frame.id}>
                  <button type="button" onClick={() => setOpen(frame.id)}>
                    <Thumbnail frame={frame} />
                    <span>{frameTitle(frame)}</span>
                    <small>
                      {clockTime(frame.startedMs)} · {duration(frame.exposureSeconds)}
                    </small>
                  </button>
                </li>
              ))}
            </ul>
          )}
          {list.more && (
            <button type="button" class="quiet wide" onClick={list.next}>
              Show older frames
            </button>
          )}
        </section>
      )}
      {shown && <FrameSheet frame={shown} onClose={() => setOpen(undefined)} />}
    </div>
  )
}
