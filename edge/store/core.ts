// The store itself, where the files and the database are touched: one at a time for what writes files, at once for what
// asks the database. It runs on a thread of its own, or in process where a test wants everything in order.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '../ports/fault.js'
import type { FeedEvent } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Exposure, ExposureQuery, MasterFile, Measured, Order, Space, StoreHabits } from '../ports/store.js'
import { safeName } from '../rules/safe-name.js'
import { isPackable } from '../science/fits-encoding.js'
import type { Card } from '../science/fits-header.js'
import { dataUnitBytes } from '../science/fits-write.js'
import { nightDate } from '../science/night-date.js'
import { ScienceError } from '../science/science-error.js'
import { countBoot } from './boot-rows.js'
import { diskFault, diskFull } from './disk-faults.js'
import { eventRows } from './event-rows.js'
import { type Amendable, exposureRows, noExposure } from './exposure-rows.js'
import { fitsWriter } from './fits-file.js'
import { isExposureId, isFits } from './found-file.js'
import { completeOrder, frameCards, type StoredFrame } from './frame-cards.js'
import { keptRows } from './kept-rows.js'
import { mastersFolder, namingBy, productsFolder } from './naming.js'
import { openMigrated } from './open-database.js'
import { reconcile, type ShelfReport } from './reconcile.js'
import { openShelf } from './shelf.js'
import { spaceOf } from './space.js'

export interface CoreOptions extends StoreHabits {
  /** The data folder; the archive and the database lie in it. */
  readonly folder: string
  /** Events kept. */
  readonly eventBound: number
  /** Name and version, for SWCREATE. */
  readonly software: string
  /** The version alone, for what is kept before it changes anything. */
  readonly version: string
}

export interface Archiving {
  readonly frame: StoredFrame
  readonly order: Order
  readonly cards: readonly Card[]
  readonly nowMs: number
}

/** See Store.saveProduct. */
export type ProductContent = Uint8Array | { readonly aside: string }

export type Core = Awaited<ReturnType<typeof openCore>>

/** @throws Fault `bad-input` for a wrong template or longitude */
function checkedHabits({ template, longitudeDeg, reserveBytes, compress = 'none' }: StoreHabits) {
  checkLongitude(longitudeDeg)
  return { nameOf: namingBy(template), longitudeDeg, reserveBytes, compress }
}

/** Room for the header in an estimate. */
const headerBytes = 28_800

/**
 * Opens the folder, clears up after a former run, and counts this start.
 * @throws Fault `bad-input` for a wrong template or longitude, `busy` while another agent has the folder, `broken`
 */
export async function openCore(options: CoreOptions, log: Log, nowMs: number) {
  const { folder } = options
  let habits = checkedHabits(options)
  // The database first: its lock keeps a second agent from clearing away what the first is writing.
  const { database, wentBack } = openDatabaseIn(folder, options.version, log)
  const started = await start()
  const { shelf, rows, events, kept, boot, report } = started
  const writer = fitsWriter()
  let line: Promise<unknown> = Promise.resolve()

  async function start() {
    try {
      const shelf = openShelf(path.join(folder, 'archive'))
      const rows = exposureRows(database)
      const reconciled = await reconcile(shelf, rows, database, habits.longitudeDeg, log)
      const report: ShelfReport = { ...reconciled, wentBack: wentBack?.aside }
      const boot = countBoot(database, nowMs)
      return { shelf, rows, events: eventRows(database, options.eventBound), kept: keptRows(database), boot, report }
    } catch (error) {
      database.close()
      throw error
    }
  }
  /** What touches files waits here, so that two frames never share the writer's buffers or race for one name. */
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const done = line.then(work)
    // Whoever asked hears how it ended; the next one comes all the same.
    line = done.catch(() => {})
    return done
  }
  const space = (): Space => spaceOf(shelf.root, habits.reserveBytes)

  /** A finished thing, to its place under a folder of the archive. */
  const put = async (name: string, folder: string, content: ProductContent): Promise<string> => {
    const { base, ending } = productName(name)
    const bytes = 'aside' in content ? 0 : content.length
    const file = { name: `product-${base}`, stem: `${folder}/${base}`, ending, bytes }
    if ('aside' in content) return (await shelf.adopt(file, content.aside)).path
    const placed = await shelf.put(file, async handle => {
      await handle.writeFile(content)
      await handle.sync()
      return bytes
    })
    return placed.path
  }

  const archive = async ({ frame, order, cards, nowMs }: Archiving): Promise<Exposure> => {
    checkOrder(order)
    if (rows.get(order.id)) {
      throw new Fault(
        'bad-input',
        `exposure "${order.id}" is in the archive already`,
        'Give each exposure an id of its own',
      )
    }
    const whole = completeOrder(frame, order)
    const shot = { night: nightDate(frame.startedMs, habits.longitudeDeg), binning: frame.binning.x, ...taken(frame) }
    const stem = habits.nameOf({ ...whole, ...shot, type: whole.frameType })
    const header = frameCards(frame, whole, cards, options.software, nowMs)
    const format = isPackable(frame) ? habits.compress : 'none'
    const ending = format === 'none' ? '.fits' : '.fits.fz'
    const file = { name: order.id, stem, ending, bytes: headerBytes + dataUnitBytes(frame) }
    const placed = await shelf.put(file, handle => writer.write(handle, frame, header, format))
    const { id, camera, frameType, object, filter, number, total, activity } = whole
    const exposure: Exposure = {
      ...{ id, camera, frameType, object, filter, number, total, activity },
      ...{ ...placed, ...shot, width: frame.width, height: frame.height, ours: true },
    }
    rows.insert(exposure)
    return rows.get(order.id) as Exposure
  }

  return {
    boot,
    report,
    space,
    adopt(next: StoreHabits): void {
      habits = checkedHabits(next)
    },
    demandSpace(bytes: number, frames: number): void {
      const { freeBytes, reserveBytes } = space()
      const neededBytes = Math.max(1, frames) * bytes
      if (freeBytes - neededBytes >= reserveBytes) return
      const thing = frames > 1 ? `${frames} frames of ${bytes} bytes need` : 'the next frame needs'
      const kept = `and ${reserveBytes} of them are kept for the system`
      throw diskFull(`${thing} ${neededBytes} bytes; ${freeBytes} are free, ${kept}`, neededBytes, freeBytes)
    },
    archive: (asked: Archiving) =>
      inLine(async () => {
        try {
          return await archive(asked)
        } catch (error) {
          if (!(error instanceof ScienceError)) throw error
          const fix = 'Try again; if it happens again, report it with the log'
          throw new Fault('broken', `the frame ${asked.order.id}: ${error.message}`, fix, { cause: error })
        }
      }),
    productAside: (name: string): string => shelf.aside(`product-${productName(name).base}`),
    saveProduct: (name: string, content: ProductContent, night: string): Promise<string> =>
      inLine(async () => {
        if (!/^\d{4}-\d\d-\d\d$/.test(night)) {
          throw new Fault('bad-input', `a night cannot be called "${night}"`, 'Give it as YYYY-MM-DD')
        }
        return put(name, `${productsFolder}/${night}`, content)
      }),
    products: (night: string): MasterFile[] =>
      /^\d{4}-\d\d-\d\d$/.test(night) ? shelf.filesIn(`${productsFolder}/${night}`) : [],
    saveMaster: (name: string, content: ProductContent): Promise<string> =>
      inLine(() => put(name, mastersFolder, content)),
    masters: (): MasterFile[] => shelf.filesIn(mastersFolder).filter(({ path }) => isFits(path)),
    removeMaster: (relative: string): Promise<void> =>
      inLine(async () => {
        if (!relative.startsWith(`${mastersFolder}/`)) {
          const fix = 'Choose one of the calibration library'
          throw new Fault('bad-input', `"${relative}" is no file of the calibration library`, fix)
        }
        shelf.locate(relative)
        await shelf.remove(relative)
      }),
    exposure: (id: string) => rows.get(id),
    exposureAt: (relative: string) => rows.at(relative),
    exposures: (query: ExposureQuery) => rows.list(query),
    nights: () => rows.nights(),
    amend: (id: string, fields: Amendable) => rows.amend(id, fields),
    measured: (id: string, measured: Measured, thumbnail: Uint8Array) => rows.measured(id, measured, thumbnail),
    thumbnail: (id: string) => rows.thumbnail(id),
    /**
     * The row is hidden first, then the file goes, then the row: dying in between, the next start finishes it, and at
     * no time does anybody see one without the other. A file that cannot be removed brings its row back.
     * On a full disk even hiding finds no room: there the file goes first, for its bytes are what is missing.
     */
    remove: (id: string) =>
      inLine(async () => {
        const found = rows.get(id)
        if (!found) throw noExposure(id)
        const hidden = unlessFull(() => rows.markGoing(id))
        try {
          await shelf.remove(found.path)
        } catch (error) {
          if (hidden) rows.unmarkGoing(id)
          throw error
        }
        rows.drop(id)
      }),
    locate: (relative: string) => shelf.locate(relative),
    appendEvent: (event: Omit<FeedEvent, 'cursor'>) => events.append(event),
    eventsAfter: (cursor: number, limit: number) => events.after(cursor, limit),
    newestCursor: () => events.newest(),
    kept,
    /** After what is being written. */
    close: () => inLine(async () => database.close()),
  }
}

function openDatabaseIn(folder: string, version: string, log: Log) {
  try {
    mkdirSync(folder, { recursive: true })
    return openMigrated(path.join(folder, 'pierside.sqlite'), version, log)
  } catch (error) {
    throw diskFault(error, `the data folder ${folder}`, '/', 0)
  }
}

/** Whether `work` was done; false when the disk had no room for it. Throws what else goes wrong. */
function unlessFull(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof Fault && error.code === 'disk-full') return false
    throw error
  }
}

/** The numbers of a frame that its row and its name share. */
function taken({ startedMs, exposureSeconds, gain, offset, sensorCelsius }: StoredFrame) {
  return { startedMs, exposureSeconds, gain, offset, sensorCelsius }
}

function checkOrder({ id, number, total }: Order): void {
  const wrong = (what: string) => new Fault('bad-input', what, 'This is a bug: report it')
  if (!isExposureId(id)) throw wrong(`an exposure cannot have the id "${id}"`)
  for (const value of [number, total]) {
    if (!Number.isSafeInteger(value) || value < 0) throw wrong(`exposure ${id} cannot be number ${number} of ${total}`)
  }
}

function checkLongitude(longitudeDeg: number): void {
  if (Math.abs(longitudeDeg) <= 360) return
  const what = `a site's longitude cannot be ${longitudeDeg}°`
  throw new Fault('bad-input', what, 'Give degrees from -180 to 180, east positive')
}

function productName(name: string): { base: string; ending: string } {
  const found = /^(.*?)((?:\.[a-z0-9]{1,5})?)$/is.exec(name) as RegExpExecArray
  const base = safeName(found[1]).slice(0, 100)
  if (base === '') throw new Fault('bad-input', `a product cannot be called "${name}"`, 'Give it a name')
  return { base, ending: found[2] }
}
