// Work on whole frames, off the event loop: what services may ask of the pixel workers.
import type { Card } from '../science/fits-header.js'
import type { MasterKind } from '../science/master-cards.js'
import type { ScreenPicture } from '../science/stretch.js'
import type { ChosenMaster, MasterMade, MasterOrder } from './calibration.js'
import type { Viewable } from './display.js'
import type { Frame, Lend, Region } from './frame.js'
import type { Measured } from './store.js'

/** A frame in lent memory, or its file on the shelf when the memory had to go back. */
export type FrameSource = { readonly frame: Frame } | { readonly path: string }

export interface EncodedPicture {
  readonly bytes: Uint8Array
  readonly type: 'image/jpeg' | 'image/png'
  readonly width: number
  readonly height: number
}

/**
 * How a linear frame becomes a picture. `asinh`: asinh(10) between percentiles 1 and 99.5. `auto`: MTF auto-stretch.
 */
export interface View {
  readonly stretch: 'asinh' | 'auto'
  readonly maxWidth: number // px
  readonly as: 'jpeg' | 'png'
}

export interface Conversion {
  readonly as: 'jpeg' | 'png'
  /** JPEG only, 1–100. */
  readonly quality?: number
  readonly maxWidth?: number // px
}

export interface MeasuredFrame {
  readonly measured: Measured
  readonly preview: EncodedPicture
  readonly thumbnail: EncodedPicture
}

export interface StarSize {
  readonly stars: number
  readonly hfdPx?: number
  readonly peakAdu?: number
  readonly backgroundAdu: number
  readonly saturated: boolean
  /** Brightest usable star, px in the frame. */
  readonly x?: number
  readonly y?: number
  readonly picture: EncodedPicture
}

export const combinations = ['reject', 'mean', 'sum'] as const
export const warpKernels = ['bilinear', 'cubic'] as const

export interface StackSettings {
  readonly maxShiftPx: number
  /** `reject`: the mean without samples further than `kappa` σ from it, of early frames too. */
  readonly combine: (typeof combinations)[number]
  readonly kappa: number
  readonly kernel: (typeof warpKernels)[number]
  /** Applied to every frame. */
  readonly masters: readonly ChosenMaster[]
}

export type StackOutcome =
  | {
      readonly accepted: true
      /** How far the sky moved at the frame's centre since the reference. */
      readonly offsetPx: readonly [number, number]
      readonly rotationDeg: number
      /** Star pairs, and how well they agree. */
      readonly matched: number
      readonly rmsPx: number
      readonly stars: number
      readonly hfdPx?: number
      /** 1 for a frame as good as the first; by noise, transparency and star size. */
      readonly weight: number
      /** Light of the stars against the reference's; 1 is the same. */
      readonly transparency: number
      /** Of the frame's samples, left out as far from the mean. */
      readonly rejectedShare: number
      /** Id of the frame whose stars the next ones are matched with. */
      readonly reference: string
    }
  | {
      readonly accepted: false
      readonly reason: StackRefusal
      readonly words: string
      /** Absent when they were not looked for. */
      readonly stars?: number
    }

export type StackRefusal =
  | 'too-few-stars'
  | 'blank'
  | 'saturated'
  | 'no-match'
  | 'moved-too-far'
  | 'other-size'
  | 'other-kind'
  | 'other-camera'
  | 'unreadable'

/**
 * A stack that grows in the workers' memory.
 * What goes wrong with one frame is an outcome; a Fault means that the stack itself cannot go on. Looked at before its
 * first frame it answers `not-found`.
 */
export interface PixelStack extends Viewable {
  /**
   * In order. Frames come from the shelf, where they are read again later, to find what was wrong with the first ones.
   * @param path  under the archive
   * @param id  goes into the list of what went in
   */
  add(path: string, id: string, signal: AbortSignal): Promise<StackOutcome>
  /**
   * √N and beside it the noise gain measured on star-free sky against the reference frame; undefined before two frames.
   */
  gain(): Promise<{ frames: number; snrGain: number; measuredGain?: number }>
  /**
   * 32-bit float FITS with the list of what went in, written to a path of its own and synced to disk by whoever moves
   * it.
   */
  save(aside: string, cards: readonly Card[]): Promise<void>
  close(): Promise<void>
}

/** Rejects with Faults only: the signal's reason, `bad-input` for what is no picture, `aborted` once it is closed. */
export interface Pixels {
  readonly lend: Lend
  /** Stars, background, preview and thumbnail of one frame. */
  measure(source: FrameSource, signal: AbortSignal): Promise<MeasuredFrame>
  /** Star size in a part of the frame for the focus loop; region in frame pixels, whole frame when absent. */
  focus(frame: Frame, region: Region | undefined, signal: AbortSignal): Promise<StarSize>
  /** A picture of a file on the shelf. */
  render(path: string, view: View, signal: AbortSignal): Promise<EncodedPicture>
  /** A file on the shelf to be looked at closely; kept open while somebody looks. Not read before it is asked. */
  look(path: string): Viewable
  /** The cards of a file on the shelf. */
  header(path: string): Promise<Card[]>
  stack(settings: StackSettings): Promise<PixelStack>
  /** Frames on the shelf into a master, written aside; `bad-input` names the frame that does not belong. */
  makeMaster(order: MasterOrder, signal: AbortSignal): Promise<MasterMade>
  /** Reads a master on the shelf whole; `bad-input` when it is cut short, or would calibrate nothing. */
  checkMaster(path: string, kind: MasterKind, signal: AbortSignal): Promise<void>
  /** An encoded picture again: smaller, of another quality (pier cam), or as PNG. */
  convert(picture: Uint8Array, to: Conversion, signal: AbortSignal): Promise<Uint8Array>
  /** See Tools.encodeJpeg. */
  encodeJpeg(rgb: Uint8Array, width: number, height: number, quality: number): Promise<Uint8Array>
  /** See Tools.decodeJpeg: three channels. */
  decodeJpeg(jpeg: Uint8Array): Promise<ScreenPicture>
  close(): Promise<void>
}
