// A GPIO chip of the kernel's own simulator (gpio-sim): what drives a line sees it as a chip like any other, and here
// is what hangs on its pins. Like the Raspberry Pi's on a mainline kernel it lets go of a line when its holder ends:
// the line then goes where its pull resistor takes it.
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Test {
  teardown(run: () => unknown): void
}

export interface SimulatedChip {
  /** Of each line, in the order given: whether there is voltage on its pin. */
  levels(): boolean[]
  /** What is wired to a pin pulls it up or down as long as nobody drives it. */
  pull(line: number, up: boolean): void
}

const config = '/sys/kernel/config/gpio-sim'
let chips = 0

/**
 * A chip of 54 lines called GPIO0 to GPIO53, as the Raspberry Pi 4 has it; gone when the test ends.
 * @param label  the kernel's name of the chip
 * @param lines  those that something is wired to; pulled down
 */
export function simulatedChip(t: Test, label: string, lines: readonly number[]): SimulatedChip {
  const name = `pier${chips++}`
  const device = join(config, name)
  const bank = join(device, 'bank')
  mkdirSync(bank, { recursive: true })
  writeFileSync(join(bank, 'num_lines'), '54')
  writeFileSync(join(bank, 'label'), label)
  for (let line = 0; line < 54; line++) {
    mkdirSync(join(bank, `line${line}`))
    writeFileSync(join(bank, `line${line}`, 'name'), `GPIO${line}`)
  }
  writeFileSync(join(device, 'live'), '1')
  const of = (file: string) => readFileSync(file, 'utf8').trim()
  const chip = join('/sys/devices/platform', of(join(device, 'dev_name')), of(join(bank, 'chip_name')))
  t.teardown(() => {
    writeFileSync(join(device, 'live'), '0')
    for (const folder of readdirSync(bank).filter(entry => entry.startsWith('line'))) rmdirSync(join(bank, folder))
    rmdirSync(bank)
    rmdirSync(device)
  })
  return {
    levels: () => lines.map(line => of(join(chip, `sim_gpio${line}`, 'value')) === '1'),
    pull: (line, up) => writeFileSync(join(chip, `sim_gpio${line}`, 'pull'), up ? 'pull-up' : 'pull-down'),
  }
}
