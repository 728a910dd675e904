// What warping and folding cost a frame, by size, angle and mode, beside a copy of the bytes that have to move, which
// the gates are multiples of. CPU time of one thread, medians; one JSON line each.

import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, viewsOf } from '../../edge/kernels/memory.js'
import { type FoldOrder, foldScratchBytes, foldStrip } from '../../edge/science/fold.js'
import type { Similarity } from '../../edge/science/similarity.js'
import { layOutStack, type StackMode, stripsOf } from '../../edge/science/stack-places.js'
import { type FrameKind, planesOf, wholeFrame } from '../../edge/science/warp-tile.js'
import { benchmark, median, to2 } from '../support/benchmark.js'

const rounds = 7

/** About the frame's middle, and a little aside. */
function turned({ width, height }: FrameKind, turnDeg: number): Similarity {
  const turn = (turnDeg * Math.PI) / 180
  const [a, b] = [Math.cos(turn), Math.sin(turn)]
  const [x, y] = [width / 2, height / 2]
  return { a, b, tx: x - a * x + b * y + 3.3, ty: y - b * x - a * y - 1.7, mirrored: false }
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

interface Trial {
  readonly frame: FrameKind
  readonly turnDeg: number
  readonly kernel: FoldOrder['kernel']
  readonly mode: StackMode
}

/** Milliseconds of a frame and of copying what it moves: the frame read, the stack read and written. */
function measure({ frame, turnDeg, kernel, mode }: Trial): { foldMs: number; copyMs: number } {
  const layout = makeLayout()
  const pixels = frame.width * frame.height
  const plane = layout.take(4 * pixels * frame.planes)
  const planes = planesOf(frame)
  const stack = layOutStack(layout, { width: frame.width, height: frame.height, planes, mode })
  const scratch = layout.take(foldScratchBytes(frame))
  const memory = kernelMemory(layout.bytes)
  const views = viewsOf(memory.buffer)
  const hand = { kernels: simdKernels(kernelModule(), memory), views, scratch }
  for (let i = 0; i < pixels * frame.planes; i++) views.f32[plane / 4 + i] = 1000 + ((i * 2654435761) % 97)
  const order: FoldOrder = {
    ...{ frame, transform: turned(frame, turnDeg), kernel, scale: [1, 1, 1], offset: [0, 0, 0] },
    ...{ box: wholeFrame(plane, frame), mode, weight: 16, kappa: 3, noiseAdu: [28, 28, 28], stack },
  }
  const fold = () => {
    for (let strip = 0; strip < stripsOf(frame.height); strip++) foldStrip(hand, order, strip)
  }
  const moved = 4 * frame.planes + 2 * (4 * planes + (mode === 'reject' ? 4 * planes : 0) + 2)
  const bytes = (pixels * moved) / 2 // a copy reads and writes each
  const [from, to] = [new Uint8Array(bytes).fill(1), new Uint8Array(bytes).fill(2)]
  for (let warm = 0; warm < 3; warm++) fold()
  const times = Array.from({ length: rounds }, () => [cpuMs(fold), cpuMs(() => to.set(from))])
  return { foldMs: median(times.map(([ms]) => ms)), copyMs: median(times.map(([, ms]) => ms)) }
}

await benchmark(async ({ tell }) => {
  const sizes: [string, number, number][] = [
    ['1', 1164, 880],
    ['4', 2328, 1760],
    ['16', 4656, 3520],
  ]
  const trial = (name: string, trial: Trial, gate?: number) => {
    const { foldMs, copyMs } = measure(trial)
    const megapixels = (trial.frame.width * trial.frame.height) / 1e6
    const figures = { foldMs: to2(foldMs), copyMs: to2(copyMs), msPerMegapixel: to2(foldMs / megapixels) }
    const value = to2(foldMs / copyMs)
    tell({ name: `fold-${name}`, value, unit: 'copies', ...(gate === undefined ? {} : { gate }), ...figures })
  }
  for (const [name, width, height] of sizes) {
    const mono: FrameKind = { width, height, planes: 1 }
    const full = name === '16'
    const near = { frame: mono, turnDeg: 0.05, kernel: 'bilinear' } as const
    trial(`${name}MP-mean`, { ...near, mode: 'mean' }, full ? 3.5 : undefined)
    trial(`${name}MP-reject`, { ...near, mode: 'reject' }, full ? 6 : undefined)
    trial(`${name}MP-cubic-mean`, { ...near, kernel: 'cubic', mode: 'mean' }, full ? 6.5 : undefined)
    const mosaic: FrameKind = { ...mono, bayer: 'rggb' }
    trial(`${name}MP-rggb-reject`, { ...near, frame: mosaic, mode: 'reject' }, full ? 7.5 : undefined)
    if (!full) continue
    for (const turnDeg of [0, 0.5, 5, 45, 90, 179.95]) {
      trial(`${name}MP-reject-${turnDeg}deg`, { ...near, turnDeg, mode: 'reject' })
      trial(`${name}MP-mean-${turnDeg}deg`, { ...near, turnDeg, mode: 'mean' })
    }
    trial(`${name}MP-cubic-mean-45deg`, { ...near, turnDeg: 45, kernel: 'cubic', mode: 'mean' })
    trial(`${name}MP-rggb-reject-45deg`, { ...near, turnDeg: 45, frame: mosaic, mode: 'reject' })
  }
})
