// What becomes the keeper: a small process of its own for each board, see spine/keeper-process.ts.
import { boards } from './drivers/relay/boards.js'
import { runKeeper } from './spine/keeper-process.js'
import { systemClock } from './spine/system-clock.js'

// Only the end of the pipe ends it: a signal to all processes of the service must not come before the safe states.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// Nor does a pipe that nobody reads any more, nor a mistake in some library: whoever ends lets go of the outputs.
process.stderr.on('error', () => {})
process.on('uncaughtException', error => process.stderr.write(`${error.stack}\n`))
// The clock's timers keep no process alive.
const { port1: alive } = new MessageChannel()
alive.ref()
const ends = { input: process.stdin, output: process.stdout, clock: systemClock(), boards }
const well = await runKeeper({ ...ends, complain: words => process.stderr.write(`${words}\n`) })
process.exit(well ? 0 : 1)
