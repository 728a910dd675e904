// The plug is pulled, at any moment: what was told to anybody is on the disk afterwards, whole, and nothing half-
// written is. First by killing the computer, which shows what it makes of its own leavings; then from a record of all
// it wrote, at a hundred moments, with what had not been flushed there or not by chance, which shows a flush that was
// forgotten.
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { findDamage } from '../../edge/science/fits-write.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openStore } from '../../edge/store/open-store.js'
import { type AgentClient, patiently } from '../support/agent-client.js'
import { hearFrames, imageAgent, setUpImage, type ToldFrame } from '../support/image-agent.js'
import { bootImage, type ImageMachine } from '../support/image-machine.js'
import { collectedLog } from '../support/store-frames.js'
import { type LoggedWrite, powerCuts, readWriteLog } from '../support/write-log.js'

// Where e2fsck is.
process.env.PATH += ':/usr/sbin:/sbin'

const random = seededRandom(20261130)
const pause = (ms: number) => new Promise(settle => setTimeout(settle, ms))
const clock = systemClock()
/** An observatory with small frames, so that there are many of them. */
const config = `links: {sky: {driver: simulator}}
devices:
  main: {driver: simulator, link: sky, part: camera, width: 320, height: 240, readout_s: 0}
  pier: {driver: simulator, link: sky, part: pier-camera}
use: {camera: main, pier_cam: pier}
pier_cam: {enabled: false}
`

const qualityOf = (text: string) => parse(text)?.pier_cam?.jpeg_quality as number | undefined
const setQuality = (agent: AgentClient, jpeg_quality: number) =>
  agent.post('/api/config/parsed', { pier_cam: { jpeg_quality } })
const ready = (agent: AgentClient) =>
  agent.until('camera/main', value => value.condition === 'ready' && value.exposing !== true, 120_000)

/** After a cut the agent takes up by itself what it had been doing, sooner or later. */
const calm = async (agent: AgentClient) => {
  for (const stop of ['stack-stop', 'camera-abort']) await agent.do(stop)
}
const begin = (agent: AgentClient, action: string, input: object, withinMs = 120_000) =>
  patiently(async () => {
    await calm(agent)
    await ready(agent)
    return agent.do(action, input)
  }, withinMs)

/** A folder of the test's own, on the disk that the image lies on: /tmp may be memory. */
async function ownFolder(t: Test): Promise<string> {
  await mkdir('build/image-test', { recursive: true })
  const folder = path.resolve(await mkdtemp('build/image-test/cut-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A card that was set up and has an observatory, and a token for it. */
async function cardInUse(t: Test, folder: string): Promise<{ file: string; token: string }> {
  const file = path.join(folder, 'used.img')
  const { machine, agent, token } = await setUpImage(t, { keep: file })
  await agent.post('/api/actions/config-save', { text: config })
  await ready(agent)
  await machine.sh('systemctl poweroff')
  await machine.off(120_000)
  return { file, token }
}

t.test('killed ten times, whatever it was doing', async t => {
  const folder = await ownFolder(t)
  const { file, token } = await cardInUse(t, folder)
  const machine = await bootImage(t, { card: file })
  const told = new Map<string, ToldFrame>()
  let quality = 50
  for (let kill = 1; kill <= 10; kill++) {
    const agent = await imageAgent(machine, token)
    await judge(t, machine, agent, told, quality, `before kill ${kill}`)
    const { ended } = hearFrames(machine.url, frame => told.set(frame.id, frame))
    await ready(agent)
    if (kill % 3 === 0) {
      // Settings, one after the other, until the plug is pulled in the middle of one.
      await patiently(async () => {
        await calm(agent)
        await setQuality(agent, quality + 1)
      }, 120_000)
      quality++
      const end = performance.now() + 3_000 + random.next() * 6_000
      let pulled = false
      const saving = (async () => {
        while (!pulled) {
          await setQuality(agent, quality + 1)
          quality++
        }
      })().catch(error => t.comment(`the last setting: ${error.message}`))
      await pause(end - performance.now())
      await machine.cutPower()
      pulled = true
      await saving
    } else {
      if (kill % 3 === 1) await begin(agent, 'camera-expose', { seconds: 0.05, count: 0 })
      else await begin(agent, 'stack-start', { exposureSeconds: 0.05, frames: 0 })
      const before = told.size
      await patiently(async () => {
        if (told.size < before + 3) throw new Error(`${told.size - before} frames`)
      }, 120_000)
      await pause(random.next() * 8_000)
      await machine.cutPower()
    }
    t.comment(`${await ended}: ${told.size} frames told, quality ${quality}`)
    await machine.powerOn()
  }
  await judge(t, machine, await imageAgent(machine, token), told, quality, 'at last')
  t.ok(told.size > 20, `${told.size} frames`)
})

/** Through the page, as its owner would look; a setting that was being saved may be there or not. */
async function judge(
  t: Test,
  machine: ImageMachine,
  agent: AgentClient,
  told: ReadonlyMap<string, ToldFrame>,
  quality: number,
  when: string,
) {
  const { exposures } = await agent.get<{ exposures: ToldFrame[] }>('/api/exposures?limit=1000')
  const known = new Set(exposures.map(({ id }) => id))
  t.same(
    [...told.keys()].filter(id => !known.has(id)),
    [],
    `${when}: all ${told.size} frames are there`,
  )
  for (const { id, path: file } of exposures.slice(0, 5)) {
    const bytes = await (await agent.raw('GET', `/api/exposures/${id}/fits`)).arrayBuffer()
    t.equal(findDamage(new Uint8Array(bytes)), undefined, `${when}: ${file} is whole`)
  }
  const text = await (await agent.raw('GET', '/api/config')).text()
  const kept = qualityOf(text) ?? 50
  if (quality > 50) t.ok(kept === quality || kept === quality + 1, `${when}: quality ${kept}, told ${quality}`)
  t.equal(await machine.out('cat /run/pierside/boot-faults 2>/dev/null || true'), '', `${when}: the disk was whole`)
  t.equal(await machine.out('systemctl --failed --no-legend --plain', 120_000), '', `${when}: nothing has failed`)
}

interface Told extends ToldFrame {
  /** How long the record of writes was when it was told, bytes. */
  readonly logBytes: number
}

for (const full of [false, true]) {
  t.test(`a hundred cuts from what had been flushed${full ? ', with the disk full' : ''}`, async t => {
    const folder = await ownFolder(t)
    const { file, token } = await cardInUse(t, folder)
    const log = path.join(folder, 'writes.log')
    const machine = await bootImage(t, { card: file, writeLog: log })
    const agent = await imageAgent(machine, token)
    if (full) await fill(machine, agent)
    const began = statSync(log).size
    const told: Told[] = []
    const settings: { quality: number; logBytes: number }[] = []
    hearFrames(machine.url, frame => told.push({ ...frame, logBytes: statSync(log).size }))
    // On a full disk much is refused, which is as it should be.
    const patienceMs = full ? 20_000 : 120_000
    for (let round = 0; round < 8; round++) {
      const before = told.length
      const [action, input] =
        round % 2
          ? ['stack-start', { exposureSeconds: 0.05, frames: 0 }]
          : ['camera-expose', { seconds: 0.05, count: 0 }]
      const frames = async () => {
        await begin(agent, action as string, input as object, patienceMs)
        await patiently(async () => {
          if (told.length < before + 4) throw new Error(`${told.length - before} frames`)
        }, patienceMs)
      }
      await frames().catch(error => t.comment(`${action}: ${error.message}`))
      for (let save = 0; save < 3; save++) {
        const quality = 51 + settings.length
        const set = () => calm(agent).then(() => setQuality(agent, quality))
        const answer = await patiently(set, patienceMs).catch(error => error.message)
        if (typeof answer === 'string') t.comment(`a setting: ${answer}`)
        else settings.push({ quality, logBytes: statSync(log).size })
      }
    }
    await machine.cutPower()
    if (!full) t.ok(told.length >= 20, `${told.length} frames and ${settings.length} settings were told`)
    else t.ok(settings.length + told.length > 0, `${told.length} frames and ${settings.length} settings were told`)

    const writes = readWriteLog(log)
    const part = dataPartition(file)
    const partition = path.join(folder, 'data.img')
    copyOut(file, part, partition)
    const cuts = powerCuts({ log, writes, partition, ...part, random })
    t.teardown(() => cuts.close())
    const first = writes.findIndex(({ at }) => at >= began)
    const moments = Array.from({ length: 100 }, () => first + Math.floor(random.next() * (writes.length - first)))
    let unflushed = 0
    for (const index of moments.sort((a, b) => a - b)) {
      const cut = path.join(folder, 'cut.img')
      unflushed += cuts.at(index, cut).unflushed
      const before = writtenBefore(writes, index)
      await judgeDisk(t, folder, cut, {
        frames: told.filter(({ logBytes }) => logBytes <= before),
        quality: settings.findLast(({ logBytes }) => logBytes <= before)?.quality,
        when: `cut before write ${index}`,
      })
    }
    t.ok(unflushed > 100, `${unflushed} writes had not been flushed, over all cuts`)
  })
}

/** Where the record of writes stood when that write began. */
const writtenBefore = (writes: readonly LoggedWrite[], index: number) => writes[index].at - 512

/** Leaves room for a few frames, down to the last byte. */
async function fill(machine: ImageMachine, agent: AgentClient) {
  await ready(agent)
  await agent.post('/api/config/parsed', { archive: { reserve_mb: 0 } })
  await machine.out(
    'free=$(df --output=avail -B1 /data | tail -1); fallocate -l $((free - 3000000)) /data/system/ballast; sync',
    120_000,
  )
}

/** The fourth entry of the disk's table: sectors, of 512 bytes each. */
function dataPartition(file: string): { from: number; bytes: number } {
  const table = Buffer.alloc(512)
  const disk = openSync(file, 'r')
  readSync(disk, table)
  closeSync(disk)
  const entry = 446 + 3 * 16
  return { from: table.readUInt32LE(entry + 8) * 512, bytes: table.readUInt32LE(entry + 12) * 512 }
}

function copyOut(disk: string, { from, bytes }: { from: number; bytes: number }, into: string) {
  const mebi = 1 << 20
  const words = [`skip=${from / mebi}`, `count=${Math.ceil(bytes / mebi)}`, `bs=${mebi}`, 'conv=sparse', 'status=none']
  execFileSync('dd', [`if=${disk}`, `of=${into}`, ...words])
  execFileSync('truncate', ['-s', String(bytes), into])
}

/** The disk as the next start would find it: the journal is replayed, then nothing is left to mend. */
async function judgeDisk(
  t: Test,
  folder: string,
  cut: string,
  told: { frames: readonly Told[]; quality: number | undefined; when: string },
) {
  const mended = spawnSync('e2fsck', ['-p', cut], { encoding: 'utf8' })
  if (mended.status! > 1) t.fail(`${told.when}: e2fsck -p says ${mended.status}: ${mended.stdout}`)
  // Every disk that was in use has a mark that the kernel takes away when it is let go.
  const looked = spawnSync('e2fsck', ['-fn', cut], { encoding: 'utf8' })
  const mark = /Feature orphan_present is set but orphan file is clean\.\s+Clear\? no/
  const wrong = looked.stdout
    .replace(mark, '')
    .split('\n')
    .filter(line => line.endsWith('? no'))
  const expected = mark.test(looked.stdout) ? 4 : 0
  if (looked.status !== expected) wrong.push(`it ends with ${looked.status}`)
  if (wrong.length > 0) t.fail(`${told.when}: e2fsck -fn says ${wrong.join('; ')}`)
  const place = path.join(folder, 'read')
  await rm(place, { recursive: true, force: true })
  await mkdir(place)
  execFileSync('debugfs', ['-R', `rdump /pierside ${place}`, cut], { stdio: 'ignore' })
  const data = path.join(place, 'pierside')
  const archive = path.join(data, 'archive')

  const kept = qualityOf(readFileSync(path.join(data, 'pierside.yaml'), 'utf8')) ?? 50
  if (told.quality !== undefined && kept < told.quality) t.fail(`${told.when}: quality ${kept}, told ${told.quality}`)
  const files = existsSync(archive)
    ? readdirSync(archive, { recursive: true, encoding: 'utf8' }).filter(
        name => /\.fits$/.test(name) && !name.startsWith('.incoming') && !name.startsWith('stacks/'),
      )
    : []
  for (const file of files) {
    const damage = findDamage(readFileSync(path.join(archive, file)))
    if (damage) t.fail(`${told.when}: ${file}: ${damage}`)
  }
  const lost = told.frames.filter(({ path: file }) => !files.includes(file))
  t.same(
    lost,
    [],
    `${told.when}: ${told.frames.length} frames and quality ${told.quality} were told, ${files.length} are there`,
  )

  const { log } = collectedLog(clock)
  const store = await openStore({
    ...{ folder: data, thread: false, clock, log, template: standardTemplate, longitudeDeg: 0, reserveBytes: 0 },
  })
  const rows = await store.exposures({ limit: 1_000 })
  const ids = new Set(rows.map(({ id }) => id))
  const without = told.frames.filter(({ id }) => !ids.has(id))
  if (without.length > 0) t.fail(`${told.when}: no rows of ${without.map(({ id }) => id)}`)
  await store.close()
}
