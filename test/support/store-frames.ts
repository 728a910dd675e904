// Frames, orders and stores for tests of what is kept.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Clock } from '../../edge/ports/clock.js'
import type { Frame, Lent } from '../../edge/ports/frame.js'
import type { LogLine } from '../../edge/ports/log.js'
import type { Order } from '../../edge/ports/store.js'
import { dateObsMs } from '../../edge/science/fits-date.js'
import { numberOf } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { bytesPerSample, type SampleType, viewSamples } from '../../edge/science/samples.js'
import { createLog } from '../../edge/spine/log.js'

export interface CountedMemory extends Lent {
  holders(): number
}

export function memoryOf(byteLength: number): CountedMemory {
  let holders = 1
  return {
    buffer: new SharedArrayBuffer(byteLength),
    byteLength,
    hold: () => void holders++,
    release: () => void holders--,
    holders: () => holders,
  }
}

/** Samples count up from `first`, so that every frame is its own. */
export function frameOf(
  {
    width = 16,
    height = 8,
    planes = 1,
    type = 'u16',
    first = 0,
  }: {
    width?: number
    height?: number
    planes?: number
    type?: SampleType
    first?: number
  },
  more: Partial<Frame> = {},
): Frame & { memory: CountedMemory } {
  const count = width * height * planes
  const memory = memoryOf(count * bytesPerSample[type])
  const samples = viewSamples(type, memory.buffer, 0, count)
  for (let i = 0; i < count; i++) samples[i] = first + i
  return {
    width,
    height,
    planes,
    type,
    samples,
    topDown: true,
    startedMs: Date.UTC(2026, 2, 21, 21, 4, 12, 512),
    exposureSeconds: 60,
    binning: { x: 1, y: 1 },
    cards: [],
    ...more,
    memory,
  }
}

export function orderOf(id: string, more: Partial<Order> = {}): Order {
  return { id, camera: 'main', frameType: 'light', object: 'M 31', filter: 'L', number: 1, total: 3, ...more }
}

/** A file of the shared data as a replaying camera would give it. */
export function frameFromFile(file: string): Frame & { memory: CountedMemory } {
  let memory: CountedMemory | undefined
  const image = readFitsImage(readFileSync(file), byteLength => {
    memory = memoryOf(byteLength)
    return memory.buffer
  })
  return {
    ...image,
    memory: memory as CountedMemory,
    startedMs: dateObsMs(image.cards) ?? 0,
    exposureSeconds: numberOf(image.cards, 'EXPTIME') ?? 0,
    binning: { x: 1, y: 1 },
  }
}

export function collectedLog(clock: Clock) {
  const lines: LogLine[] = []
  return { log: createLog(clock, line => lines.push(line), 'debug'), lines }
}

/** What fitsverify says of each file, one line each; it checks DATASUM and CHECKSUM too. */
export function fitsverify(files: readonly string[]): string[] {
  const { stdout } = spawnSync('fitsverify', ['-q', ...files], { encoding: 'utf8' })
  return stdout.trim().split('\n')
}

export const noFitsverify = spawnSync('fitsverify').error !== undefined && 'fitsverify is not installed'

/** Debian's python, which has astropy; the first one on the path may be another. */
export const python = '/usr/bin/python3'
export const noAstropy = spawnSync(python, ['-c', 'import astropy']).status !== 0 && 'python3-astropy is not installed'
