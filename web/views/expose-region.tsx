// Which part of the sensor is read: whole, the middle of it, or four numbers.
import { Choice, Field, readNumber } from '../parts/fields'
import type { Camera, Region } from '../states'
import type { ExposeForm } from './expose-order'

interface RegionFieldsProps {
  readonly form: ExposeForm
  readonly change: (fields: Partial<ExposeForm>) => void
  readonly camera: Camera | undefined
}

export function RegionFields({ form, change, camera }: RegionFieldsProps) {
  if (!camera?.regions || !camera.widthPx || !camera.heightPx) return null
  const read = readRegion(form, camera)
  return (
    <>
      <Choice
        label="Region"
        value={form.region}
        onValue={next =>
          change({
            region: next,
            width: form.width || String(camera.widthPx),
            height: form.height || String(camera.heightPx),
          })
        }
        options={[
          { value: 'whole', label: 'whole' },
          { value: 'half', label: 'middle ½' },
          { value: 'quarter', label: 'middle ¼' },
          { value: 'own', label: 'own' },
        ]}
      />
      {form.region === 'own' && (
        <>
          <div class="pair four">
            {(['x', 'y', 'width', 'height'] as const).map(side => (
              <Field
                key={side}
                label={side}
                unit="px"
                keys="numeric"
                value={form[side]}
                onValue={next => change({ [side]: next })}
              />
            ))}
          </div>
          {read.wrong && <p class="why block">{read.wrong}</p>}
        </>
      )}
    </>
  )
}

/** In unbinned sensor pixels; even numbers, so that a colour sensor keeps its pattern. */
export function readRegion(form: ExposeForm, camera: Camera | undefined): { value?: Region; wrong?: string } {
  const { widthPx, heightPx } = camera ?? {}
  if (!camera?.regions || !widthPx || !heightPx || form.region === 'whole') return {}
  if (form.region !== 'own') {
    const part = form.region === 'half' ? 2 : 4
    const side = (length: number): number => 2 * Math.floor(length / part / 2)
    const [width, height] = [side(widthPx), side(heightPx)]
    return {
      value: { x: 2 * Math.floor((widthPx - width) / 4), y: 2 * Math.floor((heightPx - height) / 4), width, height },
    }
  }
  const x = readNumber(form.x, { name: 'x', min: 0, max: widthPx - 1, integer: true, unit: 'px' })
  const y = readNumber(form.y, { name: 'y', min: 0, max: heightPx - 1, integer: true, unit: 'px' })
  const width = readNumber(form.width, {
    name: 'The width',
    min: 8,
    max: widthPx - (x.value ?? 0),
    integer: true,
    unit: 'px',
  })
  const height = readNumber(form.height, {
    name: 'The height',
    min: 8,
    max: heightPx - (y.value ?? 0),
    integer: true,
    unit: 'px',
  })
  for (const [side, read] of Object.entries({ x, y, width, height }))
    if (read.wrong) return { wrong: `${side}: ${read.wrong}` }
  return { value: { x: x.value!, y: y.value!, width: width.value!, height: height.value! } }
}
