// FITS read to floats in the kernels' memory, and written, beside cfitsio at the same files in the same minute. CPU
// time of each process, alternated, medians; one JSON line each. Lower is better, 1 is as fast as cfitsio.
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { ownKernels } from '../../edge/kernels/kernel-module.js'
import {
  type FitsEncoding,
  packedEncoding,
  packingScratchBytes,
  plainEncoding,
  stripBytes,
} from '../../edge/science/fits-encoding.js'
import type { Image } from '../../edge/science/samples.js'
import { decodeToFloat } from '../../edge/science/stored-samples.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { openFrameFile, readRows, rowsBytes } from '../../edge/workers/frame-file.js'
import { readWholeImage } from '../../edge/workers/whole-image.js'
import { benchmark, median, rounds, to2 } from '../support/benchmark.js'

const width = 4656
const height = 3520
const stripRows = 64

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** A sky of 1000 ADU with noise of 20, as fpack likes it neither much nor little. */
function skyOf(type: 'u16' | 'f32'): Image {
  const samples = type === 'u16' ? new Uint16Array(width * height) : new Float32Array(width * height)
  const random = seededRandom(3).next
  const noise = Float32Array.from({ length: 65_521 }, () => 1000 + 40 * (random() + random() + random() - 1.5))
  for (let i = 0; i < samples.length; i++) samples[i] = noise[(i * 7 + (i >> 11)) % noise.length]
  return { width, height, planes: 1, type, samples, topDown: true }
}

interface Yardstick {
  /** CPU milliseconds of one deed of `fits-yardstick.c`. */
  ask(verb: string, file: string): Promise<number>
  close(): void
}

function cfitsio(folder: string): Yardstick | undefined {
  const program = path.join(folder, 'fits-yardstick')
  const source = path.join('test', 'bench', 'fits-yardstick.c')
  if (spawnSync('gcc', ['-O2', '-o', program, source, '-lcfitsio', '-lm']).status !== 0) return undefined
  const child = spawn(program, [String(width), String(height)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(verb, file) {
      child.stdin.write(`${verb} ${file}\n`)
      const [status, ms] = String((await answers.next()).value)
        .split(' ')
        .map(Number)
      if (status !== 0) throw new Error(`cfitsio says ${status} to ${verb} ${file}`)
      return ms
    },
    close: () => child.stdin.end(),
  }
}

await benchmark(async ({ tell, tellAbsent, teardown }) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-fits-bench-'))
  teardown(() => rmSync(folder, { recursive: true }))
  const yardstick = cfitsio(folder)
  if (yardstick) teardown(() => yardstick.close())
  const at = (name: string) => path.join(folder, name)
  const skies = { u16: skyOf('u16'), f32: skyOf('f32') }
  const scratch = Math.ceil(Math.max(packingScratchBytes(skies.u16), 4 * width * stripRows) / 64) * 64
  const hand = ownKernels(scratch + 3 * stripBytes + 4 * width * height)
  const strip = hand.scratch + scratch
  const plane = strip + 3 * stripBytes

  const write = (name: string, encode: () => FitsEncoding) => {
    rmSync(at(name), { force: true })
    const encoding = encode()
    const file = openSync(at(name), 'wx')
    let position = encoding.headBytes
    for (let count = encoding.next(strip); count > 0; count = encoding.next(strip)) {
      position += writeSync(file, hand.views.u8, strip, count, position)
    }
    writeSync(file, new Uint8Array(Math.ceil(position / 2880) * 2880 - position), 0, undefined, position)
    writeSync(file, encoding.head(), 0, undefined, 0)
    closeSync(file)
  }
  const read = (name: string) => {
    const { raw, close } = openFrameFile(at(name))
    for (let row = 0; row < height; row += stripRows) {
      const rows = Math.min(stripRows, height - row)
      const { form, offset } = readRows(hand, raw, row, rows, hand.scratch)
      const from = offset + (row * width * rowsBytes(raw, 1)) / width
      decodeToFloat(hand, form, from, plane + 4 * width * row, width * rows)
    }
    close()
  }

  const trials: { name: string; gate?: number; ours: () => void; verb: string; file: string }[] = [
    {
      name: 'fits-write-u16',
      gate: 1,
      ours: () => write('u16.fits', () => plainEncoding(hand, skies.u16, [])),
      verb: 'put',
      file: 'c16.fits',
    },
    {
      name: 'fits-write-f32',
      gate: 1,
      ours: () => write('f32.fits', () => plainEncoding(hand, skies.f32, [])),
      verb: 'floats',
      file: 'c32.fits',
    },
    { name: 'fits-read-u16', gate: 1 / 1.3, ours: () => read('u16.fits'), verb: 'read', file: 'u16.fits' },
    { name: 'fits-read-f32', ours: () => read('f32.fits'), verb: 'read', file: 'f32.fits' },
    {
      name: 'fits-pack-u16',
      ours: () => write('u16.fits.fz', () => packedEncoding(hand, skies.u16, [])),
      verb: 'pack',
      file: 'c16.fits.fz',
    },
    { name: 'fits-unpack-u16', ours: () => readWholeImage(at('u16.fits.fz')), verb: 'words', file: 'u16.fits.fz' },
  ]
  for (const { name, gate, ours, verb, file } of trials) {
    const mine: number[] = []
    const theirs: number[] = []
    for (let round = -2; round < Math.max(5, rounds); round++) {
      const [our, their] = [cpuMs(ours), yardstick ? await yardstick.ask(verb, at(file)) : Number.NaN]
      // The first ones warm compiler and cache.
      if (round >= 0) mine.push(our)
      if (round >= 0) theirs.push(their)
    }
    const figures = { unit: 'of cfitsio', ourMs: to2(median(mine)), cfitsioMs: to2(median(theirs)) }
    if (!yardstick) tellAbsent(name, 'cfitsio (libcfitsio-dev, gcc)')
    else tell({ name, value: to2(median(mine) / median(theirs)), ...(gate ? { gate: to2(gate) } : {}), ...figures })
  }
  const [whole, packed] = ['u16.fits', 'u16.fits.fz'].map(name => statSync(at(name)).size)
  tell({ name: 'fits-packed-size', value: to2(whole / packed), unit: 'times smaller', bytes: packed })
})
