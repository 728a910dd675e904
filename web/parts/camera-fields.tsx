// The fields every exposure shares, whoever asks for it: binning, gain, offset, filter; each as far as the device has
// it.
import type { Camera } from '../states'
import { Choice, Field, readNumber } from './fields'

/** Enough for any view; cameras that bin further are asked so through the API. */
const binningMost = 4

/** The binning that was chosen, as far as this camera goes. */
export function binningOf(words: string, camera: Camera | undefined): number {
  return Math.min(binningMost, camera?.maxBinning ?? 1, Math.max(1, Number(words) || 1))
}

interface CameraFieldProps {
  readonly camera: Camera | undefined
  readonly value: string
  readonly onValue: (value: string) => void
}

export function BinningChoice({ camera, value, onValue }: CameraFieldProps) {
  const most = Math.min(binningMost, camera?.maxBinning ?? 1)
  if (most < 2) return null
  return (
    <Choice
      label="Binning"
      value={String(binningOf(value, camera))}
      onValue={onValue}
      options={Array.from({ length: most }, (_, index) => ({
        value: String(index + 1),
        label: `${index + 1} × ${index + 1}`,
      }))}
    />
  )
}

interface Read {
  readonly value?: number
  readonly wrong?: string
}

/** Empty leaves the camera as it is. */
export function readGain(words: string, camera: Camera | undefined): Read {
  if (camera?.gainMax === undefined) return {}
  return readNumber(words, { name: 'Gain', min: camera.gainMin, max: camera.gainMax, optional: true })
}

export function readOffset(words: string, camera: Camera | undefined): Read {
  if (camera?.offsetMax === undefined) return {}
  return readNumber(words, { name: 'Offset', min: camera.offsetMin, max: camera.offsetMax, optional: true })
}

export function GainField({ camera, value, onValue }: CameraFieldProps) {
  if (camera?.gainMax === undefined) return null
  return (
    <Field
      label={`Gain, ${camera.gainMin ?? 0} to ${camera.gainMax}`}
      keys="decimal"
      value={value}
      wrong={readGain(value, camera).wrong}
      placeholder={camera.gain === undefined ? 'as it is' : `${camera.gain}, as it is`}
      onValue={onValue}
    />
  )
}

export function OffsetField({ camera, value, onValue }: CameraFieldProps) {
  if (camera?.offsetMax === undefined) return null
  return (
    <Field
      label={`Offset, ${camera.offsetMin ?? 0} to ${camera.offsetMax}`}
      unit="ADU"
      keys="decimal"
      value={value}
      wrong={readOffset(value, camera).wrong}
      placeholder={camera.offset === undefined ? 'as it is' : `${camera.offset}, as it is`}
      onValue={onValue}
    />
  )
}

/** The readout mode that was chosen, if the camera (still) has it. */
export const readoutOf = (words: string, camera: Camera | undefined): string | undefined =>
  camera?.readoutModes?.includes(words) ? words : undefined

export function ReadoutChoice({ camera, value, onValue }: CameraFieldProps) {
  const modes = camera?.readoutModes
  if (!modes?.length) return null
  const now = camera?.readout === undefined ? 'as it is' : `${camera.readout}, as it is`
  return (
    <Choice
      label="Readout"
      value={readoutOf(value, camera) ?? ''}
      onValue={onValue}
      options={[{ value: '', label: now }, ...modes.map(name => ({ value: name, label: name }))]}
    />
  )
}

interface FilterProps {
  readonly filters: readonly string[]
  readonly value: string
  readonly onValue: (value: string) => void
}

/** The filter that was chosen, if the wheel (still) has it. */
export const filterOf = (words: string, filters: readonly string[]): string | undefined =>
  filters.includes(words) ? words : undefined

export function FilterChoice({ filters, value, onValue }: FilterProps) {
  if (!filters.length) return null
  return (
    <Choice
      label="Filter"
      value={filterOf(value, filters) ?? ''}
      onValue={onValue}
      options={[{ value: '', label: 'as it is' }, ...filters.map(name => ({ value: name, label: name }))]}
    />
  )
}
