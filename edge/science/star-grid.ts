// Stars by place, so that the one nearest to a point is found without looking at all.

export interface StarGrid {
  readonly cellPx: number
  readonly left: number // px, of the first cell
  readonly top: number
  readonly columns: number
  readonly rows: number
  readonly starts: Int32Array // where each cell's stars begin in the lists below; one more at the end
  readonly stars: Int32Array // indices into the list that the grid was made from, cell by cell
  readonly x: Float64Array // px, in the order of `stars`
  readonly y: Float64Array
}

const mostCells = 1 << 16

/** About one star a cell; cells are at least `reachPx` wide, so that a look within that reach meets four at most. */
export function makeStarGrid(x: Float64Array, y: Float64Array, reachPx: number): StarGrid {
  const count = x.length
  let [left, right, top, bottom] = [0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    if (i === 0 || x[i] < left) left = x[i]
    if (i === 0 || x[i] > right) right = x[i]
    if (i === 0 || y[i] < top) top = y[i]
    if (i === 0 || y[i] > bottom) bottom = y[i]
  }
  const [width, height] = [right - left, bottom - top]
  const fine = Math.max(2 * reachPx, Math.sqrt((width * height) / Math.max(1, count)))
  const cellPx = Math.max(fine, (width + height) / mostCells, Math.sqrt((width * height) / mostCells))
  const columns = Math.floor(width / cellPx) + 1
  const rows = Math.floor(height / cellPx) + 1
  const starts = new Int32Array(columns * rows + 1)
  const cells = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const cell = Math.floor((y[i] - top) / cellPx) * columns + Math.floor((x[i] - left) / cellPx)
    cells[i] = cell
    starts[cell + 1]++
  }
  for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell]
  const next = starts.slice()
  const grid = { cellPx, left, top, columns, rows, starts, stars: new Int32Array(count) }
  const xs = new Float64Array(count)
  const ys = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const at = next[cells[i]]++
    grid.stars[at] = i
    xs[at] = x[i]
    ys[at] = y[i]
  }
  return { ...grid, x: xs, y: ys }
}

/** Index of the star nearest to a point, or −1 when none lies within the radius. */
export function nearestStar(grid: StarGrid, x: number, y: number, withinPx: number): number {
  const { cellPx, left, top, columns, rows, starts } = grid
  const firstColumn = Math.max(0, Math.floor((x - withinPx - left) / cellPx))
  const lastColumn = Math.min(columns - 1, Math.floor((x + withinPx - left) / cellPx))
  const firstRow = Math.max(0, Math.floor((y - withinPx - top) / cellPx))
  const lastRow = Math.min(rows - 1, Math.floor((y + withinPx - top) / cellPx))
  let nearest = withinPx * withinPx
  let found = -1
  for (let row = firstRow; row <= lastRow; row++) {
    // Cells of one row follow one another, and so do their stars.
    const end = firstColumn > lastColumn ? 0 : starts[row * columns + lastColumn + 1]
    for (let i = starts[row * columns + firstColumn]; i < end; i++) {
      const dx = grid.x[i] - x
      const dy = grid.y[i] - y
      const square = dx * dx + dy * dy
      if (square > nearest) continue
      nearest = square
      found = grid.stars[i]
    }
  }
  return found
}
