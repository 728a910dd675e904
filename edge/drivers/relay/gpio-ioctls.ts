// The structures of the GPIO character device, version 2, as <linux/gpio.h> lays them out. test/drivers/gpio.test.ts
// holds every number here against what the C compiler makes of that header.
const type = 0xb4

/** As the macros _IOR and _IOWR of <asm-generic/ioctl.h> make it. */
function ioctlNumber(direction: 'read' | 'both', number: number, bytes: number): number {
  return (((direction === 'read' ? 2 : 3) << 30) | (bytes << 16) | (type << 8) | number) >>> 0
}

const nameBytes = 32
const mostLines = 64
const mostAttributes = 10

export const sizes = {
  chipInfo: 68,
  lineInfo: 256,
  lineRequest: 592,
  lineConfig: 272,
  lineValues: 16,
  lineEvent: 48,
} as const

export const requests = {
  chipInfo: ioctlNumber('read', 0x01, sizes.chipInfo),
  lineInfo: ioctlNumber('both', 0x05, sizes.lineInfo),
  getLine: ioctlNumber('both', 0x07, sizes.lineRequest),
  setConfig: ioctlNumber('both', 0x0d, sizes.lineConfig),
  getValues: ioctlNumber('both', 0x0e, sizes.lineValues),
  setValues: ioctlNumber('both', 0x0f, sizes.lineValues),
} as const

export const offsets = {
  chipLabel: 32,
  chipLines: 64,
  infoOffset: 64,
  infoFlags: 72,
  requestConsumer: 256,
  requestConfig: 288,
  requestLines: 560,
  requestFd: 588,
  configFlags: 0,
  configAttributes: 8,
  configAttribute: 32,
  attributeId: 0,
  attributeValues: 8,
  attributeMask: 16,
  valuesBits: 0,
  valuesMask: 8,
} as const

export const flags = {
  used: 1n << 0n,
  activeLow: 1n << 1n,
  input: 1n << 2n,
  output: 1n << 3n,
  risingEdge: 1n << 4n,
  fallingEdge: 1n << 5n,
  pullUp: 1n << 8n,
  pullDown: 1n << 9n,
  noPull: 1n << 10n,
} as const

/** GPIO_V2_LINE_ATTR_ID_FLAGS, _OUTPUT_VALUES and _DEBOUNCE. */
export const attributes = { flags: 1, outputValues: 2, debounce: 3 } as const

export interface ChipInfo {
  readonly label: string
  readonly lines: number
}

export function readChipInfo(bytes: Buffer): ChipInfo {
  return { label: text(bytes, offsets.chipLabel), lines: bytes.readUInt32LE(offsets.chipLines) }
}

/** To be filled by the kernel. */
export function lineInfoOf(line: number): Buffer {
  const bytes = Buffer.alloc(sizes.lineInfo)
  bytes.writeUInt32LE(line, offsets.infoOffset)
  return bytes
}

export function readLineInfo(bytes: Buffer): { readonly name: string; readonly consumer: string; flags: bigint } {
  return { name: text(bytes, 0), consumer: text(bytes, nameBytes), flags: bytes.readBigUInt64LE(offsets.infoFlags) }
}

/** One line of a request. */
export interface WantedLine {
  /** Its number on the chip. */
  readonly line: number
  readonly flags: bigint
  /** First level of an output, in the owner's sense: active-low is the kernel's affair. */
  readonly on: boolean
  /** Of an input: it changes only when it has stood so long, µs. */
  readonly debounceMicros?: number
}

/** @param lines at most 64; lines of like flags share an attribute, of which there are 10 */
export function lineRequest(consumer: string, lines: readonly WantedLine[]): Buffer {
  if (lines.length > mostLines) throw new RangeError(`at most ${mostLines} lines`)
  const bytes = Buffer.alloc(sizes.lineRequest)
  for (const [at, { line }] of lines.entries()) bytes.writeUInt32LE(line, at * 4)
  bytes.write(consumer.slice(0, nameBytes - 1), offsets.requestConsumer, 'latin1')
  lineConfig(lines).copy(bytes, offsets.requestConfig)
  bytes.writeUInt32LE(lines.length, offsets.requestLines)
  return bytes
}

export function lineConfig(lines: readonly WantedLine[]): Buffer {
  const bytes = Buffer.alloc(sizes.lineConfig)
  const byFlags = new Map<bigint, bigint>()
  let on = 0n
  for (const [at, line] of lines.entries()) {
    byFlags.set(line.flags, (byFlags.get(line.flags) ?? 0n) | (1n << BigInt(at)))
    if (line.on) on |= 1n << BigInt(at)
  }
  const [[common], ...others] = byFlags
  const outputs = maskOf(lines, line => (line.flags & flags.output) !== 0n)
  const rows = others.map(([value, mask]) => ({ id: attributes.flags as number, value, mask }))
  if (outputs !== 0n) rows.push({ id: attributes.outputValues, value: on & outputs, mask: outputs })
  const debounces = new Set(lines.flatMap(({ debounceMicros = 0 }) => (debounceMicros > 0 ? [debounceMicros] : [])))
  for (const micros of debounces) {
    const mask = maskOf(lines, line => line.debounceMicros === micros)
    // It shares the place of the values, as the lower half of them.
    rows.push({ id: attributes.debounce, value: BigInt(micros), mask })
  }
  if (rows.length > mostAttributes) throw new RangeError(`more than ${mostAttributes} kinds of lines`)
  bytes.writeBigUInt64LE(common, offsets.configFlags)
  bytes.writeUInt32LE(rows.length, offsets.configAttributes)
  for (const [at, { id, value, mask }] of rows.entries()) {
    const start = offsets.configAttribute + at * 24
    bytes.writeUInt32LE(id, start + offsets.attributeId)
    bytes.writeBigUInt64LE(value, start + offsets.attributeValues)
    bytes.writeBigUInt64LE(mask, start + offsets.attributeMask)
  }
  return bytes
}

export const fdOf = (request: Buffer): number => request.readInt32LE(offsets.requestFd)

/** @param mask which lines of the request are meant, bit 0 the first */
export function lineValues(mask: bigint, on = 0n): Buffer {
  const bytes = Buffer.alloc(sizes.lineValues)
  bytes.writeBigUInt64LE(on, offsets.valuesBits)
  bytes.writeBigUInt64LE(mask, offsets.valuesMask)
  return bytes
}

export const bitsOf = (values: Buffer): bigint => values.readBigUInt64LE(offsets.valuesBits)

function maskOf(lines: readonly WantedLine[], has: (line: WantedLine) => boolean): bigint {
  return lines.reduce((mask, line, at) => (has(line) ? mask | (1n << BigInt(at)) : mask), 0n)
}

function text(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start)
  return bytes.toString('latin1', start, end < 0 ? start + nameBytes : Math.min(end, start + nameBytes))
}
