// The states of a box that is Pierside's own: what the page takes from `/api/state` of its image, its card, its clock.

/** Only on Pierside's own image. */
export interface BoxUpdate {
  readonly version?: string
  readonly otherVersion?: string
  readonly otherGood?: boolean
  readonly phase?: 'idle' | 'fetching' | 'judging' | 'installing' | 'ready'
  readonly progressPercent?: number
  readonly progress?: string
  readonly pendingReboot?: boolean
  readonly waitsFor?: readonly string[]
  readonly onTrial?: boolean
  readonly missing?: readonly string[]
  readonly refusal?: string
  readonly found?: readonly { readonly path: string; readonly name: string; readonly bytes: number }[]
  readonly lastOk?: boolean
  readonly lastVersion?: string
  readonly lastReason?: string
  readonly lastAtMs?: number
}

/** `time`: where the clock comes from, and how well it is known. */
export interface BoxTime {
  readonly source?: 'gps' | 'ntp' | 'phone' | 'rtc' | 'last-saved' | 'none'
  readonly synchronised?: boolean
  readonly uncertaintySeconds?: number
  readonly gpsDiffersSeconds?: number
  /** Well enough for pointing. */
  readonly trusted?: boolean
  readonly zone?: string
  readonly settable?: boolean
}

/** `place`: where the pier stands, and who says so. */
export interface Place {
  readonly known?: boolean
  readonly source?: 'typed' | 'town' | 'gps' | 'simulated'
  readonly name?: string
  readonly latitudeDeg?: number
  readonly longitudeDeg?: number
  readonly elevationMetres?: number
  readonly gpsLatitudeDeg?: number
  readonly gpsLongitudeDeg?: number
  readonly gpsElevationMetres?: number
  readonly gpsAwayKm?: number
  readonly gpsDisagrees?: boolean
}

/** `card`: the disk that the box lives on. */
export interface Card {
  readonly sentence?: string
  readonly troubled?: boolean
}

/** A disk on USB that the data could move to. */
export interface PlainDisk {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly holds: readonly string[]
  readonly ours: boolean
  readonly enough: boolean
}

/** `data-disk`, only on Pierside's own image. */
export interface DataDisk {
  readonly on?: 'card' | 'disk'
  readonly name?: string
  readonly trouble?: string
  readonly usedBytes?: number
  readonly minutes?: number
  readonly cardFits?: boolean
  readonly disks?: readonly PlainDisk[]
  readonly lastOk?: boolean
  readonly lastAtMs?: number
  readonly lastWords?: string
  readonly lastFix?: string
  readonly lastTo?: string
  readonly lastFiles?: number
}

export interface Stick {
  readonly label?: string
  readonly readOnly?: boolean
  readonly freeBytes?: number
  readonly ejects?: boolean
}

/** Only on Pierside's own image. */
export interface Share {
  readonly on?: boolean
  readonly trouble?: string
}

export interface BoardDevice {
  readonly kind: string
  readonly name: string
  readonly by: string
  readonly overlay?: string
  readonly lacking: readonly string[]
}

export interface Board {
  readonly name?: string
  readonly claimed?: boolean
  readonly provenOn?: string
  readonly devices?: readonly BoardDevice[]
}

/** Only on Pierside's own image. */
export interface Setup {
  readonly done?: boolean
  readonly step?: 'new' | 'guarded' | 'waiting' | 'done'
  readonly untilMs?: number
  readonly ssid?: string
  readonly complaints?: readonly string[]
}

/** Only on Pierside's own image. */
export interface Ssh {
  readonly on?: boolean
  readonly keys?: readonly string[]
  readonly onCard?: number
}
