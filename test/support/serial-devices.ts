// Fakes of devices at the far end of a serial line, each speaking its maker's protocol as far as INDI's driver uses it.
import { colonCommand, type SerialDevice } from './serial-line.js'

/** Moves from one place to another in so many ms, and can be stopped on its way. */
export function mover(at: readonly number[], ms: number) {
  let move = { from: at, to: at, startMs: 0 }
  const part = () => Math.min(1, (Date.now() - move.startMs) / ms)
  const now = () => move.from.map((from, i) => from + (move.to[i] - from) * part())
  return {
    now,
    moving: () => part() < 1,
    go: (to: readonly number[]) => {
      move = { from: now(), to, startMs: Date.now() }
    },
    stop: () => {
      move = { from: now(), to: now(), startMs: 0 }
    },
    set: (to: readonly number[]) => {
      move = { from: to, to, startMs: 0 }
    },
  }
}

const pad = (value: number, digits: number) => String(Math.round(value)).padStart(digits, '0')

/** Hours or degrees as `HH:MM:SS` with the separators given. */
function sexagesimal(value: number, first: string): string {
  const seconds = Math.round(Math.abs(value) * 3600)
  return `${pad(Math.floor(seconds / 3600), 2)}${first}${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`
}

/** `HH:MM:SS`, `sDD*MM:SS` and the like, in hours or degrees. */
function read(text: string): number {
  const [big, middle = 0, small = 0] = text.match(/\d+(\.\d+)?/g)!.map(Number)
  return (text.trim().startsWith('-') ? -1 : 1) * (big + middle / 60 + small / 3600)
}

/** Meade's LX200 command set, the part that every dialect shares. */
export function fakeLx200(): SerialDevice & { readonly place: () => number[] } {
  const axes = mover([6, 40], 2_500)
  const target = [0, 0]
  return {
    place: axes.now,
    command: colonCommand,
    answer(command) {
      const [ra, dec] = axes.now()
      if (command === '\x06') return 'P'
      if (command === ':GR#') return `${sexagesimal(ra, ':')}#`
      if (command === ':GD#') return `${dec < 0 ? '-' : '+'}${sexagesimal(dec, '*')}#`
      if (command === ':D#') return axes.moving() ? '\x7f#' : '#'
      if (command === ':CM#') {
        axes.set([...target])
        return 'Coordinates matched.        #'
      }
      if (command === ':MS#') {
        axes.go([...target])
        return '0'
      }
      if (command.startsWith(':Q')) axes.stop()
      if (command.startsWith(':Sr')) target[0] = read(command.slice(3))
      if (command.startsWith(':Sd')) target[1] = read(command.slice(3))
      return /^:S[rd]/.test(command) ? '1' : ''
    },
  }
}

/** iOptron's RS-232 command language 3, as a GEM45 on 46.5° north. Angles in hundredths of an arcsecond. */
export function fakeIoptron(): SerialDevice & { readonly state: () => 'stopped' | 'tracking' | 'slewing' | 'parked' } {
  const units = 360_000
  const axes = mover([90 * units, 40 * units], 2_500)
  const target = [0, 0]
  let tracking = true
  let parks = false
  const state = () => {
    if (axes.moving()) return 'slewing'
    return parks ? 'parked' : tracking ? 'tracking' : 'stopped'
  }
  const digit = { stopped: 0, tracking: 1, slewing: 2, parked: 6 }
  return {
    state,
    command: colonCommand,
    answer(command) {
      const [ra, dec] = axes.now()
      switch (command) {
        case ':MountInfo#':
          return '0043'
        case ':FW1#':
        case ':FW2#':
          return '210105210105#'
        case ':GLS#':
          return `+${pad(8 * units, 8)}${pad(136.5 * units, 8)}1${digit[state()]}0911#`
        case ':GEP#':
          return `${dec < 0 ? '-' : '+'}${pad(Math.abs(dec), 8)}${pad(ra, 9)}11#`
        case ':GUT#':
          return `+0000${pad(Date.now() - Date.UTC(2000, 0, 1, 12), 13)}#`
        case ':AG#':
          return '5050#'
        case ':GMT#':
          return '110#'
        case ':MS1#':
        case ':MS2#':
          tracking = true
          axes.go([...target])
          return '1'
        case ':CM#':
          axes.set([...target])
          return '1'
        case ':MP1#':
          parks = true
          tracking = false
          axes.go([0, 89 * units])
          return '1'
        case ':MP0#':
          parks = false
          return '1'
        case ':Q#':
          axes.stop()
          parks = false
          return '1'
        case ':ST0#':
        case ':ST1#':
          tracking = command === ':ST1#'
          return '1'
      }
      if (command.startsWith(':SRA')) target[0] = Number(command.slice(4, -1))
      if (command.startsWith(':Sd')) target[1] = Number(command.slice(3, -1))
      // Pulses and arrows get no answer, settings a 1.
      return /^:(M[nsew]|m[nsew]|Z)/.test(command) ? '' : '1'
    },
  }
}

/** Moonlite's focuser controller. */
export function fakeMoonlite(): SerialDevice & { readonly place: () => number } {
  const motor = mover([20_000], 1_500)
  let target = 0
  const hex = (value: number, digits: number) => Math.round(value).toString(16).toUpperCase().padStart(digits, '0')
  return {
    place: () => Math.round(motor.now()[0]),
    command: colonCommand,
    answer(command) {
      if (command === ':GP#') return `${hex(motor.now()[0], 4)}#`
      if (command === ':GI#') return motor.moving() ? '01#' : '00#'
      if (command === ':GT#') return '0014#' // 10 °C in half degrees
      if (command === ':GD#') return '04#'
      if (command === ':GH#') return '00#'
      if (command === ':GV#') return '10' // the one answer without an end
      if (command.startsWith(':SN')) target = Number.parseInt(command.slice(3, -1), 16)
      if (command === ':FG#') motor.go([target])
      if (command === ':FQ#') motor.stop()
      if (command.startsWith(':SP')) motor.set([Number.parseInt(command.slice(3, -1), 16)])
      return ''
    },
  }
}

/** Baader Planetarium's dome: nine characters each way; azimuth in tenths of a degree. */
export function fakeBaader(): SerialDevice & { readonly shutter: () => number } {
  const slit = mover([900], 1_500)
  const shutter = mover([0], 2_500)
  let flap = 'clo'
  const end = (now: number) => (now === 0 ? 'clo' : now === 1 ? 'ope' : 'run')
  return {
    shutter: () => shutter.now()[0],
    command: text => /d#[a-z0-9]{7}/.exec(text)?.[0],
    answer(command) {
      const what = command.slice(2)
      if (what === 'getazim') return `d#az${slit.moving() ? 'i' : 'r'}${pad(slit.now()[0], 4)}`
      if (what === 'getshut') return `d#shut${shutter.moving() ? 'run' : end(shutter.now()[0])}`
      if (what === 'getflap') return `d#flap${flap}`
      if (what === 'opeshut') shutter.go([1])
      if (what === 'closhut') shutter.go([0])
      if (what === 'opeflap') flap = 'ope'
      if (what === 'cloflap') flap = 'clo'
      if (what === 'stopdom') slit.stop()
      if (what.startsWith('azi')) slit.go([Number(what.slice(3))])
      return 'd#gotmess'
    },
  }
}

/** Pegasus Astro's Ultimate Powerbox 2: a line each way; dew heaters from 0 to 255. */
export function fakePegasus(): SerialDevice & { readonly outlets: number[]; readonly heaters: number[] } {
  const outlets = [1, 1, 1, 1]
  const heaters = [0, 0, 0]
  return {
    outlets,
    heaters,
    command: text => /[^\n]*\n/.exec(text)?.[0],
    answer(line) {
      const command = line.trim()
      const [, port, value] = /^P([1-7]):(\d+)$/.exec(command) ?? []
      if (port && Number(port) <= 4) outlets[Number(port) - 1] = Number(value)
      else if (port) heaters[Number(port) - 5] = Number(value)
      const said: Record<string, string> = {
        'P#': 'UPB2_OK',
        PV: '1.4',
        PS: 'PS:1111:12',
        PA: `UPB2:12.2:0.9:10:24.8:37:9.1:${outlets.join('')}:111111:${heaters.join(':')}:0:0:0:0:0:0:0:0000000:0`,
        PC: '0.40:0.00:0.03:26969',
        SA: '3000:0:0:10',
        SS: '999',
        PD: '210',
      }
      return `${said[command] ?? (port ? `P${port}:${Number(value)}` : command)}\n`
    },
  }
}
