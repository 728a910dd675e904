// What a pixel thread does: measuring, focusing and rendering whole frames. Stacks are in stack-work.ts.
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Fault } from '../ports/fault.js'
import type { Region } from '../ports/frame.js'
import type { EncodedPicture, MeasuredFrame, StarSize, View } from '../ports/pixels.js'
import type { Measured } from '../ports/store.js'
import type { Card } from '../science/fits-header.js'
import { findImage } from '../science/fits-layout.js'
import type { Image } from '../science/samples.js'
import { ScienceError } from '../science/science-error.js'
import type { Stars } from '../science/stars.js'
import { renderPicture } from '../science/stretch.js'
import type { Easel, StarFinder } from './easel.js'
import { encodePicture, encodeWithin } from './pictures-codec.js'
import { openView, previewBytes, previewPx } from './view-work.js'
import { readWholeImage } from './whole-image.js'

/** A frame in shared memory, or a file under the archive folder. */
export type WorkSource = { readonly image: Image } | { readonly path: string }

const renderedQuality = 80

/** The picture itself. @throws Fault `bad-input` for a file that is no FITS image */
export async function imageOf(source: WorkSource, archive: string): Promise<Image> {
  if ('image' in source) return source.image
  return readImage(join(archive, source.path))
}

async function readImage(file: string): Promise<Image & { cards: readonly Card[] }> {
  try {
    return readWholeImage(file)
  } catch (error) {
    throw asUnreadable(error, file)
  }
}

/** Only the header's blocks are read. */
export async function readCards(file: string): Promise<Card[]> {
  const handle = await open(file, 'r').catch(error => {
    throw asUnreadable(error, file)
  })
  try {
    const search = findImage((await handle.stat()).size)
    let wanted = search.next()
    while (!wanted.done) {
      const { position, length } = wanted.value
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, position)
      wanted = search.next(buffer.subarray(0, bytesRead))
    }
    return [...wanted.value.cards]
  } catch (error) {
    throw asUnreadable(error, file)
  } finally {
    await handle.close()
  }
}

/** What a file that cannot be read means for whoever asked for it. */
function asUnreadable(error: unknown, file: string): unknown {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    const fix = 'Another program took it away; the list is right again when the agent has been started anew'
    return new Fault('not-found', `the file ${basename(file)} is gone`, fix, { cause: error })
  }
  if (!(error instanceof ScienceError)) return error
  return new Fault('bad-input', `${file}: ${error.message}`, 'The file is kept; look at it with another program', {
    cause: error,
  })
}

/** Rank of the star whose light says how clear it is: bright enough for any frame, and no single variable or planet. */
const fluxRank = 15

function measuredFrom({ found, backgroundAdu, noiseAdu, stars, ...medians }: Stars): Measured {
  const saturated = stars.filter(star => star.saturated).length
  return {
    stars: found,
    hfdPx: medians.medianHfdPx,
    fwhmPx: medians.medianFwhmPx,
    eccentricity: medians.medianEccentricity,
    fluxAdu: stars[fluxRank - 1]?.fluxAdu,
    backgroundAdu,
    noiseAdu,
    saturatedPercent: stars.length > 0 ? (100 * saturated) / stars.length : 0,
  }
}

/** A thread's tools, and the folder that paths of frames start from. */
export interface PixelTools {
  readonly archive: string
  readonly easel: Easel
  readonly findStars: StarFinder
}

export async function measure(source: WorkSource, { archive, easel, findStars }: PixelTools): Promise<MeasuredFrame> {
  const image = await imageOf(source, archive)
  const view = openView(image, easel, findStars)
  return {
    measured: measuredFrom(findStars(image)),
    preview: await view.preview({ stretch: 'auto' }, previewPx),
    thumbnail: await view.thumbnail(),
  }
}

export async function focus(
  image: Image,
  region: Region | undefined,
  { easel, findStars }: PixelTools,
): Promise<StarSize> {
  const inside = region && clip(region, image)
  const { stars, found, medianHfdPx, backgroundAdu } = findStars(image, { region: inside })
  const brightest = stars.find(star => !star.saturated) ?? stars[0]
  const picture = renderPicture(easel(image.width), image, { stretch: 'auto' }, previewPx)
  return {
    stars: found,
    hfdPx: medianHfdPx,
    peakAdu: brightest?.peakAdu,
    backgroundAdu,
    saturated: stars.some(star => star.saturated),
    x: brightest?.x,
    y: brightest?.y,
    picture: await encodeWithin(picture, previewBytes),
  }
}

export async function render(path: string, view: View, { archive, easel }: PixelTools): Promise<EncodedPicture> {
  const image = await readImage(join(archive, path))
  const { stretch, maxWidth, as } = view
  return encodePicture(renderPicture(easel(image.width), image, { stretch }, maxWidth), as, renderedQuality)
}

/** The part of a region that lies in the picture. @throws Fault `bad-input` when none does */
function clip({ x, y, width, height }: Region, image: Image): Region {
  const right = Math.min(image.width, x + width)
  const bottom = Math.min(image.height, y + height)
  if (right - x >= 8 && bottom - y >= 8) return { x, y, width: right - x, height: bottom - y }
  throw new Fault(
    'bad-input',
    `the region at (${x}, ${y}) lies outside the frame of ${image.width}×${image.height} px`,
    'Tap on the picture again',
  )
}
