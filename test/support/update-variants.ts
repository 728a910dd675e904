// Other versions of the image for the tests of updates: its unpacked root with a small change, packed and signed as the
// image's own bundle is.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './agent.js'

const place = join(root, 'build/image')
/** It takes long, and connections that end meanwhile are to be seen. */
const run = promisify(execFile)
/** The image's root, unpacked. */
export const slotRoot = join(place, 'slot')
const outside = ['proc/*', 'sys/*', 'dev/*', 'run/*', 'tmp/*']

/** Puts a file into the variant; what the image has there stays as it is. */
export type Put = (file: string, text: string | Uint8Array) => void

export interface Variant {
  readonly version: string
  /** s that its judge gives agent and devices, and a start without a verdict; as in the image when absent. */
  readonly patience?: { readonly agent: number; readonly devices: number; readonly limit: number }
  change?(put: Put, read: (file: string) => string): void
  /** Another key than the one the image was built with. */
  readonly foreign?: boolean
}

/** @returns the bundle; it takes some ten seconds */
export async function bundleOf(name: string, { version, patience, change, foreign }: Variant): Promise<string> {
  const variants = join(place, 'variants')
  const tree = join(variants, name)
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(variants, { recursive: true })
  await run('cp', ['-al', slotRoot, tree])
  const read = (file: string) => readFileSync(join(tree, file), 'utf8')
  const put: Put = (file, text) => {
    const path = join(tree, file)
    mkdirSync(dirname(path), { recursive: true })
    // It is the image's own file under a second name.
    const mode = existsSync(path) ? statSync(path).mode : 0o644
    rmSync(path, { force: true })
    writeFileSync(path, text, { mode })
  }
  for (const file of ['image.json', 'package.json']) {
    const own = `usr/lib/pierside/${file}`
    put(own, read(own).replace(/("version": )"[^"]*"/, `$1"${version}"`))
  }
  if (patience) {
    const { agent, devices, limit } = patience
    const environment = [`AGENT_S=${agent}`, `DEVICES_S=${devices}`, `LIMIT_S=${limit}`]
    const text = `[Service]\n${environment.map(one => `Environment=PIERSIDE_HEALTH_${one}\n`).join('')}`
    for (const unit of ['pierside-health', 'pierside-trial-limit']) {
      put(`usr/lib/systemd/system/${unit}.service.d/patience.conf`, text)
    }
  }
  change?.(put, read)
  const packed = `${tree}.squashfs`
  rmSync(packed, { force: true })
  const how = ['-comp', 'zstd', '-Xcompression-level', '1', '-noappend', '-no-progress', '-quiet', '-wildcards', '-e']
  await run('mksquashfs', [tree, packed, ...how, ...outside])
  rmSync(tree, { recursive: true })
  const bundle = `${tree}.raucb`
  const keys = foreign ? { PIERSIDE_KEYS: join(variants, 'foreign') } : {}
  await run('image-build/updates/bundle.sh', [packed, version, '1', bundle], {
    ...{ cwd: root, env: { ...process.env, ...keys } },
  })
  unlinkSync(packed)
  return bundle
}

/** Removes what `bundleOf` has made. */
export function clearVariants(): void {
  rmSync(join(place, 'variants'), { recursive: true, force: true })
}
