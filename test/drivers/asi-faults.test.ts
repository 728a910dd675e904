// ASI cameras that go wrong: pulled out, hanging, crashing and failing in the middle of an exposure. The exposure ends
// with its reason, the camera comes back by the ladder, and the one beside it takes its frame meanwhile.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { asiDriver } from '../../edge/drivers/camera/asi/asi.js'
import type { Condition } from '../../edge/ports/device.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder } from '../../edge/ports/frame.js'
import { openDevices } from '../../edge/spine/devices.js'
import { createLog } from '../../edge/spine/log.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { lendingPool } from '../../edge/workers/lending.js'
import { asiStub, noAsiStub } from '../support/asi-stub.js'

const never = new AbortController().signal
const clock = systemClock()
const cameras = { cameras: 2, serial0: 'aaaaaaaaaaaaaaaa', serial1: 'bbbbbbbbbbbbbbbb' }

/** Two cameras as the agent has them, each on its ladder, with one library. */
async function pair(t: Test) {
  const stub = await asiStub(t, cameras)
  const data = await mkdtemp(join(tmpdir(), 'pierside-asi-pair-'))
  const entry = (name: string, serial: string) => ({
    ...{ name, driver: asiDriver, link: undefined },
    options: asiDriver.options.parse({ serial, library: stub.library }),
  })
  const boxes = [entry('main', cameras.serial0), entry('guide', cameras.serial1)]
  const log = createLog(clock, () => {})
  const encodeJpeg = () => Promise.reject(new Error('no JPEG is asked for'))
  const rack = openDevices([], boxes, { clock, random: seededRandom(1), log, encodeJpeg, data })
  // A clock's timers keep no process alive.
  const awake = setInterval(() => {}, 1000)
  t.teardown(async () => {
    await rack.close()
    clearInterval(awake)
    await rm(data, { recursive: true, force: true })
  })
  const pool = lendingPool(8e6)
  const [main, guide] = ['main', 'guide'].map(name => rack.device('camera', name))
  const until = async (wanted: Condition, withinMs = 60_000) => {
    const deadline = clock.deadline(withinMs, `camera main to be ${wanted}`)
    try {
      while (main.condition !== wanted) await deadline.race(clock.sleep(20))
    } finally {
      deadline.cancel()
    }
  }
  const deadline = clock.deadline(60_000, 'both cameras')
  while (main.condition !== 'ready' || guide.condition !== 'ready') await deadline.race(clock.sleep(50))
  deadline.cancel()
  const order = (exposureSeconds: number): ExposureOrder => ({ exposureSeconds, binning: 1, frameType: 'light' })
  return {
    stub,
    main,
    until,
    pool,
    expose: (seconds: number) => main.current().expose(order(seconds), pool.lend, never),
    exposeGuide: (seconds: number) => guide.current().expose(order(seconds), pool.lend, never),
    guide,
  }
}

t.test('two cameras, one of which goes wrong', { skip: noAsiStub }, async t => {
  const { stub, main, guide, until, pool, expose, exposeGuide } = await pair(t)
  /** The guide camera's conditions as they came: it must not notice. */
  const noticed: string[] = []
  guide.onChange(() => noticed.push(guide.condition))

  interface Expected {
    readonly code: string
    readonly message: RegExp
    readonly fix?: RegExp
  }
  const wrong: [string, string, number, Expected][] = [
    ['pulled out', 'removed0', 1, { code: 'offline', message: /camera main is gone/ }],
    ['hanging', 'hang0-ASIGetExpStatus', 1, { code: 'timeout', message: /camera main has not answered for 5 s/ }],
    ['crashing', 'crash0-ASIGetDataAfterExp', 1, { code: 'broken', message: /the process of camera main .*SIGSEGV/ }],
    ['refusing', 'error0-ASIGetDataAfterExp', 16, { code: 'broken', message: /ASIGetDataAfterExp: GENERAL_ERROR/ }],
    ['failing', 'fail0', 1, { code: 'broken', message: /its exposure of 1 s has failed/, fix: /USB bandwidth/ }],
    ['without an end', 'never0', 1, { code: 'timeout', message: /does not end its exposure of 1 s/ }],
  ]
  for (const [what, word, value, fault] of wrong) {
    await t.test(what, async t => {
      const beside = exposeGuide(1)
      const failed = t.rejects(expose(1), { ...fault }, 'the exposure ends with its reason')
      await clock.sleep(300)
      stub.control({ ...cameras, [word]: value })
      await failed
      // As the service of exposures does when a camera cannot be trusted any more.
      if (main.condition === 'ready') main.distrust(new Fault('broken', what, 'Open it again'))
      t.not(main.condition, 'ready', 'it is opened anew')
      stub.control(cameras)
      await until('ready')
      const frame = await expose(0.05)
      t.equal(frame.samples.length, 640 * 480, 'and takes its next frame')
      frame.memory.release()
      const other = await beside
      t.equal(other.samples.length, 640 * 480, 'the one beside it has taken its own')
      other.memory.release()
      t.equal(pool.lentBytes(), 0, 'no memory was left lent')
    })
  }
  t.same(noticed, [], 'and noticed nothing')
})
