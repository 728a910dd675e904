// Base64 as it comes off a socket, in pieces cut anywhere, straight into memory that is already there. A BLOB of 40 MB
// never exists as a string.
import { Buffer } from 'node:buffer'
import { Fault } from '../../../ports/fault.js'

export interface Base64Stream {
  /** @param piece characters of the alphabet with any whitespace between; cut anywhere */
  write(piece: Buffer): void
  /** How many bytes were written in all. Throws `broken` when the text stopped inside a group of four. */
  end(): number
}

const newline = 0x0a
const blank = 0x20

/**
 * Decodes into `target`, in order, and passes over everything beyond its end: servers pad (INDI 1.9.9 sends a whole MiB
 * behind a compressed image), and `target` is as long as what is valid. Throws `broken` on characters outside the
 * alphabet. Method: RFC 4648 §4.
 */
export function base64Stream(target: Uint8Array): Base64Stream {
  const bytes = Buffer.from(target.buffer, target.byteOffset, target.byteLength)
  let written = 0
  let carry = '' // up to three characters waiting for the rest of their group
  let padded = false

  const decode = (text: string) => {
    if (written >= bytes.length) return
    if (padded) throw corrupt('goes on after its padding')
    let wanted = (text.length / 4) * 3
    if (text.endsWith('=')) {
      padded = true
      wanted -= text.endsWith('==') ? 2 : 1
    }
    wanted = Math.min(wanted, bytes.length - written)
    const got = bytes.write(text, written, wanted, 'base64')
    // The native decoder passes over foreign characters; the count tells.
    if (got !== wanted) throw corrupt('has characters that are not base64')
    written += got
  }
  const run = (piece: Buffer) => {
    if (piece.length === 0) return
    let start = 0
    if (carry) {
      start = Math.min(4 - carry.length, piece.length)
      carry += piece.toString('latin1', 0, start)
      if (carry.length < 4) return
      decode(carry)
      carry = ''
    }
    const whole = (piece.length - start) & ~3
    if (whole > 0) decode(piece.toString('latin1', start, start + whole))
    carry = piece.toString('latin1', start + whole)
  }

  return {
    write(piece) {
      let start = 0
      while (start < piece.length && written < bytes.length) {
        const found = piece.indexOf(newline, start)
        const stop = found < 0 ? piece.length : found
        const line = trimmed(piece, start, stop)
        run(hasBlank(line) ? Buffer.from(line.toString('latin1').replace(/\s+/g, ''), 'latin1') : line)
        start = stop + 1
      }
    },
    end() {
      if (written < bytes.length && carry) throw corrupt('stops inside a group of four characters')
      return written
    },
  }
}

function trimmed(piece: Buffer, start: number, stop: number): Buffer {
  while (start < stop && piece[start] <= blank) start++
  while (stop > start && piece[stop - 1] <= blank) stop--
  return piece.subarray(start, stop)
}

/** Blanks and tabs inside a line are lawful and rare; anything at all after padding is looked at by `decode`. */
function hasBlank(line: Buffer): boolean {
  return line.includes(blank) || line.includes(0x09) || line.includes(0x0d)
}

function corrupt(how: string): Fault {
  return new Fault('broken', `an INDI image ${how}`, 'Take it again; if it stays so, update the INDI driver')
}
