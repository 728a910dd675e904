// The kernel's side of the GPIO character device, as gpiolib-cdev.c behaves: chips with lines that are claimed, read
// and driven by the structures of <linux/gpio.h>, whose layout test/drivers/relays.test.ts holds against the compiler.
import { execFileSync } from 'node:child_process'
import { constants, openSync, readlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Ioctl, loadPoll } from '../../edge/drivers/link/ioctl.js'
import * as gpio from '../../edge/drivers/relay/gpio-ioctls.js'

export interface KernelLine {
  readonly name: string
  output: boolean
  /** Of the pin itself, whatever active-low makes of it. */
  high: boolean
  /** Every level the pin was driven to as an output. */
  readonly driven: boolean[]
  /** Another driver has it. */
  taken?: boolean
  /** Its flags and debouncing, µs, while somebody has it. */
  flags?: bigint
  debounceMicros?: number
}

interface Held {
  readonly lines: readonly KernelLine[]
  flags: bigint[]
  /** Where its edges are written. */
  edges?: number
}

const refuse = (code: string) => Object.assign(new Error(code), { code })

/**
 * @param chips  by label; the file of each is made in `dev`, in this order
 * @param interrupts  some expanders have none, and so no edges
 */
export function gpioKernel(dev: string, chips: Readonly<Record<string, readonly KernelLine[]>>, interrupts = true) {
  const labels = Object.keys(chips)
  labels.forEach((_, at) => {
    writeFileSync(join(dev, `gpiochip${at}`), '')
  })
  const held = new Map<number, Held>()
  const chipOf = (fd: number) => {
    const at = Number(/gpiochip(\d+)$/.exec(readlinkSync(`/proc/self/fd/${fd}`))![1])
    return { label: labels[at], lines: chips[labels[at]] }
  }
  /** Flags and wished level of each line, as the attributes change what holds for all. */
  const wishes = (config: Buffer, count: number) => {
    const flags = Array<bigint>(count).fill(config.readBigUInt64LE(gpio.offsets.configFlags))
    const levels = Array<boolean>(count).fill(false)
    const debounces = Array<number>(count).fill(0)
    for (let at = 0; at < config.readUInt32LE(gpio.offsets.configAttributes); at++) {
      const start = gpio.offsets.configAttribute + at * 24
      const [id, value] = [config.readUInt32LE(start), config.readBigUInt64LE(start + gpio.offsets.attributeValues)]
      const mask = config.readBigUInt64LE(start + gpio.offsets.attributeMask)
      for (let line = 0; line < count; line++) {
        if (((mask >> BigInt(line)) & 1n) === 0n) continue
        if (id === gpio.attributes.flags) flags[line] = value
        else if (id === gpio.attributes.debounce) debounces[line] = Number(value & 0xffff_ffffn)
        else levels[line] = ((value >> BigInt(line)) & 1n) === 1n
      }
    }
    return { flags, levels, debounces }
  }
  const drive = (line: KernelLine, flags: bigint, on: boolean) => {
    line.output = true
    line.high = on !== ((flags & gpio.flags.activeLow) !== 0n)
    line.driven.push(line.high)
  }
  const apply = (one: Held, config: Buffer) => {
    const { flags, levels, debounces } = wishes(config, one.lines.length)
    one.flags = flags
    for (const [at, line] of one.lines.entries()) {
      const direction = flags[at] & (gpio.flags.input | gpio.flags.output)
      const pulled = flags[at] & (gpio.flags.pullUp | gpio.flags.pullDown | gpio.flags.noPull)
      const edges = flags[at] & (gpio.flags.risingEdge | gpio.flags.fallingEdge)
      if ((pulled !== 0n && direction === 0n) || (edges !== 0n && direction !== gpio.flags.input)) {
        throw refuse('EINVAL')
      }
      if ((edges !== 0n || debounces[at] > 0) && !interrupts) throw refuse('ENXIO')
      Object.assign(line, { flags: flags[at], debounceMicros: debounces[at] })
      if (edges !== 0n) one.edges ??= fifo()
      if ((flags[at] & gpio.flags.output) !== 0n) drive(line, flags[at], levels[at])
    }
  }

  const ioctl: Ioctl = async (fd, request, argument) => {
    const bytes = argument as Buffer
    if (request === gpio.requests.chipInfo) {
      const { label, lines } = chipOf(fd)
      bytes.write(label, gpio.offsets.chipLabel)
      bytes.writeUInt32LE(lines.length, gpio.offsets.chipLines)
    } else if (request === gpio.requests.lineInfo) {
      bytes.write(chipOf(fd).lines[bytes.readUInt32LE(gpio.offsets.infoOffset)].name, 0)
    } else if (request === gpio.requests.getLine) {
      const count = bytes.readUInt32LE(gpio.offsets.requestLines)
      const lines = Array.from({ length: count }, (_, at) => chipOf(fd).lines[bytes.readUInt32LE(at * 4)])
      if (lines.some(({ taken }) => taken)) throw refuse('EBUSY')
      const one: Held = { lines, flags: [] }
      apply(one, bytes.subarray(gpio.offsets.requestConfig))
      for (const line of lines) line.taken = true
      const given = one.edges ?? openSync('/dev/null', 'r')
      held.set(given, one)
      bytes.writeInt32LE(given, gpio.offsets.requestFd)
    } else {
      const one = held.get(fd)
      if (!one) throw refuse('EBADF')
      if (request === gpio.requests.setConfig) apply(one, bytes)
      else {
        const mask = bytes.readBigUInt64LE(gpio.offsets.valuesMask)
        let bits = bytes.readBigUInt64LE(gpio.offsets.valuesBits)
        const writing = request === gpio.requests.setValues
        if (!writing) bits = 0n
        for (const [at, line] of one.lines.entries()) {
          const bit = 1n << BigInt(at)
          if ((mask & bit) === 0n) continue
          if (writing && !line.output) throw refuse('EPERM')
          if (writing) drive(line, one.flags[at], (bits & bit) !== 0n)
          else if (line.high !== ((one.flags[at] & gpio.flags.activeLow) !== 0n)) bits |= bit
        }
        if (!writing) bytes.writeBigUInt64LE(bits, gpio.offsets.valuesBits)
      }
    }
    return 0
  }
  let fifos = 0
  /** Readable when an edge has come, as a line's descriptor is. */
  function fifo(): number {
    const path = join(dev, `edges${fifos++}`)
    execFileSync('mkfifo', [path])
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  }
  return {
    ...{ ioctl, dev, poll: loadPoll() },
    /** A contact makes or breaks. */
    move(line: KernelLine, high: boolean) {
      if (line.high === high) return
      line.high = high
      for (const { lines, edges } of held.values()) {
        if (edges === undefined || !lines.includes(line)) continue
        // GPIO_V2_LINE_EVENT_RISING_EDGE and _FALLING_EDGE stand behind the time.
        const event = Buffer.alloc(gpio.sizes.lineEvent)
        event.writeUInt32LE(high ? 1 : 2, 8)
        writeSync(edges, event)
      }
    },
  }
}
