// Real frames: all of them stack, our stack is siril's but for a part of the noise, and photutils finds the same light
// and widths in single stars.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { has } from '../support/bench-run.js'
import { type StackTask, stackFiles } from '../support/bench-stack.js'
import { starsOfFiles } from '../support/bench-stars.js'
import { fitsIn, hasModule, pythonStars, siril, yardstickFolder } from '../support/bench-yardsticks.js'
import { type Bench, benchmark, median, to2 } from '../support/benchmark.js'
import { sharedData } from '../support/shared-data.js'

/** The sky drifts so far across the night; what lies further in has been seen by all frames. */
const driftPx = 90

await benchmark(async bench => {
  if (sharedData === undefined) {
    bench.tellAbsent('real-frames', 'the shared folder of real frames')
    return
  }
  for (const folder of ['hatp32', 'm27-bayer']) {
    const files = fitsIn(path.join(sharedData, folder))
    const { report } = await stackFiles(taskOf(files, `${folder}-sum`, 'sum', 'bilinear'), 'refusals too')
    bench.tell({
      name: `real-${folder}-accepted`,
      value: report.outcomes.filter(outcome => outcome.accepted).length,
      unit: `of ${files.length} frames stacked`,
      gate: files.length,
      atLeast: true,
      rmsPx: to2(median(report.outcomes.map(outcome => (outcome.accepted ? outcome.rmsPx : Number.NaN)))),
    })
  }
  const night = fitsIn(path.join(sharedData, 'hatp32'))
  await compareStacks(bench, night)
  await compareStars(bench, night.slice(0, 48))
})

function taskOf(files: readonly string[], name: string, combine: StackTask['combine'], kernel: StackTask['kernel']) {
  return { files, combine, kernel, threads: 1, out: path.join(yardstickFolder('stacks'), `${name}.fits`) }
}

async function compareStacks(bench: Bench, files: readonly string[]): Promise<void> {
  if (!has('siril-cli') || !(await hasModule('astropy'))) {
    bench.tellAbsent('real-hatp32-against-siril', 'siril-cli and astropy')
    return
  }
  const theirs = await siril({ folder: yardstickFolder('siril-real'), lights: files, bits: 32, stacks: ['reject'] })
  for (const kernel of ['bilinear', 'cubic'] as const) {
    const task = taskOf(files, 'hatp32', 'reject', kernel)
    await stackFiles(task, 'refusals too')
    const said = await pythonStars<Record<string, number>>('compare', task.out, theirs.rejectFile, String(driftPx))
    bench.tell({
      name: `real-hatp32-against-siril-${kernel}`,
      value: to2(said.perNoise),
      unit: 'of the noise is the difference of the two stacks',
      gate: 0.5,
      noiseOursAdu: to2(said.noiseOurs),
      noiseTheirsAdu: to2(said.noiseTheirs),
      differenceAdu: to2(said.difference),
      ours: files.length,
      theirs: theirs.transforms.filter(Boolean).length,
      note: 'sky taken off, scaled alike; siril weighs all frames the same and warps with Lanczos',
    })
  }
  theirs.clean()
}

async function compareStars(bench: Bench, files: readonly string[]): Promise<void> {
  if (!(await hasModule('photutils'))) {
    bench.tellAbsent('real-stars', 'photutils')
    return
  }
  const { report } = await starsOfFiles({ files, sigma: 5, list: true })
  const folder = yardstickFolder('stars')
  mkdirSync(folder, { recursive: true })
  const list = path.join(folder, 'real.json')
  const ratios: Record<'flux' | 'fwhm' | 'gaussian', number[]>[] = []
  for (const i of [1, 6, 11, 16, 21, 26, 31, 36, 41, 46]) {
    const { stars } = report.found[i]
    const alone = stars.filter(
      star =>
        !star.saturated &&
        star.snr > 200 &&
        !stars.some(other => other !== star && Math.hypot(other.x - star.x, other.y - star.y) < 6 * star.fwhmPx),
    )
    writeFileSync(list, JSON.stringify(alone.map(({ x, y, fwhmPx, fluxAdu }) => [x, y, fwhmPx, fluxAdu])))
    ratios.push(await pythonStars('agree', files[i], list))
  }
  for (const what of ['flux', 'fwhm'] as const) {
    const percent = (values: readonly number[]) => to2(100 * (median(values) - 1))
    const all = ratios.flatMap(ratio => ratio[what])
    bench.tell({
      name: `real-stars-${what}`,
      value: Math.abs(percent(all)),
      unit: '% off photutils, median of all stars',
      gate: 2,
      frames: ratios.map(ratio => percent(ratio[what])),
      stars: all.length,
      ...(what === 'fwhm' ? { gaussianPercent: percent(ratios.flatMap(ratio => ratio.gaussian)) } : {}),
      note:
        what === 'flux'
          ? 'light within 3 FWHM, sky of a ring; SNR > 200'
          : 'a Moffat profile fitted to the core; SNR > 200; at 1.6 to 2.2 px profiles disagree by more than this',
    })
  }
}
