// What a disk would hold after a power cut: QEMU's `blklogwrites` notes each write, flush and discard in the format of
// the kernel's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst); from that a partition is built
// anew as of any moment, with all that had been flushed and by chance a part of what had not. A QEMU that is killed
// does not show this: whatever the guest handed over is in the host's memory, flushed or not.
import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import type { Random } from '../../edge/ports/random.js'

export interface LoggedWrite {
  readonly kind: 'write' | 'flush' | 'discard'
  /** On the disk, bytes. */
  readonly from: number
  readonly bytes: number
  /** Written through the disk's cache (FUA): there when it was answered. */
  readonly through: boolean
  /** Where its data begins in the log, bytes. */
  readonly at: number
}

const magic = 0x6a736677736872n
const flags = { flush: 1n, through: 2n, discard: 4n }
const entryBytes = 32
/** A disk tears a write here, never within: the least that an SD card or an SSD writes. */
const tornBytes = 4096

/** Reads the log as far as it is whole: a killed QEMU may have cut off the last entry. Throws for another file. */
export function readWriteLog(file: string): LoggedWrite[] {
  const log = openSync(file, 'r')
  try {
    const { size } = fstatSync(log)
    const head = Buffer.alloc(entryBytes)
    if (readSync(log, head, 0, entryBytes, 0) < entryBytes || head.readBigUInt64LE(0) !== magic)
      throw new Error(`${file} is no log of writes`)
    const sector = head.readUInt32LE(24)
    const writes: LoggedWrite[] = []
    for (let at = sector; at + sector <= size; ) {
      readSync(log, head, 0, entryBytes, at)
      const [where, sectors, flag, dataBytes] = [0, 8, 16, 24].map(offset => head.readBigUInt64LE(offset))
      if (flag & flags.flush) writes.push({ kind: 'flush', from: 0, bytes: 0, through: false, at })
      const bytes = Number(sectors) * sector
      const stored = flag & flags.discard ? 0 : bytes
      if (at + sector + stored > size || Number(dataBytes) > bytes) break
      if (bytes > 0) {
        const kind = flag & flags.discard ? 'discard' : 'write'
        const through = (flag & flags.through) !== 0n
        writes.push({ kind, from: Number(where) * sector, bytes, through, at: at + sector })
      }
      at += sector + stored
    }
    return writes
  } finally {
    closeSync(log)
  }
}

export interface CutsOrder {
  readonly log: string
  readonly writes: readonly LoggedWrite[]
  /** The partition as it was before the first write; it is written to, up to the last flush before the newest cut. */
  readonly partition: string
  /** Where it lies on the disk, bytes. */
  readonly from: number
  readonly bytes: number
  readonly random: Random
}

/**
 * Builds the partition as of a cut into a file of its own. Cuts must be asked for in their order.
 * @returns how many writes had not been flushed, and how many blocks of them are there all the same
 */
export function powerCuts(order: CutsOrder): {
  /** @param index of the write that the cut comes before */
  at(index: number, into: string): { unflushed: number; kept: number }
  close(): void
} {
  const { writes, from, bytes, random } = order
  const log = openSync(order.log, 'r')
  const flushed = openSync(order.partition, 'r+')
  let done = 0

  const put = (file: number, write: LoggedWrite, keep: () => boolean): number => {
    const begin = Math.max(write.from, from)
    const end = Math.min(write.from + write.bytes, from + bytes)
    let kept = 0
    for (let at = begin; at < end; ) {
      const next = Math.min(end, at + tornBytes - (at % tornBytes))
      if (keep()) {
        const block = Buffer.alloc(next - at)
        if (write.kind === 'write') readSync(log, block, 0, block.length, write.at + at - write.from)
        writeSync(file, block, 0, block.length, at - from)
        kept++
      }
      at = next
    }
    return kept
  }
  return {
    at(index, into) {
      const lastFlush = writes.slice(0, index).findLastIndex(write => write.kind === 'flush')
      for (; done <= lastFlush; done++) put(flushed, writes[done], () => true)
      execFileSync('cp', ['--sparse=always', order.partition, into])
      const copy = openSync(into, 'r+')
      let kept = 0
      for (const write of writes.slice(done, index)) {
        // A discard may be carried out late or never; both are covered by leaving its blocks to chance.
        kept += put(copy, write, write.through ? () => true : () => random.next() < 0.5)
      }
      closeSync(copy)
      return { unflushed: index - done, kept }
    },
    close() {
      closeSync(log)
      closeSync(flushed)
    },
  }
}
