// The states' values as the views read them; names and units are those of edge/ports/fields.ts.

export interface Presence {
  readonly condition?: 'opening' | 'ready' | 'retrying' | 'unavailable' | 'closed'
  readonly reason?: string
}

export interface Observatory {
  readonly sentence?: string
  readonly name?: string
  readonly version?: string
  readonly simulated?: boolean
  readonly openAccess?: boolean
  readonly latitudeDeg?: number
  readonly longitudeDeg?: number
  readonly night?: string
  readonly camera?: string
  readonly mount?: string
  readonly focuser?: string
  readonly wheel?: string
  readonly dome?: string
  readonly pierCam?: string
  readonly sizes?: 'hfd' | 'hfr'
}

export interface Camera extends Presence {
  readonly phase?: string
  readonly exposing?: boolean
  readonly exposureSeconds?: number
  readonly exposureStartedMs?: number
  readonly number?: number
  readonly total?: number
  readonly object?: string
  readonly frameType?: string
  readonly filter?: string
  readonly holder?: string
  readonly sensorCelsius?: number
  readonly targetCelsius?: number
  readonly coolerOn?: boolean
  readonly coolerPowerPercent?: number
  readonly widthPx?: number
  readonly heightPx?: number
  readonly maxBinning?: number
  readonly gain?: number
  readonly gainMin?: number
  readonly gainMax?: number
  readonly offset?: number
  readonly offsetMin?: number
  readonly offsetMax?: number
  readonly readout?: string
  readonly readoutModes?: readonly string[]
  readonly regions?: boolean
  readonly lastId?: string
  readonly lastStars?: number
  readonly lastHfdPx?: number
  readonly lastBackgroundAdu?: number
}

export interface Mount extends Presence {
  readonly raHours?: number
  readonly decDeg?: number
  readonly altDeg?: number
  readonly azDeg?: number
  readonly pierSide?: 'east' | 'west'
  readonly slewing?: boolean
  readonly tracking?: boolean
  readonly parked?: boolean
  readonly trouble?: string
  readonly target?: string
  readonly holder?: string
}

export interface Focuser extends Presence {
  readonly position?: number
  readonly moving?: boolean
  readonly minSteps?: number
  readonly maxSteps?: number
  readonly celsius?: number
}

export interface Wheel extends Presence {
  readonly names?: readonly string[]
  readonly slot?: number
  readonly filter?: string
}

export interface Rotator extends Presence {
  readonly angleDeg?: number
  readonly moving?: boolean
}

export interface Dome extends Presence {
  readonly build?: 'roof' | 'dome'
  readonly shutter?: 'open' | 'closed' | 'opening' | 'closing' | 'stopped' | 'error' | 'unknown'
  readonly moving?: boolean
  readonly trouble?: string
  readonly azDeg?: number
}

export interface Cover extends Presence {
  readonly cover?: 'open' | 'closed' | 'moving' | 'unknown'
  readonly brightness?: number
  readonly maxBrightness?: number
}

export interface Gps extends Presence {
  readonly latitudeDeg?: number
  readonly longitudeDeg?: number
  readonly elevationMetres?: number
  readonly fixAtMs?: number
}

export interface Safety extends Presence {
  readonly safe?: boolean
  readonly words?: string
}

export interface Power extends Presence {
  readonly name?: string
  readonly on?: boolean
  readonly value?: number
  readonly min?: number
  readonly max?: number
  readonly step?: number
  readonly unit?: string
  /** The device that alone may switch it on. */
  readonly moves?: string
  readonly feeds?: readonly string[]
  readonly amperes?: number
  readonly volts?: number
}

/** A contact that is only read. */
export interface Input extends Presence {
  readonly name?: string
  readonly on?: boolean
}

export interface Battery {
  readonly level?: 'good' | 'low' | 'critical' | 'unknown'
  readonly volts?: number
  readonly warnVolts?: number
  readonly criticalVolts?: number
}

/** `weather/*` and `sensor/*`: which of these a station has is its own affair. */
export interface Readings extends Presence {
  readonly [field: string]: unknown
}

export interface Heater {
  /** `relays/dew-heater` */
  readonly channel?: string
  readonly mode?: 'auto' | 'manual' | 'off'
  readonly percent?: number
  readonly manualPercent?: number
  readonly rests?: boolean
  readonly dewPointCelsius?: number
  readonly glassCelsius?: number
  readonly targetCelsius?: number
  readonly failed?: string
  readonly outputTrouble?: string
}

export interface Video extends Presence {
  readonly enabled?: boolean
  readonly streaming?: boolean
  readonly error?: string
  readonly pictureAtMs?: number
  readonly framesPerSecond?: number
  readonly widthPx?: number
  readonly heightPx?: number
  readonly adjustable?: boolean
  readonly autoExposure?: 'always' | 'by-day' | 'never'
  readonly automatic?: boolean
  readonly exposureMs?: number
  readonly gain?: number
}

export interface Stack {
  readonly activity?: string
  readonly running?: boolean
  readonly finishing?: boolean
  readonly camera?: string
  readonly object?: string
  readonly exposureSeconds?: number
  readonly framesTarget?: number
  readonly framesTaken?: number
  readonly framesAccepted?: number
  readonly framesRefused?: number
  readonly combine?: string
  readonly kappa?: number
  readonly kernel?: string
  /** Kinds of masters, or `none`. */
  readonly calibration?: string
  /** What is missing for it, in words; empty when nothing is. */
  readonly uncalibrated?: string
  readonly resumable?: boolean
  readonly refolding?: number
  readonly weight?: number
  readonly transparency?: number
  readonly rejectedShare?: number
  readonly reference?: string
  readonly refusals?: Readonly<Record<string, number>>
  readonly lastRefusal?: string
  readonly waitingSinceMs?: number
  readonly offsetXPx?: number
  readonly offsetYPx?: number
  readonly rotationDeg?: number
  readonly snrGain?: number
  readonly measuredGain?: number
  readonly stars?: number
  readonly hfdPx?: number
  readonly integratedSeconds?: number
  readonly startedMs?: number
  readonly path?: string
  readonly finished?: boolean
  readonly cancelled?: boolean
  readonly error?: string
}

/** `trend/<camera>`: what the last frames tell. */
export interface Trend {
  readonly word?: string
  readonly words?: string
}

export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Focus {
  readonly running?: boolean
  readonly activity?: string
  readonly camera?: string
  readonly exposureSeconds?: number
  readonly region?: Region
  readonly hfdPx?: number
  readonly bestHfdPx?: number
  readonly peakAdu?: number
  readonly stars?: number
  readonly saturated?: boolean
  readonly frames?: number
  readonly series?: readonly unknown[]
  readonly widthPx?: number
  readonly heightPx?: number
  readonly error?: string
}

export interface Storage {
  readonly freeBytes?: number
  readonly totalBytes?: number
  readonly framesLeft?: number
  readonly hoursLeft?: number
  readonly frameBytes?: number
  readonly low?: boolean
}

/** `box`: how the box itself is. */
export interface BoxHealth {
  readonly model?: string
  readonly warnings?: readonly string[]
  readonly cpuCelsius?: number
  readonly underVoltage?: boolean
  readonly memoryTotalBytes?: number
  readonly memoryFreeBytes?: number
  readonly diskTotalBytes?: number
  readonly diskFreeBytes?: number
  readonly load?: number
  readonly uptimeSeconds?: number
  readonly cardLifePercent?: number
}

/** `stick/*` */
export interface PluggedThing {
  readonly id: string
  readonly name: string
  readonly place: string
  readonly drivenBy?: string
  readonly usedBy?: string
  readonly entry?: object
  readonly entryAs?: string
  readonly ways?: readonly { readonly as: string }[]
}

export interface Plugged {
  readonly things?: readonly PluggedThing[]
}

/** `device/*` and `link/*`. */
export interface Box extends Presence {
  readonly driver?: string
  readonly link?: string
  readonly ports?: readonly string[]
  readonly fix?: string
  readonly sinceMs?: number
  readonly attempts?: number
  readonly resets?: number
  /** The channel it has its power from, which is off. */
  readonly switchedOff?: string
}

/** `link/*` alone. */
export interface Link extends Box {
  readonly parts?: readonly LinkPart[]
}

/** A program that runs behind a link, and is started again when it dies. */
interface LinkPart {
  readonly name: string
  readonly condition: 'running' | 'restarting'
  readonly restarts: number
  readonly reason?: string
}

export interface Mqtt {
  readonly connected?: boolean
  readonly broker?: string
  readonly embedded?: boolean
  readonly waitingEvents?: number
  readonly reason?: string
}

export interface Activity {
  readonly action?: string
  readonly who?: string
  readonly status?: 'running' | 'done' | 'failed' | 'aborted'
  readonly startedMs?: number
  readonly endedMs?: number
  readonly summary?: string
  readonly done?: number
  readonly total?: number
  readonly error?: string
  readonly fix?: string
}
