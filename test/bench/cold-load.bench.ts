// The page's first visit over a poor link: bytes on the wire of all that it is made of, lazily loaded parts included,
// and the first paint at 1.6 Mbit/s and 150 ms.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { benchmark, median, to2 } from '../support/benchmark.js'
import { builtPage, goTo, noBrowser, openBrowser, openPhone } from '../support/browser.js'

const gateKB = 120
const gateMs = 2_000
const visits = 7
const roundTripMs = 150
const slow = {
  offline: false,
  latency: roundTripMs,
  downloadThroughput: 1.6e6 / 8,
  uploadThroughput: 0.75e6 / 8,
}
const views = ['now', 'pier', 'expose', 'focus', 'stack', 'calibration', 'mount', 'files', 'devices', 'log']

if (noBrowser) process.stdout.write(`${JSON.stringify({ name: 'cold-load', absent: noBrowser })}\n`)
else {
  await benchmark(async bench => {
    const agent = await startAgent(bench)
    const browser = await openBrowser(bench)
    const { page, others, parts } = await wireBytes(browser, agent)
    bench.tell({
      name: 'page-bytes',
      value: to2(page / 1000),
      unit: 'kB',
      gate: gateKB,
      parts,
      othersKB: to2(others / 1000),
    })
    const paints: number[] = []
    const said: number[] = []
    for (let visit = 0; visit < visits; visit++) {
      const { paintMs, saidMs } = await firstVisit(browser, agent)
      paints.push(paintMs)
      said.push(saidMs)
    }
    bench.tell({
      name: 'first-paint',
      value: Math.round(median(paints)),
      unit: 'ms',
      gate: gateMs,
      mostMs: Math.round(Math.max(...paints)),
      observatoryInWordsMs: Math.round(median(said)),
    })
  })
}

/** Body and headers as they came, of the page's own files and of what it asks for; after a walk through all. */
async function wireBytes(browser: Browser, agent: AgentProcess) {
  return fresh(browser, async (page, wire) => {
    const urls = new Map<string, string>()
    const files = new Set<string>()
    let own = 0
    let others = 0
    wire.on('Network.responseReceived', ({ requestId, response }) =>
      urls.set(requestId, new URL(response.url).pathname),
    )
    wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const path = urls.get(requestId) ?? '/api/'
      if (path.startsWith('/api/')) others += encodedDataLength
      else {
        files.add(path)
        own += encodedDataLength
      }
    })
    await page.goto(agent.url)
    for (const view of views) await goTo(page, view)
    // What no view of this night has asked for comes last, so that nothing is left out.
    for (const path of built()) {
      if (!files.has(path)) await page.evaluate(`fetch('${path}').then(answer => answer.arrayBuffer())`)
    }
    await patiently(async () => {
      const missing = built().filter(path => !files.has(path))
      if (missing.length > 0) throw new Error(`not loaded: ${missing.join(', ')}`)
    }, 10_000)
    return { page: own, others, parts: files.size }
  })
}

/** Paths of the page's files; the `.gz` beside each is how it is sent. */
function built(): string[] {
  const assets = readdirSync(join(builtPage(), 'assets')).filter(name => !name.endsWith('.gz'))
  return ['/', ...assets.map(name => `/assets/${name}`)]
}

async function firstVisit(browser: Browser, agent: AgentProcess) {
  return fresh(browser, async (page, wire) => {
    await wire.send('Network.emulateNetworkConditions', slow)
    await page.goto(agent.url)
    await page.locator('main.view-now .sentence').filter({ hasNotText: 'Listening' }).waitFor()
    const saidMs = await page.evaluate<number>('performance.now()')
    const paintMs = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)
    // The emulation holds back answers; the handshake of the first connection, one more round trip, it leaves out.
    return { paintMs: paintMs + roundTripMs, saidMs: saidMs + roundTripMs }
  })
}

/** A phone that has never been here. */
async function fresh<T>(browser: Browser, visit: (page: Page, wire: CDPSession) => Promise<T>): Promise<T> {
  const context: BrowserContext = await openPhone(browser)
  try {
    const page = await context.newPage()
    const wire = await context.newCDPSession(page)
    await wire.send('Network.enable')
    return await visit(page, wire)
  } finally {
    await context.close()
  }
}
