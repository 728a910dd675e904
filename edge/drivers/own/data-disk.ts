// Where the data lies, as image-build/data-disk tells it, and the disks on USB that it could be moved to, as the kernel
// and udev know them: all of it may be read by anyone.
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import type { DataFacts, LastMove, LookForData, PlainDisk } from '../../ports/data-disk.js'
import { reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { endOf, namesIn, textOf } from '../found/tree.js'

export interface DataPlaces {
  /** Above proc, sys, run and data: `/`, or a folder that stands in for it. */
  readonly root?: string
  /** The agent's own folder. */
  readonly folder: string
}

const told = z.object({ on: z.enum(['card', 'disk']), name: z.string().optional(), trouble: z.string().optional() })
const result = z.object({
  ok: z.boolean(),
  atMs: z.number(),
  words: z.string().optional(),
  fix: z.string().optional(),
  to: z.string().optional(),
  files: z.number().optional(),
})
const sectorBytes = 512

export function lookForData({ root = '/', folder }: DataPlaces): LookForData {
  return async signal => {
    const place = parsed(told, await textOf(path.join(root, 'run/pierside-do/data-disk.json'))) ?? {
      on: 'card' as const,
    }
    const own = await statfs(folder)
    const facts: DataFacts = {
      ...place,
      usedBytes: (own.blocks - own.bfree) * own.bsize,
      cardFreeBytes: place.on === 'disk' ? await freeOf(path.join(root, 'data')) : undefined,
      disks: await disksIn(root),
      last: parsed(result, await textOf(path.join(root, 'data/system/data-disk/result.json'))) satisfies
        | LastMove
        | undefined,
    }
    if (signal.aborted) throw reasonOf(signal)
    return facts
  }
}

/** Undefined for what is not there, or was half written by somebody's hand. */
function parsed<T>(schema: { safeParse(value: unknown): { data?: T } }, text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data
  } catch {
    // No JSON: as if it were not there.
    return undefined
  }
}

async function freeOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Where each device is mounted, by its name: /proc/self/mountinfo, proc_pid_mountinfo(5). */
async function mountsIn(root: string): Promise<Map<string, string[]>> {
  const mounts = new Map<string, string[]>()
  for (const line of ((await textOf(path.join(root, 'proc/self/mountinfo'))) ?? '').split('\n')) {
    const [before, after] = line.split(' - ')
    const source = after?.split(' ')[1]
    if (!source?.startsWith('/dev/')) continue
    const name = path.basename(source)
    mounts.set(name, [...(mounts.get(name) ?? []), before.split(' ')[4]])
  }
  return mounts
}

async function disksIn(root: string): Promise<PlainDisk[]> {
  const blocks = path.join(root, 'sys/block')
  const mounts = await mountsIn(root)
  const disks: PlainDisk[] = []
  for (const device of await namesIn(blocks)) {
    const at = await endOf(path.join(blocks, device))
    if (!at || !/\/usb\d/.test(at)) continue
    const parts = (await namesIn(at)).filter(name => name.startsWith(device))
    const places = [device, ...parts].flatMap(name => mounts.get(name) ?? [])
    // What is mounted elsewhere than a stick is the box's own.
    if (places.some(place => !place.startsWith('/media/'))) continue
    const bytes = Number(await textOf(path.join(at, 'size'))) * sectorBytes
    // A card reader without a card.
    if (!(bytes > 0)) continue
    const words = [await textOf(path.join(at, 'device/vendor')), await textOf(path.join(at, 'device/model'))]
    const name = words.filter(Boolean).join(' ').replaceAll(/\s+/g, ' ') || `the disk ${device}`
    const serial = (await udevOf(root, at)).get('ID_SERIAL_SHORT') ?? device
    const held = await Promise.all([at, ...parts.map(part => path.join(at, part))].map(one => udevOf(root, one)))
    const used = async (index: number) => usedOn(root, mounts.get([device, ...parts][index])?.[0])
    const holds = await Promise.all(held.map(async (one, index) => heldWords(one, await used(index))))
    disks.push({
      id: `${serial}-${bytes}`.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-'),
      ...{ device, name, bytes },
      holds: holds.filter(one => one !== undefined),
      ours: held.some(one => one.get('ID_FS_LABEL') === 'pierside-data'),
    })
  }
  return disks
}

/** What udev has found out of a device: lines `E:NAME=value` of its database. */
async function udevOf(root: string, device: string): Promise<Map<string, string>> {
  const number = await textOf(path.join(device, 'dev'))
  const text = (number && (await textOf(path.join(root, 'run/udev/data', `b${number}`)))) || ''
  return new Map([...text.matchAll(/^E:(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
}

function heldWords(device: ReadonlyMap<string, string>, usedBytes: number | undefined): string | undefined {
  const system = device.get('ID_FS_TYPE')
  if (!system) return undefined
  const label = device.get('ID_FS_LABEL')
  const used = usedBytes === undefined ? '' : `, ${(usedBytes / 1e9).toFixed(1)} GB used`
  return `${system}${label ? ` “${label}”` : ''}${used}`
}

async function usedOn(root: string, place: string | undefined): Promise<number | undefined> {
  if (place === undefined) return undefined
  try {
    const { blocks, bfree, bsize } = await statfs(path.join(root, place))
    return (blocks - bfree) * bsize
  } catch {
    // Pulled out between the list and the question.
    return undefined
  }
}
