// The compiled kernels, read from the build.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Kernels, simdKernels } from './kernels.js'
import { kernelMemory, type Views, viewsOf } from './memory.js'

/** Half a millisecond; a thread keeps what it got. @throws Error when the agent has not been built */
export function kernelModule(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(builtFile()))
}

/**
 * Kernels on a little memory of their own.
 * @param scratchBytes  free from byte offset `scratch` on
 */
export function ownKernels(scratchBytes: number): { kernels: Kernels; views: Views; scratch: number } {
  const scratch = 64 // offset 0 stays free, see makeLayout
  const memory = kernelMemory(scratch + scratchBytes)
  return { kernels: simdKernels(kernelModule(), memory), views: viewsOf(memory.buffer), scratch }
}

/** Beside whatever this file was compiled to: the agent, a benchmark, or the sources under the test runner. */
function builtFile(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'build', 'kernels.wasm')
    if (existsSync(file)) return file
    if (folder === dirname(folder)) throw new Error('build/kernels.wasm is missing: run make build')
  }
}
