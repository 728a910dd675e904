// PWM by sysfs, on a folder that stands in for the kernel's: what is written, in which order, and what is left behind.
import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { kernelPwmDriver } from '../../edge/drivers/pwm/kernel-pwm.js'
import { bench } from '../support/bench.js'
import { emptyTree, pwmTree } from '../support/sensor-rigs.js'

const never = new AbortController().signal

t.test('a heater at 200 Hz', async t => {
  const tree = pwmTree(t)
  const table = bench()
  t.teardown(() => table.close())
  const channels = [{ id: 'lens', name: 'Lens', output: 0 }]
  const { box, ports } = await table.open(kernelPwmDriver, { channels, root: tree.root, inverted: true })
  const said = (file: string) => readFileSync(path.join(tree.root, 'class/pwm/pwmchip0/pwm0', file), 'utf8')
  t.same(['period', 'duty_cycle', 'polarity', 'enable'].map(said), ['5000000', '0', 'inversed', '1'], 'off at first')
  await ports.switches!.set('lens', 35, never)
  t.equal(said('duty_cycle'), '1750000')
  t.equal(ports.switches!.value('lens'), 35)
  await box.close()
  t.equal(said('duty_cycle'), '1750000', 'what it is to be without us is its keeper’s affair, not that of an end')
  // A level that is to be kept is not disturbed, one of another period begins at nothing.
  tree.put('class/pwm/pwmchip0/pwm0/enable', '1')
  const again = await table.open(kernelPwmDriver, { channels, root: tree.root, inverted: true })
  t.equal(again.ports.switches!.value('lens'), 35)
  await again.box.close()
  const faster = { channels, root: tree.root, inverted: true, frequency_hz: 1000 }
  t.equal((await table.open(kernelPwmDriver, faster)).ports.switches!.value('lens'), 0)
  t.equal(said('period'), '1000000')
})

t.test('what is not there is said', async t => {
  const table = bench()
  t.teardown(() => table.close())
  const channels = [{ id: 'lens', output: 0 }]
  const open = (more: object) => table.open(kernelPwmDriver, { channels, ...more })
  await t.rejects(open({ root: emptyTree(t).root }), { code: 'offline', message: /no PWM at all/ })
  const { root } = pwmTree(t)
  await t.rejects(open({ root, chip: 'pwmchip9' }), { code: 'offline', message: /there are: pwmchip0/ })
  const third = { root, channels: [{ id: 'lens', output: 3 }] }
  await t.rejects(open(third), { code: 'timeout' }, 'a chip that does not make the output it is asked for')
})

t.test('an output that says nothing is not believed, and the one beside it is obeyed', async t => {
  const tree = pwmTree(t)
  const table = bench()
  t.teardown(() => table.close())
  const chip = path.join(tree.root, 'class/pwm/pwmchip0')
  const duty = (output: string) => readFileSync(path.join(chip, output, 'duty_cycle'), 'utf8')
  const channels = ['a', 'b'].map((id, output) => ({ id, output }))
  const { ports } = await table.open(kernelPwmDriver, { channels, root: tree.root })
  const bank = ports.switches!
  rmSync(path.join(chip, 'pwm0', 'duty_cycle'))
  symlinkSync('/dev/null', path.join(chip, 'pwm0', 'duty_cycle'))
  for (const level of [0, 50]) {
    await t.rejects(bank.set('a', level, never), { code: 'broken' }, `${level} % is written, and nothing read`)
  }
  // It is told with the next look of its keeper, which comes once a second.
  for (let tries = 0; tries < 100 && bank.value('a') !== undefined; tries++) await table.clock.sleep(100)
  t.equal(bank.value('a'), undefined, 'nor is it said to stand anywhere')
  await bank.set('b', 50, never)
  t.equal(duty('pwm1'), '2500000')
})
