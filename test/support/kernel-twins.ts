// Runs a kernel and its twin on the same memory and compares every byte that either left behind.
import type { Test } from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { type Kernels, plainKernels, simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, type Views, viewsOf } from '../../edge/kernels/memory.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const module = kernelModule()

export interface Trial {
  readonly bytes: number
  /** Fills the memory; called once for each side, with the same random numbers. */
  fill(views: Views, random: () => number): void
  run(kernels: Kernels): unknown
}

/** f32 values that break careless arithmetic. */
export const nasty: readonly number[] = [
  ...[0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[3.4028234663852886e38, -3.4028234663852886e38, 1.1754943508222875e-38, 1.401298464324817e-45],
  ...[65535, -65536, 16777216, 16777217, 0.1, 1e-7, 2147483648],
]

/** Random ADU with one nasty value in `every` samples. */
export function fillAdu(to: Float32Array, random: () => number, every = 50): void {
  for (let i = 0; i < to.length; i++) {
    to[i] = random() * every < 1 ? nasty[Math.floor(random() * nasty.length)] : 65_535 * random()
  }
}

/** Asserts that both sides answer the same and leave the same bits; NaN is NaN, for engines choose its bits. */
export function sameBits(t: Test, trial: Trial, words: string, seed = 1): void {
  const sides = [true, false].map(plain => {
    const memory = kernelMemory(trial.bytes)
    const views = viewsOf(memory.buffer)
    const random = seededRandom(seed)
    trial.fill(views, () => random.next())
    const answer = trial.run(plain ? plainKernels(memory.buffer) : simdKernels(module, memory))
    return { answer, words: views.u32, numbers: views.f32 }
  })
  const [plain, simd] = sides
  const apart = plain.words.findIndex(
    (word, i) => word !== simd.words[i] && !(Number.isNaN(plain.numbers[i]) && Number.isNaN(simd.numbers[i])),
  )
  t.equal(apart, -1, `${words}: the bytes${apart < 0 ? '' : ` part at offset ${4 * apart}`}`)
  t.same(simd.answer, plain.answer, `${words}: the answers`)
}
