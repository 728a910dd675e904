// Where the box keeps all that its owner has: on its card, or on a disk that it was moved to.

/** A disk on USB that the data could be moved to. */
export interface PlainDisk {
  /** Of this disk alone, wherever it is plugged in: it is asked for by this. */
  readonly id: string
  /** The kernel's name of it: `sda`. */
  readonly device: string
  /** Maker and model. */
  readonly name: string
  readonly bytes: number
  /** What is on it now, in a few words each: `exfat NIGHTS, 12 GB used`. */
  readonly holds: readonly string[]
  /** It holds the data of such a box. */
  readonly ours: boolean
}

export interface DataFacts {
  readonly on: 'card' | 'disk'
  /** The disk that the data was moved to, there or not. */
  readonly name?: string
  /** What its owner has to know and do. */
  readonly trouble?: string
  readonly usedBytes: number
  /** Room on the card, when the data is on a disk. */
  readonly cardFreeBytes?: number
  readonly disks: readonly PlainDisk[]
  /** What became of the last move. */
  readonly last?: LastMove
}

export interface LastMove {
  readonly ok: boolean
  readonly atMs: number
  /** How it went wrong, and what to do. */
  readonly words?: string
  readonly fix?: string
  /** The name of where it went. */
  readonly to?: string
  readonly files?: number
}

/** Looks anew. Rejects only with the signal's reason. */
export type LookForData = (signal: AbortSignal) => Promise<DataFacts>
