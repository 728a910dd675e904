// A night's frames and stacks onto a stick: room first, then one file after the other, each read back and compared;
// what is there already is not copied twice, and nothing on the stick is ever overwritten or deleted.
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import { type KeptFile, nightFiles } from '../ports/night-files.js'
import type { Stick, StickFiles } from '../ports/stick.js'
import type { Store } from '../ports/store.js'
import { safeName } from '../rules/safe-name.js'

export interface NightCopyParts {
  readonly store: Pick<Store, 'exposures' | 'locate' | 'products'>
  readonly clock: Clock
  /** Whether it is still there, as it was. */
  isThere(stick: Stick): Promise<boolean>
}

export interface CopyProgress {
  readonly done: number
  readonly total: number
  readonly summary: string
}

export interface Copied {
  readonly files: number
  readonly bytes: number
  /** Of them, those that were on the stick before. */
  readonly there: number
}

/** The folder on the stick that is ours. */
const folder = 'pierside'
/** The largest file of FAT32 (Microsoft, FAT specification §6.4). */
const mostFatBytes = 2 ** 32 - 1
/** Each file wastes a part of a cluster, and folders want some. */
const clusterBytes = 64 * 1024
const mostSameName = 1_000

/**
 * @returns what is now on the stick
 * @throws Fault `not-found` for an empty night, `disk-full` before anything is copied, `unsupported` for a file that is
 * too large for FAT, `offline` when the stick was pulled out, `broken` when it gives back something else
 */
export async function copyNight(
  { store, clock, isThere }: NightCopyParts,
  night: string,
  stick: Stick,
  files: StickFiles,
  tell: (progress: CopyProgress) => void,
  signal: AbortSignal,
): Promise<Copied> {
  const wanted = [...(await nightFiles(store, night)), ...(await stacksOf(store, night))]
  if (wanted.length === 0)
    throw new Fault('not-found', `nothing was kept in the night ${night}`, 'Choose another night')
  demandFits(wanted, stick)
  const total = wanted.length
  const sums = `${folder}/${night}.sha256`
  let done = 0
  try {
    const known = sumsIn(await files.text(sums))
    const missing: KeptFile[] = []
    for (const file of wanted) {
      if (known.has(targetOf(file)) && (await files.size(targetOf(file))) === file.bytes) done++
      else missing.push(file)
    }
    const there = done
    const bytes = missing.reduce((sum, file) => sum + file.bytes, 0)
    demandRoom(bytes, missing.length, stick)
    const beganMs = clock.monotonicMs()
    let copied = 0
    const say = (more: number) => {
      const leftMs = timeLeft(clock.monotonicMs() - beganMs, copied + more, bytes)
      tell({ done, total, summary: progressWords({ done, total }, (copied + more) / Math.max(1, bytes), leftMs) })
    }
    say(0)
    for (const file of missing) {
      const { path, sum } = await bring(files, file, say, signal)
      // Last of all: a file that stands in the list is there, whole.
      if (known.get(path) !== sum) await files.addLine(sums, `${sum}  ${path.slice(folder.length + 1)}`)
      copied += file.bytes
      done++
      say(0)
    }
    return { files: total, bytes: wanted.reduce((sum, file) => sum + file.bytes, 0), there }
  } catch (error) {
    if (signal.aborted || (error instanceof Fault && error.code === 'broken')) throw error
    if (await isThere(stick)) throw asFault(error, `the copy to ${stick.label}`)
    throw new Fault(
      'offline',
      `the stick ${stick.label} was pulled out: ${done} of ${total} files are on it, whole`,
      'Plug it in again and copy again: what is on it is not copied twice',
      { cause: error },
    )
  }
}

/** Copies a file under its name, or the next free one where another file has that name. */
async function bring(
  files: StickFiles,
  file: KeptFile,
  tell: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ path: string; sum: string }> {
  const target = targetOf(file)
  let own: string | undefined
  for (let copy = 1; copy <= mostSameName; copy++) {
    const path = copy === 1 ? target : target.replace(/(\.[^./]+){0,2}$/, ending => `-${copy}${ending}`)
    const size = await files.size(path)
    if (size === undefined) return { path, sum: await files.put(file.absolute, path, tell, signal) }
    if (size !== file.bytes) continue
    // Copied before the power went, or by hand: as good as ours when it is the same.
    const sum = await files.sum(path, signal)
    own ??= await files.sumOf(file.absolute, signal)
    if (own === sum) return { path, sum }
  }
  throw new Fault('bad-input', `${mostSameName} files on the stick are called ${target}`, 'Take another stick')
}

async function stacksOf(store: NightCopyParts['store'], night: string): Promise<KeptFile[]> {
  const stacks = await store.products(night)
  return Promise.all(stacks.map(async ({ path }) => ({ path, ...(await store.locate(path)) })))
}

/** Files that others laid into the archive may have names that a stick does not take. */
const targetOf = ({ path }: KeptFile) => [folder, ...path.split('/').map(part => safeName(part) || '_')].join('/')

/** As `sha256sum -c` reads them, by the path on the stick. */
function sumsIn(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)].map(([, sum, path]) => [`${folder}/${path}`, sum]))
}

function demandFits(wanted: readonly KeptFile[], { label, system, readOnly }: Stick): void {
  if (readOnly) {
    const fix = 'Move its write lock, or let a computer repair it'
    throw new Fault('unsupported', `the stick ${label} may not be written to`, fix)
  }
  const large = system === 'vfat' ? wanted.find(({ bytes }) => bytes > mostFatBytes) : undefined
  if (!large) return
  const words = `${large.path} is larger than a file on FAT may be (4 GiB)`
  throw new Fault('unsupported', words, 'Format the stick as exFAT on a computer, or take another one')
}

function demandRoom(bytes: number, files: number, { label, freeBytes }: Stick): void {
  const neededBytes = bytes + files * clusterBytes
  if (neededBytes <= freeBytes) return
  const gigabytes = (amount: number) => `${(amount / 1e9).toFixed(2)} GB`
  throw new Fault(
    'disk-full',
    `the stick ${label} has ${gigabytes(freeBytes)} free, and the night needs ${gigabytes(neededBytes)}`,
    'Make room on it, or take a larger one',
    { detail: { neededBytes, freeBytes } },
  )
}

/** By the pace so far; undefined while that says little. */
function timeLeft(ms: number, bytes: number, allBytes: number): number | undefined {
  return bytes > 0 && ms > 5_000 ? (ms / bytes) * (allBytes - bytes) : undefined
}

function progressWords({ done, total }: { done: number; total: number }, part: number, leftMs: number | undefined) {
  const seconds = leftMs === undefined ? undefined : Math.round(leftMs / 1000)
  const left =
    seconds === undefined ? '' : seconds < 90 ? `, ${seconds} s left` : `, ${Math.round(seconds / 60)} min left`
  return `${done} of ${total} files, ${Math.floor(100 * part)} %${left}`
}
