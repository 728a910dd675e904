// Board by device: in this image or not, and why. Made from what lies in the image, never written by hand.
//
//   node image-build/boards/table.mjs [--json] [--write FILE] [--made LIST] [--trees FOLDER] --root FOLDER…
//
// --root as in contents.mjs; --trees is the first root unless said otherwise. --json is what the page shows; without
// it, a table for people, which --write puts between its two marks in FILE.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { claimedBoards, contentsOf, undriven } from './contents.mjs'
import { nodesOf } from './device-tree.mjs'
import { devices } from './devices.data.mjs'

const { values: order } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'string' },
    made: { type: 'string' },
    trees: { type: 'string' },
    root: { type: 'string', multiple: true, default: [] },
  },
})
if (order.root.length === 0) throw new Error('say where the files are: --root FOLDER')

const contents = contentsOf({ roots: order.root, trees: order.trees ?? order.root[0], made: order.made })
const boards = claimedBoards()

// Applying an overlay starts a program: once for each board and overlay is enough.
const trees = new Map()
function treeOf(board, overlay) {
  const key = `${board.id} ${overlay}`
  if (!trees.has(key)) trees.set(key, contents.treeOf(board, overlay))
  return trees.get(key)
}

/** The files that the driver of the board's own Wi-Fi asks for, each by the board's name or, failing that, without. */
const wifiFiles = board =>
  ['bin', 'txt', 'clm_blob'].map(end => [`${board.compatible}.${end}`, end].map(name => `brcm/${board.wifi}.${name}`))

/** What that way of working lacks on that board, in words; nothing when it works. */
function lacks(board, { modules = [], tree, overlay, firmware = [], wifi, packages = [] }) {
  const lacking = modules.filter(name => !contents.hasModule(name)).map(name => `module ${name}`)
  const has = overlay && existsSync(`overlays/${board.overlays}/${overlay}.dts`)
  if (overlay && !has) lacking.push(`overlay ${overlay}`)
  if (tree && (has || !overlay)) {
    const nodes = nodesOf(treeOf(board, has ? overlay : undefined), tree)
    const missing = nodes.map(node => undriven(contents, node).filter(name => name !== tree || modules.length === 0))
    const least = missing.sort((one, other) => one.length - other.length)[0]
    if (!least) lacking.push(`device-tree node ${tree}`)
    else lacking.push(...least.map(name => `driver of ${name}`))
  }
  lacking.push(...firmware.filter(name => !contents.hasFirmware(name)).map(name => `firmware ${name}`))
  if (wifi)
    for (const names of wifiFiles(board))
      if (!names.some(contents.hasFirmware)) lacking.push(`firmware ${names.at(-1)}`)
  lacking.push(...packages.filter(name => !contents.hasPackage(name)).map(name => `package ${name}`))
  return lacking
}

function onBoard(device, board) {
  if (device.only && !device.only.includes(board.overlays)) return
  const ways = device.ways.map(way => ({ way, lacking: lacks(board, way) }))
  const best = ways.find(({ lacking }) => lacking.length === 0)
  if (best) return { by: best.way.by, overlay: best.way.overlay, lacking: [] }
  // The one that lacks least says why. Where it is a node, each way has its board's own name for it.
  const nearest = ways.sort((one, other) => one.lacking.length - other.lacking.length)[0]
  const lacking = nearest.lacking.map(word => (ways.length > 1 ? word.replace(/^(device-tree node) .*/, '$1') : word))
  return { by: nearest.way.by, overlay: nearest.way.overlay, lacking }
}

const rows = devices.map(device => ({
  kind: device.kind,
  name: device.name,
  boards: Object.fromEntries(boards.map(board => [board.id, onBoard(device, board)])),
}))

const short = board =>
  board.name.replace(/^Raspberry Pi (Compute Module )?/, (_, cm) => (cm ? 'CM' : '')).replace(' Model ', '')

function tableForPeople() {
  // Boards on which all is the same share a column.
  const columns = []
  for (const board of boards) {
    const cells = rows.map(row => cell(row.boards[board.id]))
    const same = columns.find(column => column.cells.join('|') === cells.join('|'))
    if (same) same.boards.push(board)
    else columns.push({ boards: [board], cells })
  }
  const heads = columns.map(column => column.boards.map(short).join(', '))
  const out = [
    `Debian's Linux ${contents.release}:`,
    '',
    `| device | served by | ${heads.join(' | ')} |`,
    `|---|---|${heads.map(() => '---|').join('')}`,
  ]
  let kind
  rows.forEach((row, at) => {
    if (row.kind !== kind) out.push(`| **${row.kind}** | |${heads.map(() => ' |').join('')}`)
    kind = row.kind
    out.push(`| ${row.name} | ${servedBy(row)} | ${columns.map(column => column.cells[at]).join(' | ')} |`)
  })
  return out.join('\n')
}

function servedBy(row) {
  const found = Object.values(row.boards).filter(board => board)
  const { by, overlay } = found.find(({ lacking }) => lacking.length === 0) ?? found[0]
  return [by === 'Linux' ? by : `\`${by}\``, ...(overlay ? [`\`dtoverlay=${overlay}\``] : [])].join(', ')
}

const cell = found => {
  if (!found) return ''
  return found.lacking.length === 0 ? 'yes' : `no: ${found.lacking.join(', ')}`
}

const open = '<!-- made by image-build/boards/table.mjs -->'
const close = '<!-- end of what is made -->'

if (order.json) {
  const told = boards.map(({ id, name, compatible, proven }) => ({ id, name, compatible, proven }))
  console.log(JSON.stringify({ release: contents.release, boards: told, devices: rows }))
} else if (order.write) {
  const text = readFileSync(order.write, 'utf8')
  const [before, rest] = text.split(open)
  if (rest === undefined) throw new Error(`${order.write} has no place for the table: ${open}`)
  writeFileSync(order.write, `${before}${open}\n${tableForPeople()}\n${close}${rest.split(close)[1]}`)
} else console.log(tableForPeople())
