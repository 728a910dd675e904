// Looks whether every program and library beneath a root file system finds the libraries it is linked with, by their
// names, and says which do not: what was pruned too much is told when the image is made, and not in the night.
//
//   missing-libraries.mjs ROOT
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

const root = process.argv[2]
const folders = ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/libexec']
/** For another C library than this system's: they are never loaded. */
const foreign = /musl/

const found = folders.flatMap(folder => walk(folder))
const names = new Set(found.map(({ name }) => name))
const missing = found
  .filter(({ path, file }) => file && !foreign.test(path))
  .flatMap(({ path }) => {
    const lost = neededBy(join(root, path)).filter(name => !names.has(name))
    return lost.length > 0 ? [`${path} needs ${lost.join(', ')}`] : []
  })
for (const words of missing) console.error(`pierside: ${words}`)
process.exitCode = missing.length > 0 ? 1 : 0

/** Files and links, from the root. */
function walk(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return path === 'usr/lib/modules' || path === 'usr/lib/firmware' ? [] : walk(path)
    return [{ path, name: entry.name, file: entry.isFile() }]
  })
}

/** Names of DT_NEEDED; none where it is no ELF file of 64 bits, or linked to nothing (System V ABI, chapters 4, 5). */
function neededBy(path) {
  const handle = openSync(path, 'r')
  try {
    const head = at(0, 64)
    if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return []
    const [offset, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)]
    const segments = Array.from({ length: count }, (_, i) => {
      const part = at(offset + i * size, size)
      const word = place => Number(part.readBigUInt64LE(place))
      return { type: part.readUInt32LE(0), offset: word(8), address: word(16), bytes: word(32) }
    })
    const dynamic = segments.find(({ type }) => type === 2)
    if (!dynamic) return []
    const table = at(dynamic.offset, dynamic.bytes)
    const entries = Array.from({ length: Math.floor(table.length / 16) }, (_, i) => [
      Number(table.readBigInt64LE(i * 16)),
      Number(table.readBigUInt64LE(i * 16 + 8)),
    ])
    const end = entries.findIndex(([tag]) => tag === 0)
    const value = tag => entries.find(([one]) => one === tag)?.[1]
    const [strings, length] = [value(5), value(10)]
    const load = segments.find(
      ({ type, address, bytes }) => type === 1 && strings >= address && strings < address + bytes,
    )
    if (!load) return []
    const text = at(strings - load.address + load.offset, length)
    const upTo = from => text.toString('latin1', from, text.indexOf(0, from))
    return entries
      .slice(0, end)
      .filter(([tag]) => tag === 1)
      .map(([, from]) => upTo(from))
  } finally {
    closeSync(handle)
  }

  function at(position, length) {
    const piece = Buffer.alloc(length)
    return piece.subarray(0, readSync(handle, piece, 0, length, position))
  }
}
