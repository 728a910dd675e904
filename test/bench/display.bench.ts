// What a look costs: the first preview, a slider, a tile; how many bytes the preview is and how true. On frames of 1, 4
// and 16 megapixels, mono and colour, as they lie in a file and in the stack's memory.
import { createRequire } from 'node:module'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, viewsOf } from '../../edge/kernels/memory.js'
import { downscale } from '../../edge/science/downscale.js'
import { sampleLight } from '../../edge/science/light-sample.js'
import type { Image } from '../../edge/science/samples.js'
import { pictureScratchBytes, type ScreenPicture, stretchPicture } from '../../edge/science/stretch.js'
import { tileLight } from '../../edge/science/tiles.js'
import { levelsOf } from '../../edge/science/tones.js'
import { type Easel, makeEasel, makeStarFinder } from '../../edge/workers/easel.js'
import { encodePicture } from '../../edge/workers/pictures-codec.js'
import { openView, previewBytes } from '../../edge/workers/view-work.js'
import { flatOf, renderShot, type SkyField, type SkyShot } from '../support/bench-sky-frame.js'
import { type Bench, benchmark, median, to2 } from '../support/benchmark.js'

const jpegJs = createRequire(import.meta.url)('jpeg-js') as {
  decode(bytes: Uint8Array, options: object): { width: number; height: number; data: Uint8Array }
}

const rounds = 9
/** As much as 16 megapixels of f32. */
const copying = new Float32Array(16_389_120).fill(1)
const copied = new Float32Array(copying.length)
const auto = { stretch: 'auto' } as const
const shot: SkyShot = {
  name: 'light',
  kind: 'light',
  pose: { dx: 0, dy: 0, turnDeg: 0, scale: 1, mirrored: false },
  fwhmPx: 2.8,
  transparency: 1,
  skyElectrons: 400,
  cosmics: 20,
  trails: [],
  meanOf: 1,
}

await benchmark(async bench => {
  const easel = makeEasel()
  for (const parts of [4, 2, 1]) {
    for (const bayer of [undefined, 'rggb'] as const) {
      const field: SkyField = {
        width: 4656 / parts,
        height: 3520 / parts,
        bayer,
        seed: 7,
        stars: 3000 / parts ** 2,
        faintestElectrons: 2_000,
        brightestElectrons: 2_000_000,
        hotPixels: 2500 / parts ** 2,
      }
      const frame = renderShot(field, shot, 0, flatOf(field))
      const name = `${Math.round((field.width * field.height) / 1e6)}MP-${bayer ? 'colour' : 'mono'}`
      await look(bench, easel, `${name}-file`, frame)
      const stack = inKernelMemory(frame)
      await look(bench, stack.easel, `${name}-stack`, stack.image)
    }
  }
})

/** As a stack has it: f32, in colour where the sensor is, in the memory of the very kernels that make the picture. */
function inKernelMemory(frame: Image): { image: Image; easel: Easel } {
  const planes = frame.bayer ? 3 : 1
  const { width, height } = frame
  const bytes = 64 * Math.ceil((4 * planes * width * height) / 64)
  const memory = kernelMemory(64 + bytes + pictureScratchBytes(width))
  const samples = new Float32Array(memory.buffer, 64, planes * width * height)
  for (let plane = 0; plane < planes; plane++) samples.set(frame.samples, plane * width * height)
  const hand = { kernels: simdKernels(kernelModule(), memory), views: viewsOf(memory.buffer), scratch: 64 + bytes }
  return { image: { width, height, planes, type: 'f32', samples, topDown: true }, easel: () => hand }
}

async function look(bench: Bench, easel: Easel, name: string, frame: Image): Promise<void> {
  const hand = easel(frame.width)
  const render = (width: number): ScreenPicture => {
    const small = downscale(hand, frame, width)
    return stretchPicture(hand, small, levelsOf(small, sampleLight(frame), 'sky'), auto)
  }
  const small = downscale(hand, frame, 720)
  const levels = levelsOf(small, sampleLight(frame), 'sky')
  const picture = stretchPicture(hand, small, levels, auto)
  // The machine's own speed at the moment: a neighbour who fills the memory's road slows both alike.
  const copyMs = await cpuMs(() => copied.set(copying))
  const renderMs = await cpuMs(() => render(720))
  const full = frame.width === 4656 && frame.planes === 1 && !frame.bayer
  const shrinkMs = await cpuMs(() => downscale(hand, frame, 720))
  const wideMs = await cpuMs(() => render(1164))
  bench.tell({
    name: `preview-${name}`,
    value: to2(renderMs / copyMs),
    unit: '× the CPU of copying 65.6 MB, to 720 px, not encoded',
    ...(full ? { gate: 2.4 } : {}),
    cpuMs: to2(renderMs),
    copyMs: to2(copyMs),
    shrinkMs: to2(shrinkMs),
    wide1164Ms: to2(wideMs),
    slideMs: to2(await cpuMs(() => stretchPicture(hand, small, levels, auto))),
  })
  const view = openView(frame, easel, makeStarFinder())
  const preview = await view.preview(auto, 720)
  bench.tell({
    name: `preview-bytes-${name}`,
    value: preview.bytes.length,
    unit: 'B',
    gate: previewBytes,
    encodeMs: to2(await cpuMs(() => view.preview(auto, 720))),
  })
  bench.tell({
    name: `preview-psnr-${name}`,
    value: to2(psnr(picture, preview.bytes)),
    unit: 'dB',
    gate: 30,
    atLeast: true,
  })
  for (const level of [0, 2]) {
    const tile = () => stretchPicture(hand, tileLight(hand, frame, { level, column: 0, row: 0 }), levels, auto)
    const made = await encodePicture(tile(), 'png', 100)
    bench.tell({
      name: `tile-${level}-${name}`,
      value: to2(await cpuMs(tile)),
      unit: 'ms CPU, not encoded',
      pngMs: to2(await cpuMs(() => encodePicture(tile(), 'png', 100))),
      bytes: made.bytes.length,
    })
  }
}

async function cpuMs(work: () => unknown): Promise<number> {
  const taken: number[] = []
  for (let round = 0; round < rounds + 2; round++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    // The first ones warm the compiler.
    if (round >= 2) taken.push((user + system) / 1000)
  }
  return median(taken)
}

/** Of all channels together, against the picture that was encoded. */
function psnr({ width, height, channels, data }: ScreenPicture, jpeg: Uint8Array): number {
  const seen = jpegJs.decode(jpeg, { useTArray: true, formatAsRGBA: false })
  let squares = 0
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) squares += (seen.data[3 * i + c] - data[channels * i + (channels === 3 ? c : 0)]) ** 2
  }
  return 10 * Math.log10((255 ** 2 * 3 * width * height) / squares)
}
