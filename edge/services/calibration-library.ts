// The library of masters: what lies in its folder, what of it serves which exposure, and what the night still needs.
import type { Calibration, Master, MissingMaster, Shot } from '../ports/calibration.js'
import type { Clock, Timer } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Pixels } from '../ports/pixels.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'
import { type MasterFacts, masterFacts, masterKinds } from '../science/master-cards.js'
import { chooseMasters, sameMasters } from './calibration-match.js'

export const calibrationSettings = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Stacks use masters that fit, and the page says which are missing'),
    dark_temperature_tolerance_c: z
      .number()
      .min(0)
      .max(50)
      .default(2)
      .describe('Darks of a sensor this much warmer or colder still fit, °C'),
    scale_darks: z
      .boolean()
      .default(false)
      .describe('Where no dark has the exposure: one of another is scaled by means of a bias'),
    frames: z.int().min(3).max(100).default(20).describe('Frames that a master is made of'),
    dark_age_days: z
      .number()
      .min(1)
      .max(3650)
      .default(180)
      .describe('Darks and bias frames older than this are old, d'),
    flat_age_days: z.number().min(1).max(3650).default(30).describe('Flats older than this are old, d'),
  })
  .describe('Darks, flats, bias frames')

export type CalibrationSettings = z.output<typeof calibrationSettings>

export interface LibraryParts {
  readonly store: Store
  readonly pixels: Pixels
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly settings: CalibrationSettings
  readonly use: { readonly camera?: string }
  /** Exposure and binning that the next stack would have. */
  readonly next: { readonly exposureSeconds: number; readonly binning: number }
  /** `YYYY-MM-DD` of the night that `atMs` falls in. */
  night(atMs: number): string
}

export interface Library extends Calibration {
  /** All that is there, read anew where it has changed. */
  masters(): Promise<readonly Master[]>
  /** @throws Fault `not-found` */
  find(path: string): Promise<Master>
  /** Keeps what the owner says of a master beside what was said before; `undefined` forgets all of it. */
  note(path: string, word: Note | undefined): Promise<void>
  /** Looks at the folder again and tells what is there and what is needed. */
  refresh(): Promise<void>
  stop(): void
}

/** One kind of exposure of the night that no master serves. */
interface Need extends MissingMaster {
  readonly camera: string
  readonly exposureSeconds: number
  readonly binning: number
  readonly gain?: number
  readonly offset?: number
  readonly sensorCelsius?: number
  readonly filter?: string
  /** Lights of the night that wait for it; 0: only what would be taken next. */
  readonly lights: number
}

/** The state that tells of it. */
export const libraryPath = 'calibration/library'
const kindless = 'its header does not say whether it is a dark, a flat, a bias or a map of bad pixels'
const dayMs = 86_400_000
const mostLights = 1000
/** Lights come every few seconds; what is needed changes rarely. */
const tellMs = 10_000

const note = z.object({ use: z.enum(['always', 'never']).optional(), kind: z.enum(masterKinds).optional() })
const keptNotes = z.record(z.string(), note)

type Note = z.output<typeof note>

export function calibrationLibrary(parts: LibraryParts): Library {
  const { store, pixels, feed, clock, log, settings } = parts
  const known = new Map<string, { readonly mark: string; readonly facts: MasterFacts | string }>()
  const kept = store.keep('calibration/notes', keptNotes, {})
  // Whoever asks hears it.
  kept.catch(() => {})
  const tolerances = {
    temperatureCelsius: settings.dark_temperature_tolerance_c,
    scaleDarks: settings.scale_darks,
  }
  let stopped = false
  let soon: Timer | undefined

  const read = async (file: string): Promise<MasterFacts | string> => {
    try {
      return masterFacts(await pixels.header(file))
    } catch (error) {
      const { message } = asFault(error, file)
      // The list names the file already.
      const named = message.indexOf(`${file}: `)
      return named < 0 ? message : message.slice(named + file.length + 2)
    }
  }

  const scan = async (): Promise<{ masters: Master[]; unreadable: { path: string; words: string }[] }> => {
    const notes = (await kept).read()
    const files = await store.masters()
    const masters: Master[] = []
    const unreadable: { path: string; words: string }[] = []
    for (const { path, bytes, changedMs } of files) {
      const mark = `${bytes} ${changedMs}`
      let entry = known.get(path)
      if (entry?.mark !== mark) {
        entry = { mark, facts: await read(path) }
        known.set(path, entry)
      }
      const { facts } = entry
      const said = notes[path] ?? {}
      const kind = said.kind ?? (typeof facts === 'string' ? undefined : facts.kind)
      if (typeof facts === 'string') unreadable.push({ path, words: facts })
      else if (kind === undefined) unreadable.push({ path, words: kindless })
      else masters.push({ ...facts, kind, path, bytes, ...(said.use ? { use: said.use } : {}) })
    }
    for (const path of known.keys()) if (!files.some(file => file.path === path)) known.delete(path)
    return { masters, unreadable }
  }

  const ageDays = ({ madeMs }: Master) => (madeMs === undefined ? undefined : (clock.now() - madeMs) / dayMs)
  const isOld = (master: Master) => {
    const limit = master.kind === 'flat' ? settings.flat_age_days : settings.dark_age_days
    return (ageDays(master) ?? 0) > limit
  }

  const tell = async () => {
    const { masters, unreadable } = await scan()
    const shots = settings.enabled ? await shotsOfTonight(parts) : []
    const needs: Need[] = []
    for (const { shot, lights } of shots) {
      for (const lack of chooseMasters(masters, shot, tolerances).missing) {
        const { camera, exposureSeconds, binning, gain, offset, sensorCelsius, filter } = shot
        const need = { ...lack, camera, exposureSeconds, binning, gain, offset, sensorCelsius, filter, lights }
        // Flats do not depend on the exposure: one need for all lights of a filter.
        const same = needs.findIndex(one => one.kind === 'flat' && lack.kind === 'flat' && one.words === lack.words)
        if (same < 0) needs.push(need)
        else needs[same] = { ...needs[same], lights: needs[same].lights + lights }
      }
    }
    feed.patch(libraryPath, {
      enabled: settings.enabled,
      masters: masters.map(master => ({ ...master, old: isOld(master) || undefined })),
      unreadable,
      needs: needs.map(need => ({ ...need })),
    })
  }

  const told = () =>
    tell().catch(error => {
      if (!stopped) log.warn(`the calibration library cannot be told: ${asFault(error, 'calibration').message}`)
    })
  const unlisten = feed.listen({
    event({ kind, body }) {
      if (kind !== 'frame-archived' || body.frameType !== 'light') return
      // Once for all frames that come meanwhile.
      soon ??= clock.after(tellMs, () => {
        soon = undefined
        void told()
      })
    },
  })
  void told()

  const find = async (wanted: string) => {
    const { masters, unreadable } = await scan()
    const found = masters.find(master => master.path === wanted)
    if (found) return found
    const broken = unreadable.find(file => file.path === wanted)
    if (broken) throw new Fault('bad-input', `${wanted}: ${broken.words}`, 'Say what it is, or choose another file')
    throw new Fault('not-found', `there is no master "${wanted}"`, 'See the list of the calibration library')
  }

  return {
    masters: async () => (await scan()).masters,
    find,
    async choose(shot, before) {
      if (!settings.enabled && !before) return { masters: [], missing: [], cards: [] }
      const { masters } = await scan()
      return (before && sameMasters(masters, before)) ?? chooseMasters(masters, shot, tolerances)
    },
    async note(path, word) {
      const notes = await kept
      const { [path]: before, ...others } = notes.read()
      await notes.write(word === undefined ? others : { ...others, [path]: { ...before, ...word } })
    },
    refresh: tell,
    stop() {
      stopped = true
      soon?.cancel()
      unlisten()
      feed.drop('calibration/library')
    },
  }
}

/** What the lights of this night are, and what the next one would be, each kind once. */
async function shotsOfTonight({ store, feed, clock, next, use, night }: LibraryParts) {
  const shots = new Map<string, { shot: Shot; lights: number }>()
  const add = (shot: Shot, lights: number) => {
    const { camera, width, height, exposureSeconds, binning, gain, offset, sensorCelsius, filter } = shot
    const degrees = sensorCelsius === undefined ? undefined : Math.round(sensorCelsius)
    const key = JSON.stringify([camera, width, height, exposureSeconds, binning, gain, offset, degrees, filter])
    const same = shots.get(key)
    shots.set(key, { shot, lights: lights + (same?.lights ?? 0) })
  }
  const frames = await store.exposures({ night: night(clock.now()), limit: mostLights })
  for (const frame of frames) if (frame.frameType === 'light') add(frame, 1)
  const state = use.camera === undefined ? undefined : feed.get(`camera/${use.camera}`)?.value
  const told = (field: string) => (typeof state?.[field] === 'number' ? (state[field] as number) : undefined)
  const [width, height] = [told('widthPx'), told('heightPx')]
  if (use.camera !== undefined && width !== undefined && height !== undefined) {
    const { exposureSeconds, binning } = next
    const about = { gain: told('gain'), offset: told('offset'), sensorCelsius: told('sensorCelsius') }
    const filter = frames.find(({ camera }) => camera === use.camera)?.filter
    const binned = { width: Math.floor(width / binning), height: Math.floor(height / binning) }
    add({ camera: use.camera, ...binned, exposureSeconds, binning, ...about, filter, startedMs: clock.now() }, 0)
  }
  return [...shots.values()]
}
