// Reads a compiled device tree (Devicetree Specification 0.4, chapter 5) as far as the question goes what is in it and
// switched on.

const magic = 0xd00dfeed
const beginNode = 1
const endNode = 2
const property = 3
const nothing = 4

/**
 * The tree as nested nodes: {name, properties: Map of name to bytes, nodes, parent}.
 * @param {Buffer} blob
 */
export function readTree(blob) {
  if (blob.readUInt32BE(0) !== magic) throw new Error('this is no compiled device tree')
  const strings = blob.readUInt32BE(12)
  const root = { name: '', properties: new Map(), nodes: [], parent: undefined }
  let at = blob.readUInt32BE(8)
  let node
  const text = from => blob.toString('latin1', from, blob.indexOf(0, from))
  const aligned = place => (place + 3) & ~3
  for (;;) {
    const token = blob.readUInt32BE(at)
    at += 4
    if (token === beginNode) {
      const name = text(at)
      at = aligned(at + name.length + 1)
      const next = node ? { name, properties: new Map(), nodes: [], parent: node } : root
      node?.nodes.push(next)
      node = next
    } else if (token === endNode) {
      if (!node.parent) return root
      node = node.parent
    } else if (token === property) {
      const length = blob.readUInt32BE(at)
      node.properties.set(text(strings + blob.readUInt32BE(at + 4)), blob.subarray(at + 8, at + 8 + length))
      at = aligned(at + 8 + length)
    } else if (token !== nothing) throw new Error(`there is no such word in a device tree: ${token}`)
  }
}

/** The strings of a property; none when it is not there. */
export const words = (node, name) => node.properties.get(name)?.toString('latin1').replace(/\0$/, '').split('\0') ?? []

const on = node => !node.properties.has('status') || ['okay', 'ok'].includes(words(node, 'status')[0])

/** The nodes with that compatible string that are switched on, as is all that they hang on. */
export function nodesOf(tree, compatible) {
  const found = []
  const look = node => {
    if (!on(node)) return
    if (words(node, 'compatible').includes(compatible)) found.push(node)
    node.nodes.forEach(look)
  }
  look(tree)
  return found
}
