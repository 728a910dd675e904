// How the box itself is: what it can tell of its supply, its heat, its memory and its card.

export interface BoxReading {
  /** `Raspberry Pi 5 Model B Rev 1.0` */
  readonly model?: string
  readonly cpuCelsius?: number
  /** Bits as the firmware of the Pi gives them; absent on other machines. */
  readonly throttled?: number
  /** The kernel's own alarm of the supply. */
  readonly supplyAlarm?: boolean
  readonly memoryTotalBytes?: number
  /** What programs could still have. */
  readonly memoryFreeBytes?: number
  /** Mean number of waiting programs over a minute. */
  readonly load?: number
  readonly uptimeSeconds?: number
  /** Errors that file systems and cards have counted. */
  readonly cardErrors?: number
  /** How much of its life an eMMC says it has used up, %. */
  readonly cardLifePercent?: number
  /** What went wrong as the box started, and what it lacks since, each in words with what to do. */
  readonly faults?: readonly string[]
}

/** Reads all there is; what a machine does not have is left out. Rejects only with the signal's reason. */
export type ReadBox = (signal: AbortSignal) => Promise<BoxReading>
