// Tiles, folds and seeds on made skies: what lands where, with which weight, and that no cut shows.
import t from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { type Kernels, plainKernels, simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, type Views, viewsOf } from '../../edge/kernels/memory.js'
import { type FoldOrder, foldScratchBytes, foldStrip } from '../../edge/science/fold.js'
import { type SeedFrame, seedScratchBytes, seedTile, seedTilesOf } from '../../edge/science/seed-stack.js'
import { identity, invert, moveX, moveY, type Similarity } from '../../edge/science/similarity.js'
import {
  clearStack,
  layOutStack,
  rejectedShare,
  type StackMode,
  stackFactor,
  stackImage,
  stripsOf,
} from '../../edge/science/stack-places.js'
import { type FrameKind, planesOf, sourceBox, warpTile, wholeFrame } from '../../edge/science/warp-tile.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { coverage, varianceOf } from '../support/stack-maps.js'

const turned = (turnDeg: number, scale: number, tx: number, ty: number): Similarity => {
  const turn = (turnDeg * Math.PI) / 180
  return { ...identity, a: scale * Math.cos(turn), b: scale * Math.sin(turn), tx, ty }
}

const plainOf = (memory: WebAssembly.Memory) => plainKernels(memory.buffer)
const simdOf = (memory: WebAssembly.Memory) => simdKernels(kernelModule(), memory)

/** A frame and a stack in memory of their own. */
function bench(frame: FrameKind, mode: StackMode, kernelsOf: (memory: WebAssembly.Memory) => Kernels = plainOf) {
  const layout = makeLayout()
  const pixels = layout.take(4 * frame.width * frame.height * frame.planes)
  const stack = layOutStack(layout, { width: frame.width, height: frame.height, planes: planesOf(frame), mode })
  const scratch = layout.take(Math.max(foldScratchBytes(frame), seedScratchBytes(frame)))
  const memory = kernelMemory(layout.bytes)
  const views: Views = viewsOf(memory.buffer)
  const hand = { kernels: kernelsOf(memory), views, scratch }
  const samples = views.f32.subarray(pixels / 4, pixels / 4 + frame.width * frame.height * frame.planes)
  const planes = planesOf(frame)
  const order: FoldOrder = {
    ...{ frame, transform: identity, kernel: 'bilinear', scale: [1, 1, 1], offset: [0, 0, 0] },
    ...{ box: wholeFrame(pixels, frame), mode, weight: 16, kappa: 3, noiseAdu: [10, 10, 10], stack },
  }
  const fold = (changes: Partial<FoldOrder> = {}) => {
    for (let strip = 0; strip < stripsOf(frame.height); strip++) foldStrip(hand, { ...order, ...changes }, strip)
  }
  clearStack(views, stack)
  const picture = (frames = 1) =>
    stackImage(views, stack, true).samples.map(value => value * stackFactor(stack, frames))
  return { hand, views, stack, samples, order, fold, picture, planes }
}

t.test('a ramp stays a ramp, however the frame lies, and nothing is made up where it ends', async t => {
  const [width, height] = [150, 100]
  for (const kernel of ['bilinear', 'cubic'] as const) {
    for (const transform of [
      identity,
      turned(0.05, 1, 3.3, -1.7),
      turned(10, 1, 5, -3),
      turned(180, 1, 148.7, 99.2),
      turned(-77, 0.97, 3, 130),
      { ...turned(2, 1, 140, 3), mirrored: true },
    ]) {
      const { samples, fold, picture, stack, views } = bench({ width, height, planes: 1 }, 'mean')
      for (let i = 0; i < samples.length; i++) samples[i] = 3 * (i % width) - 2 * Math.floor(i / width)
      fold({ transform, kernel, scale: [2], offset: [100] })
      const back = invert(transform)
      let held = 0
      for (const [i, value] of picture().entries()) {
        const [x, y] = [i % width, Math.floor(i / width)]
        const [sx, sy] = [moveX(back, x, y), moveY(back, x, y)]
        const apart = Math.min(sx, sy, width - 1 - sx, height - 1 - sy)
        if (Math.abs(apart) > 1e-4 && apart > 0 === Number.isNaN(value)) t.fail(`${kernel} at ${x}, ${y}`)
        if (Number.isNaN(value)) continue
        held++
        if (Math.abs(value - 100 - 2 * (3 * sx - 2 * sy)) > 2e-3) t.fail(`${kernel} at ${x}, ${y} is ${value}`)
      }
      t.equal(held, Math.round(coverage(views, stack, 1) * width * height), `${held} pixels of a ramp stay on it`)
    }
  }
})

t.test('mean, sum, weight and coverage', async t => {
  const { samples, fold, picture, stack, views } = bench({ width: 70, height: 66, planes: 1 }, 'sum')
  samples.fill(100)
  fold()
  samples.fill(400)
  samples[0] = Number.NaN
  fold({ weight: 32 })
  t.same([...picture(2).subarray(0, 2)], [200, 600], 'a sum is what all frames would have given')
  t.same([...views.u16.subarray(stack.weight / 2, stack.weight / 2 + 2)], [16, 48])
  t.equal(coverage(views, stack, 2), 1 - 1 / samples.length)
  fold({ transform: { ...identity, tx: 1000 } })
  t.equal(picture(2)[1], 600, 'a frame that lies elsewhere leaves no trace')
  t.throws(() => fold({ weight: 65 }), { name: 'ScienceError', message: /65 is no weight/ })
  t.throws(() => fold({ transform: turned(0, 0, 1, 1) }), { name: 'ScienceError', message: /no inverse/ })
})

t.test('outliers high and low are rejected, in all colours at once', async t => {
  const { samples, fold, picture, stack, views } = bench({ width: 64, height: 64, planes: 3 }, 'reject')
  for (let n = 0; n < 7; n++) {
    samples.fill(1000 + (n % 2))
    fold({ kappa: Number.POSITIVE_INFINITY })
  }
  samples.fill(1000)
  samples[9] = 2000
  samples[4096 + 20] = 300
  fold()
  t.equal(rejectedShare(views, stack), 2 / 4096, 'and not what stands beside them')
  const image = picture()
  for (const at of [9, 4096 + 9, 8192 + 9, 20, 8192 + 20]) t.ok(Math.abs(image[at] - 1000.43) < 0.01)
  t.equal(views.u16[stack.weight / 2 + 9], 7 * 16)
  t.equal(views.u16[stack.weight / 2 + 8], 8 * 16)
  const variance = varianceOf(views, stack, 1)
  t.ok(Math.abs(variance[9] - 0.2857) < 0.001, `${variance[9]}`)
})

t.test('a mosaic makes the same colours in any box', async t => {
  const frame: FrameKind = { width: 200, height: 140, planes: 1, bayer: 'gbrg' }
  const { hand, samples, order, stack, views, fold, picture } = bench(frame, 'mean')
  for (let i = 0; i < samples.length; i++) samples[i] = (i * 7919) % 1000
  const transform = turned(30, 1, 20, -11)
  fold({ transform })
  const whole = picture().slice()
  t.ok(whole.filter(value => !Number.isNaN(value)).length > 30_000)
  const area = { x: 64, y: 50, width: 64, height: 30 }
  const needed = sourceBox(transform, area, frame)
  if (!needed) return t.fail('the area lies on the frame')
  // The box alone, somewhere else: in the memory of the stack, which has done its part.
  const at = stack.mean
  for (let row = 0; row < needed.height; row++) {
    const from = (needed.y + row) * 200 + needed.x
    views.f32.set(samples.subarray(from, from + needed.width), at / 4 + row * needed.width)
  }
  const box = { ...needed, offset: at, plane: 0, stride: needed.width }
  samples.fill(Number.NaN)
  const out = order.box.offset
  warpTile(hand, { ...order, transform }, box, area, out, 4 * 64 * 30, 64, hand.scratch)
  for (let p = 0; p < 3; p++) {
    for (let row = 0; row < 30; row++) {
      const start = (p * 140 + 50 + row) * 200 + 64
      const made = views.f32.subarray(out / 4 + (p * 30 + row) * 64, out / 4 + (p * 30 + row + 1) * 64)
      if (made.some((value, i) => !Object.is(value, whole[start + i]))) t.fail(`plane ${p}, row ${row}`)
    }
  }
})

t.test('no cut shows: strips in any order, regions of any size, either kind of kernels', async t => {
  for (const bayer of [undefined, 'bggr'] as const) {
    const frame: FrameKind = { width: 200, height: 150, planes: 1, ...(bayer ? { bayer } : {}) }
    const made = [0, 1, 2].map(way => {
      const kernelsOf = way === 0 ? plainOf : simdOf
      const { hand, samples, order, stack, views } = bench(frame, 'reject', kernelsOf)
      const random = seededRandom(5)
      const seeds: SeedFrame[] = []
      const strips = way === 1 ? [2, 0, 1] : [0, 1, 2]
      for (let n = 0; n < 8; n++) {
        for (let i = 0; i < samples.length; i++) samples[i] = 500 + 35 * random.next() + (i % 977 < 9 ? 300 : 0)
        const change = {
          transform: turned(2 * n, 1, 3.3 * n, -n),
          weight: 16 + n,
          kappa: n < 7 ? Number.POSITIVE_INFINITY : 3,
        }
        for (const strip of strips) foldStrip(hand, { ...order, ...change }, strip)
        if (n === 2) {
          // The same samples stand for three frames: only how they lie differs.
          for (const k of [0, 1, 2]) seeds.push({ ...order, transform: turned(7 * k, 1, 5 * k, k), weight: 16 })
          const regions = [[0, 0, 200, 150]]
          const parts = [0, 64, 128].flatMap(y =>
            [0, 64, 192].map((x, i) => [x, y, [64, 128, 8][i], y < 128 ? 64 : 22]),
          )
          for (const [x, y, width, height] of way === 1 ? parts : regions) {
            const region = { x, y, width, height }
            const seed = { region, frames: seeds, kappa: 3, stack }
            for (let tile = seedTilesOf(region) - 1; tile >= 0; tile--) seedTile(hand, seed, tile)
          }
        }
      }
      return new Uint8Array(views.u8.slice(stack.mean, stack.rejected + 12))
    })
    const [plain, cut, whole] = made
    const apart = (a: Uint8Array, b: Uint8Array) => {
      const [x, y] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)]
      const [u, v] = [new Float32Array(a.buffer), new Float32Array(b.buffer)]
      return x.findIndex((word, i) => word !== y[i] && !(Number.isNaN(u[i]) && Number.isNaN(v[i])))
    }
    t.equal(apart(whole, cut), -1, `${bayer ?? 'mono'}: cut another way`)
    t.equal(apart(whole, plain), -1, `${bayer ?? 'mono'}: plain TypeScript`)
    t.ok(
      new Float32Array(whole.buffer).some(value => value > 450),
      'something was folded',
    )
  }
})
