// An agent with nothing but an ffmpeg camera, in a process of its own: to be killed. Argument: the driver's options as
// JSON.
import { ffmpegDriver } from '../../edge/drivers/video/ffmpeg.js'
import { bench } from './bench.js'

const { ports } = await bench().open(ffmpegDriver, JSON.parse(process.argv[2]))
setInterval(() => undefined, 60_000)
process.stdout.write('runs\n')
await ports.video!.run({ framesPerSecond: 5, jpegQuality: 75 }, () => undefined, new AbortController().signal)
