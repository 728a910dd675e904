// Another version of the box, from the bundle to the restart: what is taken, what is refused and why, and when it
// starts.
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { updateFetch } from '../../edge/drivers/own/update-fetch.js'
import { Fault } from '../../edge/ports/fault.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { eveningMs } from '../support/house.js'
import { makeBundles, noRauc, openUpdateHouse, type UpdateOrder } from '../support/update-house.js'

const skip = noRauc
const bundles = skip ? undefined : makeBundles(t.testdir({}))
const inB = { slot: 'A', other: '0.0.9', otherState: 'good', onTrial: false }
let opened = 0

async function house(t: Test, order: Partial<UpdateOrder> = {}) {
  const folder = `${t.testdir({})}-${opened++}`
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return openUpdateHouse(t, { folder, key: bundles?.key, ...order })
}

async function send(url: string, bytes: Buffer, pieceBytes: number, token = 'administrator') {
  let last: Record<string, unknown> = {}
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const answer = await fetch(`${url}/api/update/piece?from=${from}&total=${bytes.length}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
      body: bytes.subarray(from, from + pieceBytes),
    })
    last = { status: answer.status, ...((await answer.json()) as object) }
    if (!answer.ok) break
  }
  return last
}

t.test('a bundle is sent, looked at, put in, and waits for the restart', { skip }, async t => {
  const one = await house(t)
  one.put('run/slots.json', inB)
  one.feed.set('camera/main', { condition: 'ready' })
  const bytes = readFileSync(bundles!.good)
  t.match(await send(one.url(), bytes, 4000), { status: 200, received: bytes.length })
  t.same(await one.deed('update-look', { from: 'sent' }), { version: '0.2.0', data: 1, minimumData: 1, older: true })

  t.match(await one.activity('update-install', { from: 'sent' }), { version: '0.2.0', older: true })
  t.match(one.value(), { version: '0.1.0', phase: 'ready', pendingReboot: true, otherVersion: '0.2.0' })
  t.equal(one.value().progress, undefined)
  t.same(JSON.parse(readFileSync(one.at('updates/before.json'), 'utf8')), ['main'])
  t.notOk(existsSync(one.at('updates/sent.raucb')), 'its room is free again')
  t.same(one.machined, [])
  await one.deed('update-restart')
  t.same(one.machined, ['sync', 'restart'])
  t.match(
    one.events.map(({ kind }) => kind),
    ['update-ready', 'update-restarts'],
  )
})

t.test(
  'what is not signed for this box, or not whole, is refused with the reason and never put in',
  { skip },
  async t => {
    const one = await house(t)
    copyFileSync(bundles!.foreign, one.at('media/stick/foreign.raucb'))
    copyFileSync(bundles!.good, one.at('media/stick/short.raucb'))
    truncateSync(one.at('media/stick/short.raucb'), readFileSync(bundles!.good).length - 500)
    writeFileSync(one.at('media/stick/text.raucb'), 'no bundle at all')
    copyFileSync(bundles!.leaps, one.at('media/stick/leaps.raucb'))
    writeFileSync(one.at('media/stick/notes.txt'), 'no bundle by its name')
    writeFileSync(one.at('bin/installs-of'), '')
    one.again()
    const { found } = await one.until(({ found }) => (found as unknown[])?.length === 4)
    const paths = (found as { path: string; name: string }[]).map(({ path }) => path)
    for (const path of paths) {
      const message = path.includes('foreign')
        ? /foreign.raucb is not signed with the key this box trusts/
        : path.includes('leaps')
          ? /cannot take over the data of version 0.1.0/
          : /is no sound update|is not signed/
      for (const ask of [
        () => one.deed('update-look', { from: path }),
        () => one.activity('update-install', { from: path }),
      ]) {
        await t.rejects(ask(), { message }, path)
        t.notOk(existsSync(one.at('updates/taken')), 'its copy is no burden to the card')
      }
    }
    await t.rejects(one.deed('update-look', { from: '/etc/passwd' }), { code: 'not-found' })
    await t.rejects(one.deed('update-look', { from: 'sent' }), { code: 'not-found' })
    t.equal(readFileSync(one.at('bin/installs-of'), 'utf8'), '')
    t.match(one.value(), { phase: 'idle', pendingReboot: false })
    await t.rejects(one.deed('update-restart'), { code: 'not-found' })
  },
)

t.test('what fails while it is put in leaves all as it was, with the last words', { skip }, async t => {
  const one = await house(t)
  writeFileSync(one.at('bin/fails'), 'Installation error: Failed mounting bundle')
  await send(one.url(), readFileSync(bundles!.good), 1e6)
  await t.rejects(one.activity('update-install', { from: 'sent' }), { message: /Failed mounting bundle/ })
  t.match(one.value(), { phase: 'idle', pendingReboot: false })
  rmSync(one.at('bin/fails'))
  await t.rejects(one.activity('update-install', { from: 'sent' }), { message: /no bundle has been sent yet/ })
  await send(one.url(), readFileSync(bundles!.good), 1e6)
  await one.activity('update-install', { from: 'sent' })
  t.equal(one.value().phase, 'ready')
})

t.test('putting in can be stopped', { skip }, async t => {
  const one = await house(t)
  writeFileSync(one.at('bin/hangs'), '')
  await send(one.url(), readFileSync(bundles!.good), 1e6)
  const who = { name: 'owner', role: 'administrator', face: 'inside' } as const
  const { output, done } = await one.actions.ask('update-install', { from: 'sent' }, who)
  done.catch(() => 'looked at below')
  await one.until(({ progress }) => progress === 'Checking bundle')
  t.match(one.value(), { phase: 'installing', progressPercent: 20 })
  await t.rejects(one.deed('update-look', { from: 'sent' }), { code: 'busy' }, 'one at a time')
  await one.actions.abort(output.id as string, new Fault('aborted', 'stopped', 'Start it again'))
  await t.rejects(done, { code: 'aborted' })
})

t.test('pieces go on where the last one ended, from whoever may', { skip }, async t => {
  const one = await house(t)
  const bytes = readFileSync(bundles!.good)
  const post = async (from: number, part: Buffer, token = 'administrator', total = bytes.length) => {
    const answer = await fetch(`${one.url()}/api/update/piece?from=${from}&total=${total}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
      body: part,
    })
    return { status: answer.status, ...((await answer.json()) as { received?: number; error?: string }) }
  }
  t.match(await post(0, bytes.subarray(0, 10), 'observer'), { status: 403 })
  t.match(await post(0, bytes.subarray(0, 3000)), { status: 200, received: 3000 })
  t.match(await post(6000, bytes.subarray(6000)), { status: 400, received: 3000 }, 'a lost piece')
  t.match(await post(3000, bytes.subarray(3000), 'administrator', 9), { status: 400, received: 0 }, 'another bundle')
  t.match(await post(3000, bytes.subarray(3000)), { status: 200, received: bytes.length })
  t.same(readFileSync(one.at('updates/sent.raucb')), bytes)
  t.match(await post(0, bytes, 'administrator', 2 ** 31), { status: 400, error: /is not taken/ })
  t.match(await post(-1, bytes), { status: 400 })
  await post(0, bytes.subarray(0, 3000))
  const twice = await Promise.all([post(3000, bytes.subarray(3000, 9000)), post(3000, bytes.subarray(3000, 9000))])
  t.same(twice.map(({ status }) => status).sort(), [200, 400], 'sent again while it is still being written')
  t.match(await post(9000, bytes.subarray(9000)), { status: 200, received: bytes.length })
  t.same(readFileSync(one.at('updates/sent.raucb')), bytes)
  const full = await house(t, { reserveBytes: 2 ** 52 })
  t.match(await send(full.url(), bytes, 4000), { status: 507, code: 'disk-full' })
})

t.test('a box that can take none says why', { skip }, async t => {
  const one = await house(t)
  writeFileSync(one.at('run/no-updates'), 'slots: this kernel cannot ask the firmware for a try\n')
  one.again()
  await one.until(({ refusal }) => refusal === 'this kernel cannot ask the firmware for a try')
  t.match(await send(one.url(), readFileSync(bundles!.good), 1e6), {
    status: 501,
    error: /takes no updates: this kernel/,
  })
})

t.test('from an address: what breaks off goes on where it was, what is not there is said', { skip }, async t => {
  const one = await house(t)
  const bytes = readFileSync(bundles!.good)
  let asked = 0
  const ranges: (string | undefined)[] = []
  const serve: RequestListener = (request, response) => {
    if (request.url !== '/good.raucb') return void response.writeHead(404).end('no')
    ranges.push(request.headers.range)
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    asked++
    if (asked === 2) return void response.writeHead(503).end()
    // Once it goes on elsewhere than was asked.
    const begins = asked === 4 ? from - 1 : from
    const range = from > 0 && { 'content-range': `bytes ${begins}-${bytes.length - 1}/${bytes.length}` }
    response.writeHead(range ? 206 : 200, { 'content-length': bytes.length - begins, etag: '"1"', ...range })
    // Twice it breaks off.
    if (asked > 3) return void response.end(bytes.subarray(begins))
    response.write(bytes.subarray(from, from + 4000), () => setTimeout(() => response.destroy(), 50))
  }
  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await one.activity('update-install', { from: `${url}/good.raucb` })
  t.match(one.value(), { phase: 'ready', otherVersion: '0.2.0' })
  t.equal(ranges[0], undefined)
  t.match(ranges.at(-1), /^bytes=[48]000-$/)

  const refused = (from: string) => one.activity('update-install', { from })
  await t.rejects(refused(`${url}/none.raucb`), { code: 'bad-input', message: /answers 404/ })
  await t.rejects(refused('ftp://box/x.raucb'), { code: 'bad-input', message: /no address of a bundle/ })
  server.closeAllConnections()
  server.close()
  await t.rejects(refused(`${url}/good.raucb`), { code: 'offline', message: /is not reached/ })
})

t.test('from an address: what is packed, trickles or leads elsewhere comes to an end, and leaves nothing', async t => {
  const folder = t.testdir({})
  const page = gzipSync(`<html>${'no bundle '.repeat(10_000)}</html>`)
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    if (request.url === '/packed') {
      // Whatever is asked for: all of it, and packed.
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': page.length }).end(page)
    } else if (request.url === '/trickle') {
      response.writeHead(200, { 'content-length': 1e6 })
      const drop = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(drop))
    } else response.writeHead(302, { location: 'file:///etc/passwd' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fetchIt = updateFetch({ folder, clock: systemClock(), pauseMs: 1, silenceMs: 200 })
  const wanted: number[] = []
  const hear = { tell() {}, demand: async (bytes: number) => void wanted.push(bytes) }
  const { signal } = new AbortController()
  const path = await fetchIt(`${url}/packed`, hear, signal)
  t.equal(readFileSync(path, 'utf8').slice(0, 6), '<html>', 'once, and for RAUC to judge')
  t.equal(asked, 1)
  rmSync(path)
  for (const secret of ['http://pier:hunter2@127.0.0.1/x', 'ftp://pier:hunter2@box/x', 'hunter2://']) {
    const refused = await fetchIt(secret, hear, signal).catch((error: Fault) => error)
    t.match(refused, { code: 'bad-input' })
    t.notMatch((refused as Fault).message, /hunter2/)
  }
  await t.rejects(fetchIt(`${url}/trickle`, hear, signal), { code: 'offline' })
  t.equal(asked, 9)
  t.equal(wanted[1], 1e6)
  await t.rejects(fetchIt(`${url}/away`, hear, signal), { code: 'offline' })
  const full = new Fault('disk-full', 'no room', 'Make some')
  const none = { ...hear, demand: () => Promise.reject(full) }
  await t.rejects(fetchIt(`${url}/trickle`, none, signal), { code: 'disk-full' })
  const stopped = AbortSignal.timeout(100)
  await t.rejects(fetchIt(`${url}/trickle`, hear, stopped), { code: 'aborted' })
  t.same(readdirSync(folder), [], 'nothing stays of what did not come')
})

t.test('what there is no room for is not fetched', { skip }, async t => {
  const one = await house(t, { reserveBytes: 2 ** 50 })
  const server = createServer((_request, response) => response.end(readFileSync(bundles!.good))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}/good.raucb`
  await t.rejects(one.activity('update-install', { from }), { code: 'disk-full' })
  t.notOk(existsSync(one.at('updates/fetched.raucb.part')))
})

t.test('it restarts by itself only when nothing has stood against it for ten minutes', { skip }, async t => {
  const clock = simulatedClock(eveningMs)
  const one = await house(t, { clock })
  copyFileSync(bundles!.good, one.at('media/stick/good.raucb'))
  one.feed.set('mount/eq', { condition: 'ready', tracking: true, slewing: false, parked: false })
  await clock.advance(11_000)
  const from = one.at('media/stick/good.raucb')
  await clock.until(one.activity('update-install', { from, restart: 'idle' }), 120_000)
  await clock.advance(30 * 60_000)
  t.same(one.machined, [])
  t.same(one.value().waitsFor, ['mount eq moves'])
  one.feed.patch('mount/eq', { tracking: false, parked: true })
  await clock.advance(5 * 60_000)
  one.feed.set('camera/main', { condition: 'ready', exposing: true })
  await clock.advance(60_000)
  one.feed.set('camera/main', { condition: 'ready', exposing: false })
  await clock.advance(9 * 60_000)
  t.same(one.machined, [], 'the ten minutes begin anew')
  t.same(one.value().waitsFor, [])
  await clock.advance(2 * 60_000)
  t.same(one.machined, ['sync', 'restart'])
  one.feed.set('camera/main', { condition: 'unavailable' })
  await clock.advance(30 * 60_000)
  t.same(JSON.parse(readFileSync(one.at('updates/before.json'), 'utf8')), ['eq', 'main'], 'as it was, not as it ends')
  t.same(one.machined, ['sync', 'restart'], 'once')
})

t.test('a crash of the agent forgets neither what was put in nor how it is to start', { skip }, async t => {
  const one = await house(t)
  await send(one.url(), readFileSync(bundles!.good), 1e6)
  await one.activity('update-install', { from: 'sent' })
  one.again()
  await one.until(({ pendingReboot }) => pendingReboot === true)
  t.match(one.value(), { otherVersion: '0.2.0', phase: 'ready' })
  await one.deed('update-restart')
})

t.test('on trial it says what it has not found again, and its owner may excuse it', { skip }, async t => {
  const one = await house(t)
  one.put('run/slots.json', { slot: 'B', other: '0.1.0', otherState: 'good', onTrial: true })
  writeFileSync(one.at('updates'), '')
  rmSync(one.at('updates'))
  one.feed.set('camera/main', { condition: 'unavailable' })
  one.feed.set('mount/eq', { condition: 'ready' })
  one.feed.set('power/relays/1', { condition: 'ready', on: false, feeds: ['focuser'] })
  const { updateFiles } = await import('../../edge/drivers/own/update-files.js')
  await updateFiles({ folder: one.at('updates'), clock: systemClock() }).rememberBefore([
    'main',
    'eq',
    'focuser',
    'guide',
  ])
  one.again()
  t.match(await one.until(({ onTrial }) => onTrial === true), {
    missing: ['main', 'guide'],
    slot: 'B',
    otherVersion: '0.1.0',
  })
  await t.rejects(one.deed('update-excuse', { device: 'dome' }), { code: 'not-found' })
  await one.deed('update-excuse', { device: 'guide' })
  t.same(one.value().missing, ['main'])
  await send(one.url(), Buffer.from('x'), 10)
  await t.rejects(one.activity('update-install', { from: 'sent' }), { code: 'busy', message: /still on trial/ })
})

t.test('the version that came back says why', { skip }, async t => {
  const one = await house(t)
  one.put('run/slots.json', { slot: 'A', other: '0.2.0', otherState: 'bad', onTrial: false })
  const reason = 'not found again: main'
  one.put('update-result.json', { ok: false, version: '0.2.0', from: '0.1.0', reason, atMs: 1_800_000_000_000 })
  one.again()
  const told = await one.until(({ lastVersion }) => lastVersion !== undefined)
  t.match(told, { lastOk: false, lastVersion: '0.2.0', lastReason: reason, otherGood: false, onTrial: false })
})
