// One exposure of a CSI camera: the program is run, writes a DNG into memory-backed files, and that is read.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock } from '../../ports/clock.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Lend, Lent } from '../../ports/frame.js'
import type { Log } from '../../ports/log.js'
import { type Dng, readDng } from '../../science/dng.js'
import { ScienceError } from '../../science/science-error.js'
import { type Ending, runProgram } from '../link/program.js'
import { type CsiPrograms, crashed, faultOfEnding, type SeenCamera, saying } from './csi-programs.js'

export interface StillOrder {
  readonly seconds: number
  readonly gain: number
  /** Without looking through the camera first, which would take as long as the exposure, several times. */
  readonly immediate: boolean
}

export interface TakenStill {
  readonly memory: Lent
  readonly dng: Dng
  /** Unix ms UTC of shutter open: what the program's word that the picture has come leaves of it. */
  readonly startedMs: number
}

export interface StillTools {
  readonly programs: CsiPrograms
  readonly camera: SeenCamera
  readonly clock: Clock
  readonly log: Log
  readonly lend: Lend
  tell(phase: 'exposing' | 'reading' | 'downloading'): void
}

const memoryFolder = '/dev/shm'
/** A raw picture of 64 megapixels and its directories. */
const mostBytes = 2 ** 28
/** Copied in one go before others get their turn of the event loop. */
const stripBytes = 2 ** 22

export interface Still {
  /** Rejects with the signal's reason, `busy`, `offline`, `broken`. */
  take(order: StillOrder, tools: StillTools, signal: AbortSignal): Promise<TakenStill>
}

export function csiStill(): Still {
  let nopreview = true
  return {
    async take(order, tools, signal) {
      const parent = await stat(memoryFolder).then(
        () => memoryFolder,
        () => tmpdir(),
      )
      const folder = await mkdtemp(path.join(parent, 'pierside-csi-'))
      try {
        const first = await runOnce(order, tools, { folder, nopreview }, signal)
        if (first.dngBytes === undefined && nopreview && crashed(first.ending)) {
          nopreview = false
          tools.log.warn(`${tools.programs.still} crashed without a preview: it is tried with one`)
          return await readTaken(order, tools, await runOnce(order, tools, { folder, nopreview }, signal), signal)
        }
        return await readTaken(order, tools, first, signal)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

interface Done {
  readonly ending: Ending
  readonly file: string
  /** Of the file; undefined when there is none. */
  readonly dngBytes: number | undefined
  /** When the program said that the picture has come, or else when it ended. */
  readonly cameMs: number
}

async function runOnce(
  order: StillOrder,
  tools: StillTools,
  { folder, nopreview }: { readonly folder: string; readonly nopreview: boolean },
  signal: AbortSignal,
): Promise<Done> {
  const { programs, clock, log, tell } = tools
  let cameMs: number | undefined
  let heard = ''
  const onWords = (text: string) => {
    heard = (heard + text).slice(-1000)
    if (cameMs !== undefined || !/still capture image received/i.test(heard)) return
    cameMs = clock.now()
    tell('reading')
  }
  tell('exposing')
  const args = stillArguments(order, tools, path.join(folder, 'picture.jpg'), nopreview)
  const run = { program: programs.still, args, clock, log, onBytes: () => undefined, onWords }
  const ending = await clock.outside(runProgram(run, signal))
  if (signal.aborted) throw reasonOf(signal)
  const file = path.join(folder, 'picture.dng')
  const dngBytes = await stat(file).then(
    ({ size }) => size,
    () => undefined,
  )
  return { ending, file, dngBytes, cameMs: cameMs ?? clock.now() }
}

function stillArguments(
  { seconds, gain, immediate }: StillOrder,
  { programs, camera }: Pick<StillTools, 'programs' | 'camera'>,
  file: string,
  nopreview: boolean,
): string[] {
  const { width, height, bits } = camera
  // Unpacked, or a Pi 5 would compress it with loss; programs of the older name can only read it packed.
  const mode = bits === undefined ? [] : ['--mode', `${width}:${height}:${bits}:${programs.recent ? 'U' : 'P'}`]
  return [
    ...['--camera', String(camera.number), ...mode],
    ...(nopreview ? ['--nopreview'] : []),
    ...(immediate ? ['--immediate'] : ['--timeout', '1']),
    ...['--shutter', String(Math.max(1, Math.round(seconds * 1e6))), '--gain', String(gain)],
    // Nothing that looks at the picture: its raw samples stay as they are, and a search for colours takes seconds.
    ...['--awbgains', '1,1', '--denoise', 'off', '--quality', '50'],
    ...['--raw', '--output', file],
  ]
}

/** A crash after the picture was written costs nothing. */
async function readTaken(order: StillOrder, tools: StillTools, done: Done, signal: AbortSignal): Promise<TakenStill> {
  const { clock, log, lend, tell, camera } = tools
  const { ending, file, dngBytes, cameMs } = done
  if (dngBytes === undefined) throw faultOfEnding(ending, `${camera.sensor} gave no picture`)
  if (dngBytes > mostBytes) throw strange(camera, `a picture of ${dngBytes} bytes`)
  tell('downloading')
  const bytes = await clock.outside(readFile(file))
  const dng = parsed(bytes, camera, ending)
  if (ending.how !== 'ended') log.warn(`the program of ${camera.sensor} gave its picture, and then ${ending.how}`)
  const memory = await lend(dng.width * dng.height * dng.sampleBytes, signal)
  try {
    const into = new Uint8Array(memory.buffer, 0, dng.width * dng.height * dng.sampleBytes)
    let at = 0
    for (const { offset, byteLength } of dng.strips) {
      into.set(bytes.subarray(offset, offset + byteLength), at)
      if (Math.floor(at / stripBytes) !== Math.floor((at + byteLength) / stripBytes)) await clock.sleep(0, signal)
      at += byteLength
    }
    if (signal.aborted) throw reasonOf(signal)
  } catch (error) {
    memory.release()
    throw error
  }
  const seconds = dng.exposureSeconds ?? order.seconds
  return { memory, dng, startedMs: cameMs - seconds * 1000 }
}

function parsed(bytes: Uint8Array, camera: SeenCamera, ending: Ending): Dng {
  try {
    return readDng(bytes)
  } catch (error) {
    if (!(error instanceof ScienceError)) throw error
    throw strange(camera, `a picture that cannot be read, ${error.message}${saying(ending)}`, error)
  }
}

function strange({ sensor }: SeenCamera, what: string, cause?: unknown): Fault {
  return new Fault('broken', `${sensor} gave ${what}`, 'Take it again', { cause })
}
