// Tones of a picture, to be dragged while it follows: histogram with handles, stretch, gamma, negative, clipping marks,
// colour balance.
import { useId } from 'preact/hooks'
import type { Histogram } from '../../edge/ports/display'
import { useCell } from '../cell'
import { aduAt, type Look, lookFor, placeOf, standardLook } from '../look'
import { fixed } from '../words'
import { Choice, Toggle } from './fields'
import { type Handle, HistogramChart, type Places } from './histogram'

const gammaMost = 4

interface PanelProps {
  readonly kind: string
  readonly histogram: Histogram
}

function placesOf(look: Look, histogram: Histogram): Places {
  if (!look.levels) return standardPlaces(look.stretch, histogram)
  const { blackAdu, midAdu, whiteAdu } = look.levels
  return {
    black: placeOf(histogram, blackAdu),
    mid: placeOf(histogram, midAdu),
    white: placeOf(histogram, whiteAdu),
  }
}

/** Where asinh(10 x) is half of what it is at 1. */
const asinhMiddle = 0.2127

/** Where a stretch puts its levels when nobody says. */
function standardPlaces(stretch: Look['stretch'], histogram: Histogram): Places {
  if (stretch === 'auto') return histogram.auto
  const [black, white] = stretch === 'linear' ? [0, 1] : [percentile(histogram, 0.01), percentile(histogram, 0.995)]
  const low = aduAt(histogram, black)
  const middle = low + (stretch === 'linear' ? 0.5 : asinhMiddle) * (aduAt(histogram, white) - low)
  return { black, mid: placeOf(histogram, middle), white }
}

function percentile({ bins }: Histogram, part: number): number {
  const total = bins.flat().reduce((sum, count) => sum + count, 0)
  const count = bins[0].length
  let below = 0
  for (let bin = 0; bin < count; bin++) {
    const here = bins.reduce((sum, plane) => sum + plane[bin], 0)
    if (here && below + here >= part * total) return (bin + (part * total - below) / here) / count
    below += here
  }
  return 1
}

export function DisplayPanel({ kind, histogram }: PanelProps) {
  const of = lookFor(kind)
  const look = useCell(of)
  const gammaId = useId()
  const change = (fields: Partial<Look>): void => of.set({ ...look, ...fields })
  const adu = (places: Places, handle: Handle): number => aduAt(histogram, places[handle])
  const set = (places: Places): void =>
    change({
      levels: { blackAdu: adu(places, 'black'), midAdu: adu(places, 'mid'), whiteAdu: adu(places, 'white') },
    })
  const touched = JSON.stringify({ ...standardLook, ...look }) !== JSON.stringify(standardLook)
  return (
    <div class="stacked tones">
      <HistogramChart histogram={histogram} places={placesOf(look, histogram)} onPlaces={set} />
      <Choice
        label="Stretch"
        value={look.stretch}
        // Levels are those of one curve: another begins with its own.
        onValue={stretch => change({ stretch, levels: undefined })}
        options={[
          { value: 'auto', label: 'Auto' },
          { value: 'asinh', label: 'Asinh' },
          { value: 'linear', label: 'Linear' },
        ]}
      />
      <div class="field">
        <label for={gammaId}>Gamma {fixed(look.gamma, 2)}</label>
        <input
          id={gammaId}
          type="range"
          min={-100}
          max={100}
          value={(100 * Math.log(look.gamma)) / Math.log(gammaMost)}
          aria-valuetext={fixed(look.gamma, 2)}
          onInput={event => {
            const part = Number(event.currentTarget.value) / 100
            // The middle is easily missed by a thumb.
            change({ gamma: Math.abs(part) < 0.04 ? 1 : +(gammaMost ** part).toFixed(3) })
          }}
        />
      </div>
      <Toggle label="Negative" on={look.invert} onToggle={invert => change({ invert })} />
      <Toggle label="Mark what is clipped" on={look.clipMarks} onToggle={clipMarks => change({ clipMarks })} />
      {histogram.planes > 1 && (
        <Choice
          label="Colour balance"
          value={look.balance}
          onValue={balance => change({ balance, levels: undefined })}
          options={[
            { value: 'sky', label: 'Sky grey' },
            { value: 'none', label: 'As measured' },
          ]}
        />
      )}
      <button type="button" class="quiet wide" disabled={!touched} onClick={() => of.set(standardLook)}>
        Back to automatic
      </button>
    </div>
  )
}
