// How linear light is looked at: tones, tiles, histograms, numbers of a region; and who can be looked at that way.

import type { Star } from '../science/stars.js'
import type { Display } from '../science/tones.js'
import type { Region } from './frame.js'
import type { EncodedPicture } from './pixels.js'

export type { Display } from '../science/tones.js'

export interface TileAt {
  /** 0: the sensor's pixels one by one; each level halves the picture, the last fits into one tile. */
  readonly level: number
  readonly column: number
  readonly row: number
}

/** The picture's light, in bins that are narrow about the sky and wide where stars are. */
export interface Histogram {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number // as shown: 3 for a Bayer sensor
  /** Levels of tiles there are: 0 … levels − 1. */
  readonly levels: number
  /** Width and height of a tile; those at the right and at the bottom are cut off where the picture ends. */
  readonly tilePx: number
  readonly minAdu: number
  readonly maxAdu: number
  /** One more than there are bins: bin i holds edges i to i + 1. The place 0…1 of a level is even in the bins. */
  readonly edgesAdu: readonly number[]
  /** Pixels in each bin, per plane (red, green, blue); counted on the picture as it is shown small. */
  readonly bins: readonly (readonly number[])[]
  /** Sky and noise of one pixel as shown small, over all planes. */
  readonly medianAdu: number
  readonly noiseAdu: number
  /** What `auto` shows black and white. */
  readonly blackAdu: number
  readonly whiteAdu: number
  readonly auto: { readonly black: number; readonly mid: number; readonly white: number }
  /** Of the full picture: what clipped ones are counted among. A mosaic has one a pixel. */
  readonly samples: number
  /** Samples of the full picture at the bottom and at the top of what the sensor or the file can say. */
  readonly clippedLow: number
  readonly clippedHigh: number
}

export interface RegionStatistics {
  readonly region: Region
  readonly planes: readonly PlaneStatistics[]
}

/** Over one plane of a region (for a Bayer sensor red, green and blue, each over its own pixels). */
export interface PlaneStatistics {
  readonly samples: number
  readonly minAdu: number
  readonly maxAdu: number
  readonly meanAdu: number
  readonly medianAdu: number
  readonly deviationAdu: number // standard deviation
  /** From differences of neighbours: gradients, nebulae and stars hardly count. */
  readonly noiseAdu: number
  readonly clippedLow: number
  readonly clippedHigh: number
  /** Mean light above the whole picture's sky over the noise of one pixel. */
  readonly snr: number
}

export interface StarOverlay {
  readonly width: number // px
  readonly height: number // px
  /** Brightest first, at most 500. */
  readonly stars: readonly Star[]
  /** Before the list was cut. */
  readonly found: number
}

/** A picture that can be looked at closely. Rejects with Faults only. */
export interface Viewable {
  /**
   * A JPEG: at 720 px at most 60 kB, its light measured once, so that tiles have the same tones.
   * @param maxWidth px; a smaller picture keeps its size
   */
  preview(display: Display, maxWidth: number, signal: AbortSignal): Promise<EncodedPicture>
  /** A PNG. `bad-input` for a tile that the picture does not have. */
  tile(display: Display, at: TileAt, signal: AbortSignal): Promise<EncodedPicture>
  /** @param balance  as in Display: places on the axis are those of the balanced light, or of the light as it came */
  histogram(balance: Display['balance'], signal: AbortSignal): Promise<Histogram>
  stars(signal: AbortSignal): Promise<StarOverlay>
  /** Whole picture when absent; `bad-input` for a region that lies outside. */
  statistics(region: Region | undefined, signal: AbortSignal): Promise<RegionStatistics>
}

/** One that has been found, with the name of what it shows now: another version, other pixels. */
export interface View extends Viewable {
  readonly version: string
}

/** Everything there is to look at: the stack and the frames on the shelf. */
export interface Views {
  /**
   * The stack as it grows, from whoever stacks.
   * @param version  called when somebody looks; changes with every frame that goes in, and is no earlier stack's
   * @returns call when it closes, with the path of the file it became if there is one: that is shown from then on
   */
  showStack(stack: Viewable, version: () => string): (path?: string) => void
  /** @param of  `stack` or an exposure's id; `not-found` when there is no such thing */
  find(of: string): Promise<View>
}
