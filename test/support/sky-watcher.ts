// Sky-Watcher's mounts at the far end of a serial line, both ways in which they are spoken to: through the SynScan hand
// controller, and straight to the motor board, as EQMOD does.
import { mover } from './serial-devices.js'
import type { SerialDevice } from './serial-line.js'

const turn = 0x1_0000_0000
const hex = (value: number, digits: number) =>
  Math.round(value).toString(16).toUpperCase().padStart(digits, '0').slice(-digits)
/** An angle in 2⁻³² of a turn, as SynScan has it. */
const angle = (deg: number) => hex(((((deg / 360) % 1) + 1) % 1) * turn, 8)

/** What a hand controller is asked: a letter, and for some of them bytes that are no text. */
const synscanCommand = /K[\s\S]|T[\s\S]|[rbs][\dA-F]{8},[\dA-F]{8}|H[\s\S]{8}|W[\s\S]{8}|P[\s\S]{7}|[VmJLeztpwhM]/

/**
 * The SynScan hand controller (serial protocol 3.3) of an aligned EQ6 on 46°30′ N 8° E. Its coordinates are J2000.
 */
export function fakeSynscan(): SerialDevice & {
  /** RA in hours and Dec in degrees, J2000. */
  place(): number[]
  moving(): boolean
  tracking(): boolean
} {
  const axes = mover([90, 40], 2_500)
  let mode = 2 // 0 off, 1 altazimuth, 2 equatorial
  const pair = ([a, b]: readonly number[]) => `${angle(a)},${angle(b)}#`
  const read = (command: string) => {
    const [ra, dec] = [command.slice(1, 9), command.slice(10)].map(one => (Number.parseInt(one, 16) / turn) * 360)
    return [ra, dec > 180 ? dec - 360 : dec]
  }
  const bytes = (...all: number[]) => `${String.fromCharCode(...all)}#`
  return {
    place: () => [axes.now()[0] / 15, axes.now()[1]],
    moving: axes.moving,
    tracking: () => mode !== 0,
    command: text => synscanCommand.exec(text)?.[0],
    answer(command) {
      switch (command[0]) {
        case 'K':
          return `${command[1]}#`
        case 'V':
          return '042707#'
        case 'm':
          return bytes(0)
        case 'J':
          return bytes(1)
        case 'L':
          return axes.moving() ? '1#' : '0#'
        case 'e':
          return pair(axes.now())
        case 'z':
          return pair([120, 50])
        case 't':
          return bytes(mode)
        case 'p':
          return 'W#'
        case 'w':
          return bytes(46, 30, 0, 0, 8, 0, 0, 0)
        case 'h':
          return bytes(21, 0, 0, 11, 29, 26, 0, 0)
        case 'T':
          mode = command.charCodeAt(1)
          break
        case 'r':
          mode = 2
          axes.go(read(command))
          break
        case 's':
          axes.set(read(command))
          break
        case 'M':
          axes.stop()
          break
      }
      return '#'
    },
  }
}

/** Microsteps of a whole turn, ticks of its timer in a second, and how much faster fast motion is: an EQ6's board. */
const board = { steps: 9_024_000, ticks: 64_935, fast: 16 }
const dayTicks = 86_164.1
/** How fast it slews, steps a second: 20° a second, where a real one does 3. */
const gotoRate = board.steps / 18

/** Three bytes, the low one first. */
const words = (value: number) => {
  const text = hex(value, 6)
  return text.slice(4) + text.slice(2, 4) + text.slice(0, 2)
}
/** The first of them is bit 0. */
const bits = (all: readonly boolean[]) => all.reduce((sum, one, bit) => sum + (Number(one) << bit), 0)
const number = (text: string) => Number.parseInt(text.slice(4) + text.slice(2, 4) + text.slice(0, 2), 16)

/** One axis of the motor board. */
function motor() {
  let at = 0x80_0000
  let sinceMs = Date.now()
  let mode = { goto: false, fast: false, back: false }
  let running = false
  let target = at
  let period = board.ticks
  let initialised = false
  /** Steps a second, with its sign. */
  const rate = () => {
    if (!running) return 0
    const speed = mode.goto ? gotoRate : (board.ticks / period) * (mode.fast ? board.fast : 1)
    return mode.back ? -speed : speed
  }
  const now = () => {
    const ms = Date.now()
    const step = (rate() * (ms - sinceMs)) / 1000
    sinceMs = ms
    if (running && mode.goto && Math.abs(step) >= Math.abs(target - at)) {
      at = target
      running = false
    } else at += step
    return at
  }
  return {
    now,
    running: () => {
      now()
      return running
    },
    /** Runs as fast as the sky turns, and not to a place. */
    tracking: () =>
      running && !mode.goto && Math.abs(board.ticks / rate() / (dayTicks * (board.ticks / board.steps)) - 1) < 0.01,
    answer(order: string, text: string): string {
      now()
      switch (order) {
        case 'e':
          return '=020700'
        case 'a':
          return `=${words(board.steps)}`
        case 'b':
          return `=${words(board.ticks)}`
        case 'g':
          return `=${hex(board.fast, 2)}`
        case 'j':
          return `=${words(Math.round(at))}`
        case 'f':
          return `=${[[!mode.goto, mode.back, mode.fast], [running], [initialised]].map(bits).join('')}`
        case 'F':
          initialised = true
          break
        case 'E':
          at = number(text)
          break
        case 'G':
          // The board refuses to be put into another mode on its way.
          if (running) return '!2'
          mode = { goto: '02'.includes(text[0]), fast: '03'.includes(text[0]), back: text[1] === '1' }
          break
        case 'H':
          target = at + (mode.back ? -number(text) : number(text))
          break
        case 'S':
          target = number(text)
          break
        case 'I':
          period = Math.max(1, number(text))
          break
        case 'J':
          running = true
          break
        case 'K':
        case 'L':
          running = false
          break
        case 'M':
        case 'U':
        case 'P':
          break
        default:
          return '!0' // a command it does not know
      }
      return '='
    },
  }
}

/** The motor board of an EQ6, firmware 2.07, which asks for no hand controller. */
export function fakeEqmod(): SerialDevice & {
  /** How far each axis is from where it was switched on, degrees. */
  place(): number[]
  moving(): boolean
  tracking(): boolean
} {
  const axes = [motor(), motor()]
  return {
    place: () => axes.map(axis => ((axis.now() - 0x80_0000) / board.steps) * 360),
    moving: () => axes.some(axis => axis.running()),
    tracking: () => axes[0].running() && axes[0].tracking(),
    command: text => /:[a-zA-Z][12][^\r]*\r/.exec(text)?.[0],
    answer: command => `${axes[Number(command[2]) - 1].answer(command[1], command.slice(3, -1))}\r`,
  }
}
