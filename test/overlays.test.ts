// Every device-tree overlay compiles without a warning and applies to the device trees of the kernel it is for:
// Debian's own, for every Raspberry Pi 3, 4 and 5 in it that Pierside is said to run on.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const trees = 'build/overlays/debian'
const out = 'build/overlays/applied'
const rp1 = '/axi/pcie@1000120000/pci@0,0/dev@0,0/pci-ep-bus@1'
const skip = existsSync('/usr/bin/fdtoverlay') ? false : 'device-tree-compiler is not installed'

interface Board {
  readonly folder: 'pi3' | 'pi4' | 'pi5'
  readonly trees: RegExp
  readonly i2c: string
  readonly gpio: string
}
const boards: readonly Board[] = [
  { folder: 'pi3', trees: /^bcm2837-rpi-3-b(-plus)?\.dtb$/, i2c: '/soc/i2c@7e804000', gpio: '/soc/gpio@7e200000' },
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
  pwm: (tree, { folder, gpio }) => [
    [value(tree, '/soc/pwm@7e20c000', 'status'), 'okay'],
    [
      number(tree, '/soc/pwm@7e20c000', 'pinctrl-0'),
      ['18', '19']
        .map((pin, at) => (folder === 'pi3' ? `pwm${at}-gpio${pin}` : `pwm0-${at}-gpio${pin}`))
        .map(state => number(tree, `${gpio}/${state}`, 'phandle'))
        .join(' '),
    ],
  ],
  'gpio-fan': (tree, { gpio }) => {
    const zone = '/thermal-zones/cpu-thermal'
    return [
      [number(tree, '/switched-fan', 'gpios'), `${number(tree, gpio, 'phandle')} 12 0`],
      [number(tree, `${zone}/cooling-maps/fan`, 'trip'), number(tree, `${zone}/trips/fan-on`, 'phandle')],
      [number(tree, `${zone}/cooling-maps/fan`, 'cooling-device'), `${number(tree, '/switched-fan', 'phandle')} 1 1`],
    ]
  },
  'act-led': tree => [
    [value(tree, '/leds/led-act', 'label'), 'ACT'],
    [number(tree, '/leds/led-act', 'gpios'), `${number(tree, '/soc@107c000000/gpio@7d517c00', 'phandle')} 9 1`],
  ],
  // What becomes of the first stepping's tree by it, the next test compares with the second's.
  bcm2712d0: tree => [[value(tree, '/soc@107c000000/pinctrl@7d504100', 'compatible'), 'brcm,bcm2712d0-pinctrl']],
  ...Object.fromEntries(
    (
      [
        ['bme280', 'temperature-sensor@76', 'bosch,bme280'],
        ['bme280-77', 'temperature-sensor@77', 'bosch,bme280'],
        ['sht3x', 'humidity-sensor@44', 'sensirion,sht30'],
        ['mlx90614', 'temperature-sensor@5a', 'melexis,mlx90614'],
        ['ina219', 'power-sensor@40', 'ti,ina219'],
        ['ina226', 'power-sensor@40', 'ti,ina226'],
        ['ina3221', 'power-sensor@40', 'ti,ina3221'],
        ['bme680', 'environment-sensor@76', 'bosch,bme680'],
        ['bme680-77', 'environment-sensor@77', 'bosch,bme680'],
        ['aht20', 'humidity-sensor@38', 'aosong,aht20'],
        ['ds3231', 'rtc@68', 'maxim,ds3231'],
        ['pcf8563', 'rtc@51', 'nxp,pcf8563'],
        ['pcf85063', 'rtc@51', 'nxp,pcf85063a'],
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
      const alone = ['ina226', 'ina3221', 'bme680', 'bme680-77', 'pcf85063']
      const all = names.filter(name => !alone.includes(name)).map(compiled)
      run('fdtoverlay', '-i', tree, '-o', applied, ...all)
      // Applied in vain by the wrong computer is no harm, but here it is refused.
      const other = board.folder === 'pi5' ? 'pi4' : 'pi5'
      t.throws(() => run('fdtoverlay', '-i', tree, '-o', applied, `build/overlays/${other}/bme280.dtbo`))
    }
  }
})

t.test("the firmware's way to the later Pi 5", { skip }, async t => {
  const files = readdirSync(trees, { recursive: true, encoding: 'utf8' })
  const tree = (name: string) => join(trees, files.find(file => file.endsWith(`/${name}`)) ?? name)
  const made = join(out, 'bcm2712d0.dtb')
  run('fdtoverlay', '-i', tree('bcm2712-rpi-5-b.dtb'), '-o', made, 'build/overlays/pi5/bcm2712d0.dtbo')
  const source = (file: string) =>
    run('dtc', '-q', '-s', '-I', 'dtb', '-O', 'dts', file)
      .split('\n')
      .map(line => line.trim())
  const mine = source(made)
  const kernels = source(tree('bcm2712-d-rpi-5-b.dtb'))
  const lacking = kernels.filter(line => !mine.includes(line)).map(line => line.split(' ')[0])
  const further = mine.filter(line => !kernels.includes(line))
  t.strictSame(
    lacking,
    ['gpio-line-names'],
    'the same as the tree that the kernel has for it, but for the names of lines',
  )
  // What stands at the root already holds there: the words are asked for by the compiler.
  t.strictSame(further, [], 'and nothing more')
  t.equal(mine.length, kernels.length, 'in as many lines: one name less, one interrupt-parent more')
})
