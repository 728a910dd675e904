// How long a change takes from the agent's feed to a line of its event stream, and to the pixels of a page. One
// machine, so one clock: the agent's `atMs` against the time here and in the browser.
import type { Page } from 'playwright-core'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { type Bench, benchmark, median, type Result } from '../support/benchmark.js'
import { goTo, noBrowser, openBrowser, openPhone } from '../support/browser.js'
import { type EventLines, eventLines } from '../support/event-lines.js'

const gateMs = 100
const rounds = 41
const warmUp = 5
const frames = 15
const path = 'power/relays/fan'

await benchmark(async bench => {
  const agent = await startAgent(bench)
  // It runs in a fresh simulated observatory; each round below turns it the other way.
  await agent.until(path, ({ on }) => on === true)
  const lines = await eventLines(agent.url)
  bench.teardown(lines.close)
  await streamed(bench, agent, lines)
  if (noBrowser) process.stdout.write(`${JSON.stringify({ name: 'state-to-page', absent: noBrowser })}\n`)
  else await shown(bench, agent, lines)
})

function turn(agent: AgentProcess, on: boolean) {
  return agent.do('power-set', { device: 'relays', channel: 'fan', on })
}

/** States and events, up to the line at a client that is no page. */
async function streamed(bench: Bench, agent: AgentProcess, lines: EventLines) {
  const states: number[] = []
  const events: number[] = []
  const deaf = lines.listen((kind, { path: of, kind: event, atMs }, hereMs) => {
    if (kind === 'state' && of === path) states.push(hereMs - Number(atMs))
    if (kind === 'event' && event === 'frame-archived') events.push(hereMs - Number(atMs))
  })
  for (let round = 1; round <= rounds; round++) await turn(agent, round % 2 === 0)
  await agent.do('camera-expose', { seconds: 0.01, count: frames }, true)
  await patiently(async () => {
    if (states.length < rounds || events.length < frames) throw new Error('not all lines came')
  }, 10_000)
  deaf()
  bench.tell(latency('state-to-stream', states))
  bench.tell(latency('event-to-stream', events))
}

/** A switch on the Devices view of a phone: until the frame that shows it has been drawn. */
async function shown(bench: Bench, agent: AgentProcess, lines: EventLines) {
  const context = await openPhone(await openBrowser(bench))
  const page = await context.newPage()
  await page.goto(agent.url)
  await goTo(page, 'devices')
  await page.getByRole('switch', { name: 'Fan' }).waitFor()
  const changedMs = new Map<boolean, number>()
  const deaf = lines.listen((kind, { path: of, value, atMs }) => {
    const { on } = (value ?? {}) as { on?: boolean }
    // The first that says so: later ones only confirm it.
    if (kind === 'state' && of === path && on !== undefined && !changedMs.has(on)) changedMs.set(on, Number(atMs))
  })
  const seen: number[] = []
  const asked: number[] = []
  for (let round = 0; round < rounds + warmUp; round++) {
    const on = round % 2 === 0
    await watchFor(page, on)
    changedMs.clear()
    const askedMs = Date.now()
    await turn(agent, on)
    const drawnMs = await page.evaluate<number>('window.drawn')
    const atMs = await patiently(
      async () => changedMs.get(on) ?? Promise.reject(new Error(`${path} did not change`)),
      5_000,
    )
    if (round < warmUp) continue
    seen.push(drawnMs - atMs)
    asked.push(drawnMs - askedMs)
  }
  deaf()
  bench.tell({ ...latency('state-to-page', seen), fromAskingMs: median(asked) })
}

/** `window.drawn` settles with the time at which a frame with the switch in that position had been drawn. */
async function watchFor(page: Page, on: boolean) {
  await page.evaluate(`(() => {
    const fan = [...document.querySelectorAll('[role=switch]')].find(one => /Fan/.test(one.textContent))
    window.drawn = new Promise(settle => {
      const watch = new MutationObserver(() => {
        if (fan.getAttribute('aria-checked') !== '${on}') return
        watch.disconnect()
        // A message posted while a frame is prepared arrives after it.
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => settle(Date.now())
        requestAnimationFrame(() => port2.postMessage(0))
      })
      watch.observe(fan, { attributes: true })
    })
  })()`)
}

function latency(name: string, values: readonly number[]): Result {
  const sorted = values.toSorted((a, b) => a - b)
  const worst = sorted[Math.floor(sorted.length * 0.95)]
  return { name, value: median(values), unit: 'ms', gate: gateMs, of95PercentMs: worst, samples: values.length }
}
