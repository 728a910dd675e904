// How long an owner waits for the page after power-on, beside the barest Debian that answers with one: the same card,
// U-Boot, kernel and initrd, in QEMU, one after the other in turn. A card is new at its first start, where identity and
// keys are made and the data partition grows; the second is what every later one is like. `image-build/build.sh bare`
// makes both cards.
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { benchmark, median, to2 } from '../support/benchmark.js'
import { bareCard, bootImage, card } from '../support/image-machine.js'

const gateRatio = 1.6
/** An emulated start takes a minute or two. */
const turns = 3

await benchmark(async bench => {
  const missing = [card, bareCard].find(file => !existsSync(file))
  if (missing) return bench.tellAbsent('boot-to-page', `${missing}, of sudo image-build/build.sh bare`)
  const starts: Record<'ours' | 'bare', number[][]> = { ours: [], bare: [] }
  for (let turn = 0; turn < turns; turn++) {
    starts.bare.push(await startTwice(bareCard))
    starts.ours.push(await startTwice(card))
  }
  for (const [at, name] of ['boot-to-page-new', 'boot-to-page'].entries()) {
    const [ours, bare] = [starts.ours, starts.bare].map(all => all.map(one => one[at]))
    const [oursMs, theirsMs] = [median(ours), median(bare)]
    bench.tell({
      ...{ name, value: to2(oursMs / theirsMs), unit: '× a bare Debian', gate: gateRatio },
      ...{ oursMs: Math.round(oursMs), theirsMs: Math.round(theirsMs) },
      ...{ ours: ours.map(Math.round), bare: bare.map(Math.round), load: to2(loadavg()[1]) },
    })
  }
})

/** In ms from power-on to the page: of the first start, and of the next one after it has been switched off. */
async function startTwice(file: string): Promise<number[]> {
  const ends: (() => unknown)[] = []
  try {
    const machine = await bootImage({ teardown: run => ends.push(run) }, { card: file })
    const first = await machine.pageAnswers()
    await machine.out('systemctl is-system-running --wait || true', 300_000)
    await machine.sh('systemctl poweroff')
    await machine.off()
    await machine.powerOn()
    return [first, await machine.pageAnswers()]
  } finally {
    for (const end of ends) await end()
  }
}
