// The AAG CloudWatcher's language: blocks of 15 characters, a handshake block at the end of every answer.
// Source: Lunático Astronomía, "AAG CloudWatcher RS232 communications protocol", v1.00 to v1.40.
import { nonsense } from '../link/serial/question.js'

const blockLength = 15
/** `!`, XON, spaces, `0`. */
const handshake = /^!\x11 {12}0$/

/** By the letters after the `!` of each block, what it says; undefined while the answer is not whole. */
export function aagBlocks(heard: string): ReadonlyMap<string, string> | undefined {
  if (heard.length < blockLength || heard.length % blockLength !== 0) return undefined
  const blocks = Array.from({ length: heard.length / blockLength }, (_, n) =>
    heard.slice(n * blockLength, (n + 1) * blockLength),
  )
  if (!handshake.test(blocks.at(-1)!)) return undefined
  const said = new Map<string, string>()
  for (const block of blocks.slice(0, -1)) {
    if (block[0] !== '!') throw nonsense('the CloudWatcher', heard)
    said.set(block.slice(1, 3).trim(), block.slice(3).trim())
  }
  return said
}

/** A whole number out of an answer; undefined when the block is not there (an instrument it lacks). */
export function aagNumber(said: ReadonlyMap<string, string>, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const text = said.get(name)
    if (text !== undefined && /^-?\d+$/.test(text)) return Number(text)
  }
  return undefined
}

/** Zener diode against the supply: 3 V over the 10-bit value (v1.00, "C!"). */
export const aagVolts = (raw: number): number => (1023 * 3) / raw

/** The NTC in the air of models before firmware 5.6: 9.9 kΩ pull-up, 10 kΩ at 25 °C, β 3811 (v1.00, constants). */
export function aagAmbientCelsius(raw: number): number {
  const clipped = Math.min(1022, Math.max(1, raw))
  const ratio = Math.log(9.9 / (1023 / clipped - 1) / 10)
  return 1 / (ratio / 3811 + 1 / 298.15) - 273.15
}

/** The SHT sensor's temperature, °C: whole steps (`t`), or 16 bits (`th`) since firmware 5.8 (v1.30). */
export const aagCelsius = (raw: number, fine: boolean): number => raw * (fine ? 175.72 / 65_536 : 1.7572) - 46.85

/** The SHT sensor's humidity, %: whole steps (`h`), or 16 bits (`hh`). */
export const aagHumidity = (raw: number, fine: boolean): number =>
  Math.min(100, Math.max(0, raw * (fine ? 125 / 65_536 : 1.2) - 6))
