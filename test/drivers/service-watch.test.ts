// What systemd hears of the agent, by a socket such as systemd's own: that it is up, and a beat for as long as its
// clock turns.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { serviceWatch } from '../../edge/drivers/own/service-watch.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'

const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listens', flush=True)
while True: print(s.recv(4096).decode(), flush=True)
`

t.test('a unit that is watched', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-notify-'))
  const python = spawn('python3', ['-c', listener, join(folder, 'socket')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
  const heard = async () => (await lines.next()).value
  t.teardown(() => {
    python.kill('SIGKILL')
    delete process.env.NOTIFY_SOCKET
    rmSync(folder, { recursive: true })
  })
  t.equal(await heard(), 'listens')
  // The library looks there by itself.
  process.env.NOTIFY_SOCKET = join(folder, 'socket')

  const clock = simulatedClock(0)
  const watch = serviceWatch({ ...process.env, WATCHDOG_USEC: '30000000' }, clock)
  watch?.ready()
  t.equal(await heard(), 'READY=1')
  await clock.advance(10_000)
  t.equal(await heard(), 'WATCHDOG=1', 'a third of the time it may be silent')
  watch?.stopping()
  t.equal(await heard(), 'STOPPING=1', 'and nothing between: no time has passed')

  rmSync(join(folder, 'socket'))
  t.throws(() => watch?.stopping(), /could not be told STOPPING=1/)
})

t.test('where nobody asked for word there is nothing to tell', async t => {
  t.equal(serviceWatch({}, simulatedClock(0)), undefined)
})
