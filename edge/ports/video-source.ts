// A camera that only looks: a run of JPEG pictures, none of them kept.

export interface VideoOrder {
  /** The camera chooses exposure and gain itself; absent: it is left as it is. */
  readonly automatic?: boolean
  /** Exposure and gain count while it does not choose them itself. */
  readonly exposureMs?: number
  readonly gain?: number
  readonly binning?: number
  readonly framesPerSecond: number
  /** 1–100. */
  readonly jpegQuality: number
  /** Which one, counted from 0, where a driver finds several and its options name none. */
  readonly deviceIndex?: number
}

/** A whole JPEG file and when its light was caught, Unix ms UTC. */
export interface Picture {
  readonly jpeg: Uint8Array
  readonly atMs: number
  /** px, if known. */
  readonly width?: number
  readonly height?: number
}

export interface VideoSource {
  /** It obeys exposure and gain of an order, as far as the camera has them. */
  readonly adjustable?: boolean
  /**
   * Runs until the signal fires (then settles) or the source breaks (then rejects with a Fault). Pictures come in the
   * source's own rate and quality; who listens thins them. `onPicture` must be quick.
   */
  run(order: VideoOrder, onPicture: (picture: Picture) => void, signal: AbortSignal): Promise<void>
}
