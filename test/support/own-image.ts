// What stands in for Pierside's own image around an agent: the file in which it tells of itself, and what root's first
// boot leaves behind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { standInNmcli } from './stand-in-nmcli.js'

interface Test {
  teardown(run: () => unknown): void
}

export interface OwnImage {
  /** For PIERSIDE_IMAGE. */
  readonly file: string
  /** In place of /data/system. */
  readonly system: string
  /** A data folder for the agent; with it, its configuration beside it. */
  readonly data: string
}

/**
 * One whose set-up is over and whose network is minded, called `name`; its page leads there.
 * @returns what its agent is started with
 */
export function namedBox(t: Test & { testdir(): string }, name: string): { data: string; env: Record<string, string> } {
  const folder = t.testdir()
  const { bin } = standInNmcli(folder)
  const told = join(folder, 'told')
  const data = join(folder, 'agent/data')
  for (const one of [told, data]) mkdirSync(one, { recursive: true })
  writeFileSync(join(told, 'name'), `${name}\n`)
  const file = join(folder, 'image.json')
  writeFileSync(file, JSON.stringify({ version: '0.1.0', told }))
  const setUp = { done: true, passphrase: true, administrator: true, taken: {} }
  writeFileSync(join(data, 'setup.json'), JSON.stringify(setUp))
  return { data, env: { PIERSIDE_IMAGE: file, PATH: `${bin}:${process.env.PATH}` } }
}

/** @param wishes of pierside.txt, as they are given to the agent */
export function ownImage(t: Test, wishes: object = {}, complaints: readonly object[] = []): OwnImage {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-image-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const system = join(folder, 'system')
  mkdirSync(join(system, 'first-boot'), { recursive: true })
  writeFileSync(join(folder, 'image.json'), JSON.stringify({ version: '0.1.0', base: 'test', system }))
  writeFileSync(join(system, 'identity.json'), JSON.stringify({ node: 'pier-0a1b', suffix: '0A1B' }))
  writeFileSync(join(system, 'first-boot/given.json'), JSON.stringify({ wishes, complaints }))
  mkdirSync(join(folder, 'agent/data'), { recursive: true })
  return { file: join(folder, 'image.json'), system, data: join(folder, 'agent/data') }
}
