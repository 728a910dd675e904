// One picture looked at closely: what it takes to answer (the small picture, its levels, its stars) is made when first
// asked for and kept with it, so that a finger on a slider costs a stretch and no more.
import type { Display, Histogram, PlaneStatistics, RegionStatistics, StarOverlay } from '../ports/display.js'
import { Fault } from '../ports/fault.js'
import type { Region } from '../ports/frame.js'
import type { EncodedPicture } from '../ports/pixels.js'
import { downscale } from '../science/downscale.js'
import { type Clipped, clippedIn, histogramOf } from '../science/histogram.js'
import { sampleLight } from '../science/light-sample.js'
import { measureRegion } from '../science/region-statistics.js'
import type { Image } from '../science/samples.js'
import type { Stars } from '../science/stars.js'
import { stretchPicture } from '../science/stretch.js'
import { levelsOfTiles, type TilePlace, tileGrid, tileLight, tileSidePx } from '../science/tiles.js'
import { axisOf, type Levels, levelsOf, tonesOf } from '../science/tones.js'
import type { Easel, StarFinder } from './easel.js'
import { encodePicture, encodeWithin } from './pictures-codec.js'

export interface OpenView {
  preview(display: Display, maxWidth: number): Promise<EncodedPicture>
  /** For lists: small, auto-stretched, from the small picture. */
  thumbnail(): Promise<EncodedPicture>
  tile(display: Display, at: TilePlace): Promise<EncodedPicture>
  histogram(balance: Display['balance']): Histogram
  stars(): StarOverlay
  statistics(region: Region | undefined): RegionStatistics
}

export const previewPx = 720
const thumbnailPx = 220
const thumbnailQuality = 70
/** What a preview of 720 px may weigh on the wire; wider ones in proportion to their area. */
export const previewBytes = 60_000

export function openView(image: Image, easel: Easel, findStars: StarFinder): OpenView {
  const hand = () => easel(Math.max(previewPx, image.width))
  const levels = new Map<string, Levels>()
  let small: Image | undefined
  let clipped: Clipped | undefined
  let overlay: StarOverlay | undefined
  const smallOne = () => {
    small ??= downscale(hand(), image, previewPx)
    return small
  }
  const levelsFor = (balance: Display['balance'] = 'sky'): Levels => {
    const known = levels.get(balance) ?? levelsOf(smallOne(), sampleLight(image), balance)
    levels.set(balance, known)
    return known
  }

  return {
    async preview(display, maxWidth) {
      const light = maxWidth === previewPx ? smallOne() : downscale(hand(), image, maxWidth)
      const picture = stretchPicture(hand(), light, levelsFor(display.balance), display)
      return encodeWithin(picture, previewBytes * Math.max(1, (maxWidth / previewPx) ** 2))
    },
    async thumbnail() {
      const light = downscale(hand(), smallOne(), thumbnailPx)
      return encodePicture(
        stretchPicture(hand(), light, levelsFor('sky'), { stretch: 'auto' }),
        'jpeg',
        thumbnailQuality,
      )
    },
    async tile(display, at) {
      checkTile(image, at)
      const light = tileLight(hand(), image, at)
      return encodePicture(stretchPicture(hand(), light, levelsFor(display.balance), display), 'png', 100)
    },
    histogram(balance) {
      const light = smallOne()
      const found = levelsFor(balance)
      clipped ??= clippedIn(hand(), image.samples)
      const { blackAdu, midAdu, whiteAdu } = tonesOf(found, { stretch: 'auto' })
      const axis = axisOf(found)
      const { minAdu, maxAdu, medianAdu, noiseAdu } = found
      const place = (adu: number) => Math.min(1, Math.max(0, axis.place(adu)))
      return {
        width: image.width,
        height: image.height,
        planes: light.planes,
        levels: levelsOfTiles(image),
        tilePx: tileSidePx,
        samples: image.samples.length,
        ...{ minAdu, maxAdu, medianAdu, noiseAdu, blackAdu, whiteAdu },
        ...histogramOf(light, found),
        auto: { black: place(blackAdu), mid: place(midAdu), white: place(whiteAdu) },
        ...clipped,
      }
    },
    stars() {
      overlay ??= overlayOf(image, findStars(image))
      return overlay
    },
    statistics(region) {
      const whole = { x: 0, y: 0, width: image.width, height: image.height }
      const inside = region ? within(region, image) : whole
      const sky = levelsFor('none').medianAdu
      const planes: readonly PlaneStatistics[] = measureRegion(image, inside, sky)
      return { region: inside, planes }
    },
  }
}

/** Coordinates as the picture is shown, from its top. */
function overlayOf(image: Image, { stars, found }: Stars): StarOverlay {
  const { width, height, topDown } = image
  const shown = topDown ? stars : stars.map(star => ({ ...star, y: height - 1 - star.y, angleRad: -star.angleRad }))
  return { width, height, stars: shown, found }
}

function checkTile(image: Image, { level, column, row }: TilePlace): void {
  const levels = levelsOfTiles(image)
  const { columns, rows } = tileGrid(image, level)
  if (level < levels && column < columns && row < rows) return
  const size = `${image.width}×${image.height} px`
  const what =
    level >= levels
      ? `a picture of ${size} has tiles of levels 0 to ${levels - 1}, not ${level}`
      : `level ${level} of ${size} has ${columns} × ${rows} tiles; column ${column}, row ${row} is outside`
  throw new Fault('bad-input', what, 'Ask for the histogram first: it says width, height and levels')
}

/** The part of a region that lies in the picture. @throws Fault `bad-input` when none does */
function within({ x, y, width, height }: Region, image: Image): Region {
  const right = Math.min(image.width, x + width)
  const bottom = Math.min(image.height, y + height)
  if (right - x >= 2 && bottom - y >= 2) return { x, y, width: right - x, height: bottom - y }
  const what = `the region at (${x}, ${y}) lies outside the picture of ${image.width}×${image.height} px`
  throw new Fault('bad-input', what, 'Choose a region on the picture')
}
