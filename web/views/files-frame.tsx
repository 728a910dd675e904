// One frame: its picture to zoom into, what is known of it, its FITS header, download and delete.
import { useEffect, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { fetched, type Refusal } from '../ask'
import { useAt } from '../live'
import { Act, asRefusal, Said, Trouble, TwiceTapped, useJob } from '../parts/act'
import { Figure } from '../parts/fields'
import { Icon } from '../parts/icon'
import { framePath, frameTitle } from '../parts/kept-frame'
import { Sheet } from '../parts/sheet'
import { Viewer } from '../parts/viewer'
import { hrefOf } from '../route'
import { sizeName, sizeOf } from '../star-size'
import type { Observatory } from '../states'
import { clockSeconds, duration, fixed, nightName, size, whole } from '../words'

interface Card {
  readonly keyword: string
  readonly value?: unknown
  readonly comment?: string
}

export function FrameSheet({ frame, onClose }: { frame: Exposure; onClose: () => void }) {
  const sizes = useAt<Observatory>('observatory')?.value.sizes
  const job = useJob()
  const { measured } = frame
  return (
    <Sheet wide title={`${frameTitle(frame)}, ${clockSeconds(frame.startedMs)}`} onClose={onClose}>
      <div class="frame-sheet">
        <Viewer
          picture={{
            of: frame.id,
            version: frame.id,
            kind: frame.frameType,
            alt: `${frameTitle(frame)}, stretched`,
            width: frame.width,
            height: frame.height,
          }}
          empty="The preview could not be made. The FITS file can still be downloaded."
        />
        <dl class="figures">
          <Figure label="Exposure" value={duration(frame.exposureSeconds)} />
          <Figure label="Type" value={frame.frameType} />
          {frame.filter && <Figure label="Filter" value={frame.filter} />}
          <Figure label="Size" value={`${frame.width} × ${frame.height}`} unit="px" />
          <Figure label="Binning" value={`${frame.binning} × ${frame.binning}`} />
          {frame.gain !== undefined && <Figure label="Gain" value={frame.gain} />}
          {frame.sensorCelsius !== undefined && (
            <Figure label="Sensor" value={fixed(frame.sensorCelsius, 1)} unit="°C" />
          )}
          {measured && <Figure label="Stars" value={whole(measured.stars)} />}
          {measured?.hfdPx !== undefined && (
            <Figure label={sizeName(sizes)} value={fixed(sizeOf(measured.hfdPx, sizes), 2)} unit="px" />
          )}
          {measured && <Figure label="Sky" value={whole(measured.backgroundAdu)} unit="ADU" />}
          {measured && <Figure label="Noise" value={fixed(measured.noiseAdu, 1)} unit="ADU" />}
          <Figure label="Night of" value={nightName(frame.night)} />
        </dl>
        <p class="path">
          {frame.path} <span class="dim">({size(frame.bytes)})</span>
        </p>
        <div class="row even">
          <a class="button main" href={framePath(frame.id, 'fits')} download>
            <Icon name="download" />
            <span>Download FITS</span>
          </a>
          <a class="button" href={hrefOf('files', frame.night, 'history', frame.id)} onClick={onClose}>
            <Icon name="history" />
            <span>Open in history</span>
          </a>
          <TwiceTapped
            job={job}
            icon="bin"
            label="Delete"
            again="Tap again: gone for good"
            ask="frame-remove"
            input={{ id: frame.id }}
            onDone={onClose}
          />
        </div>
        <Said by={job} />
        <Header id={frame.id} />
      </div>
    </Sheet>
  )
}

function Header({ id }: { id: string }) {
  const [open, setOpen] = useState(false)
  const [cards, setCards] = useState<readonly Card[]>()
  const [trouble, setTrouble] = useState<Refusal>()
  const job = useJob()
  useEffect(() => {
    if (!open || cards) return
    fetched<{ cards: readonly Card[] }>(framePath(id, 'header')).then(
      said => setCards(said.cards),
      error => setTrouble(asRefusal(error)),
    )
  }, [open])
  if (!open)
    return (
      <Act
        job={job}
        label="Show the FITS header"
        work={async () => {
          setTrouble(undefined)
          setOpen(true)
        }}
      />
    )
  return (
    <>
      <h3>FITS header</h3>
      <Trouble of={trouble} onClose={() => setOpen(false)} />
      {!cards && !trouble && <p class="dim">Reading …</p>}
      <table class="cards">
        <tbody>
          {cards?.map((card, index) => (
            <tr key={`${card.keyword}-${index}`}>
              <th scope="row">{card.keyword}</th>
              <td>
                {card.value === undefined || card.value === null
                  ? ''
                  : card.value === true
                    ? 'T'
                    : card.value === false
                      ? 'F'
                      : String(card.value)}
                {card.comment && <small> {card.comment}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
