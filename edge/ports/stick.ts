// Disks that come and go: USB sticks and card readers, as far as frames are copied to them.

export interface Stick {
  /** `[a-z0-9_-]`, of this stick alone while it is there. */
  readonly name: string
  readonly label: string
  /** Where its files are, absolute. */
  readonly place: string
  /** The kernel's name of it: `sda1`. */
  readonly device: string
  /** `vfat`, `exfat`, `ext4` … */
  readonly system: string
  readonly readOnly: boolean
  readonly freeBytes: number
  readonly totalBytes: number
}

/** All that are there now. */
export type LookForSticks = (signal: AbortSignal) => Promise<Stick[]>

/** One stick while something is copied to it. Paths are beneath `place`, `/`-separated. */
export interface StickFiles {
  /** Length of the file there; undefined when there is none. */
  size(path: string): Promise<number | undefined>
  /** SHA-256 of the file there, hex, as the stick itself gives it back. */
  sum(path: string, signal: AbortSignal): Promise<string>
  /** SHA-256 of a file that lies elsewhere, absolute. */
  sumOf(from: string, signal: AbortSignal): Promise<string>
  /**
   * Copies a file to a path where there is none: aside, forced to the stick, read back from it, compared, renamed. What
   * fails leaves nothing under that name.
   * @param from absolute
   * @param tell gets the bytes written, now and then
   * @returns its SHA-256
   * @throws Fault `broken` when the stick gives back something else, `disk-full`; errors of the system as they are
   */
  put(from: string, path: string, tell: (bytes: number) => void, signal: AbortSignal): Promise<string>
  /** The text of a file; empty when there is none. */
  text(path: string): Promise<string>
  /** Adds a line to a text and forces it to the stick. */
  addLine(path: string, line: string): Promise<void>
}
