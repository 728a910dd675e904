// What is kept: FITS files on the shelf, a row for each, events, and each service's small durable state.
import type { Card } from '../science/fits-header.js'
import type { FeedEvent } from './feed.js'
import type { Frame, FrameType } from './frame.js'
import type { Schema } from './schema.js'

/** What the archive must know of an exposure besides the frame itself. */
export interface Order {
  /** Sortable, made by the service before the shutter opens: `20260321T210412512Z-main`. Also the row's key. */
  readonly id: string
  /** Device name of the camera. */
  readonly camera: string
  readonly frameType: FrameType
  readonly object?: string
  readonly filter?: string
  /** 1-based place in a run of `total` (0: without end). */
  readonly number: number
  readonly total: number
  /** Stack, sequence or hand: the activity that ordered it. */
  readonly activity?: string
}

/** One archived exposure, as lists and history show it. */
export interface Exposure extends Order {
  /** Path under the archive folder, `/`-separated. */
  readonly path: string
  readonly bytes: number
  readonly startedMs: number // Unix ms UTC
  readonly exposureSeconds: number
  readonly binning: number
  readonly width: number // px
  readonly height: number // px
  /** `YYYY-MM-DD`: changes at local noon by the site's longitude. */
  readonly night: string
  readonly gain?: number
  readonly offset?: number
  readonly sensorCelsius?: number
  /** What the pixel workers found; absent until they have. */
  readonly measured?: Measured
  /** False for a file found on the shelf without a row. */
  readonly ours: boolean
}

export interface Measured {
  readonly stars: number
  readonly hfdPx?: number
  readonly fwhmPx?: number
  readonly backgroundAdu: number
  readonly noiseAdu: number
  /** Median over the stars: 0 round … 1 a line. Frames of earlier versions have none. */
  readonly eccentricity?: number
  /** Light of the fifteenth brightest star: how much of it the sky and the glass let through. */
  readonly fluxAdu?: number
  /** Of the stars found. */
  readonly saturatedPercent?: number
}

export interface ExposureQuery {
  readonly night?: string
  /** Only what that activity ordered. */
  readonly activity?: string
  /** Only rows with an id below this one: paging, newest first. */
  readonly before?: string
  readonly limit: number
}

export interface Night {
  readonly night: string
  readonly frames: number
  readonly bytes: number
}

export interface Space {
  readonly freeBytes: number
  readonly totalBytes: number
  /** Never written into: kept free for the system. */
  readonly reserveBytes: number
}

/** A file of the calibration library, or a finished product. */
export interface MasterFile {
  /** Under the archive folder, `/`-separated. */
  readonly path: string
  readonly bytes: number
  /** Unix ms UTC of its last change. */
  readonly changedMs: number
}

/** How the owner wants things kept; may change while the store is open. */
/** How frames lie on the disk: as they are, or packed by Rice (`.fits.fz`) where they are of integers. */
export type FrameFormat = 'none' | 'rice'

export interface StoreHabits {
  /** Folders and names of the files, see docs/config.md. */
  readonly template: string
  /** East positive; the night changes at its local noon. */
  readonly longitudeDeg: number
  readonly reserveBytes: number
  /** `none` unless told. */
  readonly compress?: FrameFormat
}

/** One service's small durable state, whole and checked. */
export interface Kept<T> {
  read(): T
  /** Settles when it is on disk. */
  write(value: T): Promise<void>
}

/**
 * Async, because it lives on a thread of its own. Exposure rows, settings and latches are written with full sync.
 * Rejects with Faults only: `disk-full` (bytes needed and free), `not-found`, `bad-input`, `broken`.
 */
export interface Store {
  /** Counts the starts of the agent on this data folder, 1… */
  readonly boot: number
  /** Counts from the next frame on. `bad-input` for a wrong template or longitude; then all stays as it was. */
  adopt(habits: StoreHabits): Promise<void>
  /** Refuses with `disk-full` when `frames` more files of `bytes` each would not leave the reserve. */
  demandSpace(bytes: number, frames: number): Promise<void>
  space(): Promise<Space>
  /**
   * The photons first: FITS written aside, fsync, rename, folder fsync, row. The frame's memory is only read.
   * @param cards ours; they win over the frame's source cards
   */
  archive(frame: Frame, order: Order, cards: readonly Card[]): Promise<Exposure>
  /** Absolute path where a large product may be written piece by piece; what is never saved goes at the next start. */
  productAside(name: string): Promise<string>
  /**
   * A finished product (a stack): same way to the disk, no exposure row. Path under the archive folder.
   * @param content its bytes, or the file written aside, which moves to its place
   */
  saveProduct(name: string, content: Uint8Array | { readonly aside: string }, night: string): Promise<string>
  /** The finished products of a night, sorted by path. */
  products(night: string): Promise<MasterFile[]>
  /** A master for calibration: into its library, where it stands under a path of its own. */
  saveMaster(name: string, content: Uint8Array | { readonly aside: string }): Promise<string>
  /** All files of the library, sorted by path. */
  masters(): Promise<MasterFile[]>
  /** Takes a file out of the library for good. */
  removeMaster(path: string): Promise<void>
  exposure(id: string): Promise<Exposure | undefined>
  exposureAt(path: string): Promise<Exposure | undefined>
  /** Newest first. */
  exposures(query: ExposureQuery): Promise<Exposure[]>
  nights(): Promise<Night[]>
  /** Corrects what a person may correct. */
  amend(
    id: string,
    fields: Partial<Pick<Exposure, 'object' | 'filter' | 'number' | 'total' | 'exposureSeconds' | 'binning'>>,
  ): Promise<Exposure>
  /** Adds what the pixel workers found, and a small picture. */
  measured(id: string, measured: Measured, thumbnail: Uint8Array): Promise<void>
  thumbnail(id: string): Promise<Uint8Array | undefined>
  /** File and row, both or none. */
  remove(id: string): Promise<void>
  /**
   * Absolute path of a file under the archive; `bad-input` for a path that leads outside, `not-found` if it is missing.
   */
  locate(path: string): Promise<{ absolute: string; bytes: number }>
  appendEvent(event: Omit<FeedEvent, 'cursor'>): Promise<number>
  eventsAfter(cursor: number, limit: number): Promise<FeedEvent[]>
  /** Cursor of the newest event, 0 if there is none. */
  newestCursor(): Promise<number>
  /** Names are `service/thing`. A stored value that the schema refuses is put aside, logged, and `standard` used. */
  keep<T>(name: string, schema: Schema<T>, standard: T): Promise<Kept<T>>
  /** The text of every kept state by its name, as a backup wants it. */
  keptAll(): Promise<Record<string, string>>
  /** Those instead of all that is kept, at once. Only before anybody has asked to `keep`. */
  replaceKept(rows: Readonly<Record<string, string>>): Promise<void>
  /** Writes what waits and closes. Idempotent. */
  close(): Promise<void>
}
