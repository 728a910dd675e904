// The store's methods as they are asked for from outside its thread: one cloneable input each.
import assert from 'node:assert/strict'
import { Fault } from '../ports/fault.js'
import type { FeedEvent } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { ServedCall } from '../ports/remote.js'
import type { Exposure, ExposureQuery, MasterFile, Measured, Night, Space, StoreHabits } from '../ports/store.js'
import { type Archiving, type Core, type CoreOptions, openCore, type ProductContent } from './core.js'
import type { Amendable } from './exposure-rows.js'
import type { ShelfReport } from './reconcile.js'

export type StoreMethods = ReturnType<typeof storeMethods>

/** @param log speaks from wherever the core runs */
export function storeMethods(log: Log) {
  let opened: Core | undefined
  const core = (): Core => {
    if (!opened) throw new Fault('aborted', 'the store is closed', 'The agent is stopping; start it again')
    return opened
  }
  return {
    async open({
      options,
      nowMs,
    }: {
      options: CoreOptions
      nowMs: number
    }): Promise<{ boot: number; report: ShelfReport }> {
      assert(!opened, 'a store is open here already')
      opened = await openCore(options, log, nowMs)
      return { boot: opened.boot, report: opened.report }
    },
    adopt: (habits: StoreHabits): void => core().adopt(habits),
    demandSpace: ({ bytes, frames }: { bytes: number; frames: number }): void => core().demandSpace(bytes, frames),
    space: (_: undefined): Space => core().space(),
    archive: (asked: Archiving): Promise<Exposure> => core().archive(asked),
    productAside: (name: string): string => core().productAside(name),
    saveProduct: ({
      name,
      content,
      night,
    }: {
      name: string
      content: ProductContent
      night: string
    }): Promise<string> => core().saveProduct(name, content, night),
    saveMaster: ({ name, content }: { name: string; content: ProductContent }): Promise<string> =>
      core().saveMaster(name, content),
    products: (night: string): MasterFile[] => core().products(night),
    masters: (_: undefined): MasterFile[] => core().masters(),
    removeMaster: (path: string): Promise<void> => core().removeMaster(path),
    exposure: (id: string): Exposure | undefined => core().exposure(id),
    exposureAt: (path: string): Exposure | undefined => core().exposureAt(path),
    exposures: (query: ExposureQuery): Exposure[] => core().exposures(query),
    nights: (_: undefined): Night[] => core().nights(),
    amend: ({ id, fields }: { id: string; fields: Amendable }): Exposure => core().amend(id, fields),
    measured: ({ id, measured, thumbnail }: { id: string; measured: Measured; thumbnail: Uint8Array }): void =>
      core().measured(id, measured, thumbnail),
    thumbnail(id: string, { transfer }: ServedCall): Uint8Array | undefined {
      const picture = core().thumbnail(id)
      if (picture) transfer(picture.buffer as ArrayBuffer)
      return picture
    },
    remove: (id: string): Promise<void> => core().remove(id),
    locate: (path: string): { absolute: string; bytes: number } => core().locate(path),
    appendEvent: (event: Omit<FeedEvent, 'cursor'>): number => core().appendEvent(event),
    eventsAfter: ({ cursor, limit }: { cursor: number; limit: number }): FeedEvent[] =>
      core().eventsAfter(cursor, limit),
    newestCursor: (_: undefined): number => core().newestCursor(),
    keptRead: (name: string): string | undefined => core().kept.read(name),
    keptWrite: ({ name, text, nowMs }: { name: string; text: string; nowMs: number }): void =>
      core().kept.write(name, text, nowMs),
    keptAside: ({ name, reason, nowMs }: { name: string; reason: string; nowMs: number }): void =>
      core().kept.setAside(name, reason, nowMs),
    keptAll: (_: undefined): Record<string, string> => core().kept.all(),
    keptReplace: ({ rows, nowMs }: { rows: Readonly<Record<string, string>>; nowMs: number }): void =>
      core().kept.replace(rows, nowMs),
    async close(_: undefined): Promise<void> {
      const closing = opened
      opened = undefined
      await closing?.close()
    },
  }
}
