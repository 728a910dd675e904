// The issue's own words: real frames through a real indiserver, or replayed, are kept bit by bit, stacked and measured.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { findDamage } from '../../edge/science/fits-write.js'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { prepareFolder, servesFolder, startIndiServer } from '../support/indi-server.js'
import { sharedData } from '../support/shared-data.js'

const run = promisify(execFile)
const absent = sharedData === undefined ? 'the folder ../shared/data is not here' : false

interface Accepted {
  id: string
  offsetXPx: number
  offsetYPx: number
  snrGain: number
  measuredGain?: number
}

interface Exposure {
  id: string
  path: string
}

const hatp32 = () => join(sharedData!, 'hatp32')

/** Independent offsets by file name. */
function offsets(): { file: string; dx: number; dy: number }[] {
  const [, ...rows] = readFileSync(join(sharedData!, 'hatp32-offsets.tsv'), 'utf8').trim().split('\n')
  return rows.map(row => {
    const [, file, dx, dy] = row.split('\t')
    return { file, dx: Number(dx), dy: Number(dy) }
  })
}

async function eventsOf<T>(agent: AgentProcess, kind: string, count: number): Promise<T[]> {
  const control = new AbortController()
  const stream = await fetch(`${agent.url}/api/events?after=0`, { signal: control.signal })
  let text = ''
  const found = () =>
    [...text.matchAll(/event: event\ndata: (.*)\n/g)]
      .map(match => JSON.parse(match[1]))
      .filter(one => one.kind === kind)
  for await (const chunk of stream.body!) {
    text += Buffer.from(chunk as Uint8Array).toString()
    if (found().length >= count) break
  }
  control.abort()
  return found().map(({ body }) => body)
}

async function stackAll(agent: AgentProcess, frames: number, exposureSeconds: number) {
  await agent.until('camera/main', value => value.condition === 'ready', 30_000)
  await agent.do('stack-start', { frames, exposureSeconds })
  return patiently(async () => {
    const stack = await agent.state<Record<string, never>>('stack/main')
    if (stack.running || !stack.activity) throw new Error(`still ${JSON.stringify(stack)}`)
    return stack
  }, 240_000)
}

/** What must hold of the 48 frames, however they came in. */
async function judge(t: Test, agent: AgentProcess, stack: Record<string, unknown>, sources: string) {
  t.match(stack, { framesAccepted: 48, framesRefused: 0, finished: true })
  const accepted = await eventsOf<Accepted>(agent, 'stack-accepted', 48)
  const truth = offsets()
  for (const [at, { offsetXPx, offsetYPx }] of accepted.entries()) {
    const { dx, dy, file } = truth[at]
    const off = Math.hypot(offsetXPx - dx, offsetYPx - dy)
    t.ok(off < 0.3, `${file}: ${off.toFixed(3)} px from the independent measurement`)
  }
  const { snrGain, measuredGain } = accepted[24]
  t.equal(snrGain, 5, 'the square root of 25')
  t.ok(measuredGain! >= 3, `measured noise gain over 25 frames: ${measuredGain}`)

  const { exposures } = await agent.get<{ exposures: Exposure[] }>('/api/exposures?limit=100')
  const kept = exposures.reverse().map(({ path }) => join(agent.data, 'archive', path))
  t.equal(kept.length, 48)
  const names = readdirSync(sources).sort()
  for (const [at, file] of kept.entries()) {
    const ours = readFileSync(file)
    t.equal(findDamage(ours), undefined, `${file} has a valid checksum`)
    const theirs = readFitsImage(readFileSync(join(sources, names[at])))
    t.ok(
      Buffer.compare(bytesOf(readFitsImage(ours).samples), bytesOf(theirs.samples)) === 0,
      `${names[at]} is pixel-identical`,
    )
  }
  const { stdout } = await run('fitsverify', ['-q', ...kept], { maxBuffer: 1e7 }).catch(error => error)
  t.notMatch(stdout, /[1-9]\d* (warning|error)/i, 'fitsverify finds nothing')
  t.equal(stdout.match(/verification OK/g)?.length, 48)
  const equal = `
import sys, numpy
from astropy.io import fits
ours, theirs = sys.argv[1:49], sys.argv[49:]
for a, b in zip(ours, theirs):
    with fits.open(a, checksum=True) as x, fits.open(b) as y:
        assert numpy.array_equal(x[0].data, y[0].data), a
print('equal', len(ours))`
  const compared = await run('/usr/bin/python3', [
    '-W',
    'error::UserWarning',
    '-c',
    equal,
    ...kept,
    ...names.map(name => join(sources, name)),
  ])
  t.match(compared.stdout, /equal 48/, 'equal in astropy too')

  const saved = readFileSync(join(agent.data, 'archive', String(stack.path)))
  const image = readFitsImage(saved)
  t.equal(image.type, 'f32')
  t.equal(findDamage(saved), undefined)
  const listed = image.cards.map(card => `${card.value}`).join(' ')
  for (const { id } of accepted) t.ok(listed.includes(id), `the saved stack lists ${id}`)
}

const bytesOf = (samples: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
  Buffer.from(samples.buffer as ArrayBuffer, samples.byteOffset, samples.byteLength)

t.test('48 real frames through a real indiserver are kept bit by bit and stacked', { skip: absent }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-frames-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  prepareFolder(hatp32(), folder)
  const server = await startIndiServer(t, { drivers: ['indi_simulator_ccd', 'indi_simulator_telescope'] })
  const config = {
    links: { indi: { driver: 'indi', port: server.port } },
    devices: { main: { driver: 'indi', link: 'indi', device: 'CCD Simulator', properties: servesFolder(folder) } },
    use: { camera: 'main' },
  }
  const agent = await startAgent(t, { config: JSON.stringify(config) })
  await judge(t, agent, await stackAll(agent, 48, 0.1), folder)
})

t.test('the same 48 frames replayed from their folder', { skip: absent }, async t => {
  const config = { devices: { main: { driver: 'replay', folder: hatp32(), pace: 'fast' } }, use: { camera: 'main' } }
  const agent = await startAgent(t, { config: JSON.stringify(config) })
  await judge(t, agent, await stackAll(agent, 48, 1), hatp32())
})

t.test('Bayer frames are stacked in colour', { skip: absent }, async t => {
  const folder = join(sharedData!, 'm27-bayer')
  const config = { devices: { main: { driver: 'replay', folder, pace: 'fast' } }, use: { camera: 'main' } }
  const agent = await startAgent(t, { config: JSON.stringify(config) })
  const stack = await stackAll(agent, 3, 1)
  t.match(stack, { framesAccepted: 3, framesRefused: 0 })
  const image = readFitsImage(readFileSync(join(agent.data, 'archive', String(stack.path))))
  t.match(image, { planes: 3, type: 'f32', width: 1304, height: 976 })
  const { default: sharp } = await import('sharp')
  const picture = await agent.raw('GET', '/api/pictures/stack')
  const { channels } = await sharp(Buffer.from(await picture.arrayBuffer())).stats()
  t.equal(channels.length, 3, 'and shown in colour')
  const [red, green, blue] = channels.map(({ mean }) => mean)
  t.ok(Math.max(red, green, blue) < 1.3 * Math.min(red, green, blue), `the sky is grey: ${red}, ${green}, ${blue}`)
})
