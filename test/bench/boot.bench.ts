// How long an owner waits for the page after power-on, beside the barest Debian that answers with one: the same card,
// U-Boot, kernel and initrd, in QEMU, one after the other in turn. A card is new at its first start, where identity and
// keys are made and the data partition grows; the second is what every later one is like. The emulator's processor time
// until then tells the same on a machine that has other things to do. `image-build/build.sh bare` makes both cards.
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { benchmark, median, rounds, to2 } from '../support/benchmark.js'
import { bareCard, bootImage, card, type ImageMachine } from '../support/image-machine.js'

interface Start {
  readonly ms: number
  readonly processorSeconds: number
}

const gateRatio = 1.6
/** Each turn is four starts, of a minute or two. */
const turns = Math.min(rounds, 3)

await benchmark(async bench => {
  const missing = [card, bareCard].find(file => !existsSync(file))
  if (missing) return bench.tellAbsent('boot-to-page', `${missing}, of sudo image-build/build.sh bare`)
  const all: [bare: Start[], ours: Start[]][] = []
  for (let turn = 0; turn < turns; turn++) all.push([await startTwice(bareCard), await startTwice(card)])
  for (const [at, name] of ['boot-to-page-new', 'boot-to-page'].entries()) {
    const [bare, ours] = [0, 1].map(which => all.map(turn => turn[which][at]))
    const [theirsMs, oursMs] = [bare, ours].map(starts => Math.round(median(starts.map(({ ms }) => ms))))
    const [theirsCpu, oursCpu] = [bare, ours].map(starts => median(starts.map(one => one.processorSeconds)))
    bench.tell({
      ...{ name, value: to2(oursMs / theirsMs), unit: '× a bare Debian', gate: gateRatio, oursMs, theirsMs },
      processorTime: to2(oursCpu / theirsCpu),
      ...{ oursCpuSeconds: to2(oursCpu), theirsCpuSeconds: to2(theirsCpu), load: to2(loadavg()[1]) },
    })
  }
})

/** The first start of a new card, and the next one. */
async function startTwice(file: string): Promise<Start[]> {
  const ends: (() => unknown)[] = []
  try {
    const machine = await bootImage({ teardown: run => ends.push(run) }, { card: file })
    const first = await seen(machine)
    await machine.out('systemctl is-system-running --wait || true', 600_000)
    await machine.sh('systemctl poweroff', 120_000)
    await machine.off(300_000)
    await machine.powerOn()
    return [first, await seen(machine)]
  } finally {
    for (const end of ends) await end()
  }
}

async function seen(machine: ImageMachine): Promise<Start> {
  const ms = await machine.pageAnswers()
  return { ms, processorSeconds: machine.processorSeconds() }
}
