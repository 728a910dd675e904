// What twenty browsers on the pier camera cost the agent, against one: pictures are put together once and sent to each
// in a single write. Alternated, so that both meet the same neighbours; the browsers are another process.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openPierHouse } from '../support/pier-house.js'
import { watchPier } from '../support/pier-watcher.js'

const gate = 3
const many = 20
const rounds = 5
const roundMs = 8_000
const settleMs = 1_000
const fps = 10

if (process.argv[2] === 'browsers') browse(Number(process.argv[3]))
else await measure()

/** As many streams as the other process says last; tells on demand how many pictures came in all. */
function browse(port: number): void {
  const open: ReturnType<typeof watchPier>[] = []
  let left = 0
  process.on('message', (wanted: number) => {
    while (open.length > wanted) {
      const one = open.pop()!
      left += one.total
      one.leave()
    }
    while (open.length < wanted) open.push(watchPier(port, { keep: 1 }))
    process.send!(left + open.reduce((sum, one) => sum + one.total, 0))
  })
  process.on('disconnect', () => process.exit())
}

async function measure(): Promise<void> {
  const ends: (() => unknown)[] = []
  const house = await openPierHouse(
    { teardown: run => ends.unshift(run) },
    { device: { driver: 'ffmpeg', source: 'test', size: '640x480' }, settings: { target_fps: fps } },
  )
  const browsers = fork(fileURLToPath(import.meta.url), ['browsers', String(house.port)])
  const ask = async (wanted: number): Promise<number> => {
    browsers.send(wanted)
    return (await once(browsers, 'message'))[0]
  }
  /** CPU ms of this process a second, with so many watching. */
  const cost = async (viewers: number) => {
    await ask(viewers)
    await house.until(state => state.viewers === viewers)
    await house.clock.sleep(settleMs)
    const before = await ask(viewers)
    const start = process.cpuUsage()
    const startMs = house.clock.monotonicMs()
    await house.clock.sleep(roundMs)
    const { user, system } = process.cpuUsage(start)
    const seconds = (house.clock.monotonicMs() - startMs) / 1000
    const pictures = ((await ask(viewers)) - before) / seconds / viewers
    return { cpuMs: (user + system) / 1000 / seconds, pictures }
  }
  await cost(many)
  const one: Awaited<ReturnType<typeof cost>>[] = []
  const all: Awaited<ReturnType<typeof cost>>[] = []
  for (let round = 0; round < rounds; round++) {
    one.push(await cost(1))
    all.push(await cost(many))
  }
  const pictureBytes = house.pictures.latest('pier')?.bytes.length
  browsers.disconnect()
  for (const end of ends) await end()

  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]
  const yardstick = median(one.map(({ cpuMs }) => cpuMs))
  const value = median(all.map(({ cpuMs }) => cpuMs))
  // The cost of twenty counts only when they were served.
  const served = Math.min(...[...one, ...all].map(({ pictures }) => pictures))
  const ratio = value / yardstick
  const rounded = (number: number) => Math.round(number * 100) / 100
  const result = {
    name: `pier camera: CPU with ${many} browsers, of one`,
    value: rounded(value),
    unit: 'ms CPU/s',
    yardstick: rounded(yardstick),
    ratio: rounded(ratio),
    gate,
    picturesPerSecond: rounded(served),
    pictureBytes,
    pass: ratio <= gate && served > fps * 0.8,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exitCode = result.pass ? 0 : 1
}
