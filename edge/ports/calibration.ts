// Masters (darks, flats, bias frames, maps of bad pixels): what the library knows of each, and what services need of
// it: the masters for an exposure, and what the header of the result says of them.
import type { Card } from '../science/fits-header.js'
import type { MasterFacts, MasterKind } from '../science/master-cards.js'

/** One file of the library. */
export interface Master extends MasterFacts {
  readonly kind: MasterKind
  /** Path under the archive folder; also what it is called. */
  readonly path: string
  readonly bytes: number
  /** The owner's word: used wherever its size fits, or nowhere; absent: as it fits best. */
  readonly use?: 'always' | 'never'
}

/** An exposure, as far as masters depend on it. */
export interface Shot {
  readonly camera: string
  readonly width: number // px, of the file
  readonly height: number // px
  readonly exposureSeconds: number
  readonly binning: number
  readonly gain?: number
  readonly offset?: number
  readonly sensorCelsius?: number
  readonly filter?: string
  /** Unix ms UTC. */
  readonly startedMs: number
}

export interface ChosenMaster {
  readonly kind: MasterKind
  readonly path: string
  /** For a dark of another exposure: its part above the bias is multiplied by this. A bias comes with it. */
  readonly scale?: number
}

/** Nothing in the library does for the exposure. */
export interface MissingMaster {
  readonly kind: 'dark' | 'flat'
  /** Why, with the numbers: what is there and does not fit, or what to take. */
  readonly words: string
}

export interface Chosen {
  readonly masters: readonly ChosenMaster[]
  readonly missing: readonly MissingMaster[]
  /** For the header of what is made with them. */
  readonly cards: readonly Card[]
}

export interface Calibration {
  /**
   * The masters to apply to exposures like this one. Nothing that fits is an answer, not a Fault.
   * @param before  what exposures of the same series got: taken again, whatever fits better now, while all are there
   */
  choose(shot: Shot, before?: readonly ChosenMaster[]): Promise<Chosen>
}

/** What makes a master, for the pixel workers. */
export interface MasterOrder {
  readonly kind: 'dark' | 'flat' | 'bias'
  /** Paths under the archive folder. */
  readonly frames: readonly string[]
  /** Of a master taken off each frame of a flat: a dark of its exposure or a bias. */
  readonly pedestal?: string
  /** Absolute path the file is written to. */
  readonly aside: string
  readonly cards: readonly Card[]
}

export interface MasterMade {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  readonly frames: number
  /** Median of a single frame, of a flat before it is brought to 1. */
  readonly levelAdu: number
  /** The same as a part of full scale, 0…1; absent where samples have no full scale. */
  readonly levelShare?: number
  readonly noiseAdu: number
  /** Samples left out by sigma clipping, 0…1. */
  readonly clippedShare: number
  readonly badPixels: number
}

/** What the store calls an upload while it lies aside. */
export const uploadName = (upload: string) => `upload-${upload}.fits`
