// The disk beneath the data: what the kernel, its file system and an SD card or eMMC say of it. All of it may be read
// by anyone; the kernel's log where the journal may be.
import path from 'node:path'
import type { ReadCard } from '../../ports/card.js'
import type { Clock } from '../../ports/clock.js'
import { reasonOf } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import type { CardFacts } from '../../rules/card-health.js'
import { endOf, textOf } from '../found/tree.js'
import { findProgram, runProgram } from '../link/program.js'

export interface CardParts {
  /** Above proc and sys: `/`, or a folder that stands in for it. */
  readonly root?: string
  /** A folder on the disk that is meant. */
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

export function cardReader({ root = '/', folder, clock, log }: CardParts): ReadCard {
  return async signal => {
    const mount = mountOf((await textOf(path.join(root, 'proc/self/mountinfo'))) ?? '', folder)
    if (!mount) return {}
    const block = await endOf(path.join(root, 'sys/dev/block', mount.number))
    const partition = block ? path.basename(block) : mount.device
    // A partition lies in the folder of its disk.
    const disk = block && ((await textOf(path.join(block, 'partition'))) === undefined ? block : path.dirname(block))
    const device = disk && path.join(disk, 'device')
    const say = async (name: string) => (device ? textOf(path.join(device, name)) : undefined)
    const errors = await textOf(path.join(root, 'sys/fs/ext4', partition, 'errors_count'))
    const facts: CardFacts = {
      kind: await say('type'),
      name: await say('name'),
      made: await say('date'),
      lifePercent: lifeOf(await say('life_time')),
      spare: numberOf(await say('pre_eol_info')),
      fileErrors: numberOf(errors),
      diskErrors: disk ? await errorsInLog(path.basename(disk), { clock, log }, signal) : undefined,
      readOnly: mount.readOnly,
    }
    if (signal.aborted) throw reasonOf(signal)
    return facts
  }
}

interface Mount {
  /** `179:4` */
  readonly number: string
  readonly device: string
  readonly readOnly: boolean
}

/** The mount with the longest place above the folder: /proc/self/mountinfo, proc_pid_mountinfo(5). */
function mountOf(text: string, folder: string): Mount | undefined {
  const above = text.split('\n').flatMap(line => {
    const [before, after] = line.split(' - ')
    const [, , number, , place] = before.split(' ')
    const [, source, options] = (after ?? '').split(' ')
    if (!place || !source) return []
    const inside = folder === place || folder.startsWith(place.endsWith('/') ? place : `${place}/`)
    // Of the file system itself: a sandbox sees other mounts of it as read-only by its own choice.
    const readOnly = options?.split(',').includes('ro') ?? false
    return inside ? [{ place, number, device: path.basename(source), readOnly }] : []
  })
  return above.sort((a, b) => b.place.length - a.place.length)[0]
}

const numberOf = (text: string | undefined) => {
  const value = Number(text?.split(/\s+/)[0] || Number.NaN)
  return Number.isFinite(value) ? value : undefined
}

/** Two kinds of cells, in tenths: 0x01 is up to 10 % used, 0x0b beyond its life, 0 not told (JESD84-B51). */
function lifeOf(text: string | undefined): number | undefined {
  const tenths = (text?.split(/\s+/).map(Number) ?? []).filter(tenth => tenth >= 1 && tenth <= 11)
  return tenths.length > 0 ? Math.max(...tenths) * 10 : undefined
}

/** Lines of this start's kernel about the disk that say so (block/blk-core.c, drivers/mmc). */
async function errorsInLog(
  disk: string,
  tools: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<number | undefined> {
  const program = await findProgram('journalctl')
  if (!program) return undefined
  const words = `(I/O|critical (target|medium|space allocation)|protection) error, dev ${disk}`
  const args = ['--dmesg', '--boot', '--quiet', '--no-pager', '--output=cat', '--lines=1000', `--grep=${words}`]
  let count = 0
  const { how } = await runProgram({ program, args, ...tools, onBytes: bytes => (count += linesIn(bytes)) }, signal)
  // 1 where nothing was found; other ends say that the journal may not be read.
  return how === 'ended' || (how === 'ended with code 1' && count === 0) ? count : undefined
}

const linesIn = (bytes: Uint8Array) => bytes.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0)
