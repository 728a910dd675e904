// What points the tube. Coordinates go in as the mount declares; services convert from J2000.
import type { Whereabouts } from '../rules/mount-whereabouts.js'
import type { GuidePort } from './camera.js'

export interface Pointing {
  readonly raHours: number
  readonly decDeg: number
  /** The equinox of the two numbers above: J2000, or of the date. */
  readonly equinox: 'j2000' | 'jnow'
}

export type PierSide = 'east' | 'west'

export interface MountStatus extends Pointing {
  readonly slewing: boolean
  readonly tracking: boolean
  readonly parked: boolean
  /** Side of the pier the tube is on. */
  readonly pierSide?: PierSide
  readonly altDeg?: number
  readonly azDeg?: number
  /** When the mount said so, Unix ms UTC. */
  readonly atMs: number
}

export interface Mount {
  /** The equinox this mount thinks in. */
  readonly equinox: 'j2000' | 'jnow'
  /** The last status heard; asks nothing of the device. */
  status(): MountStatus
  /** Asks the device where it stands; settles when it has answered, so that `status()` is of now. */
  sense?(signal: AbortSignal): Promise<void>
  /** Called on every status heard. */
  onStatus(listener: (status: MountStatus) => void): () => void
  /**
   * Settles when the mount stands on the target and tracks. On the signal it stops the axes and rejects with the
   * reason.
   */
  slew(target: Pointing, signal: AbortSignal): Promise<void>
  /** Declares that the tube now points at `target`. */
  sync(target: Pointing, signal: AbortSignal): Promise<void>
  /** Stops all motion at once: slews, parks, arrows. Tracking as before. Never waits behind another order. */
  stop(): Promise<void>
  setTracking(on: boolean, signal: AbortSignal): Promise<void>
  /** Settles when parked. */
  park?(signal: AbortSignal): Promise<void>
  unpark?(signal: AbortSignal): Promise<void>
  /** Moves an axis at a rate until stopped; 0 stops that axis. */
  moveAxis?(axis: 'ra' | 'dec', degPerSecond: number): Promise<void>
  /** What it believes of place and time; asked of it now where it can be asked. */
  whereabouts?(signal: AbortSignal): Promise<Whereabouts>
  /** Sets its clock: UTC, Unix ms, and how far its zone is ahead of that, hours. */
  setTime?(utcMs: number, zoneHours: number, signal: AbortSignal): Promise<void>
  /** Tells the mount where it stands. It keeps its height where nobody knows one. */
  setSite?(
    latitudeDeg: number,
    longitudeDeg: number,
    elevationMetres: number | undefined,
    signal: AbortSignal,
  ): Promise<void>
  readonly guidePort?: GuidePort
}
