// The frames of a night as files: what is downloaded whole, and what is copied to a stick.
import { Fault } from './fault.js'
import type { Exposure, Store } from './store.js'

export interface KeptFile {
  /** Under the archive, `/`-separated. */
  readonly path: string
  readonly absolute: string
  readonly bytes: number
}

/** The files of a night; one deleted since its row was read is left out. */
export async function nightFiles(store: Pick<Store, 'exposures' | 'locate'>, night: string): Promise<KeptFile[]> {
  const files: KeptFile[] = []
  for (const { path } of await wholeNight(store, night)) {
    try {
      files.push({ path, ...(await store.locate(path)) })
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'not-found') throw error
    }
  }
  return files
}

async function wholeNight(store: Pick<Store, 'exposures'>, night: string): Promise<Exposure[]> {
  const all: Exposure[] = []
  for (;;) {
    const page = await store.exposures({ night, limit: 500, before: all.at(-1)?.id })
    all.push(...page)
    if (page.length < 500) return all
  }
}
