// The types of arm64-machine.mjs, for tests that boot a computer of their own.
import type { Readable } from 'node:stream'

export function bootArm64(order: {
  readonly kernel: string
  readonly initrd: string
  readonly disks: readonly string[]
  /** File that kernel and programs speak to. */
  readonly console: string
  readonly scratch: string
  readonly deadlineMs: number
  /** Further words for the kernel. */
  readonly words?: string
}): { readonly output: Readable; readonly ended: Promise<string | undefined>; kill(): void }
