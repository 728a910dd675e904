// Measures the stars of files as a stack does before it folds them, from the raw file on, in a process of its own and
// one thread. Its one argument is a StarsTask as JSON; it prints a StarsReport as JSON.

import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, viewsOf } from '../../edge/kernels/memory.js'
import { layOutMasters } from '../../edge/science/calibration.js'
import { packNothing } from '../../edge/science/pack-masters.js'
import { makeReference } from '../../edge/science/reference.js'
import { register } from '../../edge/science/register.js'
import { layOutStars, starScratchBytes } from '../../edge/science/star-places.js'
import { starsInRoom } from '../../edge/science/star-room.js'
import { developStrip, rawScratchBytes } from '../../edge/workers/crew-steps.js'
import { openFrameFile } from '../../edge/workers/frame-file.js'
import { loadMasters } from '../../edge/workers/load-masters.js'
import type { FoundStars, StarsReport, StarsTask } from './bench-stars.js'

const task: StarsTask = JSON.parse(process.argv[2])
const rowsPerStrip = 64

const first = openFrameFile(task.files[0])
const { width, height, planes } = first.raw
const layout = makeLayout()
const masterPlaces = layOutMasters(layout, { width, height, planes })
const places = layOutStars(layout, { width, height, kind: 'mono' })
const scratch = layout.take(Math.max(starScratchBytes, 64 * width, rawScratchBytes(first.raw)))
const plane = layout.take(4 * width * height)
const memory = kernelMemory(layout.bytes)
const hand = { kernels: simdKernels(kernelModule(), memory), views: viewsOf(memory.buffer), scratch }
const files = [
  ...(task.darkFile ? [{ kind: 'dark' as const, file: task.darkFile }] : []),
  ...(task.flatFile ? [{ kind: 'flat' as const, file: task.flatFile }] : []),
]
const served = { bayer: false, topDown: first.topDown }
const masters =
  files.length > 0 ? loadMasters(hand, masterPlaces, files, served, plane) : packNothing(hand.views, masterPlaces)
first.close()

const found = task.files.map((file): FoundStars => {
  const opened = openFrameFile(file)
  const stars = starsInRoom({ hand, plane, places }, { sigma: task.sigma, maxStars: 20_000 }, top => {
    developStrip(hand, opened.raw, { places: masterPlaces, masters, plane, rowsPerStrip }, top / rowsPerStrip)
  })
  opened.close()
  return stars
})
const reference = makeReference(found[0].stars)
const report: StarsReport = {
  stars: found.map(({ stars }) => stars.length),
  medianHfdPx: found.map(({ medianHfdPx }) => medianHfdPx ?? Number.NaN),
  registrations: task.register ? found.map(({ stars }) => register(reference, stars, { width, height })) : [],
  found: task.list ? found : [],
}
process.stdout.write(JSON.stringify(report))
