// Relays on GPIO lines of a real kernel, by both of its doors: switched, read back, and at their safe states within
// five seconds after whoever held them has gone, whatever became of it.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { gpioBoard } from '../../edge/drivers/relay/gpio-board.js'
import { openChardevLines } from '../../edge/drivers/relay/gpio-chardev.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { type SimulatedChip, simulatedChip } from './gpio-sim.js'
import { type Owner, ownBoard } from './keeper-owner.js'

/** What the owner is promised, ms. */
const promisedMs = 5_000
const label = 'pinctrl-bcm2711'
const lines = [17, 27, 22, 5]

/** Voltage on the pins: the camera's relay pulls when its line is low. */
const dark = [true, false, false, false]
const atWork = [false, true, false, true]
/** Without an agent: camera off, mount kept, lamp on, spare off. */
const safe = [true, true, true, false]

const channels = {
  camera: { line: 'GPIO17', active_low: true, pull: 'as-is' },
  mount: { line: 'GPIO27', active_low: false, pull: 'as-is' },
  lamp: { line: 22, active_low: false, pull: 'as-is' },
  spare: { line: 'GPIO5', active_low: false, pull: 'as-is' },
}
const loss = { camera: 'off', mount: 'keep', lamp: 'on', spare: 'off' } as const

async function relaysAtWork(t: Test, door: string): Promise<{ chip: SimulatedChip; owner: Owner }> {
  const chip = simulatedChip(t, label, lines)
  const owner = await ownBoard(t, {
    board: 'gpio',
    options: { back_end: door, channels },
    channels: Object.keys(channels),
    first: { camera: 'off', mount: 'off', lamp: 'off', spare: 'off' },
    loss,
  })
  t.same(chip.levels(), dark, 'off at the start, whatever a relay takes for off')
  for (const channel of ['camera', 'mount', 'spare']) await owner.set(channel, true)
  t.same(chip.levels(), atWork)
  t.same((await owner.reading()).on, { camera: true, mount: true, lamp: false, spare: true })
  return { chip, owner }
}

/**
 * Settles when the pins are at their safe states: with the ms since it was called, and whether the mount had its power
 * all the while.
 * @param pauseMs  0 looks without one: a chip may let go of its lines as soon as their keeper has written and ended
 */
async function safeAfter(chip: SimulatedChip, pauseMs: number): Promise<{ ms: number; mountStayed: boolean }> {
  const began = performance.now()
  let mountStayed = true
  for (;;) {
    const now = chip.levels()
    const ms = performance.now() - began
    if (`${now}` === `${safe}`) return { ms, mountStayed }
    mountStayed &&= now[1]
    if (ms > 15_000) throw new Error(`the pins are at ${now}`)
    if (pauseMs > 0 || Math.floor(ms) % 50 === 0) await sleep(pauseMs)
  }
}

for (const door of ['chardev', 'sysfs']) {
  t.test(`by ${door}: whoever holds the lines hangs`, async t => {
    const { chip, owner } = await relaysAtWork(t, door)
    owner.kill('SIGSTOP')
    const hung = await safeAfter(chip, 20)
    t.ok(hung.ms < promisedMs, `safe ${Math.round(hung.ms)} ms after it stopped in its tracks`)
    t.ok(hung.ms > 1_000, 'but not at the first missing beat')
    t.ok(hung.mountStayed, 'the mount kept its power')
    await sleep(1_000)
    t.same(chip.levels(), safe, 'and so they stay')
    owner.kill('SIGKILL')
  })

  t.test(`by ${door}: whoever holds the lines is killed`, async t => {
    const { chip, owner } = await relaysAtWork(t, door)
    owner.kill('SIGKILL')
    const killed = await safeAfter(chip, 0)
    t.ok(killed.ms < promisedMs, `safe after ${Math.round(killed.ms)} ms`)
    t.ok(killed.mountStayed, 'the mount kept its power')
    if (door === 'chardev') return
    await sleep(2_000)
    t.same(chip.levels(), safe, 'and so they stay')
  })
}

for (const door of ['chardev', 'sysfs']) {
  t.test(`by ${door}: a contact is told as it closes and opens`, async t => {
    const chip = simulatedChip(t, label, [5])
    chip.pull(5, true)
    const rain = { line: 'GPIO5', active_low: true, pull: door === 'chardev' ? 'up' : 'as-is', debounce_ms: 30 }
    const board = await gpioBoard(
      {
        options: { back_end: door, channels: {}, inputs: { rain } },
        channels: [],
        first: {},
      },
      systemClock(),
    )
    t.teardown(() => board.close())
    let told = 0
    board.onChange?.(() => told++)
    const stands = async (closed: boolean, words: string) => {
      const endMs = performance.now() + 5_000
      while (performance.now() < endMs && (await board.read()).on.rain !== closed) await sleep(20)
      t.same((await board.read()).on, { rain: closed }, words)
    }
    await stands(false, 'open: its resistor pulls it up')
    const before = told
    chip.pull(5, false)
    await stands(true, 'closed, to ground')
    if (door === 'chardev') t.ok(told > before, 'its edge was told')
    for (let times = 0; times < 20; times++) chip.pull(5, times % 2 === 0)
    await sleep(200)
    t.same((await board.read()).on, { rain: true }, 'a bouncing contact ends where it stands')
    chip.pull(5, true)
    await stands(false, 'open again')
  })
}

t.test('a line that another program holds, one that is not there, and a chip that is not', async t => {
  simulatedChip(t, label, lines)
  const line = { id: 'a', line: 'GPIO17', activeLow: false, pull: 'up', first: true } as const
  const held = await openChardevLines([label], [line])
  t.same(await held!.read(), [true])
  await t.rejects(openChardevLines([label], [line]), { code: 'busy', message: /GPIO17 cannot be had: .*EBUSY/ })
  await held!.write(0, false)
  t.same(await held!.read(), [false])
  await held!.close()
  await t.rejects(openChardevLines([label], [{ ...line, line: 'GPIO99' }]), { code: 'bad-input' })
  t.equal(await openChardevLines(['no-such-chip'], [line]), undefined)
  const again = await openChardevLines([label], [line])
  t.same(await again!.read(), [true], 'what was let go can be had again')
  await again!.close()
})

t.test('forty lines of different kinds are one request, and each follows by itself', async t => {
  const chip = simulatedChip(t, label, [0, 1, 2, 39])
  const wanted = Array.from({ length: 40 }, (_, at) => ({
    id: `c${at}`,
    line: at,
    activeLow: at % 2 === 1,
    pull: (['as-is', 'up', 'down', 'none'] as const)[at % 4],
    first: false,
  }))
  const held = await openChardevLines([label], wanted)
  t.same(chip.levels(), [false, true, false, true])
  await held!.write(39, true)
  await held!.write(2, true)
  t.same(chip.levels(), [false, true, true, false])
  t.same(
    (await held!.read()).flatMap((on, at) => (on ? [at] : [])),
    [2, 39],
  )
  await held!.close()
})
