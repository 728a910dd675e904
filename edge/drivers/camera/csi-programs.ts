// The programs behind CSI cameras, and which cameras they see. They are called rpicam-… now, libcamera-… on older
// systems; the name is looked up once when the device is opened.
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import { type Ending, findProgram, runProgram } from '../link/program.js'

export interface CsiPrograms {
  readonly still: string
  readonly vid: string
  /** They call themselves rpicam-…: since 2023, and able to give raw pictures unpacked. */
  readonly recent: boolean
}

export interface SeenCamera {
  /** For `--camera`. */
  readonly number: number
  /** `imx477`. */
  readonly sensor: string
  readonly width: number
  readonly height: number
  readonly bits?: number
  readonly mono: boolean
  /** Its place in the device tree: the same as long as it stays in its socket. */
  readonly id: string
}

const listMs = 20_000
const mostListBytes = 64 * 1024

/** @param folder of the programs; PATH when absent */
export async function findPrograms(folder: string | undefined): Promise<CsiPrograms> {
  for (const family of ['rpicam', 'libcamera']) {
    const [still, vid] = await Promise.all(
      ['still', 'vid'].map(kind => findProgram(folder ? `${folder}/${family}-${kind}` : `${family}-${kind}`)),
    )
    if (still && vid) return { still, vid, recent: family === 'rpicam' }
  }
  const fix = 'Install them: sudo apt install rpicam-apps-lite, on Raspberry Pi OS or the image'
  throw new Fault('not-found', 'the programs rpicam-still and rpicam-vid are not there', fix)
}

/** Rejects with `offline` when there is none, `timeout` when the program hangs. */
export async function listCameras(
  { still }: CsiPrograms,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  outer: AbortSignal,
): Promise<SeenCamera[]> {
  let told = ''
  const limit = clock.deadline(listMs, 'listing the CSI cameras', outer)
  const decoder = new TextDecoder()
  const onBytes = (bytes: Uint8Array) => {
    told = (told + decoder.decode(bytes, { stream: true })).slice(0, mostListBytes)
  }
  try {
    const run = { program: still, args: ['--list-cameras'], clock, log, onBytes }
    const ending = await clock.outside(runProgram(run, limit.signal))
    if (limit.signal.aborted) throw limit.signal.reason
    const cameras = camerasIn(told)
    if (cameras.length > 0) return cameras
    throw new Fault('offline', `no CSI camera is seen${saying(ending)}`, plugIn)
  } finally {
    limit.cancel()
  }
}

const plugIn = 'Check its ribbon cable with the power off, and its dtoverlay in config.txt; then start the Pi again'

/** Lines as `0 : imx477 [4056x3040 12-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx477@1a)`; older ones say the size alone. */
export function camerasIn(text: string): SeenCamera[] {
  const line = /^\s*(\d+) : (\S+) \[(\d+)x(\d+)(?: (\d+)-bit (\w+))?[^\]]*\] \((\/.+)\)\s*$/gm
  return [...text.matchAll(line)].map(([, number, sensor, width, height, bits, colours, id]) => ({
    number: Number(number),
    sensor,
    width: Number(width),
    height: Number(height),
    ...(bits === undefined ? {} : { bits: Number(bits) }),
    mono: colours === 'MONO',
    id,
  }))
}

/** Some of Debian 13 crash when they are told to show nothing (--nopreview); without a screen they do so anyway. */
export const crashed = ({ signal }: Ending): boolean => /^SIG(SEGV|ABRT|BUS)$/.test(signal ?? '')

export const saying = ({ how, words }: Ending): string => `: it ${how}${words ? `, saying ${words}` : ''}`

/** What a program's last words mean. */
export function faultOfEnding(ending: Ending, what: string): Fault {
  const said = `${what}${saying(ending)}`
  const { words } = ending
  if (/no cameras available/i.test(words)) return new Fault('offline', said, plugIn)
  if (/failed to acquire|in use by another|resource busy|failed to start camera/i.test(words)) {
    return new Fault('busy', said, 'Another program uses the camera: close it')
  }
  if (/timeout detected/i.test(words)) return new Fault('timeout', said, plugIn)
  return new Fault('broken', said, 'It is tried again; if it stays so, update rpicam-apps')
}
