// The files of an update: what the system says of the slots, and the bundle that is sent, fetched or found on a stick.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { takingTurns } from '../../ports/turns.js'
import type { FoundBundle, Piece, SlotFacts, Updates, Verdict } from '../../ports/updates.js'

export interface UpdatePlaces {
  /** Ours: bundles on their way. */
  readonly folder: string
  /** What root found at this start, and what became of the last update. */
  readonly run?: string
  readonly verdict?: string
  /** Where sticks are mounted. */
  readonly media?: string
  /** Ours, and gone when the computer restarts. */
  readonly pending?: string
}

const slotFacts = z.object({
  slot: z.string(),
  other: z.string().transform(version => version || undefined),
  otherState: z.enum(['good', 'bad']).catch('bad'),
  onTrial: z.boolean(),
})
const verdict = z.object({
  ok: z.boolean(),
  version: z.string(),
  from: z.string(),
  reason: z.string(),
  atMs: z.number(),
})
const pendingFacts = z.object({ version: z.string(), byItself: z.boolean() })
const names = z.array(z.string())

const pieceBytes = 2 ** 20
/** No stick holds more that anybody would scroll through. */
const mostFound = 20

export type UpdateFiles = Omit<Updates, 'inspect' | 'install' | 'fetch'>

export function updateFiles({
  clock,
  folder,
  run = '/run/pierside-image',
  verdict: verdictFile = '/data/system/update-result.json',
  media = '/media/pierside',
  pending = '/run/pierside/update-pending.json',
}: UpdatePlaces & { readonly clock: Clock }): UpdateFiles {
  const bundle = join(folder, 'sent.raucb')
  const part = `${bundle}.part`
  const takenFolder = join(folder, 'taken')
  const beforeFile = join(folder, 'before.json')
  /** Of the bundle that is being sent; a restart of ours begins anew. */
  let total: number | undefined
  const has = async (file: string) => (await sizeOf(file)) ?? 0
  /** A disk takes its own time, whatever the clock. */
  const held =
    <A extends unknown[], R>(work: (...asked: A) => Promise<R>) =>
    (...asked: A): Promise<R> =>
      clock.outside(work(...asked))
  /** Two pieces at once would both be put behind the same one. */
  const inTurn = takingTurns()

  return {
    slots: held((): Promise<SlotFacts | undefined> => readJson(join(run, 'slots.json'), slotFacts)),
    verdict: held((): Promise<Verdict | undefined> => readJson(verdictFile, verdict)),
    refusal: held(async () => {
      const words = (await textOf(join(run, 'no-updates')))?.trim()
      return words ? words.replace(/^slots: /, '') : undefined
    }),
    found: held(async () => {
      const all: FoundBundle[] = []
      for (const stick of await namesIn(media)) {
        for (const name of await namesIn(join(media, stick))) {
          if (!name.endsWith('.raucb') || name.startsWith('.') || all.length >= mostFound) continue
          const path = join(media, stick, name)
          const bytes = await sizeOf(path)
          if (bytes) all.push({ path, name, bytes })
        }
      }
      return all
    }),
    receive: held(({ from, total: whole, bytes }: Piece) =>
      inTurn(async () => {
        await mkdir(folder, { recursive: true })
        if (from === 0) {
          await rm(bundle, { force: true })
          await rm(part, { force: true })
          total = whole
        }
        const received = await has(part)
        if (whole !== total || from !== received || from + bytes.length > whole) {
          const fix = from === 0 ? 'Send it again' : 'Go on from there, or send it from its start'
          throw new Fault('bad-input', `the piece from ${from} does not follow what is here (${received} bytes)`, fix, {
            detail: { received: whole === total ? received : 0 },
          })
        }
        const file = await open(part, 'a')
        try {
          await file.writeFile(bytes)
          if (from + bytes.length === whole) await file.sync()
        } finally {
          await file.close()
        }
        if (from + bytes.length === whole) {
          await rename(part, bundle)
          total = undefined
        }
        return from + bytes.length
      }),
    ),
    received: held(async () => {
      return (await sizeOf(bundle)) === undefined ? undefined : bundle
    }),
    take: held(async (path: string, tell: (bytes: number) => void, signal: AbortSignal) => {
      await rm(takenFolder, { recursive: true, force: true })
      await mkdir(takenFolder, { recursive: true })
      const taken = join(takenFolder, basename(path))
      let bytes = 0
      const counted = async function* (source: AsyncIterable<Uint8Array>) {
        for await (const chunk of source) {
          bytes += chunk.length
          tell(bytes)
          yield chunk
        }
      }
      try {
        const to = createWriteStream(`${taken}.part`, { flush: true })
        await pipeline(createReadStream(path, { highWaterMark: pieceBytes }), counted, to, { signal })
      } catch (error) {
        await rm(`${taken}.part`, { force: true })
        throw signal.aborted ? reasonOf(signal) : asFault(error, `copying ${basename(path)} from its stick`)
      }
      await rename(`${taken}.part`, taken)
      return taken
    }),
    clear: held(async (what: 'brought' | 'all') => {
      if (what === 'all') total = undefined
      const kept = what === 'all' ? [beforeFile] : [beforeFile, bundle, part]
      for (const name of await namesIn(folder))
        if (!kept.includes(join(folder, name))) await rm(join(folder, name), { recursive: true, force: true })
    }),
    pending: held(() => readJson(pending, pendingFacts)),
    rememberPending: held(one => put(pending, JSON.stringify(one))),
    before: held(async () => (await readJson(beforeFile, names)) ?? []),
    rememberBefore: held(async (devices: readonly string[]) => {
      await mkdir(folder, { recursive: true })
      const text = JSON.stringify(devices)
      if ((await textOf(beforeFile)) === text) return
      await put(beforeFile, text)
    }),
  }
}

/** Aside, synced, renamed. */
async function put(path: string, text: string): Promise<void> {
  const file = await open(`${path}.tmp`, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.tmp`, path)
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await textOf(file)
  if (text === undefined) return undefined
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch (error) {
    // Root writes whole files; what is none is not ours.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function textOf(file: string): Promise<string | undefined> {
  const handle = await absentIsNone(open(file, 'r'))
  if (!handle) return undefined
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

const sizeOf = async (file: string) => (await absentIsNone(stat(file)))?.size
const namesIn = async (folder: string) => (await absentIsNone(readdir(folder)))?.sort() ?? []

/** A stick that is pulled out while it is looked at is none, nor is a link on it, which is not followed (ELOOP). */
async function absentIsNone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code && /^(ENOENT|ENOTDIR|EIO|EACCES|ELOOP)$/.test(code)) return undefined
    throw error
  }
}
