// A process that archives frames until it is killed, and says of each what an agent would tell the world: after its
// file, row and event are safe. Run compiled, with the data folder as argument.
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openStore } from '../../edge/store/open-store.js'
import { collectedLog, frameOf, orderOf } from './store-frames.js'

const clock = systemClock()
const store = await openStore({
  folder: process.argv[2],
  thread: process.argv[3] === 'thread',
  clock,
  log: collectedLog(clock).log,
  template: standardTemplate,
  longitudeDeg: 0,
  reserveBytes: 0,
})
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
say({ boot: store.boot, report: store.report })
for (let number = 1; ; number++) {
  const id = `b${String(store.boot).padStart(3, '0')}-${String(number).padStart(4, '0')}`
  const frame = frameOf({ width: 600, height: 500, first: number }, { startedMs: clock.now() })
  const { path } = await store.archive(frame, orderOf(id, { number, total: 0 }), [])
  const event = {
    node: 'pier',
    boot: store.boot,
    seq: number,
    kind: 'frame-archived',
    atMs: clock.now(),
    body: { id, path },
  }
  const cursor = await store.appendEvent(event)
  say({ id, path, cursor })
  await store.measured(id, { stars: number, backgroundAdu: 1, noiseAdu: 1 }, new Uint8Array(5000))
  // Every fourth goes again, so that death finds removals half done as well.
  if (number % 4 === 0) {
    say({ going: id })
    await store.remove(id)
    say({ removed: id })
  }
}
