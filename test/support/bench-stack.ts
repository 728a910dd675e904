// Our side of the stacking rows: the child process that stacks files, what it costs, and the bytes it cannot but move.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { StackOutcome, StackSettings } from '../../edge/ports/pixels.js'
import { fullest, type Run, run } from './bench-run.js'
import { beside } from './bench-yardsticks.js'

export interface StackTask {
  readonly files: readonly string[]
  readonly darkFile?: string
  readonly flatFile?: string
  readonly combine: StackSettings['combine']
  readonly kernel: StackSettings['kernel']
  readonly threads: number
  readonly out: string
  readonly maxShiftPx?: number
}

export interface StackReport {
  readonly outcomes: readonly StackOutcome[]
  readonly measuredGain?: number
  /** Wall time from the order to the saved file, without the start of the process. */
  readonly stackingMs: number
}

const child = (task: StackTask) => {
  mkdirSync(path.dirname(task.out), { recursive: true })
  return [beside(import.meta.url, './bench-stack-child.js'), JSON.stringify(task)]
}

/** Stacks in a fresh process. @throws Error when a frame is refused, unless refusals are wanted too */
export async function stackFiles(task: StackTask, want?: 'refusals too'): Promise<{ run: Run; report: StackReport }> {
  const done = await run(process.execPath, child(task))
  const report = JSON.parse(done.out) as StackReport
  const refused = report.outcomes.find(outcome => !outcome.accepted)
  if (refused && !refused.accepted && !want) throw new Error(`a frame was refused: ${refused.words}`)
  return { run: done, report }
}

/** Most memory the process and its threads hold while they stack, MB. */
export const stackMemoryMB = (task: StackTask): Promise<number> => fullest(process.execPath, child(task))

/** What one frame moves through memory at the least, by stage: bytes a pixel, read and written. */
export const leastBytes = {
  'file into memory': 2 + 2,
  'calibrate: raw, dark, flat, plane': 2 + 2 + 2 + 4,
  'sky and stars': 4,
  'fold: plane, mean, weight': 4 + 8 + 4,
  'variance, when rejecting': 8,
} as const

export function bytesPerPixel(combine: StackSettings['combine']): number {
  const all = Object.values(leastBytes).reduce((sum, bytes) => sum + bytes, 0)
  return combine === 'reject' ? all : all - leastBytes['variance, when rejecting']
}

/** Milliseconds of processor time to copy a byte and to write it, in one thread, by the system's memcpy. */
export function memcpyMsPerByte(): number {
  const source = new Float32Array(16 << 20).fill(1)
  const target = new Float32Array(16 << 20).fill(2)
  const times: number[] = []
  for (let round = 0; round < 9; round++) {
    const before = process.cpuUsage()
    target.set(source)
    source.set(target)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  const half = times.toSorted((a, b) => a - b)[4]
  // Two copies, each of which reads and writes.
  return half / (4 * source.byteLength)
}
