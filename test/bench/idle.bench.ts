// What the agent takes from a small computer while nobody looks and nothing is exposed: after the start, and again
// after a run of frames has gone through every thread. Started as `make run` starts it.
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root, startAgent } from '../support/agent.js'
import { type Bench, benchmark, median, to2 } from '../support/benchmark.js'
import { treeUse } from '../support/process-tree.js'

const gateMB = 150
const gatePercent = 2
const settleMs = 60_000
/** What rests for 45 s gives its memory back; it takes two looks where it was at work at the first. */
const afterRunMs = 90_000
const lookMs = 1_000
const looks = 20
const frames = 20

await benchmark(async bench => {
  const agent = await startAgent(bench, { command: [join(root, 'scripts/run.sh')] })
  await wait(settleMs)
  await measure(bench, agent.pid, 'idle')
  await agent.do('camera-expose', { seconds: 0.2, count: frames }, true)
  const busyMB = treeUse(agent.pid).residentMB
  await wait(afterRunMs)
  await measure(bench, agent.pid, 'idle-after-frames', { frames, atTheEndOfTheRunMB: to2(busyMB) })
})

async function measure(bench: Bench, pid: number, name: string, more: Record<string, number> = {}) {
  const start = treeUse(pid)
  const startMs = performance.now()
  const resident: number[] = []
  const anonymous: number[] = []
  for (let look = 0; look < looks; look++) {
    await wait(lookMs)
    const now = treeUse(pid)
    resident.push(now.residentMB)
    anonymous.push(now.anonymousMB)
  }
  const end = treeUse(pid)
  const seconds = (performance.now() - startMs) / 1000
  bench.tell({
    name: `${name}-memory`,
    value: to2(median(resident)),
    unit: 'MB',
    gate: gateMB,
    mostMB: to2(Math.max(...resident)),
    anonymousMB: to2(median(anonymous)),
    processes: end.processes,
    ...more,
  })
  bench.tell({
    name: `${name}-cpu`,
    value: to2(((end.cpuSeconds - start.cpuSeconds) / seconds) * 100),
    unit: '% of a core',
    gate: gatePercent,
  })
}
