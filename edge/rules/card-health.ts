// What an owner should know of the disk that the box lives on, in one sentence: pure, from what it says of itself.

export interface CardFacts {
  /** `SD` or `MMC`, as the kernel calls them; absent for other disks. */
  readonly kind?: string
  readonly name?: string
  /** `08/2023` */
  readonly made?: string
  /** Of an eMMC, and of the few SD cards that tell: % of its life used up, in tens. */
  readonly lifePercent?: number
  /** Spare blocks (JESD84-B51, PRE_EOL_INFO): 1 normal, 2 four fifths are used, 3 nine tenths. */
  readonly spare?: number
  /** Errors that the file system has counted since it was made. */
  readonly fileErrors?: number
  /** Reads and writes that failed since the start, by the kernel's log. */
  readonly diskErrors?: number
  /** The file system gave up writing, which kernels do after an error. */
  readonly readOnly?: boolean
}

export interface CardHealth {
  readonly level: 'well' | 'worn' | 'failing' | 'unknown'
  readonly sentence: string
}

const wornPercent = 90
const instead = 'copy your frames to a stick and make a backup now, then replace it'

export function cardHealth(facts: CardFacts): CardHealth {
  const { kind, readOnly, fileErrors = 0, diskErrors = 0, lifePercent, spare } = facts
  const what = kind === 'SD' ? 'card' : kind === 'MMC' ? 'eMMC' : 'disk'
  const failing = (why: string): CardHealth => ({ level: 'failing', sentence: `The ${what} ${why}: ${instead}.` })
  if (readOnly) return failing('takes nothing any more, its file system has turned read-only')
  if (diskErrors > 0) return failing(`failed to read or write ${times(diskErrors)} since the start`)
  if (fileErrors > 0) return failing(`has an error in its file system, counted ${times(fileErrors)}`)
  if (spare !== undefined && spare >= 3) return failing('has nearly no spare blocks left')
  if (lifePercent !== undefined && lifePercent >= wornPercent) {
    const used = lifePercent > 100 ? 'is beyond the life it was made for' : `has used up ${lifePercent} % of its life`
    return { level: 'worn', sentence: `The ${what} ${used}: replace it before it fails.` }
  }
  if (spare === 2)
    return { level: 'worn', sentence: `The ${what} has used four fifths of its spare blocks: replace it.` }
  if (lifePercent !== undefined) {
    return { level: 'well', sentence: `The ${what} is well; about ${lifePercent} % of its life is used up.` }
  }
  if (facts.fileErrors !== undefined || facts.diskErrors !== undefined) {
    const worn = kind === 'SD' ? ' How worn it is, SD cards do not tell.' : ''
    return { level: 'well', sentence: `No errors of the ${what} are known.${worn}` }
  }
  return { level: 'unknown', sentence: 'This disk says nothing of its health.' }
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`)
