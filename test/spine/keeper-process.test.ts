// The keeper's own side of the pipe, with contacts in its hands: what changes by itself is told before anybody asks.
import { PassThrough } from 'node:stream'
import t from 'tap'
import { gpioBoard } from '../../edge/drivers/relay/gpio-board.js'
import type { FromKeeper, ToKeeper } from '../../edge/ports/keeper.js'
import { runKeeper } from '../../edge/spine/keeper-process.js'
import { readLines } from '../../edge/spine/line-reader.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { gpioKernel, type KernelLine } from '../support/gpio-kernel.js'

t.test('an edge is told at once, and no input takes an order', async t => {
  const clock = systemClock()
  const awake = setInterval(() => {}, 1_000)
  t.teardown(() => clearInterval(awake))
  const line: KernelLine = { name: 'GPIO5', output: false, high: true, driven: [] }
  const kernel = gpioKernel(t.testdir({}), { 'pinctrl-rp1': [line] })
  const input = new PassThrough()
  const output = new PassThrough()
  const over = runKeeper({
    input,
    output,
    clock,
    complain: words => t.fail(words),
    boards: { gpio: (order, clock) => gpioBoard(order, clock, kernel) },
  })
  const heard: FromKeeper[] = []
  let wake = () => {}
  readLines(output, {
    line(text) {
      heard.push(JSON.parse(text))
      wake()
    },
    end: () => {},
  })
  const hear = async (say: FromKeeper['say']): Promise<FromKeeper> => {
    const limit = clock.deadline(10_000, say)
    for (;;) {
      const found = heard.find(one => one.say === say)
      if (found) {
        limit.cancel()
        return found
      }
      await limit.race(
        new Promise<void>(settle => {
          wake = settle
        }),
      )
    }
  }
  const tell = (words: ToKeeper) => input.write(`${JSON.stringify(words)}\n`)
  const inputs = { rain: { line: 'GPIO5', active_low: true, pull: 'up', debounce_ms: 20 } }
  const options = { chip: 'pinctrl-rp1', back_end: 'chardev', channels: {}, inputs }
  tell({ do: 'open', board: 'gpio', options, channels: [], first: {}, loss: {} })
  t.match(await hear('open'), { reading: { on: { rain: false } } })
  kernel.move(line, false)
  t.match(await hear('reading'), { reading: { on: { rain: true } } }, 'without a beat')
  tell({ do: 'set', id: 1, channel: 'rain', to: true })
  t.match(await hear('failed'), { id: 1, fault: { code: 'not-found' } })
  t.same(line.driven, [])
  tell({ do: 'close' })
  t.equal(await over, true)
})
