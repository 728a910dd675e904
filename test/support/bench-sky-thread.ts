// A thread that writes its share of a bench sky's frames.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { workerData } from 'node:worker_threads'
import type { Card } from '../../edge/science/fits-header.js'
import { encodeFits } from '../../edge/science/fits-write.js'
import type { SkyTask } from './bench-sky.js'
import { flatOf, renderShot, type SkyShot, sensor } from './bench-sky-frame.js'

const { field, folder, shots } = workerData as SkyTask
const flat = flatOf(field)
for (const { shot, index } of shots) {
  const image = renderShot(field, shot, index, flat)
  writeFileSync(path.join(folder, `${shot.name}.fits`), encodeFits(image, cardsOf(shot, index)))
}

function cardsOf(shot: SkyShot, index: number): Card[] {
  const types = { light: 'LIGHT', dark: 'MASTERDARK', flat: 'MASTERFLAT' }
  const minute = String(index % 60).padStart(2, '0')
  return [
    { keyword: 'IMAGETYP', value: types[shot.kind] },
    { keyword: 'EXPTIME', value: shot.kind === 'flat' ? 1 : sensor.exposureSeconds, comment: 's' },
    { keyword: 'CCD-TEMP', value: sensor.celsius, comment: 'deg C' },
    { keyword: 'GAIN', value: 100 },
    { keyword: 'OFFSET', value: 50 },
    { keyword: 'EGAIN', value: sensor.electronsPerAdu, comment: 'e-/ADU' },
    { keyword: 'XBINNING', value: 1 },
    { keyword: 'YBINNING', value: 1 },
    { keyword: 'FILTER', value: 'L' },
    { keyword: 'INSTRUME', value: 'Bench camera' },
    { keyword: 'DATE-OBS', value: `2026-03-21T2${Math.floor(index / 60) % 4}:${minute}:00.000` },
    ...(shot.meanOf > 1 ? [{ keyword: 'NCOMBINE', value: shot.meanOf }] : []),
  ]
}
