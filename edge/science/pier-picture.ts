// What a camera beside the simulated pier sees: the mount standing as its axes stand, against a night sky.
import { pierFont } from './pier-font.data.js'
import { hashUnit, lineNoise, normalFrom, wordsFrom } from './seeded-noise.js'

/** Plain data: it goes to a worker as it is. */
export interface PierOrder {
  readonly width: number // px
  readonly height: number // px
  readonly latitudeDeg: number
  /** Axes of the mount: 0 counterweight down; 0 at the pole, positive with the tube west of the pier. */
  readonly turnDeg: number
  readonly reachDeg: number
  /** 0 clear … 1 overcast. */
  readonly cloudCover: number
  readonly raining: boolean
  readonly panelLit: boolean
  /** How bright the picture comes out; 1 is usual. */
  readonly exposure: number
  readonly text: string
  readonly seed: number
  readonly noiseSeed: number
}

type Vector = readonly [number, number, number]
type Colour = readonly [number, number, number]

/** A rounded bar between two points, metres; most of a telescope is made of these. */
interface Bar {
  readonly from: Vector
  readonly to: Vector
  readonly radius: number
  readonly colour: Colour
}

/** The pier camera stands south-east of the pier on a low wall. x east, y north, z up, metres. */
const eye: Vector = [2.3, -3, 1.05]
const aim: Vector = [0, 0, 1.42]
const focal = 1.2 // picture widths

/**
 * Fills `rgb` with the picture: height × width × 3 bytes, row by row from the top.
 * @param scratch changed by this call; kept from picture to picture, it leaves nothing for the collector
 */
export function renderPier(order: PierOrder, rgb: Uint8Array, scratch: { light: Float32Array }): void {
  const values = order.width * order.height * 3
  if (scratch.light.length < values) scratch.light = new Float32Array(values)
  const shade = scratch.light.subarray(0, values)
  const scene = sceneOf()
  paintSky(order, shade, scene)
  const bars = barsOf(order)
  // What is further away is painted first.
  bars.sort((a, b) => depthOf(scene, b) - depthOf(scene, a))
  for (const bar of bars) paintBar(order, shade, scene, bar)
  if (order.raining) paintRain(order, shade)
  develop(order, shade, rgb)
  writeText(order, rgb)
}

interface Scene {
  readonly forward: Vector
  readonly right: Vector
  readonly up: Vector
}

function sceneOf(): Scene {
  const forward = unit(minus(aim, eye))
  const right = unit(cross(forward, [0, 0, 1]))
  return { forward, right, up: cross(right, forward) }
}

function barsOf(order: PierOrder): Bar[] {
  const northern = order.latitudeDeg >= 0
  const latitude = (Math.abs(order.latitudeDeg) * Math.PI) / 180
  const sign = northern ? 1 : -1
  const pole: Vector = [0, sign * Math.cos(latitude), Math.sin(latitude)]
  const noon: Vector = [0, -sign * Math.sin(latitude), Math.cos(latitude)]
  const east: Vector = [sign, 0, 0]
  const turn = (order.turnDeg * Math.PI) / 180
  const reach = (order.reachDeg * Math.PI) / 180
  // Counterweight down and tube on top at turn 0; at +90° the tube hangs west and looks at the meridian.
  const saddle = plus(times(noon, Math.cos(turn)), times(east, -Math.sin(turn)))
  const across = plus(times(east, Math.cos(turn)), times(noon, Math.sin(turn)))
  const look = plus(times(pole, Math.cos(reach)), times(across, Math.sin(reach)))
  const head: Vector = [0, 0, 1.2]
  const top = plus(head, times(pole, 0.22))
  const hold = plus(top, times(saddle, 0.26))
  const along = (metres: number) => plus(hold, times(look, metres))
  const steel: Colour = [0.3, 0.31, 0.34]
  const white: Colour = [0.85, 0.86, 0.9]
  const dark: Colour = [0.16, 0.16, 0.18]
  const bars: Bar[] = [
    { from: [0, 0, 0], to: [0, 0, 1.05], radius: 0.13, colour: [0.42, 0.41, 0.4] },
    { from: [0, 0, 1.05], to: head, radius: 0.1, colour: steel },
    { from: plus(head, times(pole, -0.12)), to: top, radius: 0.085, colour: steel },
    { from: top, to: hold, radius: 0.07, colour: steel },
    { from: top, to: plus(top, times(saddle, -0.5)), radius: 0.018, colour: [0.6, 0.6, 0.62] },
    { from: plus(top, times(saddle, -0.36)), to: plus(top, times(saddle, -0.46)), radius: 0.085, colour: dark },
    { from: along(-0.32), to: along(0.3), radius: 0.085, colour: white },
    { from: along(0.3), to: along(0.42), radius: 0.1, colour: order.panelLit ? [2.6, 2.5, 2.3] : dark },
    { from: along(-0.46), to: along(-0.32), radius: 0.04, colour: dark },
    { from: along(-0.54), to: along(-0.46), radius: 0.055, colour: [0.55, 0.14, 0.12] },
  ]
  const guider = plus(hold, times(saddle, 0.13))
  bars.push({ from: plus(guider, times(look, -0.1)), to: plus(guider, times(look, 0.16)), radius: 0.032, colour: dark })
  return bars
}

/** px in the picture and px per metre there. */
function project(order: PierOrder, scene: Scene, point: Vector): { x: number; y: number; scale: number } {
  const away = minus(point, eye)
  const scale = (focal * order.width) / Math.max(0.1, dot(away, scene.forward))
  return {
    x: order.width / 2 + dot(away, scene.right) * scale,
    y: order.height / 2 - dot(away, scene.up) * scale,
    scale,
  }
}

function depthOf(scene: Scene, bar: Bar): number {
  return dot(minus(times(plus(bar.from, bar.to), 0.5), eye), scene.forward)
}

function paintBar(order: PierOrder, shade: Float32Array, scene: Scene, bar: Bar): void {
  const a = project(order, scene, bar.from)
  const b = project(order, scene, bar.to)
  const radiusA = bar.radius * a.scale
  const radiusB = bar.radius * b.scale
  const most = Math.max(radiusA, radiusB) + 1
  const left = Math.max(0, Math.floor(Math.min(a.x, b.x) - most))
  const right = Math.min(order.width - 1, Math.ceil(Math.max(a.x, b.x) + most))
  const top = Math.max(0, Math.floor(Math.min(a.y, b.y) - most))
  const bottom = Math.min(order.height - 1, Math.ceil(Math.max(a.y, b.y) + most))
  const dx = b.x - a.x
  const dy = b.y - a.y
  const length2 = Math.max(1e-6, dx * dx + dy * dy)
  // A lamp low on the left: the side of a bar that faces it is the bright one.
  const length = Math.sqrt(length2)
  const normalX = -dy / length
  const normalY = dx / length
  const facing = normalX * -0.8 + normalY * -0.35 >= 0 ? 1 : -1
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const part = Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length2))
      const offX = x - a.x - part * dx
      const offY = y - a.y - part * dy
      const radius = radiusA + (radiusB - radiusA) * part
      const distance = Math.hypot(offX, offY)
      const cover = Math.min(1, Math.max(0, radius - distance + 0.5))
      if (cover === 0) continue
      const side = (facing * (offX * normalX + offY * normalY)) / radius
      const light = 0.3 + 0.55 * Math.max(0, 0.35 + 0.65 * side) * Math.sqrt(Math.max(0.1, 1 - 0.8 * side * side))
      const at = (y * order.width + x) * 3
      for (let k = 0; k < 3; k++) shade[at + k] += (bar.colour[k] * light - shade[at + k]) * cover
    }
  }
}

function paintSky(order: PierOrder, shade: Float32Array, scene: Scene): void {
  const { width, height, cloudCover, seed } = order
  const horizon = project(order, scene, [eye[0] - 2500, eye[1] + 3300, eye[2]]).y
  const glow = 0.05 + 0.11 * cloudCover
  const trees = Float32Array.from({ length: width }, (_, x) => {
    return horizon - height * (0.022 + 0.06 * lineNoise(seed + 21, x / 60) + 0.022 * lineNoise(seed + 22, x / 9))
  })
  for (let y = 0; y < height; y++) {
    const low = Math.max(0, y / horizon) ** 3
    const sky = [glow * (0.55 + 0.9 * low), glow * (0.7 + 0.75 * low), glow * (1.05 + 0.5 * low)]
    const ground = y > horizon ? 0.035 + 0.05 * ((y - horizon) / (height - horizon)) : 0.022
    const earth = [ground * 1.05, ground, ground * 0.85]
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      const colour = y < trees[x] ? sky : earth
      shade[at] = colour[0]
      shade[at + 1] = colour[1]
      shade[at + 2] = colour[2]
    }
  }
  for (let star = 0; star < 70; star++) {
    const x = Math.floor(hashUnit(seed, 31, star) * width)
    const y = Math.floor(hashUnit(seed, 32, star) * horizon * 0.85)
    const at = (y * width + x) * 3
    const light = (0.12 + 0.6 * hashUnit(seed, 33, star) ** 4) * (1 - cloudCover)
    for (let k = 0; k < 3; k++) shade[at + k] += light
  }
}

function paintRain(order: PierOrder, shade: Float32Array): void {
  const words = wordsFrom(order.noiseSeed + 5)
  for (let drop = 0; drop < 220; drop++) {
    const x = words() % order.width
    const y = words() % order.height
    const length = 12 + (words() % 18)
    for (let i = 0; i < length && y + i < order.height; i++) {
      const at = ((y + i) * order.width + Math.max(0, x - (i >> 3))) * 3
      for (let k = 0; k < 3; k++) shade[at + k] += 0.09
    }
  }
}

/** Exposure, grain, and the curve that makes light a byte: a square root, from a table in steps of a 2000th. */
function develop(order: PierOrder, shade: Float32Array, rgb: Uint8Array): void {
  const words = wordsFrom(order.noiseSeed)
  const scale = order.exposure * (toneTable.length - 1)
  for (let i = 0; i < shade.length; i += 3) {
    const grain = normalFrom(words()) * 12
    rgb[i] = toned(shade[i] * scale + grain)
    rgb[i + 1] = toned(shade[i + 1] * scale + grain)
    rgb[i + 2] = toned(shade[i + 2] * scale + grain)
  }
}

const toneTable = Uint8Array.from({ length: 2001 }, (_, i) => Math.round(255 * Math.sqrt(i / 2000)))

function toned(step: number): number {
  return step <= 0 ? 0 : step >= 2000 ? 255 : toneTable[step | 0]
}

/** One line in the lower left corner, dots of 2 × 2 px, on a dark bar. Letters the font lacks are blanks. */
function writeText(order: PierOrder, rgb: Uint8Array): void {
  const { width, height, text } = order
  const top = height - 22
  for (let y = top - 5; y < height; y++) {
    for (let x = 0; x < Math.min(width, text.length * 12 + 14); x++) {
      const at = (y * width + x) * 3
      for (let k = 0; k < 3; k++) rgb[at + k] >>= 2
    }
  }
  for (let i = 0; i < text.length; i++) {
    const glyph = pierFont[text[i].toUpperCase()]
    if (!glyph) continue
    for (let column = 0; column < 10; column++) {
      for (let row = 0; row < 14; row++) {
        const x = 8 + i * 12 + column
        if (x >= width || !((glyph[column >> 1] >> (row >> 1)) & 1)) continue
        rgb.fill(225, ((top + row) * width + x) * 3, ((top + row) * width + x) * 3 + 3)
      }
    }
  }
}

function plus(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

function times(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor]
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function unit(a: Vector): Vector {
  return times(a, 1 / Math.hypot(...a))
}
