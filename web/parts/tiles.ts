// The pixels of an enlarged picture: tiles of 256 px asked for as they come into sight, few at a time, given up when
// they leave it, kept while there is room, and painted on one canvas that covers the frame.
import { type Frame, type View, whole } from './zoom-view'

/** What the tiles are of. `address` ends before `/level/column/row`; `query` says how it is stretched. */
export interface TileSource {
  readonly address: string
  readonly query: string
  /** Another one is another picture of the same thing: the old tiles stay until the new ones are there. */
  readonly version: string
  readonly width: number // px of level 0
  readonly height: number
}

/** Where pixels of the file lie on the canvas: `left + x · perPx`, device px. */
export interface Placement {
  readonly left: number
  readonly top: number
  readonly perPx: number
}

export interface TileLayer {
  show(source: TileSource | undefined): void
  /** To be called in an animation frame. */
  draw(view: View, frame: Frame): void
  close(): void
}

export const tilePx = 256
/** A browser opens six connections to a box; the stream of states has one, and buttons need theirs. */
const atOnce = 3
/** 256 KiB each once decoded. */
const keptTiles = 96
/** Settings that are being dragged ask for no tiles. */
const calmMs = 250
const lookMs = 100
const tries = 3
const againMs = 1500

interface Tile {
  readonly key: string
  readonly generation: string
  readonly level: number
  readonly column: number
  readonly row: number
}

interface KeptTile extends Tile {
  readonly picture: ImageBitmap
  usedAt: number
}

const generationOf = ({ address, version, query }: TileSource): string => `${address} ${version} ${query}`

/** The place of a file's corner and the size of its pixels, both on whole device pixels. */
export function placementOf(view: View, frame: Frame, fullWidth: number): Placement {
  const perPx = (frame.width * view.scale * devicePixelRatio) / fullWidth
  return {
    left: Math.round(view.x * devicePixelRatio),
    top: Math.round(view.y * devicePixelRatio),
    // 1:1 is 1:1, whatever was lost on the way through fractions.
    perPx: Math.abs(perPx - 1) < 1e-4 ? 1 : perPx,
  }
}

/** An empty canvas, as many device pixels as its frame has; without memory while it is not used. */
export function cleared(canvas: HTMLCanvasElement, frame: Frame, used: boolean): CanvasRenderingContext2D | undefined {
  const width = used ? Math.round(frame.width * devicePixelRatio) : 1
  const height = used ? Math.round(frame.height * devicePixelRatio) : 1
  const pen = canvas.getContext('2d')!
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
    // The frame's own width may end within a device pixel; the canvas must not be stretched for that.
    canvas.style.width = `${width / devicePixelRatio}px`
    canvas.style.height = `${height / devicePixelRatio}px`
  } else pen.clearRect(0, 0, width, height)
  return used ? pen : undefined
}

/** The level whose pixels come nearest to those of the screen; 0 is the file's own. */
function levelAt(perPx: number): number {
  return Math.max(0, Math.floor(Math.log2(1 / perPx) + 0.5))
}

export function makeTiles(canvas: HTMLCanvasElement, drawAgain: () => void): TileLayer {
  const kept = new Map<string, KeptTile>()
  const coming = new Map<string, AbortController>()
  const failures = new Map<string, number>()
  let source: TileSource | undefined
  let before: string | undefined
  let last: { view: View; frame: Frame } = { view: whole, frame: { width: 1, height: 1 } }
  let calmAtMs = 0
  let looking: ReturnType<typeof setTimeout> | undefined
  let closed = false

  const forget = (gone: (tile: KeptTile) => boolean): void => {
    for (const tile of [...kept.values()]) {
      if (!gone(tile)) continue
      tile.picture.close()
      kept.delete(tile.key)
    }
  }
  const giveUp = (but: ReadonlySet<string>): void => {
    for (const [key, call] of coming) {
      if (but.has(key)) continue
      coming.delete(key)
      call.abort()
    }
  }

  /** Those in sight, the middle first. */
  const wanted = (): Tile[] => {
    if (!source || last.view.scale <= 1) return []
    const { width, height } = source
    const { left, top, perPx } = placementOf(last.view, last.frame, width)
    const level = levelAt(perPx)
    const side = tilePx * 2 ** level
    const generation = generationOf(source)
    const edges = (start: number, screenPx: number, lengthPx: number): [number, number] => [
      Math.max(0, Math.floor(-start / perPx / side)),
      Math.min(Math.ceil(lengthPx / side) - 1, Math.floor((screenPx - 1 - start) / perPx / side)),
    ]
    const [firstColumn, lastColumn] = edges(left, canvas.width, width)
    const [firstRow, lastRow] = edges(top, canvas.height, height)
    const tiles: Tile[] = []
    for (let row = firstRow; row <= lastRow; row++)
      for (let column = firstColumn; column <= lastColumn; column++)
        tiles.push({ key: `${generation} ${level}/${column}/${row}`, generation, level, column, row })
    const middle = (tile: Tile): number =>
      Math.hypot(2 * tile.column - firstColumn - lastColumn, 2 * tile.row - firstRow - lastRow)
    return tiles.sort((a, b) => middle(a) - middle(b))
  }

  const look = (): void => {
    looking = undefined
    if (closed) return
    const tiles = wanted()
    giveUp(new Set(tiles.map(({ key }) => key)))
    const missing = tiles.filter(({ key }) => !kept.has(key))
    if (!missing.length) {
      const generation = source && generationOf(source)
      forget(tile => tile.generation !== generation)
      before = undefined
      return
    }
    for (const tile of missing) {
      if (coming.size >= atOnce) break
      if (!coming.has(tile.key) && (failures.get(tile.key) ?? 0) < tries) void fetchTile(tile)
    }
  }
  const lookSoon = (waitMs = lookMs): void => {
    looking ??= setTimeout(look, Math.max(waitMs, calmAtMs - performance.now()))
  }

  const fetchTile = async (tile: Tile): Promise<void> => {
    const call = new AbortController()
    coming.set(tile.key, call)
    const { address, query, version } = source!
    let waitMs = 0
    try {
      const path = `${address}/${tile.level}/${tile.column}/${tile.row}`
      const response = await fetch(`${path}?version=${encodeURIComponent(version)}${query && `&${query}`}`, {
        signal: call.signal,
      })
      if (!response.ok) throw new Error(`${path} answered ${response.status}`)
      const picture = await createImageBitmap(await response.blob(), { colorSpaceConversion: 'none' })
      if (closed || call.signal.aborted) return picture.close()
      kept.set(tile.key, { ...tile, picture, usedAt: performance.now() })
      makeRoom()
      drawAgain()
    } catch {
      if (call.signal.aborted) return
      // What is missing stays as soft as the preview; it is asked for a few times more.
      failures.set(tile.key, (failures.get(tile.key) ?? 0) + 1)
      waitMs = againMs
    } finally {
      if (coming.get(tile.key) === call) coming.delete(tile.key)
      if (!closed && !call.signal.aborted) lookSoon(waitMs)
    }
  }

  const makeRoom = (): void => {
    if (kept.size <= keptTiles) return
    const oldest = [...kept.values()].sort((a, b) => a.usedAt - b.usedAt).slice(0, kept.size - keptTiles)
    const gone = new Set(oldest)
    forget(tile => gone.has(tile))
  }

  const paint = (pen: CanvasRenderingContext2D, generation: string, place: Placement): void => {
    const level = levelAt(place.perPx)
    const nowMs = performance.now()
    const tiles = [...kept.values()]
      .filter(tile => tile.generation === generation && tile.level >= level)
      .sort((a, b) => b.level - a.level)
    for (const tile of tiles) {
      const side = 2 ** tile.level * place.perPx
      // Whole edges: neighbours meet without a seam.
      const edge = (start: number, at: number, px: number): [number, number] => {
        const from = Math.round(start + at * tilePx * side)
        return [from, Math.round(start + (at * tilePx + px) * side) - from]
      }
      const [x, width] = edge(place.left, tile.column, tile.picture.width)
      const [y, height] = edge(place.top, tile.row, tile.picture.height)
      if (x >= canvas.width || y >= canvas.height || x + width <= 0 || y + height <= 0) continue
      tile.usedAt = nowMs
      pen.drawImage(tile.picture, x, y, width, height)
    }
  }

  return {
    show(next) {
      const old = source
      if (old && next && generationOf(old) === generationOf(next)) return
      source = next
      failures.clear()
      const same = old && next && old.address === next.address && old.query === next.query
      if (same) before ??= generationOf(old)
      else before = undefined
      const now = next && generationOf(next)
      forget(tile => tile.generation !== now && tile.generation !== before)
      if (old && next && !same) calmAtMs = performance.now() + calmMs
      giveUp(new Set())
      lookSoon(0)
      drawAgain()
    },
    draw(view, frame) {
      last = { view, frame }
      const pen = cleared(canvas, frame, !!source && view.scale > 1)
      if (!source || !pen) {
        lookSoon()
        return
      }
      const place = placementOf(view, frame, source.width)
      pen.imageSmoothingEnabled = place.perPx < 1
      if (before) paint(pen, before, place)
      paint(pen, generationOf(source), place)
      lookSoon()
    },
    close() {
      closed = true
      clearTimeout(looking)
      giveUp(new Set())
      forget(() => true)
    },
  }
}
