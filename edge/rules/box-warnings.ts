// What an owner should know of the box, in words with what to do: pure, from what it says of itself.

/** Bits of the Pi firmware's get_throttled (raspberrypi.com, "vcgencmd"); those of the second half since the start. */
export const throttleBits = {
  underVoltage: 0x1,
  capped: 0x2,
  throttled: 0x4,
  hot: 0x8,
  underVoltageSeen: 0x1_0000,
  throttledSeen: 0x4_0000,
} as const

export interface BoxFacts {
  readonly throttled?: number
  readonly supplyAlarm?: boolean
  readonly cpuCelsius?: number
  readonly memoryTotalBytes?: number
  readonly memoryFreeBytes?: number
  readonly cardErrors?: number
  readonly cardLifePercent?: number
  /** Of the disk that frames are kept on, and what is never filled. */
  readonly diskFreeBytes?: number
  readonly diskReserveBytes?: number
  /** In words already. */
  readonly faults?: readonly string[]
}

export interface BoxWarning {
  /** Stays the same while its numbers change. */
  readonly about: string
  readonly words: string
}

/** From here on a Pi slows itself down, °C. */
const hotCelsius = 80
const leastMemoryBytes = 150e6
const leastDiskBytes = 2e9
const wornPercent = 90

/** Worst first; empty when all is well. */
export function boxWarnings(facts: BoxFacts): BoxWarning[] {
  const { throttled = 0, supplyAlarm, cpuCelsius, cardErrors = 0, cardLifePercent = 0 } = facts
  const { memoryFreeBytes, diskFreeBytes, diskReserveBytes = 0 } = facts
  const has = (bit: keyof typeof throttleBits) => (throttled & throttleBits[bit]) !== 0
  const warnings: BoxWarning[] = []
  const warn = (about: string, words: string) => warnings.push({ about, words })
  for (const words of facts.faults ?? []) warn(`fault: ${words}`, `${words[0].toUpperCase()}${words.slice(1)}`)
  const supply =
    'use a supply made for this Pi and a short, thick cable; cameras and heaters take their power elsewhere'
  if (has('underVoltage') || supplyAlarm) warn('supply', `The supply is too weak right now (under-voltage): ${supply}`)
  else if (has('underVoltageSeen')) {
    warn('supply-seen', `The supply was too weak since the start (under-voltage): ${supply}`)
  }
  if (cardErrors > 0) {
    const count = cardErrors === 1 ? 'an error' : `${cardErrors} errors`
    warn('card', `The disk has counted ${count}: copy your frames, then replace the card, or move to an SSD`)
  }
  if (cardLifePercent >= wornPercent) {
    warn('worn', `The card has used up ${cardLifePercent} % of its life: replace it before it fails`)
  }
  const degrees = cpuCelsius === undefined ? '' : ` (${Math.round(cpuCelsius)} °C)`
  if (has('hot') || (cpuCelsius !== undefined && cpuCelsius >= hotCelsius)) {
    warn('hot', `The processor is hot${degrees} and slows down: give the box air or a fan, and shade`)
  } else if (has('throttled') || has('capped')) warn('slow', 'The processor is slowed down: look at supply and heat')
  if (memoryFreeBytes !== undefined && memoryFreeBytes < leastMemoryBytes) {
    const left = Math.round(memoryFreeBytes / 1e6)
    warn('memory', `Memory runs out (${left} MB left): make memory.stack_mb smaller, or close other programs`)
  }
  if (diskFreeBytes !== undefined && diskFreeBytes - diskReserveBytes < leastDiskBytes) {
    const left = Math.max(0, (diskFreeBytes - diskReserveBytes) / 1e9).toFixed(1)
    warn('disk', `The disk is nearly full (${left} GB left for frames): copy a night elsewhere and delete it`)
  }
  return warnings
}
