// Stacks files as the agent does, from disk to disk, in a process of its own: start, threads and all count. Its one
// argument is a StackTask as JSON; it prints a StackReport as JSON.
import { rmSync } from 'node:fs'
import type { StackOutcome } from '../../edge/ports/pixels.js'
import { createLog } from '../../edge/spine/log.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { openPixels } from '../../edge/workers/pixels.js'
import type { StackReport, StackTask } from './bench-stack.js'

const task: StackTask = JSON.parse(process.argv[2])
// A clock's timers do not keep a process alive; the agent's server does, and here nothing else would.
const awake = setInterval(() => {}, 1000)
const clock = systemClock()
const log = createLog(clock, line => process.stderr.write(`${line.message}\n`), 'warn')
const pixels = openPixels({ archive: '/', memoryBytes: 256e6, stackThreads: task.threads, clock, log })
const started = performance.now()
const stack = await pixels.stack({
  maxShiftPx: task.maxShiftPx ?? 2000,
  combine: task.combine,
  kappa: 3,
  kernel: task.kernel,
  masters: [
    ...(task.darkFile ? [{ kind: 'dark' as const, path: task.darkFile }] : []),
    ...(task.flatFile ? [{ kind: 'flat' as const, path: task.flatFile }] : []),
  ],
})
const outcomes: StackOutcome[] = []
for (const file of task.files) outcomes.push(await stack.add(file, file, AbortSignal.timeout(120_000)))
rmSync(task.out, { force: true })
await stack.save(task.out, [])
const { measuredGain } = await stack.gain()
const report: StackReport = { outcomes, measuredGain, stackingMs: performance.now() - started }
await stack.close()
await pixels.close()
clearInterval(awake)
process.stdout.write(JSON.stringify(report))
