// Every device-tree overlay compiles without a warning and applies to the device trees of the kernel it is for:
// Debian's own, for every Raspberry Pi 4 and 5 in it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const trees = 'build/overlays/debian'
const out = 'build/overlays/applied'
const rp1 = '/axi/pcie@1000120000/pci@0,0/dev@0,0/pci-ep-bus@1'
const skip = existsSync('/usr/bin/fdtoverlay') ? false : 'device-tree-compiler is not installed'

interface Board {
  readonly folder: 'pi4' | 'pi5'
  readonly trees: RegExp
  readonly i2c: string
  readonly gpio: string
}
const boards: readonly Board[] = [
  { folder: 'pi4', trees: /^bcm2711-rpi-.*\.dtb$/, i2c: '/soc/i2c@7e804000', gpio: '/soc/gpio@7e200000' },
  { folder: 'pi5', trees: /^bcm2712-.*rpi-5-b\.dtb$/, i2c: `${rp1}/i2c@40074000`, gpio: `${rp1}/pinctrl@400d0000` },
]

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }).trim()
const value = (tree: string, node: string, property: string) => run('fdtget', tree, node, property)
const number = (tree: string, node: string, property: string) => run('fdtget', '-t', 'i', tree, node, property)

/** What is to be found in a tree once the overlay is in it. */
const found: Readonly<Record<string, (tree: string, board: Board) => readonly [string, string][]>> = {
  i2c: (tree, { i2c, gpio }) => [
    [value(tree, i2c, 'status'), 'okay'],
    [number(tree, i2c, 'pinctrl-0'), number(tree, `${gpio}/header-i2c-state`, 'phandle')],
    [value(tree, `${gpio}/header-i2c-state`, 'pins'), 'gpio2 gpio3'],
  ],
  'w1-gpio': (tree, { gpio }) => [
    [value(tree, '/onewire', 'compatible'), 'w1-gpio'],
    [number(tree, '/onewire', 'gpios'), `${number(tree, gpio, 'phandle')} 4 0`],
  ],
  pwm: tree => [
    [value(tree, '/soc/pwm@7e20c000', 'status'), 'okay'],
    [
      number(tree, '/soc/pwm@7e20c000', 'pinctrl-0'),
      ['18', '19'].map((pin, at) => number(tree, `/soc/gpio@7e200000/pwm0-${at}-gpio${pin}`, 'phandle')).join(' '),
    ],
  ],
  ...Object.fromEntries(
    (
      [
        ['bme280', 'temperature-sensor@76', 'bosch,bme280'],
        ['bme280-77', 'temperature-sensor@77', 'bosch,bme280'],
        ['sht3x', 'humidity-sensor@44', 'sensirion,sht30'],
        ['mlx90614', 'temperature-sensor@5a', 'melexis,mlx90614'],
        ['ina219', 'power-sensor@40', 'ti,ina219'],
        ['ina226', 'power-sensor@40', 'ti,ina226'],
      ] as const
    ).map(([name, node, compatible]) => [
      name,
      (tree: string, { i2c }: Board) => [[value(tree, `${i2c}/${node}`, 'compatible'), compatible]],
    ]),
  ),
}

t.test('overlays', { skip }, async t => {
  run('scripts/overlays.sh')
  run('scripts/debian-arm64.sh', '--alone', 'trixie-backports', trees, 'linux-dtbs-arm64')
  mkdirSync(out, { recursive: true })
  const files = readdirSync(trees, { recursive: true, encoding: 'utf8' })
  for (const board of boards) {
    const mine = files.filter(file => board.trees.test(file.split('/').at(-1)!)).map(file => join(trees, file))
    t.ok(mine.length >= 2, `${board.folder}: ${mine.length} device trees`)
    const names = readdirSync(`overlays/${board.folder}`).map(file => file.replace(/\.dts$/, ''))
    const compiled = (name: string) => `build/overlays/${board.folder}/${name}.dtbo`
    for (const tree of mine) {
      const applied = join(out, 'tree.dtb')
      for (const name of names) {
        run('fdtoverlay', '-i', tree, '-o', applied, compiled(name))
        t.ok(found[name], `this test knows what ${name} is to do`)
        for (const [is, wanted] of found[name](applied, board)) t.equal(is, wanted, `${tree}: ${name}`)
      }
      // Two chips at one address are one chip too many.
      const all = names.filter(name => name !== 'ina226').map(compiled)
      run('fdtoverlay', '-i', tree, '-o', applied, ...all)
      // Applied in vain by the wrong computer is no harm, but here it is refused.
      const [other] = boards.filter(({ folder }) => folder !== board.folder)
      t.throws(() => run('fdtoverlay', '-i', tree, '-o', applied, `build/overlays/${other.folder}/bme280.dtbo`))
    }
  }
})
