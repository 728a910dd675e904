// What the programs and files of Pierside's own image tell of it, for the log bundle. Nothing is asked that needs root,
// and one that is silent costs its own part only.
import { readFile } from 'node:fs/promises'
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import type { BundlePart } from '../../ports/log-bundle.js'
import { findProgram, runProgram } from '../link/program.js'

/** File in the bundle, program, its words. */
const asked: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['journal.log', 'journalctl', '--no-pager', '--quiet', '--output=short-iso-precise', '--lines=30000'],
  ['kernel.log', 'journalctl', '--no-pager', '--quiet', '--dmesg', '--output=short-monotonic', '--lines=5000'],
  ['failed-units.txt', 'systemctl', '--no-pager', '--failed'],
  ['start-up.txt', 'systemd-analyze', '--no-pager', 'critical-chain'],
  ['time.txt', 'timedatectl'],
  ['chrony.txt', 'chronyc', '-n', 'tracking'],
  ['chrony-sources.txt', 'chronyc', '-n', 'sources', '-v'],
  ['network.txt', 'nmcli', '--colors', 'no', 'device', 'show'],
  ['addresses.txt', 'ip', 'address'],
  ['wifi.txt', 'iw', 'dev'],
  ['wifi-country.txt', 'iw', 'reg', 'get'],
  ['updates.txt', 'rauc', 'status', '--detailed'],
  ['disks.txt', 'lsblk', '--output', 'NAME,SIZE,TYPE,FSTYPE,LABEL,RO,MOUNTPOINTS,MODEL'],
  ['room.txt', 'df', '--human-readable'],
  ['memory.txt', 'free', '--mebi'],
  ['usb.txt', 'lsusb'],
]
const files: readonly (readonly [name: string, path: string])[] = [
  ['image.json', '/usr/lib/pierside/image.json'],
  ['boot-config.txt', '/boot/firmware/config.txt'],
  ['boot-slots.txt', '/boot/firmware/slots.env'],
  ['kernel-command-line.txt', '/proc/cmdline'],
  ['mounts.txt', '/proc/self/mounts'],
]
const silentMs = 20_000
/** More than any of them says; of what is beyond, the end is kept. */
const mostBytes = 12 * 2 ** 20

export function boxReports({ clock, log }: { readonly clock: Clock; readonly log: Log }): BundlePart[] {
  const programs = asked.map(([name, program, ...args]) => ({
    name,
    text: (signal: AbortSignal) => said(program, args, { clock, log }, signal),
  }))
  return [...programs, ...files.map(([name, path]) => ({ name, text: () => readFile(path, 'utf8') }))]
}

async function said(
  name: string,
  args: readonly string[],
  tools: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<string> {
  const program = await findProgram(name)
  if (!program) throw new Fault('not-found', `there is no program ${name} here`, 'It is on Pierside’s own image')
  const limit = tools.clock.deadline(silentMs, name, signal)
  const chunks: Uint8Array[] = []
  let bytes = 0
  const onBytes = (chunk: Uint8Array) => {
    chunks.push(chunk)
    bytes += chunk.length
    while (bytes - chunks[0].length > mostBytes) bytes -= chunks.shift()!.length
  }
  try {
    const { how, words } = await runProgram({ program, args, ...tools, onBytes }, limit.signal)
    const text = Buffer.concat(chunks).toString('utf8')
    return how === 'ended' ? text : `${text}\n${name} ${how}: ${words}\n`
  } finally {
    limit.cancel()
  }
}
