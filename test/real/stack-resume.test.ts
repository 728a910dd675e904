// A live stack whose agent is killed: it goes on from its own frames, and ends as if nothing had happened.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { pixelMethods } from '../../edge/workers/pixel-methods.js'
import { openPixels } from '../../edge/workers/pixels.js'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { collectedLog } from '../support/store-frames.js'

interface StackState {
  readonly running?: boolean
  readonly resumable?: boolean
  readonly framesAccepted: number
  readonly framesTaken: number
  readonly path?: string
  readonly error?: string
}

interface Exposure {
  readonly id: string
  readonly path: string
  readonly activity?: string
}

const clock = systemClock()
const config = (resumeMinutes: number) => `
links: {sky: {driver: simulator}}
devices: {main: {driver: simulator, link: sky, part: camera, width: 1200, height: 900, readout_s: 0}}
use: {camera: main}
stacking: {resume_minutes: ${resumeMinutes}}
mqtt: {enabled: false}
`

/** The same frames stacked by nobody who was ever killed. */
async function unbroken(t: Test, archive: string, frames: readonly Exposure[]) {
  const { log } = collectedLog(clock)
  const pixels = openPixels({ archive, memoryBytes: 2 ** 20, clock, log, within: pixelMethods })
  t.teardown(() => pixels.close())
  const stack = await pixels.stack({ maxShiftPx: 300, combine: 'reject', kappa: 3, kernel: 'bilinear', masters: [] })
  for (const { path, id } of frames) await stack.add(path, id, new AbortController().signal)
  const aside = join(archive, 'unbroken')
  await stack.save(aside, [])
  await stack.close()
  return readFitsImage(readFileSync(aside))
}

const framesOf = async (agent: AgentProcess): Promise<Exposure[]> =>
  (await agent.get<{ exposures: Exposure[] }>('/api/exposures?limit=100')).exposures
    .filter(({ activity }) => activity !== undefined)
    .reverse()

const bitsOf = ({ samples }: { samples: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number } }) =>
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)

t.test('killed twice, a stack has every frame it took, and the bits of an unbroken one', async t => {
  let agent = await startAgent(t, { config: config(30) })
  const { data } = agent
  await agent.do('stack-start', { frames: 9, exposureSeconds: 0.7 })
  for (const frames of [2, 6]) {
    await agent.until<StackState>('stack/main', ({ framesAccepted = 0 }) => framesAccepted >= frames, 60_000)
    await agent.kill('SIGKILL')
    agent = await startAgent(t, { data })
  }
  const done = await agent.until<StackState>(
    'stack/main',
    ({ running, path }) => !running && path !== undefined,
    60_000,
  )
  t.match(done, { framesAccepted: 9, error: undefined })
  const frames = await framesOf(agent)
  t.equal(new Set(frames.map(({ activity }) => activity)).size, 1, 'all frames belong to the one stack')
  const archive = join(data, 'archive')
  const saved = readFitsImage(readFileSync(join(archive, String(done.path))))
  const listed = saved.cards
    .filter(({ value }) => String(value).startsWith('stacked '))
    .map(({ value }) => String(value))
  t.same(
    listed,
    frames.map(({ id }) => `stacked ${id}`),
    'not one frame was lost',
  )
  t.ok(bitsOf(saved).equals(bitsOf(await unbroken(t, archive, frames))), 'bit for bit')
  await agent.kill()
})

t.test('one that was broken off long ago waits, and can be finished without the camera', async t => {
  const first = await startAgent(t, { config: config(0) })
  await first.do('stack-start', { frames: 50, exposureSeconds: 0.7 })
  await first.until<StackState>('stack/main', ({ framesAccepted = 0 }) => framesAccepted >= 3, 60_000)
  await first.kill('SIGKILL')
  const agent = await startAgent(t, { data: first.data })
  const waiting = await agent.until<StackState>('stack/main', ({ resumable }) => resumable === true)
  t.match(waiting, { running: false, resumable: true })
  const frames = (await framesOf(agent)).length
  const answer = await agent.do<{ frames: number; path: string }>('stack-resume', { finish: true }, true)
  t.equal(answer.frames, frames)
  t.equal((await framesOf(agent)).length, frames, 'no frame more was taken')
  await t.rejects(agent.do('stack-resume', {}), { message: /no stack was broken off/ })
  await agent.kill()
  const again = await startAgent(t, { data: first.data })
  t.notOk((await again.state<StackState>('stack/main')).resumable, 'what is finished is over')
  await again.kill()
})
