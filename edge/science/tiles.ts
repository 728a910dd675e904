// A picture cut into tiles, level by level: level 0 shows its pixels one by one, each further level halves it, and the
// last one fits into a single tile.
import { shrink } from './downscale.js'
import type { Image } from './samples.js'
import type { Hand } from './strip-step.js'

export const tileSidePx = 256

export interface TilePlace {
  readonly level: number
  readonly column: number
  readonly row: number
}

export function levelsOfTiles({ width, height }: Pick<Image, 'width' | 'height'>): number {
  let levels = 1
  while (Math.max(width, height) > tileSidePx * 2 ** (levels - 1)) levels++
  return levels
}

/** Columns and rows of tiles at a level. */
export function tileGrid({ width, height }: Pick<Image, 'width' | 'height'>, level: number) {
  const side = tileSidePx * 2 ** level
  return { columns: Math.ceil(width / side), rows: Math.ceil(height / side) }
}

/** The light of a tile that the picture has, f32, rows from the top, in colour where the sensor is. */
export function tileLight(hand: Hand, image: Image, { level, column, row }: TilePlace): Image {
  const scale = 2 ** level
  const side = tileSidePx * scale
  const x = column * side
  const y = row * side
  const width = Math.min(side, image.width - x)
  const height = Math.min(side, image.height - y)
  return shrink(hand, image, { x, y, width, height, scaleX: scale, scaleY: scale })
}
