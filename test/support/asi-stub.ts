// ZWO's library with cameras that are not there (asi-stub.c), built against the header of Debian's libasi.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Teardown } from './bench-devices.js'

/** Where scripts/libasi.sh puts Debian's package, or where the machine has it. */
const roots = [resolve('.tools/libasi/usr'), '/usr']

/** The folder that has ASICamera2.h; undefined where there is none. */
export const asiHeaders = roots
  .map(root => join(root, 'include/libasi'))
  .find(folder => existsSync(join(folder, 'ASICamera2.h')))

/** ZWO's own file, where it is here. */
export const realAsiLibrary = roots
  .map(root => join(root, 'lib', `${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu/libASICamera2.so.1`))
  .find(file => existsSync(file))

const noHeader = asiHeaders ? false : 'the header of libasi is not here'
export const noAsiStub = existsSync('/usr/bin/gcc') ? noHeader : 'gcc is not installed'

export interface AsiStub {
  /** What goes under `library:`. */
  readonly library: string
  /** Says anew what the cameras are and what goes wrong: a word and its value each. */
  control(words: Readonly<Record<string, string | number>>): void
  /** What the cameras were told so far, oldest first: `start 0 1` and the like, the first number being the camera. */
  told(): string[]
}

/** A library of its own for a test, with cameras of its own behind it. */
export async function asiStub(test: Teardown, words: Readonly<Record<string, string | number>> = {}): Promise<AsiStub> {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-asi-'))
  test.teardown(() => rm(folder, { recursive: true, force: true }))
  const library = join(folder, 'libASICamera2.so')
  const source = resolve('test/support/asi-stub.c')
  const warnings = ['-Wall', '-Wextra', '-Werror']
  execFileSync('gcc', [...warnings, '-shared', '-fPIC', '-O2', `-I${asiHeaders}`, '-o', library, source, '-lm', '-ldl'])
  const control: AsiStub['control'] = next => {
    const lines = Object.entries(next).map(([word, value]) => `${word} ${value}\n`)
    // Whole or not at all: a camera may be reading it.
    writeFileSync(`${library}.next`, lines.join(''))
    renameSync(`${library}.next`, `${library}.control`)
  }
  control(words)
  return {
    library,
    control,
    told: () =>
      existsSync(`${library}.log`)
        ? readFileSync(`${library}.log`, 'utf8')
            .trim()
            .split('\n')
            .map(line => line.replace(/^\S+ /, ''))
        : [],
  }
}
