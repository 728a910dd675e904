// Which board this is, and what works on it: from the table that the image was made with
// (image-build/boards/table.mjs).
import { readFile } from 'node:fs/promises'
import { z } from '../../ports/schema.js'

/** Where the table lies on the image, and where Linux says what it runs on. */
const usualPlaces = {
  table: '/usr/lib/pierside-image/boards.json',
  deviceTree: '/proc/device-tree',
}
export type BoardPlaces = Partial<typeof usualPlaces>

const onOneBoard = z.object({ by: z.string(), overlay: z.string().optional(), lacking: z.array(z.string()) })
const wholeTable = z.object({
  boards: z.array(z.object({ id: z.string(), name: z.string(), compatible: z.string(), proven: z.string() })),
  devices: z.array(z.object({ kind: z.string(), name: z.string(), boards: z.record(z.string(), onOneBoard) })),
})

/** A device as this board serves it; it works when nothing lacks. */
export type BoardDevice = { readonly kind: string; readonly name: string } & z.output<typeof onOneBoard>

export interface OwnBoard {
  /** As the table has it, or as the computer calls itself when it is none of the table's. */
  readonly name?: string
  /** Whether the image is made for it. */
  readonly claimed: boolean
  /** The day on which the image was seen to run on such a board. */
  readonly provenOn?: string
  readonly devices: readonly BoardDevice[]
}

/**
 * @returns undefined when the image has no table
 * @throws when the table is none
 */
export async function ownBoard(places: BoardPlaces = {}): Promise<OwnBoard | undefined> {
  const { table, deviceTree } = { ...usualPlaces, ...places }
  const text = await whatIs(table)
  if (text === undefined) return undefined
  const { boards, devices } = wholeTable.parse(JSON.parse(text))
  const [compatible] = strings(await whatIs(`${deviceTree}/compatible`))
  const board = boards.find(one => one.compatible === compatible)
  if (!board) return { name: strings(await whatIs(`${deviceTree}/model`))[0], claimed: false, devices: [] }
  return {
    name: board.name,
    claimed: true,
    provenOn: board.proven === 'no' ? undefined : board.proven,
    devices: devices.flatMap(({ kind, name, boards: on }) => (on[board.id] ? [{ kind, name, ...on[board.id] }] : [])),
  }
}

/** A property of the device tree: strings, each with a zero at its end. */
const strings = (property: string | undefined) => (property ?? '').split('\0').filter(word => word)

async function whatIs(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
