// States per second from the feed to a dashboard: a thousand states that change without pause, counted by a subscriber
// in a process of its own, over the broker inside the agent and over mosquitto. Prints one JSON line for each.
import { spawn } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { freePort } from '../support/free-port.js'
import { hasMosquitto, mosquitto } from '../support/mosquitto.js'
import { mqttHouse } from '../support/mqtt-house.js'

const gatePerSecond = 2_000
const states = 1_000
const seconds = 4

let failed = false
await measure('embedded')
if (hasMosquitto) await measure('mosquitto')
process.exitCode = failed ? 1 : 0

async function measure(kind: 'embedded' | 'mosquitto') {
  const outside = kind === 'mosquitto' ? await mosquitto() : undefined
  const port = outside?.port ?? (await freePort())
  const house = await mqttHouse({ node: 'bench' })
  const face = house.face(outside ? { broker: { url: outside.url } } : {}, {
    port,
    timing: { gatherMs: 0, keepaliveSeconds: 15 },
  })
  await face.start()
  while (house.feed.get('mqtt')?.value.connected !== true) await turn()
  const counter = await subscriber(port)
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  const before = counter.count()
  let set = 0
  while (performance.now() - startedMs < seconds * 1000) {
    for (let one = 0; one < states; one++) {
      house.feed.set(`sensor/s${one}`, { condition: 'ready', celsius: set++, humidityPercent: 50 })
      if (one % 50 === 0) await turn()
    }
  }
  const elapsed = (performance.now() - startedMs) / 1000
  const received = counter.count() - before
  const cpu = process.cpuUsage(cpuBefore)
  const statesPerSecond = Math.round(received / elapsed)
  failed ||= statesPerSecond < gatePerSecond
  process.stdout.write(
    `${JSON.stringify({
      name: `mqtt-states-${kind}`,
      value: statesPerSecond,
      unit: '1/s',
      cpuPercent: Math.round(((cpu.user + cpu.system) / 1e6 / elapsed) * 100),
      gate: gatePerSecond,
      pass: statesPerSecond >= gatePerSecond,
    })}\n`,
  )
  counter.stop()
  await face.stop()
  await house.close()
  await outside?.remove()
}

/** Counts messages by their line ends. */
async function subscriber(port: number) {
  const child = spawn('mosquitto_sub', ['-p', String(port), '-t', 'pierside/bench/#', '-F', '%t'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let lines = 0
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++
  })
  while (lines === 0) await turn()
  return { count: () => lines, stop: () => void child.kill() }
}
