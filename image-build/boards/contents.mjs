// What an image has, looked up in the files themselves: modules and the names they answer to, firmware, device trees,
// packages.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTree, words } from './device-tree.mjs'

const here = 'image-build/boards'

/** Lines of a list without comments and empty ones. */
const lines = file =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line)

/** The claimed boards, as their files say; lists stay the strings they are there. */
export function claimedBoards() {
  const folder = `${here}/claimed`
  return readdirSync(folder)
    .sort()
    .map(file => ({
      id: file.replace(/\.board$/, ''),
      ...Object.fromEntries(lines(join(folder, file)).map(line => /^(\w+)="(.*)"$/.exec(line).slice(1, 3))),
    }))
}

// A module may be asked for with either.
const plain = name => name.replaceAll('-', '_')

/**
 * @param roots  folders like the root of a system (or an unpacked package), in which files are looked for in turn; the
 *   first has the kernel's modules
 * @param trees  folder of the kernel's package, where its device trees lie
 * @param made  file that lists modules which are added to the kernel's own; they count as there
 */
export function contentsOf({ roots, trees, made }) {
  const [release] = readdirSync(join(roots[0], 'usr/lib/modules'))
  const kernel = join(roots[0], 'usr/lib/modules', release)
  const nameOf = file => plain(/([^/]+)\.ko/.exec(file)[1])
  const needs = new Map(
    lines(join(kernel, 'modules.dep')).map(line => {
      const [file, rest] = line.split(':')
      return [
        nameOf(file),
        [
          ...rest
            .split(' ')
            .filter(word => word)
            .map(nameOf),
          nameOf(file),
        ],
      ]
    }),
  )
  const modules = new Set([...needs.keys(), ...lines(join(kernel, 'modules.builtin')).map(nameOf)])
  if (made) for (const line of lines(made)) modules.add(plain(line.split(/\s+/)[1]))

  // of:N*T*Cbosch,bme280 is the name of every node that is compatible with that.
  const drivers = new Map()
  const serves = (module, name) => {
    const [, compatible] = /of:N\*T\*C([^\s*]+?)(?:C\*)?$/.exec(name) ?? []
    if (compatible) drivers.set(compatible, (drivers.get(compatible) ?? new Set()).add(plain(module)))
  }
  for (const line of lines(join(kernel, 'modules.alias'))) {
    const [, name, module] = line.split(' ')
    serves(module, name)
  }
  const builtIn = new Set()
  for (const word of readFileSync(join(kernel, 'modules.builtin.modinfo'), 'latin1').split('\0')) {
    const [, module, name] = /^([^.]+)\.alias=(.*)$/.exec(word) ?? []
    if (!module) continue
    builtIn.add(plain(module))
    serves(module, name)
  }

  const packages = new Set(
    readdirSync('image-build')
      .map(folder => `image-build/${folder}/packages`)
      .filter(list => existsSync(list))
      .flatMap(lines),
  )
  const file = (place, suffixes = ['']) =>
    roots.some(root => suffixes.some(suffix => existsSync(join(root, `${place}${suffix}`))))
  const treeFolder = join(trees, `usr/lib/linux-image-${release}/broadcom`)

  return {
    release,
    hasModule: name => modules.has(plain(name)),
    hasPackage: name => packages.has(name),
    hasFirmware: name => file(`usr/lib/firmware/${name}`, ['', '.xz', '.zst']),
    hasFile: file,
    /** Modules, loadable or built in, that drive a node which is compatible with that. */
    driversOf: compatible => [...(drivers.get(compatible) ?? [])],
    isBuiltIn: name => builtIn.has(plain(name)),
    /** What a module needs before it, itself at the end. */
    withNeeds: name => needs.get(plain(name)) ?? [],
    treeFile: name => join(treeFolder, name),
    treeOf: (board, overlay) =>
      readTree(appliedTree(board, join(treeFolder, board.device_trees.split(':')[0]), overlay)),
  }
}

/** The board's device tree with the overlays that it always has, and one more: as the firmware hands it over. */
function appliedTree(board, tree, overlay) {
  const names = [...board.always.split(' ').filter(name => name), ...(overlay ? [overlay] : [])]
  if (names.length === 0) return readFileSync(tree)
  const folder = mkdtempSync(join(tmpdir(), 'pierside-tree-'))
  try {
    const out = join(folder, 'tree.dtb')
    const compiled = names.map(name => `build/overlays/${board.overlays}/${name}.dtbo`)
    execFileSync('fdtoverlay', ['-i', tree, '-o', out, ...compiled], { stdio: 'pipe' })
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// Folders of a device tree rather than devices, and what is found by asking its bus.
const needsNoDriver = /^(simple-(bus|mfd)|pci[0-9a-f]+,.*|usb[0-9a-f]+,.*|gpio-leds|raspberrypi,bcm2835-firmware)$/

/** What a node that is switched on hangs on without a driver: compatible strings, its own among them. */
export function undriven(contents, node) {
  const lacking = []
  for (let at = node; at?.parent; at = at.parent) {
    const names = words(at, 'compatible')
    if (names.length > 0 && !names.some(name => needsNoDriver.test(name) || contents.driversOf(name).length > 0))
      lacking.push(names[0])
  }
  return lacking
}
