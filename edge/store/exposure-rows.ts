// The table of exposures: one row for each FITS file on the shelf, and the queries over it.
import { Fault } from '../ports/fault.js'
import type { FrameType } from '../ports/frame.js'
import type { Exposure, ExposureQuery, Measured, Night } from '../ports/store.js'
import type { Database } from './sqlite.js'

export type Amendable = Partial<
  Pick<Exposure, 'object' | 'filter' | 'number' | 'total' | 'exposureSeconds' | 'binning'>
>

const amendable: readonly (keyof Amendable)[] = ['object', 'filter', 'number', 'total', 'exposureSeconds', 'binning']

export interface ExposureRows {
  insert(exposure: Exposure): void
  get(id: string): Exposure | undefined
  at(path: string): Exposure | undefined
  list(query: ExposureQuery): Exposure[]
  nights(): Night[]
  /** An empty text takes object or filter away; a field that is absent stays. */
  amend(id: string, fields: Amendable): Exposure
  measured(id: string, measured: Measured, thumbnail: Uint8Array): void
  thumbnail(id: string): Uint8Array | undefined
  /** Hides the row: its file is about to go, and if the process dies now, goes at the next start. */
  markGoing(id: string): void
  unmarkGoing(id: string): void
  going(): { id: string; path: string }[]
  drop(id: string): void
  /** Its file lies somewhere else now. */
  relocate(id: string, path: string, bytes: number): void
  /** Every row's id by its path, hidden ones too. */
  idsByPath(): Map<string, string>
}

const maxListed = 1000
const maxThumbnailBytes = 256 * 1024

interface ExposureRow {
  readonly id: string
  readonly path: string
  readonly night: string
  readonly camera: string
  readonly frame_type: FrameType
  readonly object: string | null
  readonly filter: string | null
  readonly number: number
  readonly total: number
  readonly activity: string | null
  readonly bytes: number
  readonly started_ms: number
  readonly exposure_seconds: number
  readonly binning: number
  readonly width: number
  readonly height: number
  readonly gain: number | null
  readonly offset: number | null
  readonly sensor_celsius: number | null
  readonly measured: string | null
  readonly ours: number
}

/** @throws Fault from every query when the disk is full or the database broken */
export function exposureRows(database: Database): ExposureRows {
  const insert = database.prepare(
    `INSERT INTO exposure (id, path, night, camera, frame_type, object, filter, number, total, activity, bytes,
       started_ms, exposure_seconds, binning, width, height, gain, "offset", sensor_celsius, measured, ours)
     VALUES (:id, :path, :night, :camera, :frameType, :object, :filter, :number, :total, :activity, :bytes,
       :startedMs, :exposureSeconds, :binning, :width, :height, :gain, :offset, :sensorCelsius, :measured, :ours)`,
  )
  const byId = database.prepare<ExposureRow>('SELECT * FROM exposure WHERE id = :id AND going = 0')
  const byPath = database.prepare<ExposureRow>('SELECT * FROM exposure WHERE path = :path AND going = 0')
  const newest = database.prepare<ExposureRow>(
    `SELECT * FROM exposure WHERE going = 0 AND (:before IS NULL OR id < :before)
       AND (:activity IS NULL OR activity = :activity) ORDER BY id DESC LIMIT :limit`,
  )
  const newestOfNight = database.prepare<ExposureRow>(
    `SELECT * FROM exposure WHERE night = :night AND going = 0 AND (:before IS NULL OR id < :before)
       AND (:activity IS NULL OR activity = :activity) ORDER BY id DESC LIMIT :limit`,
  )
  const nights = database.prepare<{ night: string; frames: number; bytes: number }>(
    `SELECT night, count(*) AS frames, sum(bytes) AS bytes FROM exposure WHERE going = 0
     GROUP BY night ORDER BY night DESC`,
  )
  const amend = database.prepare(
    `UPDATE exposure SET object = :object, filter = :filter, number = :number, total = :total,
       exposure_seconds = :exposureSeconds, binning = :binning WHERE id = :id`,
  )
  const measure = database.prepare('UPDATE exposure SET measured = :measured WHERE id = :id AND going = 0')
  const paint = database.prepare('INSERT OR REPLACE INTO thumbnail (id, picture) VALUES (:id, :picture)')
  const picture = database.prepare<{ picture: Uint8Array }>(
    'SELECT picture FROM thumbnail JOIN exposure USING (id) WHERE id = :id AND going = 0',
  )
  const setGoing = database.prepare('UPDATE exposure SET going = :going WHERE id = :id')
  const going = database.prepare<{ id: string; path: string }>('SELECT id, path FROM exposure WHERE going = 1')
  const drop = database.prepare('DELETE FROM exposure WHERE id = :id')
  const relocate = database.prepare('UPDATE exposure SET path = :path, bytes = :bytes WHERE id = :id')
  const paths = database.prepare<{ id: string; path: string }>('SELECT id, path FROM exposure')

  const get = (id: string) => exposureOf(byId.get({ id }))
  const demand = (id: string): Exposure => {
    const found = get(id)
    if (!found) throw noExposure(id)
    return found
  }
  return {
    insert: exposure => void insert.run(columns(exposure)),
    get,
    at: path => exposureOf(byPath.get({ path })),
    list({ night, activity = null, before = null, limit }) {
      const page = { activity, before, limit: Math.max(1, Math.min(maxListed, Math.floor(limit))) }
      const rows = night === undefined ? newest.all(page) : newestOfNight.all({ ...page, night })
      return rows.map(row => exposureOf(row) as Exposure)
    },
    nights: () => nights.all().map(({ night, frames, bytes }) => ({ night, frames, bytes })),
    amend(id, fields) {
      const before = demand(id)
      const after: Exposure = { ...before }
      for (const field of amendable) {
        if (fields[field] !== undefined) Object.assign(after, { [field]: fields[field] })
      }
      checkAmended(after)
      const { object, filter, number, total, exposureSeconds, binning } = after
      amend.run({ id, object: object || null, filter: filter || null, number, total, exposureSeconds, binning })
      return demand(id)
    },
    measured(id, measured, thumbnail) {
      if (thumbnail.byteLength > maxThumbnailBytes) {
        const what = `a thumbnail of ${thumbnail.byteLength} bytes is more than ${maxThumbnailBytes}`
        throw new Fault('bad-input', what, 'Make it smaller')
      }
      // Can be measured again from the file at any time: not worth making the disk wait for.
      database.relaxed(() =>
        database.atomically(() => {
          if (measure.run({ id, measured: JSON.stringify(measured) }).changes === 0) throw noExposure(id)
          paint.run({ id, picture: thumbnail })
        }),
      )
    },
    thumbnail(id) {
      const found = picture.get({ id })?.picture
      return found && new Uint8Array(found)
    },
    markGoing: id => void setGoing.run({ id, going: 1 }),
    unmarkGoing: id => void setGoing.run({ id, going: 0 }),
    going: () => going.all(),
    drop: id => void drop.run({ id }),
    relocate: (id, path, bytes) => void relocate.run({ id, path, bytes }),
    idsByPath: () => new Map(paths.all().map(({ id, path }) => [path, id])),
  }
}

export function noExposure(id: string): Fault {
  return new Fault('not-found', `there is no exposure "${id}"`, 'It may have been removed: reload the list')
}

function columns(exposure: Exposure): Record<string, string | number | null> {
  const { measured, object, filter, activity, gain, offset, sensorCelsius, ...needed } = exposure
  return {
    ...needed,
    ours: exposure.ours ? 1 : 0,
    object: object ?? null,
    filter: filter ?? null,
    activity: activity ?? null,
    gain: finite(gain),
    offset: finite(offset),
    sensorCelsius: finite(sensorCelsius),
    measured: measured === undefined ? null : JSON.stringify(measured),
  }
}

function exposureOf(row: ExposureRow | undefined): Exposure | undefined {
  if (!row) return undefined
  return {
    id: row.id,
    camera: row.camera,
    frameType: row.frame_type,
    ...(row.object === null ? {} : { object: row.object }),
    ...(row.filter === null ? {} : { filter: row.filter }),
    number: row.number,
    total: row.total,
    ...(row.activity === null ? {} : { activity: row.activity }),
    path: row.path,
    bytes: row.bytes,
    startedMs: row.started_ms,
    exposureSeconds: row.exposure_seconds,
    binning: row.binning,
    width: row.width,
    height: row.height,
    night: row.night,
    ...(row.gain === null ? {} : { gain: row.gain }),
    ...(row.offset === null ? {} : { offset: row.offset }),
    ...(row.sensor_celsius === null ? {} : { sensorCelsius: row.sensor_celsius }),
    ...(row.measured === null ? {} : { measured: JSON.parse(row.measured) as Measured }),
    ours: row.ours === 1,
  }
}

function checkAmended({ number, total, exposureSeconds, binning }: Exposure): void {
  const ranges: [string, number, boolean][] = [
    ['number', number, Number.isSafeInteger(number) && number >= 0],
    ['total', total, Number.isSafeInteger(total) && total >= 0],
    ['exposureSeconds', exposureSeconds, Number.isFinite(exposureSeconds) && exposureSeconds >= 0],
    ['binning', binning, Number.isSafeInteger(binning) && binning >= 1],
  ]
  for (const [field, value, fits] of ranges) {
    if (!fits)
      throw new Fault('bad-input', `${field} of an exposure cannot be ${value}`, 'Give a whole, positive number')
  }
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
