// What rejection must do and must not: satellites go whole, wherever they come; stars in changing seeing stay; noise is
// as low as a plain mean's.
import t from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, viewsOf } from '../../edge/kernels/memory.js'
import { starSlackFor } from '../../edge/science/block-floors.js'
import { type FoldOrder, foldScratchBytes, foldStrip } from '../../edge/science/fold.js'
import type { BayerPattern } from '../../edge/science/samples.js'
import { type SeedFrame, seedScratchBytes, seedTile, seedTilesOf } from '../../edge/science/seed-stack.js'
import type { Similarity } from '../../edge/science/similarity.js'
import { layOutStack, stripsOf } from '../../edge/science/stack-places.js'
import { type FrameKind, planesOf, wholeFrame } from '../../edge/science/warp-tile.js'
import { seeded } from '../support/star-field.js'

const [width, height] = [384, 320]
const pixels = width * height
const noise = 20
const sky = 800
const seeds = 7

interface Trail {
  readonly frame: number
  readonly light: number // ADU at its crest
  readonly slope: number
  readonly from: number // px: where it enters on the left
}

interface Night {
  readonly bayer?: BayerPattern | undefined
  readonly frames: number
  readonly trails: readonly Trail[]
  readonly fwhmPx: (n: number) => number
  readonly stars: number
}

const star = (n: number, i: number) => ({
  x: 14 + ((i * 73.37) % (width - 28)),
  y: 14 + ((i * 41.13) % (height - 28)),
  flux: 400 * 10 ** ((i % 10) / 3) + 0 * n,
})

/** Light of a trail across a frame's own pixels, of the star's width. */
function trailLight({ light, slope, from }: Trail, fwhmPx: number, x: number, y: number): number {
  const apart = (y - from - slope * x) / Math.hypot(1, slope)
  return light * Math.exp((-4 * Math.LN2 * apart * apart) / fwhmPx ** 2)
}

/** A drift that comes back to no pixel, and a little turn: frame → reference. */
function poseOf(n: number): Similarity {
  const turn = 0.0004 * n
  return { a: Math.cos(turn), b: Math.sin(turn), tx: 1.37 * n, ty: -0.83 * n, mirrored: false }
}

/** Light expected in a frame, without trails. */
function expected(night: Night, n: number): Float32Array {
  const image = new Float32Array(pixels).fill(sky)
  const fwhmPx = night.fwhmPx(n)
  const pose = poseOf(n)
  const square = pose.a ** 2 + pose.b ** 2
  for (let i = 0; i < night.stars; i++) {
    const { x, y, flux } = star(n, i)
    const [u, v] = [x - pose.tx, y - pose.ty]
    const [cx, cy] = [(pose.a * u + pose.b * v) / square, (pose.a * v - pose.b * u) / square]
    const reach = Math.ceil(3 * fwhmPx)
    const sigma2 = (fwhmPx / 2.3548) ** 2
    for (let row = Math.max(0, Math.floor(cy) - reach); row <= Math.min(height - 1, cy + reach); row++) {
      for (let column = Math.max(0, Math.floor(cx) - reach); column <= Math.min(width - 1, cx + reach); column++) {
        const r2 = (column - cx) ** 2 + (row - cy) ** 2
        image[row * width + column] += (flux / (2 * Math.PI * sigma2)) * Math.exp(-r2 / (2 * sigma2))
      }
    }
  }
  return image
}

const medianOf = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

const kindOf = ({ bayer }: Night): FrameKind => ({ width, height, planes: 1, ...(bayer ? { bayer } : {}) })

const skiesOf = (night: Night) => Array.from({ length: night.frames }, (_, n) => expected(night, n))

/** Folds a night as the live stack does: the first seven plainly, then seeded again, the rest with rejection. */
function stackOf(night: Night, skies: readonly Float32Array[], reject = true) {
  const frame = kindOf(night)
  const layout = makeLayout()
  const planes = Array.from({ length: seeds }, () => layout.take(4 * pixels))
  const stack = layOutStack(layout, { width, height, planes: planesOf(frame), mode: 'reject' })
  const scratch = layout.take(Math.max(foldScratchBytes(frame), seedScratchBytes(frame)))
  const memory = kernelMemory(layout.bytes)
  const views = viewsOf(memory.buffer)
  const hand = { kernels: simdKernels(kernelModule(), memory), views, scratch }
  const { gaussian } = seeded(91)
  const orders: FoldOrder[] = []
  let rejected = 0
  const widths = Array.from({ length: night.frames }, (_, n) => night.fwhmPx(n))
  for (let n = 0; n < night.frames; n++) {
    const plane = planes[n % seeds]
    const usual = medianOf(widths.slice(0, Math.max(seeds, n)))
    const image = views.f32.subarray(plane / 4, plane / 4 + pixels)
    image.set(skies[n])
    const trails = night.trails.filter(trail => trail.frame === n)
    for (let i = 0; i < pixels; i++) {
      image[i] += noise * gaussian()
      for (const trail of trails) image[i] += trailLight(trail, night.fwhmPx(n), i % width, Math.floor(i / width))
    }
    const order: FoldOrder = {
      ...{
        frame,
        transform: poseOf(n),
        kernel: 'bilinear',
        scale: [1, 1, 1],
        offset: [0, 0, 0],
        box: wholeFrame(plane, frame),
      },
      ...{
        mode: 'reject',
        weight: 16,
        kappa: reject && n >= seeds ? 3 : Number.POSITIVE_INFINITY,
        noiseAdu: [noise, noise, noise],
      },
      ...{ stack, starSlack: starSlackFor(night.fwhmPx(n), usual) },
    }
    orders.push(order)
    for (let strip = 0; strip < stripsOf(height); strip++) {
      foldStrip(hand, order, strip)
      if (n >= seeds) rejected += views.u32[stack.rejected / 4 + strip]
    }
    if (reject && n === seeds - 1) {
      const region = { x: 0, y: 0, width, height }
      const frames: SeedFrame[] = orders.slice(0, seeds)
      for (let strip = 0; strip < seedTilesOf(region); strip++) {
        seedTile(hand, { region, frames, kappa: 3, stack }, strip)
      }
    }
  }
  const mean = views.f32.slice(stack.mean / 4, stack.mean / 4 + stack.planes * pixels)
  const weight = views.u16.slice(stack.weight / 2, stack.weight / 2 + pixels)
  return { mean, weight, rejected: rejected / pixels / (night.frames - seeds) }
}

/** The same night without trails or noise, unrejected: what the stack should be. */
function truthOf(night: Night, skies: readonly Float32Array[]): Float32Array {
  const frame = kindOf(night)
  const layout = makeLayout()
  const plane = layout.take(4 * pixels)
  const stack = layOutStack(layout, { width, height, planes: planesOf(frame), mode: 'mean' })
  const scratch = layout.take(foldScratchBytes(frame))
  const memory = kernelMemory(layout.bytes)
  const views = viewsOf(memory.buffer)
  const hand = { kernels: simdKernels(kernelModule(), memory), views, scratch }
  for (let n = 0; n < night.frames; n++) {
    views.f32.set(skies[n], plane / 4)
    const order: FoldOrder = {
      ...{
        frame,
        transform: poseOf(n),
        kernel: 'bilinear',
        scale: [1, 1, 1],
        offset: [0, 0, 0],
        box: wholeFrame(plane, frame),
      },
      ...{ mode: 'mean', weight: 16, kappa: 3, noiseAdu: [noise], stack },
    }
    for (let strip = 0; strip < stripsOf(height); strip++) foldStrip(hand, order, strip)
  }
  return views.f32.slice(stack.mean / 4, stack.mean / 4 + stack.planes * pixels)
}

const inner = (i: number) => i % width > 40 && i % width < width - 20 && i > 20 * width && i < pixels - 40 * width

t.test('a satellite leaves nothing, bright or faint, early or late', async t => {
  const steady: Night = { frames: 20, trails: [], fwhmPx: () => 3.2, stars: 12 }
  const skies = skiesOf(steady)
  for (const [light, slope, bayer] of [
    [1.5, 0.4],
    [2, 0.4],
    [3, -0.02],
    [3, 6],
    [3, 0.4, 'rggb'],
    [5, 0.9],
    [100, 0.15],
    [100, 0.15, 'gbrg'],
    [3000, 0.4],
  ] as const) {
    const truth = truthOf({ ...steady, bayer }, skies)
    for (const early of [true, false]) {
      const from = slope < 0 ? 200 : slope > 1 ? -800 : 60
      const trails = (early ? [0, 1, 2] : [9, 15]).map((n, i) => ({
        ...{ frame: n, light: light * noise, slope, from: from + 37 * i },
      }))
      const night: Night = { ...steady, bayer, trails }
      const { mean } = stackOf(night, skies)
      let [sum, count, plain] = [0, 0, 0]
      for (let i = 0; i < pixels; i++) {
        if (!inner(i)) continue
        const lit = trails.some(trail => {
          const { a, b, tx, ty } = poseOf(trail.frame)
          const [u, v] = [(i % width) - tx, Math.floor(i / width) - ty]
          return trailLight(trail, 3.2, a * u + b * v, a * v - b * u) > 0.1 * noise
        })
        if (lit) {
          sum += mean[i] - truth[i]
          count++
        }
      }
      const sigma = noise / Math.sqrt(20)
      plain = sum / count / sigma
      const when = early ? 'in frames 1 to 3' : 'later'
      const words = `${bayer ?? 'mono'}, ${light} sigma, slope ${slope}, ${when}: ${plain.toFixed(3)}`
      t.ok(count > 500 && Math.abs(plain) <= 0.2, `${words} sigma of the stack over ${count} px`)
    }
  }
})

t.test('stars in changing seeing keep their light, and noise is as low as it can be', async t => {
  for (const [words, fwhmPx] of Object.entries({
    steady: () => 3,
    'steady, in colour': () => 3,
    'from 3 to 4.5 px': (n: number) => 3 + (1.5 * n) / 19,
    'one in five at 6 px': (n: number) => (n % 5 === 3 ? 6 : 3.2),
    'suddenly 5 px after ten frames of 3': (n: number) => (n < 10 ? 3 : 5),
    'suddenly 2.4 px after ten frames of 4': (n: number) => (n < 10 ? 4 : 2.4),
  })) {
    const bayer = words.endsWith('colour') ? 'bggr' : undefined
    const night: Night = { bayer, frames: 20, trails: [], fwhmPx, stars: 80 }
    const skies = skiesOf(night)
    const truth = truthOf(night, skies)
    const judged = stackOf(night, skies)
    const plain = stackOf(night, skies, false)
    let worst = 0
    let [all, should] = [0, 0]
    for (let i = 0; i < night.stars; i++) {
      const { x, y, flux } = star(0, i)
      if (flux < 20_000 || x < 45 || y < 25 || x > width - 25 || y > height - 45) continue
      let [a, b] = [0, 0]
      for (let v = Math.round(y) - 7; v <= y + 7; v++) {
        for (let u = Math.round(x) - 7; u <= x + 7; u++) {
          a += judged.mean[v * width + u] - sky
          b += plain.mean[v * width + u] - sky
        }
      }
      all += a
      should += b
      worst = Math.max(worst, Math.abs(a / b - 1))
    }
    const flux = all / should - 1
    const scatter = ({ mean }: { mean: Float32Array }) => {
      let [squares, count] = [0, 0]
      for (let i = 0; i < pixels; i++) {
        if (!inner(i) || Math.abs(truth[i] - sky) > 1) continue
        squares += (mean[i] - truth[i]) ** 2
        count++
      }
      return Math.sqrt(squares / count)
    }
    const noiseRatio = scatter(judged) / scatter(plain)
    t.ok(
      Math.abs(flux) < 0.005,
      `${words}: flux ${(100 * flux).toFixed(3)} %, worst star ${(100 * worst).toFixed(2)} %`,
    )
    t.ok(worst < 0.02, `${words}: no star alone`)
    t.ok(
      noiseRatio < 1.03,
      `${words}: noise ${noiseRatio.toFixed(4)}, rejected ${(100 * judged.rejected).toFixed(2)} %`,
    )
  }
})
