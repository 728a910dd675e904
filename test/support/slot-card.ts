// A card's FAT partition as a folder, with the scripts of image-build/updates run on it: whole, or killed at the nth
// program that they start. What is to start the computer is decided as U-Boot's boot.scr and the Pi's firmware do.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { imageScripts } from './image-scripts.js'

type Slot = 'A' | 'B'
/** A group of its own: a script that is killed takes its programs along, and us not. Node's types do not know it. */
const ownGroup = { detached: true }
const programs = 'awk cat cp cut date df dirname flock grep head mkdir mv rm sed sync tail tr'.split(' ')

export interface CardOptions {
  readonly how: 'u-boot' | 'tryboot' | 'none'
  readonly running: Slot
  /** Whether the kernel can ask the firmware for a try. */
  readonly mailbox?: boolean
}

export type Card = ReturnType<typeof slotCard>

/** @param root an empty folder */
export function slotCard(root: string, { how, running, mailbox = true }: CardOptions) {
  const at = (name: string) => join(root, name)
  const put = (name: string, text: string) => {
    mkdirSync(join(at(name), '..'), { recursive: true })
    writeFileSync(at(name), text)
  }
  const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : undefined)
  for (const folder of ['fat/A', 'run', 'system', 'shims', 'tree/chosen']) mkdirSync(at(folder), { recursive: true })
  put('fat/slots.env', 'BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n')
  put('fat/A/vmlinuz', 'kernel of A')
  put('fat/A/slot.env', 'slot_args=root=PARTUUID=5049-02 pierside.slot=A rauc.slot=A ro quiet\n')
  if (how === 'u-boot') put('tree/chosen/u-boot,version', '2025.01')
  // As an owner with Windows leaves it.
  if (how === 'tryboot') put('fat/config.txt', 'arm_64bit=1\r\n[all]\nos_prefix=A/\r\ndtparam=i2c_arm=on\n')
  if (mailbox) put('vcio', '')
  const start = (slot: Slot) => put('cmdline', `ro quiet pierside.slot=${slot} panic=10\n`)
  start(running)
  const tools = imageScripts(at('tools'))

  for (const name of programs) {
    put(
      `shims/${name}`,
      `#!/bin/sh
echo ${name} >>"$SHIM_COUNT"
[ "$(/usr/bin/wc -l <"$SHIM_COUNT")" -lt "$SHIM_DIES" ] || kill -9 0
PATH=/usr/bin:/bin exec ${name} "$@"
`,
    )
    chmodSync(at(`shims/${name}`), 0o755)
  }
  // The only one that cannot run here: it says how the partition is mounted.
  put('shims/mount', '#!/bin/sh\necho "$2" >>"$SHIM_MOUNTS"\n')
  chmodSync(at('shims/mount'), 0o755)
  const program = (name: string, script: string) => {
    put(`shims/${name}`, `#!/bin/sh\n${script}\n`)
    chmodSync(at(`shims/${name}`), 0o755)
  }

  /** @param dies the number of the program at which a power cut comes */
  const run = (tool: string, args: readonly string[], dies = 1e6, more: Record<string, string> = {}) => {
    put('count', '')
    put('mounts', '')
    return spawnSync('/bin/sh', [join(tools, tool), ...args], {
      ...ownGroup,
      encoding: 'utf8',
      timeout: 20_000,
      env: {
        PATH: `${at('shims')}:/usr/bin:/bin`,
        ...{ SHIM_COUNT: at('count'), SHIM_DIES: String(dies), SHIM_MOUNTS: at('mounts') },
        ...{ PIERSIDE_FIRMWARE: at('fat'), PIERSIDE_DEVICE_TREE: at('tree'), PIERSIDE_CMDLINE: at('cmdline') },
        ...{ PIERSIDE_RUN: at('run'), PIERSIDE_SYSTEM: at('system'), PIERSIDE_REBOOT_PARAMETER: at('reboot-param') },
        ...{ PIERSIDE_MAILBOX: at('vcio') },
        ...{ PIERSIDE_TRIED: at('update-tried'), PIERSIDE_ROOT: at('old-root'), ...more },
      },
    })
  }
  const word = (name: string, file = 'fat/slots.env') =>
    new RegExp(`^${name}=(.*?)\r?$`, 'm').exec(read(file) ?? '')?.[1]
  const left = (slot: Slot) => {
    const said = word(`BOOT_${slot}_LEFT`)
    if (said !== undefined && /^[0-3]$/.test(said)) return Number(said)
    return existsSync(at(`fat/${slot}/slot.env`)) ? 3 : 0
  }
  return {
    at,
    put,
    read,
    run,
    start,
    word,
    slots: (...args: string[]) => run('slots', args),
    /** Stands in for a program of the system. */
    program,
    /** How the partition was left. */
    mounted: () => read('mounts')?.trim().split('\n').at(-1),
    /** What starts next, with what that changes: a try counted down, the wish for one forgotten. */
    boots(): Slot {
      if (how === 'tryboot') {
        const wished = read('reboot-param') === '0 tryboot\n' && existsSync(at('fat/tryboot.txt'))
        const file = wished ? 'fat/tryboot.txt' : 'fat/config.txt'
        spawnSync('rm', ['-f', at('reboot-param')])
        const slot = word('os_prefix', file)?.[0] as Slot
        start(slot)
        return slot
      }
      const order = (word('BOOT_ORDER') === 'B A' ? ['B', 'A'] : ['A', 'B']) as Slot[]
      const slot = order.find(one => left(one) > 0) ?? 'A'
      const counted = { A: left('A'), B: left('B'), [slot]: left(slot) - 1 }
      put('fat/slots.env', `BOOT_ORDER=${order.join(' ')}\nBOOT_A_LEFT=${counted.A}\nBOOT_B_LEFT=${counted.B}\n`)
      start(slot)
      return slot
    },
  }
}
