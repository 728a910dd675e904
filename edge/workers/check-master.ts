// A master that was made elsewhere, read whole before it is taken in: a night is not the time to learn that it is none.
import { basename } from 'node:path'
import { Fault } from '../ports/fault.js'
import type { MasterKind } from '../science/master-cards.js'
import { countUsable, uselessWords } from '../science/masters.js'
import { type FrameFile, openFrameFile } from './frame-file.js'
import { rowReader } from './row-reader.js'

const rowsAtATime = 16

/**
 * @param file absolute path
 * @throws Fault `bad-input` for a file that is cut short or cannot be read, and for samples that calibrate nothing
 */
export function checkMaster(file: string, kind: MasterKind): void {
  const wrong = (words: string, cause?: unknown) =>
    new Fault('bad-input', `the ${kind} ${basename(file)} ${words}`, 'Save it anew and send it again', { cause })
  let opened: FrameFile | undefined
  try {
    opened = openFrameFile(file)
    const { raw } = opened
    const { width, height, planes } = raw
    const read = rowReader(width, rowsAtATime)
    const rows = new Float32Array(rowsAtATime * width)
    let usable = 0
    for (let row = 0; row < height * planes; row += rowsAtATime) {
      const strip = rows.subarray(0, Math.min(rowsAtATime, height * planes - row) * width)
      read(raw, row, strip)
      usable += countUsable(kind, strip)
    }
    const words = uselessWords(kind, usable, width * height * planes)
    if (words) throw wrong(words)
  } catch (error) {
    throw error instanceof Fault ? error : wrong(`cannot be read: ${(error as Error).message}`, error)
  } finally {
    opened?.close()
  }
}
