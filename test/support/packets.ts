// A firewall met by packets: one network namespace is the box, another is whoever comes. Each program is killed with
// the test; where this machine allows no namespaces, `noPackets` says so.
import { execFileSync, spawn, spawnSync } from 'node:child_process'

const can = spawnSync('unshare', [
  '--net',
  '--map-root-user',
  'sh',
  '-c',
  'command -v nft && ip link add name a0 type veth peer name b0',
])
export const noPackets = can.status !== 0 && 'no network namespaces, or no nft, on this machine'

export interface BoxOnWire {
  /** Runs a line in the box. Throws with what it said. */
  inBox(line: string): string
  /** What a connection from outside meets: an open port, a refusal, or silence. */
  knock(port: number, from?: string): 'open' | 'refused' | 'silence'
}

/** @param rules  a file for nft; `from` of a knock is 10.42.0.2 (a phone on the hotspot) or 192.168.7.2 */
export function boxOnWire(t: { teardown(run: () => void): void }, rules: string): BoxOnWire {
  const name = `pierside-${process.pid}`
  const sh = (line: string) =>
    execFileSync('sh', ['-ec', line], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  for (const side of ['box', 'out']) sh(`ip netns add ${name}-${side}`)
  t.teardown(() => {
    for (const side of ['box', 'out']) sh(`ip netns del ${name}-${side}`)
  })
  sh(`ip link add v0 netns ${name}-box type veth peer name v0 netns ${name}-out`)
  const addresses = { box: ['10.42.0.1/24', '192.168.7.1/24'], out: ['10.42.0.2/24', '192.168.7.2/24'] }
  for (const [side, all] of Object.entries(addresses)) {
    for (const address of all) sh(`ip -n ${name}-${side} addr add ${address} dev v0`)
    sh(`ip -n ${name}-${side} link set v0 up; ip -n ${name}-${side} link set lo up`)
  }
  const inBox = (line: string) => sh(`ip netns exec ${name}-box sh -ec '${line}'`)
  inBox(`nft -f ${rules}`)
  const listener = spawn('ip', ['netns', 'exec', `${name}-box`, process.execPath, '-e', listening], { stdio: 'pipe' })
  t.teardown(() => {
    listener.kill('SIGKILL')
  })
  return {
    inBox,
    knock(port, from = '192.168.7.2') {
      const to = from.replace(/2$/, '1')
      const { status } = spawnSync('ip', [
        ...['netns', 'exec', `${name}-out`, process.execPath, '-e', knocking, to, from, String(port)],
      ])
      return status === 0 ? 'open' : status === 1 ? 'refused' : 'silence'
    },
  }
}

/** Something answers on each of these ports, whether the firewall lets anybody reach it or not. */
const listening = `for (const port of [22, 53, 80, 445, 1883, 7624, 8624])
  require('node:net').createServer(socket => socket.end()).listen(port)`
const knocking = `const [host, localAddress, port] = process.argv.slice(1)
  const socket = require('node:net').connect({ host, localAddress, port: Number(port) })
  socket.on('connect', () => process.exit(0)).on('error', () => process.exit(1))
  setTimeout(() => process.exit(2), 700)`
