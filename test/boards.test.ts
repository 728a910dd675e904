// What image-build/boards says of each claimed board is so: in the very packages that the image is made of lie its
// firmware, boot chain, device tree, the drivers that reach its card, and whatever else is named; and the table in
// docs/image.md is what those packages give.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Board, type Contents, claimedBoards, contentsOf, undriven } from '../image-build/boards/contents.mjs'
import { nodesOf, type TreeNode, words } from '../image-build/boards/device-tree.mjs'

const skip = existsSync('/usr/bin/fdtoverlay') ? false : 'device-tree-compiler is not installed'
const here = 'image-build/boards'
const kernel = 'build/image/kernel'
const firmware = 'build/image/firmware'

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' })
const listed = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line)
const several = (list: string) => list.split(' ').filter(word => word)

/** boards.sh as build.sh sources it, and one call into it. */
const inBoards = (call: string) =>
  run(
    'bash',
    '-euc',
    `. scripts/node.sh; here=$PWD/build/image; kernel=$(ls ${kernel}/usr/lib/modules); . ${here}/boards.sh; ${call}`,
  )

/** Chip of the header's pins by the label that its driver gives it (drivers/pinctrl of the kernel's source). */
const chips: Readonly<Record<string, string>> = {
  'pinctrl-bcm2835': 'brcm,bcm2835-gpio',
  'pinctrl-bcm2711': 'brcm,bcm2711-gpio',
  'pinctrl-rp1': 'raspberrypi,rp1-gpio',
}

function everyNode(node: TreeNode): TreeNode[] {
  return [node, ...node.nodes.flatMap(everyNode)]
}

/** Nodes that a node waits for: its clocks, supplies, pins and so on, and what these hang on and wait for. */
function waitsFor(tree: TreeNode, node: TreeNode): Set<TreeNode> {
  const handles = new Map(everyNode(tree).map(each => [each.properties.get('phandle')?.readUInt32BE(0), each]))
  const needed = /^(clocks|.*-supply|pinctrl-\d+|gpios?|.*-gpios?|dmas|power-domains|resets|mboxes|interrupt-parent)$/
  const met = new Set<TreeNode>()
  const visit = (at: TreeNode | undefined) => {
    if (!at || met.has(at)) return
    met.add(at)
    visit(at.parent)
    for (const [name, bytes] of at.properties) {
      if (!needed.test(name) || bytes.length < 4) continue
      const cells = name.startsWith('pinctrl') ? bytes.length / 4 : 1
      for (let cell = 0; cell < cells; cell++) visit(handles.get(bytes.readUInt32BE(4 * cell)))
    }
  }
  visit(node)
  return met
}

/** Loadable modules without which that node has no driver, nor what it waits for. */
function modulesFor(contents: Contents, tree: TreeNode, node: TreeNode): string[] {
  const modules = new Set<string>()
  for (const each of waitsFor(tree, node)) {
    const drivers = words(each, 'compatible').flatMap(name => contents.driversOf(name))
    if (drivers.length === 0 || drivers.some(name => contents.isBuiltIn(name))) continue
    modules.add(drivers[0])
  }
  return [...modules].sort()
}

t.test('the claimed boards', { skip }, async t => {
  run('scripts/overlays.sh')
  run('scripts/debian-arm64.sh', '--alone', 'trixie-backports', kernel, 'linux-image-arm64')
  run('/usr/sbin/depmod', '-b', `${kernel}/usr`, readdirSync(`${kernel}/usr/lib/modules`)[0])
  const packages = inBoards('boards_packages').trim().split(/\s+/)
  run('scripts/debian-arm64.sh', '--alone', 'trixie-backports', firmware, ...packages)
  const contents = contentsOf({ roots: [kernel, firmware], trees: kernel, made: `${here}/modules` })
  const boards = claimedBoards()
  const keys = Object.keys(boards[0])
  const firstLoaded = listed(`${here}/initrd-modules`).flatMap(name => contents.withNeeds(name))

  await t.test('the format is a shell’s', async t => {
    for (const board of boards) {
      t.strictSame(Object.keys(board), keys, `${board.id} has every key, in one order`)
      const file = `${here}/claimed/${board.id}.board`
      const said = run('sh', '-euc', `. ${file}; printf '%s\\n' "$name" "$compatible" "$device_trees" "$reset_line"`)
      t.equal(said, `${board.name}\n${board.compatible}\n${board.device_trees}\n${board.reset_line}\n`)
    }
    t.equal(new Set(boards.map(board => board.compatible)).size, boards.length, 'none is taken for another')
  })

  for (const board of boards) {
    await t.test(board.name, async t => {
      for (const name of several(board.firmware)) t.ok(existsSync(`${firmware}/usr/lib/raspi-firmware/${name}`), name)
      if (board.chain === 'u-boot') t.ok(existsSync(`${firmware}/usr/lib/u-boot/${board.u_boot}`), board.u_boot)
      else t.equal(board.chain, 'direct')

      for (const spec of several(board.device_trees)) t.ok(existsSync(contents.treeFile(spec.split(':')[0])), spec)
      const tree = contents.treeOf(board)
      t.equal(words(tree, 'compatible')[0], board.compatible, 'the tree is of this board')

      const lamps = nodesOf(tree, 'gpio-leds').flatMap(node => node.nodes.flatMap(lamp => words(lamp, 'label')))
      t.ok(lamps.includes(board.led), `it has a lamp ${board.led} of ${lamps}`)
      t.equal(nodesOf(tree, chips[board.reset_chip]).length, 1, `${board.reset_chip} is there`)
      for (const name of readdirSync(`overlays/${board.overlays}`)) {
        const source = readFileSync(`overlays/${board.overlays}/${name}`, 'utf8')
        t.notMatch(source, new RegExp(`gpio ${board.reset_line}\\b`), `${name} leaves the pin of the reset alone`)
      }

      const hosts = ['brcm,bcm2835-sdhost', 'brcm,bcm2711-emmc2', 'brcm,bcm2712-sdhci'].flatMap(name =>
        nodesOf(tree, name),
      )
      const card = hosts.filter(host => !host.nodes.some(child => child.name.startsWith('wifi')))
      t.equal(card.length, 1, 'one host for cards')
      t.strictSame(undriven(contents, card[0]), [], 'it hangs on nothing without a driver')
      const lacking = modulesFor(contents, tree, card[0]).filter(name => !firstLoaded.includes(name))
      t.strictSame(lacking, [], 'what it waits for is loaded before the root is looked for')
    })
  }

  await t.test('the FAT partition', async t => {
    const fat = mkdtempSync(join(tmpdir(), 'pierside-fat-'))
    try {
      inBoards(`mkdir ${fat}/A; put_boards ${fat}; put_boards_slot ${fat}/A root=here`)
      const config = readFileSync(`${fat}/config.txt`, 'utf8')
      t.ok(
        config.split('\n').every(line => line.length <= 98),
        'no line is longer than the firmware reads',
      )
      t.match(config, /\[all\]\ninclude owner\.txt\n$/)
      t.ok(existsSync(`${fat}/owner.txt`))
      for (const board of boards) {
        const folder = board.chain === 'direct' ? `${fat}/A` : fat
        t.match(config, sectionOf(board), board.filter)
        for (const name of several(board.device_trees.replaceAll(':', ' '))) t.ok(existsSync(`${folder}/${name}`), name)
        t.ok(existsSync(`${folder}/overlays/${board.overlays}/README`), 'overlays count as those of the folder')
        for (const name of several(board.always)) t.ok(existsSync(`${folder}/overlays/${board.overlays}/${name}.dtbo`))
        for (const name of several(board.firmware)) t.ok(existsSync(`${fat}/${name}`), name)
      }
      const offered = listedOverlays(readFileSync(`${fat}/owner.txt`, 'utf8'))
      t.ok(offered.length > 8)
      for (const name of offered) t.ok(existsSync(`overlays/pi4/${name}.dts`), `owner.txt offers ${name}`)
    } finally {
      rmSync(fat, { recursive: true })
    }
  })

  await t.test('the table for owners', async t => {
    const places = ['--made', `${here}/modules`, '--root', kernel, '--root', firmware]
    const table = run('node', `${here}/table.mjs`, ...places)
    const told = readFileSync('docs/image.md', 'utf8')
    t.ok(
      told.includes(table.trim()),
      `docs/image.md has the table of: node ${here}/table.mjs --write docs/image.md ${places.join(' ')}`,
    )
    const page = JSON.parse(run('node', `${here}/table.mjs`, '--json', ...places)) as Told
    t.strictSame(
      page.boards.map(board => board.id),
      boards.map(board => board.id),
    )
    const works = (device: string, board: string) => page.devices.find(row => row.name === device)?.boards[board]
    for (const board of boards) {
      t.strictSame(works('Memory card', board.id)?.lacking, [], `${board.name} reaches its card`)
      t.strictSame(works('Wi-Fi', board.id)?.lacking, [], `${board.name} has the firmware of its Wi-Fi`)
      t.strictSame(works('Ethernet', board.id)?.lacking, [], `${board.name} has Ethernet`)
      t.strictSame(works('USB sockets', board.id)?.lacking, [], `${board.name} has USB`)
    }
    t.match(works('HQ Camera (IMX477)', 'pi4b')?.lacking, ['module imx477'], 'what is not there is said')
    t.match(works('Fan socket', 'pi5')?.lacking, ['device-tree node pwm-fan'])
    t.equal(works('Fan socket', 'pi4b'), undefined, 'nothing is said of what a board has no place for')
  })

  await t.test('what was lost on the way is found', async t => {
    const root = mkdtempSync(join(tmpdir(), 'pierside-root-'))
    try {
      // A root as build.sh makes it, but for the driver of one serial converter.
      run('cp', '-rs', join(process.cwd(), kernel, 'usr'), root)
      const modules = `${root}/usr/lib/modules/${contents.release}`
      const order = readFileSync(`${modules}/modules.dep`, 'utf8')
      rmSync(`${modules}/modules.dep`)
      writeFileSync(`${modules}/modules.dep`, order.replace(/^.*\/ftdi_sio\.ko.*\n/m, ''))
      const places = ['--made', `${here}/modules`, '--root', root, '--root', firmware]
      const page = JSON.parse(run('node', `${here}/table.mjs`, '--json', ...places)) as Told
      t.strictSame(page.devices.find(row => row.name === 'FTDI')?.boards.pi4b?.lacking, ['module ftdi_sio'])
      t.strictSame(page.devices.find(row => row.name === 'PL2303')?.boards.pi4b?.lacking, [])
    } finally {
      rmSync(root, { recursive: true })
    }
  })
})

interface Told {
  readonly boards: readonly { readonly id: string }[]
  readonly devices: readonly {
    readonly name: string
    readonly boards: Readonly<Record<string, { readonly lacking: readonly string[] } | undefined>>
  }[]
}

function sectionOf({ filter, chain, overlays }: Board): RegExp {
  const starts = chain === 'direct' ? 'os_prefix=A/\\nkernel=vmlinuz\\n.*' : 'kernel=u-boot\\.bin'
  return new RegExp(`\\[${filter}\\]\\n${starts}\\noverlay_prefix=overlays/${overlays}/\\n`)
}

const listedOverlays = (owner: string) => [...owner.matchAll(/^#dtoverlay=([a-z0-9-]+)$/gm)].map(([, name]) => name)
