// What there is on Pierside's own image and nowhere else: the box may be switched off, reset, joined to a network.
// Whether we run on it, PIERSIDE_IMAGE says: the file in which the image tells of itself.
import { readFile } from 'node:fs/promises'
import { ownBoard } from './drivers/own/board-table.js'
import { lookForData } from './drivers/own/data-disk.js'
import type { LookForData } from './ports/data-disk.js'
import type { Feed } from './ports/feed.js'
import type { ImageDeed } from './ports/machine.js'
import { z } from './ports/schema.js'
import { imageDeeds } from './spine/machine.js'

const imageFacts = z.object({
  version: z.string(),
  builtAt: z.string().optional(),
  base: z.string().optional(),
  /** Where the table of boards and the device tree lie, when not in their usual places. */
  boardPlaces: z.object({ table: z.string(), deviceTree: z.string() }).optional(),
  /** Where orders for root's deeds are left, when not in the usual place. */
  orders: z.string().optional(),
  /** Where the image's units tell what the box is called, when not in the usual place. */
  told: z.string().optional(),
  /** A folder that stands in for `/` where disks are looked for. */
  disks: z.string().optional(),
})

export interface OwnImage {
  readonly facts: Omit<z.output<typeof imageFacts>, 'boardPlaces' | 'orders' | 'told' | 'disks'>
  readonly deed: ImageDeed
  readonly told?: string
  /** @param data the agent's own folder */
  lookForData(data: string): LookForData
}

/** @param file PIERSIDE_IMAGE; without it this is somebody's own computer, and none of it is offered */
export async function ownImage(file: string | undefined, feed: Feed): Promise<OwnImage | undefined> {
  if (!file) return undefined
  const { boardPlaces, orders, told, disks, ...facts } = imageFacts.parse(JSON.parse(await readFile(file, 'utf8')))
  feed.set('image', facts)
  const board = await ownBoard(boardPlaces)
  if (board) feed.set('board', { ...board })
  return { facts, deed: imageDeeds({ orders }), told, lookForData: folder => lookForData({ root: disks, folder }) }
}
