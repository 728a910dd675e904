// One master: its picture, what its header says, when it is used, and the way out of the library.
import type { Master } from '../../edge/ports/calibration'
import { ask } from '../ask'
import { Said, TwiceTapped, useJob } from '../parts/act'
import { Choice, Figure } from '../parts/fields'
import { Icon } from '../parts/icon'
import { useLoaded } from '../parts/picture'
import { Sheet } from '../parts/sheet'
import { Zoom } from '../parts/zoom'
import { fixed, size, whole } from '../words'
import { fileName, kindNames, masterOrigin, masterTraits, seconds } from './calibration-words'

export function MasterSheet({ master, onClose }: { master: Master; onClose: () => void }) {
  const job = useJob()
  const { path } = master
  const at = (what: string): string => `/api/calibration/${what}?path=${encodeURIComponent(path)}`
  const { shown, failed } = useLoaded(at('preview'))
  return (
    <Sheet wide title={`${kindNames[master.kind]} ${masterTraits(master)}`} onClose={onClose}>
      <div class="frame-sheet">
        {shown ? (
          <Zoom>
            <img src={shown} alt={`${fileName(path)}, stretched`} draggable={false} />
          </Zoom>
        ) : (
          <div class="lit vacant">
            <p>{failed ? 'Its picture could not be made.' : 'Loading the picture …'}</p>
          </div>
        )}
        <dl class="figures">
          <Figure label="Made of" value={masterOrigin(master) || '–'} />
          {master.camera && <Figure label="Camera" value={master.camera} />}
          {master.exposureSeconds !== undefined && <Figure label="Exposure" value={seconds(master.exposureSeconds)} />}
          {master.filter && <Figure label="Filter" value={master.filter} />}
          {master.gain !== undefined && <Figure label="Gain" value={master.gain} />}
          {master.offset !== undefined && <Figure label="Offset" value={master.offset} unit="ADU" />}
          {master.sensorCelsius !== undefined && (
            <Figure label="Sensor" value={fixed(master.sensorCelsius, 1)} unit="°C" />
          )}
          <Figure label="Size" value={`${master.width} × ${master.height}`} unit="px" />
          <Figure label="Binning" value={`${master.binning} × ${master.binning}`} />
          {master.medianAdu !== undefined && <Figure label="Level" value={whole(master.medianAdu)} unit="ADU" />}
          {master.noiseAdu !== undefined && (
            <Figure label="Noise of a frame" value={fixed(master.noiseAdu, 1)} unit="ADU" />
          )}
        </dl>
        <Choice
          label="Used"
          value={master.use ?? 'fitting'}
          onValue={use => void job.run('use', () => ask('calibration-choose', { path, use }))}
          options={[
            { value: 'fitting', label: 'where it fits best' },
            { value: 'always', label: 'always' },
            { value: 'never', label: 'never' },
          ]}
          help="Size and exposure must fit in any case."
        />
        <p class="path">
          {path} <span class="dim">({size(master.bytes)})</span>
        </p>
        <div class="row even">
          <a class="button main" href={at('file')} download>
            <Icon name="download" />
            <span>Download FITS</span>
          </a>
          <TwiceTapped
            job={job}
            icon="bin"
            label="Delete"
            again="Tap again: gone for good"
            ask="calibration-forget"
            input={{ path }}
            onDone={onClose}
          />
        </div>
        <Said by={job} />
      </div>
    </Sheet>
  )
}
