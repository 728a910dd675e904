// Video cameras of the kernel: its structures against the C compilers, the driver against a stand-in for the kernel,
// and where there is a real /dev/video0 (vivid in the guest) against that.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { v4l2Driver, v4l2On } from '../../edge/drivers/camera/v4l2.js'
import { typeFor } from '../../edge/drivers/camera/v4l2-pictures.js'
import { planOf } from '../../edge/drivers/camera/v4l2-plan.js'
import * as v4l2 from '../../edge/drivers/link/v4l2/v4l2-structs.js'
import { setUsbLight, usbControls } from '../../edge/drivers/video/usb-light.js'
import type { Camera } from '../../edge/ports/camera.js'
import type { Tools } from '../../edge/ports/driver.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import type { RawProperties } from '../../edge/ports/raw-properties.js'
import type { VideoOrder } from '../../edge/ports/video-source.js'
import { type VideoFormat, videoFormats } from '../../edge/science/video-samples.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { encodePicture } from '../../edge/workers/pictures-codec.js'
import { type Bench, bench, benchTools } from '../support/bench.js'
import { noVideoDevice } from '../support/video-device.js'
import {
  exposureControl,
  exposureMode,
  type FakeCamera,
  gainControl,
  slowing,
  videoKernel,
} from '../support/video-kernel.js'

const never = new AbortController().signal
const light: ExposureOrder = { exposureSeconds: 0.05, binning: 1, frameType: 'light' }

const compilers = {
  amd64: { gcc: '/usr/bin/x86_64-linux-gnu-gcc', headers: '/usr/include/linux/videodev2.h' },
  arm64: { gcc: '/usr/bin/aarch64-linux-gnu-gcc', headers: '/usr/aarch64-linux-gnu/include/linux/videodev2.h' },
}
for (const [machine, { gcc, headers }] of Object.entries(compilers)) {
  // A compiler's own machine has its headers in the common place.
  const own = existsSync(headers) || existsSync('/usr/include/linux/videodev2.h')
  const skip = existsSync(gcc) && own ? false : `no C compiler for ${machine} with the kernel’s headers is installed`
  t.test(`the structures of the kernel’s header, as the compiler for ${machine} lays them out`, { skip }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'pierside-v4l2-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const claims = Object.entries(layout()).map(
      ([words, ours]) =>
        `_Static_assert((unsigned long long)(${words}) == ${ours}ull, "${words.replaceAll('"', "'")}");`,
    )
    const head = ['#include <stddef.h>', '#include <linux/videodev2.h>']
    writeFileSync(join(folder, 'layout.c'), [...head, ...claims, ''].join('\n'))
    const compile = (file: string) => execFileSync(gcc, ['-c', '-o', join(folder, 'layout.o'), join(folder, file)])
    compile('layout.c')
    writeFileSync(
      join(folder, 'wrong.c'),
      [...head, '_Static_assert(sizeof(struct v4l2_buffer) == 87, "no");', ''].join('\n'),
    )
    t.throws(
      () => execFileSync(gcc, ['-c', '-o', '/dev/null', join(folder, 'wrong.c')], { stdio: 'pipe' }),
      'it does look',
    )
    t.ok(claims.length > 100, `${claims.length} numbers`)
  })
}

/** In the words of C, and the number we believe. */
function layout(): Record<string, number> {
  const { sizes, requests, offsets: o, controlIds } = v4l2
  const at = (type: string, member: string) => `offsetof(struct ${type}, ${member})`
  const formats = Object.fromEntries(
    videoFormats.map(one => [`V4L2_PIX_FMT_${kernelName(one)}`, v4l2.fourcc(one.fourcc)]),
  )
  return {
    ...formats,
    'sizeof(struct v4l2_capability)': sizes.capability,
    'sizeof(struct v4l2_fmtdesc)': sizes.fmtdesc,
    'sizeof(struct v4l2_frmsizeenum)': sizes.frmsize,
    'sizeof(struct v4l2_frmivalenum)': sizes.frmival,
    'sizeof(struct v4l2_format)': sizes.format,
    'sizeof(struct v4l2_streamparm)': sizes.streamparm,
    'sizeof(struct v4l2_query_ext_ctrl)': sizes.queryControl,
    'sizeof(struct v4l2_querymenu)': sizes.queryMenu,
    'sizeof(struct v4l2_ext_control)': sizes.control,
    'sizeof(struct v4l2_ext_controls)': sizes.controls,
    'sizeof(struct v4l2_requestbuffers)': sizes.requestBuffers,
    'sizeof(struct v4l2_buffer)': sizes.buffer,
    VIDIOC_QUERYCAP: requests.queryCap,
    VIDIOC_ENUM_FMT: requests.enumFormat,
    VIDIOC_S_FMT: requests.setFormat,
    VIDIOC_REQBUFS: requests.requestBuffers,
    VIDIOC_QUERYBUF: requests.queryBuffer,
    VIDIOC_QBUF: requests.queueBuffer,
    VIDIOC_DQBUF: requests.takeBuffer,
    VIDIOC_STREAMON: requests.streamOn,
    VIDIOC_STREAMOFF: requests.streamOff,
    VIDIOC_G_PARM: requests.getPace,
    VIDIOC_S_PARM: requests.setPace,
    VIDIOC_QUERYMENU: requests.queryMenu,
    VIDIOC_G_EXT_CTRLS: requests.getControls,
    VIDIOC_S_EXT_CTRLS: requests.setControls,
    VIDIOC_ENUM_FRAMESIZES: requests.enumSize,
    VIDIOC_ENUM_FRAMEINTERVALS: requests.enumInterval,
    VIDIOC_QUERY_EXT_CTRL: requests.queryControl,
    [at('v4l2_capability', 'card')]: o.capCard,
    [at('v4l2_capability', 'bus_info')]: o.capBus,
    [at('v4l2_capability', 'capabilities')]: o.capAll,
    [at('v4l2_capability', 'device_caps')]: o.capDevice,
    [at('v4l2_fmtdesc', 'description')]: o.fmtWords,
    [at('v4l2_fmtdesc', 'pixelformat')]: o.fmtPixel,
    [at('v4l2_frmsizeenum', 'pixel_format')]: o.sizePixel,
    [at('v4l2_frmsizeenum', 'type')]: o.sizeType,
    [at('v4l2_frmsizeenum', 'discrete.width')]: o.sizeWidth,
    [at('v4l2_frmsizeenum', 'discrete.height')]: o.sizeHeight,
    [at('v4l2_frmsizeenum', 'stepwise.max_width')]: o.sizeMostWidth,
    [at('v4l2_frmsizeenum', 'stepwise.max_height')]: o.sizeMostHeight,
    [at('v4l2_frmivalenum', 'pixel_format')]: o.ivalPixel,
    [at('v4l2_frmivalenum', 'width')]: o.ivalWidth,
    [at('v4l2_frmivalenum', 'height')]: o.ivalHeight,
    [at('v4l2_frmivalenum', 'type')]: o.ivalType,
    [at('v4l2_frmivalenum', 'discrete.numerator')]: o.ivalNumerator,
    [at('v4l2_frmivalenum', 'stepwise.max')]: o.ivalMost,
    [at('v4l2_format', 'fmt.pix.width')]: o.pixWidth,
    [at('v4l2_format', 'fmt.pix.height')]: o.pixHeight,
    [at('v4l2_format', 'fmt.pix.pixelformat')]: o.pixFormat,
    [at('v4l2_format', 'fmt.pix.field')]: o.pixField,
    [at('v4l2_format', 'fmt.pix.bytesperline')]: o.pixBytesPerLine,
    [at('v4l2_format', 'fmt.pix.sizeimage')]: o.pixSizeImage,
    [at('v4l2_streamparm', 'parm.capture.capability')]: o.paceCan,
    [at('v4l2_streamparm', 'parm.capture.timeperframe.numerator')]: o.paceNumerator,
    [at('v4l2_streamparm', 'parm.capture.timeperframe.denominator')]: o.paceDenominator,
    [at('v4l2_query_ext_ctrl', 'type')]: o.controlType,
    [at('v4l2_query_ext_ctrl', 'name')]: o.controlName,
    [at('v4l2_query_ext_ctrl', 'minimum')]: o.controlMin,
    [at('v4l2_query_ext_ctrl', 'maximum')]: o.controlMax,
    [at('v4l2_query_ext_ctrl', 'step')]: o.controlStep,
    [at('v4l2_query_ext_ctrl', 'flags')]: o.controlFlags,
    [at('v4l2_query_ext_ctrl', 'nr_of_dims')]: o.controlDimensions,
    [at('v4l2_querymenu', 'index')]: o.menuIndex,
    [at('v4l2_querymenu', 'name')]: o.menuName,
    [at('v4l2_ext_control', 'value64')]: o.value,
    [at('v4l2_ext_controls', 'count')]: o.controlsCount,
    [at('v4l2_ext_controls', 'controls')]: o.controlsAt,
    [at('v4l2_requestbuffers', 'type')]: o.buffersType,
    [at('v4l2_requestbuffers', 'memory')]: o.buffersMemory,
    [at('v4l2_buffer', 'type')]: o.bufferType,
    [at('v4l2_buffer', 'bytesused')]: o.bufferUsed,
    [at('v4l2_buffer', 'flags')]: o.bufferFlags,
    [at('v4l2_buffer', 'sequence')]: o.bufferSequence,
    [at('v4l2_buffer', 'memory')]: o.bufferMemory,
    [at('v4l2_buffer', 'm.offset')]: o.bufferOffset,
    [at('v4l2_buffer', 'length')]: o.bufferLength,
    V4L2_CAP_VIDEO_CAPTURE: v4l2.capabilities.videoCapture,
    V4L2_CAP_STREAMING: v4l2.capabilities.streaming,
    '(unsigned)V4L2_CAP_DEVICE_CAPS': v4l2.capabilities.deviceCaps,
    V4L2_BUF_TYPE_VIDEO_CAPTURE: v4l2.videoCapture,
    V4L2_MEMORY_MMAP: v4l2.memoryMapped,
    V4L2_FIELD_NONE: v4l2.progressive,
    V4L2_FRMSIZE_TYPE_DISCRETE: v4l2.discrete,
    V4L2_FRMIVAL_TYPE_DISCRETE: v4l2.discrete,
    V4L2_CAP_TIMEPERFRAME: v4l2.timePerFrame,
    V4L2_BUF_FLAG_ERROR: v4l2.bufferFlags.error,
    V4L2_CTRL_TYPE_INTEGER: v4l2.controlTypes.integer,
    V4L2_CTRL_TYPE_BOOLEAN: v4l2.controlTypes.boolean,
    V4L2_CTRL_TYPE_MENU: v4l2.controlTypes.menu,
    V4L2_CTRL_TYPE_BUTTON: v4l2.controlTypes.button,
    V4L2_CTRL_TYPE_INTEGER64: v4l2.controlTypes.integer64,
    V4L2_CTRL_TYPE_BITMASK: v4l2.controlTypes.bitmask,
    V4L2_CTRL_TYPE_INTEGER_MENU: v4l2.controlTypes.integerMenu,
    V4L2_CTRL_FLAG_DISABLED: v4l2.controlFlags.disabled,
    V4L2_CTRL_FLAG_GRABBED: v4l2.controlFlags.grabbed,
    V4L2_CTRL_FLAG_READ_ONLY: v4l2.controlFlags.readOnly,
    V4L2_CTRL_FLAG_INACTIVE: v4l2.controlFlags.inactive,
    V4L2_CTRL_FLAG_WRITE_ONLY: v4l2.controlFlags.writeOnly,
    '(unsigned)V4L2_CTRL_FLAG_NEXT_CTRL': v4l2.controlFlags.next,
    V4L2_CID_GAIN: controlIds.gain,
    V4L2_CID_AUTOGAIN: controlIds.autoGain,
    V4L2_CID_ANALOGUE_GAIN: controlIds.analogueGain,
    V4L2_CID_EXPOSURE_AUTO: controlIds.exposureAuto,
    V4L2_CID_EXPOSURE_ABSOLUTE: controlIds.exposureAbsolute,
    V4L2_CID_EXPOSURE_AUTO_PRIORITY: controlIds.exposureAutoPriority,
    V4L2_EXPOSURE_AUTO: v4l2.exposureModes.auto,
    V4L2_EXPOSURE_MANUAL: v4l2.exposureModes.manual,
    V4L2_EXPOSURE_SHUTTER_PRIORITY: v4l2.exposureModes.shutterPriority,
    V4L2_EXPOSURE_APERTURE_PRIORITY: v4l2.exposureModes.aperturePriority,
  }
}

/** `SRGGB10P`, `GREY`, `RGB24`: what the header calls it. */
function kernelName({ fourcc, bayer, bits }: VideoFormat): string {
  const named: Record<string, string> = { RGB3: 'RGB24', BGR3: 'BGR24', MJPG: 'MJPEG' }
  if (bayer) return `S${bayer.toUpperCase()}${bits}${fourcc.startsWith('p') ? 'P' : ''}`
  return named[fourcc] ?? fourcc.trimEnd()
}

t.test('samples are unpacked as the formats say', async t => {
  const format = (fourcc: string) => videoFormats.find(one => one.fourcc.trimEnd() === fourcc)!
  const of = (fourcc: string, bytes: number[], width: number) => {
    const { planes, add, lineBytes } = format(fourcc)
    t.equal(bytes.length, lineBytes(width), `${fourcc}: a line of ${width} px has so many bytes`)
    const into = new Uint16Array(width * planes)
    add(Uint8Array.from(bytes), into, { at: 0, width, planeSize: width })
    return [...into]
  }
  t.same(of('GREY', [1, 2, 255], 3), [1, 2, 255])
  t.same(of('Y16', [0x34, 0x12, 0xff, 0xff], 2), [0x1234, 0xffff], 'the low byte first')
  t.same(of('RG12', [0xff, 0x0f], 1), [4095])
  // Four samples 0x3ff, 0x001, 0x200, 0x156: upper eight bits each, then the four pairs of low ones, the first lowest.
  t.same(of('pRAA', [0xff, 0x00, 0x80, 0x55, 0b10_00_01_11], 4), [0x3ff, 0x001, 0x200, 0x156])
  t.same(of('pRCC', [0xff, 0x12, 0x3f], 2), [0xfff, 0x123])
  t.same(of('RGB3', [1, 2, 3, 4, 5, 6], 2), [1, 4, 2, 5, 3, 6], 'plane after plane')
  t.same(of('BGR3', [3, 2, 1], 1), [1, 2, 3])
  // Colour bars of ITU-R BT.601 at 100 %: white, black, red, blue.
  t.same(of('YUYV', [235, 128, 16, 128], 2), [255, 0, 255, 0, 255, 0])
  const [red, , green, , blue] = of('YUYV', [81, 90, 81, 240], 2)
  t.ok(red > 250 && green < 5 && blue < 5, `red is ${red}, ${green}, ${blue}`)
  const other = of('UYVY', [240, 41, 110, 41], 2)
  t.ok(other[4] > 250 && other[0] < 5, 'blue')
})

t.test('an order becomes one picture or several', async t => {
  const reach = { minSeconds: 1e-4, maxSeconds: 0.5 }
  t.same(planOf(0.3, reach, 'none'), { pictures: 1, eachSeconds: 0.3 })
  t.same(planOf(0.5, reach, 'sum'), { pictures: 1, eachSeconds: 0.5 })
  t.same(planOf(2, reach, 'sum'), { pictures: 4, eachSeconds: 0.5 })
  t.same(planOf(1.2, reach, 'mean'), { pictures: 3, eachSeconds: 1.2 / 3 })
  t.throws(() => planOf(0.6, reach, 'none'), { code: 'bad-input', fix: /stack: sum/ })
  const fixed = { minSeconds: 0.1, maxSeconds: 0.1 }
  t.same(planOf(0.5, fixed, 'sum'), { pictures: 5, eachSeconds: 0.1 })
  t.throws(() => planOf(0.05, fixed, 'sum'), { code: 'bad-input' })
  t.throws(() => planOf(1, fixed, 'none'), { message: /0.1 s only/ })
  t.same([typeFor(8, 1, 'sum'), typeFor(8, 257, 'sum'), typeFor(8, 258, 'sum')], ['u8', 'u16', 'i32'])
  t.same([typeFor(10, 64, 'sum'), typeFor(16, 2, 'sum'), typeFor(8, 2, 'mean')], ['u16', 'i32', 'f32'])
})

/** A webcam: exposure up to `most` (100 µs), 20 pictures a second or five. */
function webcam(most = 5000): FakeCamera {
  const grey = (width: number, height: number, value: number) => Buffer.alloc(width * height, value)
  return {
    card: 'HD Webcam C270',
    formats: { YUYV: (width, height, value) => Buffer.alloc(2 * width * height, value), GREY: grey },
    sizes: [
      [64, 48],
      [32, 24],
    ],
    intervalsMs: [50, 200],
    controls: [exposureMode(), exposureControl(most), slowing(), gainControl()],
    // 1 for each 10 ms, and the gain on top.
    light: (exposure, gain) => exposure / 100 + gain,
  }
}

interface Rig {
  readonly bench: Bench
  readonly camera: Camera
  readonly raw: RawProperties
  readonly kernel: ReturnType<typeof videoKernel>
  take(order?: Partial<ExposureOrder>, signal?: AbortSignal): Promise<Frame>
}

async function rig(t: Test, given: object = {}, fake = webcam()): Promise<Rig> {
  const kernel = videoKernel(t, fake)
  const table = bench()
  t.teardown(() => table.close())
  const { ports } = await table.open(v4l2On(kernel.kernel), { device: kernel.path, ...given })
  const camera = ports.camera!
  return {
    ...{ bench: table, camera, raw: ports.raw!, kernel },
    take: (order = {}, signal = never) => camera.expose({ ...light, ...order }, table.pool.lend, signal),
  }
}

const card = (frame: Frame, keyword: string) => frame.cards.find(one => one.keyword === keyword)?.value

t.test('one picture is exposed as ordered, and says so', async t => {
  const { take, camera, kernel, bench } = await rig(t)
  t.match(camera.sensor, { width: 64, height: 48, maxExposureSeconds: 0.5, minExposureSeconds: 1e-4, maxAdu: 255 })
  const frame = await take({ exposureSeconds: 0.2, gain: 30 })
  t.match(frame, { width: 64, height: 48, planes: 1, type: 'u8', exposureSeconds: 0.2, gain: 30, topDown: true })
  t.equal(frame.samples[100], 50, '20 for 0.2 s and 30 for the gain: the camera really did it')
  t.equal(card(frame, 'PIXFMT'), 'GREY', 'the rawest format it has')
  t.equal(card(frame, 'NCOMBINE'), undefined)
  const modes = kernel.camera.controls.map(({ value }) => value)
  t.same(modes, [v4l2.exposureModes.manual, 2000, 1, 30], 'by hand, and the pace may drop for it')
  t.equal(kernel.state.intervalMs, 200, 'at a pace that leaves time for it')
  frame.memory.release()
  const short = await take({ exposureSeconds: 0.03 })
  t.match([short.samples[0], kernel.state.intervalMs], [33, 50])
  short.memory.release()
  t.same([kernel.state.mapped, kernel.state.streaming, bench.pool.lentBytes()], [0, false, 0])
  await t.rejects(take({ exposureSeconds: 0.6 }), { code: 'bad-input', fix: /stack: sum/ })
  await t.rejects(take({ gain: 101 }), { code: 'bad-input' })
  await t.rejects(take({ offset: 5 }), { code: 'bad-input' })
})

t.test('several pictures become one frame, and the header says how many', async t => {
  const { take } = await rig(t, { stack: 'sum', skip_frames: 0 })
  const sum = await take({ exposureSeconds: 1, gain: 100 })
  t.match(sum, { type: 'u16', exposureSeconds: 1 })
  t.equal(sum.samples[5], 300, 'two of 50 + 100')
  t.same(
    ['NCOMBINE', 'COMBTYPE', 'SUBEXP', 'LOSTPICS'].map(keyword => card(sum, keyword)),
    [2, 'SUM', 0.5, 0],
  )
  sum.memory.release()

  const averaging = await rig(t, { stack: 'mean', skip_frames: 0 })
  const mean = await averaging.take({ exposureSeconds: 1, gain: 100 })
  t.match(mean, { type: 'f32', exposureSeconds: 1 })
  t.equal(mean.samples[5], 150)
  t.equal(card(mean, 'COMBTYPE'), 'MEAN')
  mean.memory.release()
})

t.test('a camera that chooses its exposure itself does not pretend otherwise', async t => {
  const fake = { ...webcam(), controls: [gainControl()] }
  const { camera, take } = await rig(t, { fps: 20 }, fake)
  t.match(camera.sensor, { minExposureSeconds: 0.05, maxExposureSeconds: 0.05 })
  await t.rejects(take({ exposureSeconds: 1 }), { code: 'bad-input' })
  const frame = await take()
  t.match(frame, { exposureSeconds: 0.05 })
  t.match(card(frame, 'COMMENT'), /chose its exposure itself/)
  frame.memory.release()
})

t.test('colour, size and format by the config', async t => {
  const { take, camera } = await rig(t, { format: 'YUYV', size: '32x24' })
  const frame = await take({ exposureSeconds: 0.02, gain: 5 })
  t.match(frame, { width: 32, height: 24, planes: 3, type: 'u8' })
  t.equal(frame.samples.length, 32 * 24 * 3)
  t.equal(camera.sensor.bayer, undefined)
  frame.memory.release()
  await t.rejects(rig(t, { format: 'H264' }), { code: 'unsupported', fix: /GREY, YUYV/ })
  await t.rejects(rig(t, { size: '640x480' }), { code: 'bad-input', fix: /64x48, 32x24/ })
  const films: FakeCamera = { ...webcam(), formats: { H264: () => Buffer.alloc(10) } }
  await t.rejects(rig(t, {}, films), { code: 'unsupported', fix: /pier camera/ })
})

t.test('JPEGs, where a camera has nothing else', async t => {
  const picture = async (width: number, height: number, grey: number) => {
    const data = new Uint8Array(3 * width * height).fill(grey)
    return Buffer.from((await encodePicture({ width, height, channels: 3, data }, 'jpeg', 95)).bytes)
  }
  const [good, small] = [await picture(64, 48, 90), await picture(32, 24, 90)]
  let sent = good
  const fake: FakeCamera = { ...webcam(), formats: { MJPG: () => sent } }
  const { take, bench } = await rig(t, { stack: 'sum', skip_frames: 0 }, fake)
  const frame = await take({ exposureSeconds: 1 })
  t.match(frame, { width: 64, height: 48, planes: 3, type: 'u16' })
  t.ok(Math.abs(frame.samples[7000] - 180) <= 2, `two of 90: ${frame.samples[7000]}`)
  t.match(
    frame.cards.find(({ keyword }) => keyword === 'PIXFMT'),
    { value: 'MJPG', comment: /losses/ },
  )
  frame.memory.release()
  sent = small
  await t.rejects(take(), { code: 'broken', message: /32×24/ })
  sent = Buffer.from('no picture at all, for all that it says')
  await t.rejects(take(), { code: 'broken' })
  t.equal(bench.pool.lentBytes(), 0)
})

t.test('its controls can be looked at and set', async t => {
  const { raw, camera, kernel } = await rig(t)
  const all = await raw.list()
  t.match(
    all.map(({ label, kind, group }) => ({ label, kind, group })),
    [
      { label: 'Gain', kind: 'number', group: 'Picture' },
      { label: 'Auto Exposure', kind: 'switch', group: 'Camera' },
      { label: 'Exposure Time, Absolute', kind: 'number' },
      { label: 'Exposure, Dynamic Framerate', kind: 'switch' },
    ],
  )
  t.match(all[1].items, [
    { name: '1', label: 'Manual Mode', value: false },
    { name: '3', label: 'Aperture Priority Mode', value: true },
  ])
  await raw.set(all[0].name, { VALUE: 77 }, never)
  t.equal(camera.gain!.read(), 77)
  await raw.set(all[1].name, { '1': true }, never)
  t.equal(kernel.camera.controls[0].value, 1)
  await t.rejects(raw.set(all[0].name, { VALUE: 101 }, never), { code: 'bad-input', fix: /0 to 100/ })
  await t.rejects(raw.set(all[0].name, { VALUE: 'much' }, never), { code: 'bad-input' })
  await t.rejects(raw.set(all[1].name, { '2': true }, never), { code: 'bad-input' })
  await t.rejects(
    raw.set(all[1].name, { '1': false }, never),
    { code: 'bad-input' },
    'one of a menu is chosen, not unchosen',
  )
  await t.rejects(raw.set('0x00980900', { VALUE: 1 }, never), { code: 'not-found' })
})

t.test('damaged pictures are left out; a camera that sends nothing else is broken', async t => {
  const { take, kernel, bench } = await rig(t, { skip_frames: 0, stack: 'sum' })
  kernel.state.damaged = 2
  const frame = await take({ exposureSeconds: 0.03 })
  t.equal(frame.samples[0], 13)
  frame.memory.release()
  kernel.state.damaged = 1000
  await t.rejects(take(), { code: 'broken', message: /damaged/ })
  t.same([kernel.state.mapped, bench.pool.lentBytes()], [0, 0])
})

t.test('a camera in use, pulled out, or silent', async t => {
  const { take, kernel, bench, raw } = await rig(t, { skip_frames: 0 })
  kernel.state.taken = true
  await t.rejects(take(), { code: 'busy', fix: /close it/ })
  kernel.state.taken = false
  t.same(bench.lost, [])
  kernel.state.silent = true
  const end = new AbortController()
  const waiting = take({}, end.signal)
  setTimeout(() => {
    kernel.state.unplugged = true
  }, 60)
  await t.rejects(waiting, { code: 'offline' })
  t.match(bench.lost, [{ code: 'offline' }], 'the supervisor hears of it')
  await t.rejects(async () => raw.list(), { code: 'offline' })
  t.same([kernel.state.mapped, bench.pool.lentBytes()], [0, 0], 'and nothing is left behind')
  const nowhere = bench.open(v4l2On(kernel.kernel), { device: '/dev/v4l/by-id/nothing' })
  await t.rejects(nowhere, { code: 'offline', message: /ENOENT/ })
})

t.test('a camera that waits is said to wait', async t => {
  const { take, camera, kernel } = await rig(t)
  kernel.state.silent = true
  const phases: string[] = []
  camera.onPhase!(phase => phases.push(phase))
  const end = new AbortController()
  const waiting = take({}, end.signal)
  setTimeout(() => end.abort(new Fault('aborted', 'enough', 'Start again')), 1300)
  await t.rejects(waiting, { code: 'aborted' })
  t.same(phases, ['waiting', 'waiting', 'idle'], 'again after a second')
})

t.test('a kernel that holds a call back holds nobody else', async t => {
  const { path, kernel } = videoKernel(t, webcam())
  const real = kernel()
  let held: number | undefined = v4l2.requests.enumFormat
  const holding = {
    ...real,
    ioctl: async (...call: Parameters<typeof real.ioctl>) => {
      if (call[1] === held) await new Promise(() => {})
      return real.ioctl(...call)
    },
  }
  const lost: Fault[] = []
  const driver = v4l2On(() => holding)
  const tools = benchTools(systemClock(), fault => lost.push(fault)) as Tools
  const open = (signal: AbortSignal) => driver.open(driver.options.parse({ device: path }), tools, signal)
  const isOpen = () =>
    readdirSync('/proc/self/fd').some(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        return false // the one of the list itself
      }
    })
  const reason = new Fault('aborted', 'enough of this', 'Start again')
  const stop = (control = new AbortController()) => {
    setTimeout(() => control.abort(reason), 200)
    return control.signal
  }
  await t.rejects(open(stop()), reason, 'an opening is given up')
  t.equal(isOpen(), false, 'and its device is closed')
  held = undefined
  const { ports, close } = await open(never)
  held = v4l2.requests.streamOff
  const pool = bench()
  t.teardown(() => pool.close())
  await t.rejects(ports.camera!.expose({ ...light, exposureSeconds: 0.4 }, pool.pool.lend, stop()), {
    code: 'timeout',
    message: /does not come back/,
  })
  t.match(lost, [{ code: 'timeout' }], 'and the supervisor hears of it')
  await t.rejects(ports.camera!.expose(light, pool.pool.lend, never), { code: 'busy' })
  await close()
  t.equal(isOpen(), false)
})

t.test('a driver’s absurd numbers are refused', async t => {
  const { path, kernel } = videoKernel(t, webcam())
  const real = kernel()
  const absurd = {
    ...real,
    ioctl: async (...call: Parameters<typeof real.ioctl>) => {
      const answer = await real.ioctl(...call)
      if (call[1] === v4l2.requests.setFormat) (call[2] as Buffer).writeUInt32LE(0xffff_ffff, v4l2.offsets.pixSizeImage)
      return answer
    },
  }
  const table = bench()
  t.teardown(() => table.close())
  await t.rejects(
    table.open(
      v4l2On(() => absurd),
      { device: path },
    ),
    { code: 'broken', message: /4294967295 bytes/ },
  )
})

t.test('a pier camera’s light is set beside whoever has its pictures', async t => {
  const fake = webcam()
  const made = videoKernel(t, fake)
  const kernel = made.kernel()
  made.state.taken = true
  const set = (order: Partial<VideoOrder>) =>
    setUsbLight(made.path, { framesPerSecond: 5, jpegQuality: 75, ...order }, kernel)
  const now = () => fake.controls.map(({ value }) => value)
  const { manual, aperturePriority } = v4l2.exposureModes
  await set({ exposureMs: 80, gain: 50 })
  t.same(now(), [aperturePriority, 156, 0, 10], 'nothing is said of who chooses: it is left alone')
  await set({ automatic: false, exposureMs: 80, gain: 50 })
  t.same(now(), [manual, 800, 1, 50])
  await set({ automatic: false, exposureMs: 9000, gain: 200 })
  t.same(now(), [manual, 5000, 1, 100], 'beyond its range: as far as it goes')
  await set({ automatic: true, exposureMs: 80, gain: 50 })
  t.same(now()[0], aperturePriority)
  const raw = usbControls(async () => made.path, kernel)
  t.match(await raw.list(), [{ label: 'Gain', items: [{ value: 100 }] }])
  await raw.set('0x00980913', { VALUE: 7 }, never)
  t.equal(fake.controls[3].value, 7)
  made.state.unplugged = true
  await t.rejects(set({ automatic: true }), { code: 'offline' })
})

t.test('on a real device', { skip: noVideoDevice }, async t => {
  const table = bench()
  t.teardown(() => table.close())
  const device = '/dev/video0'
  const { ports } = await table.open(v4l2Driver, { device, size: '640x360', fps: 10, stack: 'sum', skip_frames: 1 })
  const camera = ports.camera!
  const take = (exposureSeconds: number) => camera.expose({ ...light, exposureSeconds }, table.pool.lend, never)
  const all = await ports.raw!.list()
  t.ok(all.length > 5, `${all.length} controls`)
  const brightness = all.find(({ label }) => label === 'Brightness')
  if (brightness) {
    await ports.raw!.set(brightness.name, { VALUE: 100 }, never)
    const again = (await ports.raw!.list()).find(({ name }) => name === brightness.name)
    t.equal(again?.items[0].value, 100, 'one is set, and read back')
  }
  const frame = await take(0.5)
  t.equal(frame.samples.length, frame.width * frame.height * frame.planes)
  t.ok(new Set(frame.samples.subarray(0, 100_000)).size > 2, 'there is a picture on it')
  t.equal(frame.exposureSeconds, 0.5)
  t.equal(card(frame, 'NCOMBINE'), 5, 'ten a second')
  frame.memory.release()
  for (const format of videoFormats) {
    const other = bench()
    try {
      const opened = await other.open(v4l2Driver, {
        device,
        format: format.fourcc.trimEnd(),
        size: '320x180',
        fps: 30,
        stack: 'sum',
      })
      const one = await opened.ports.camera!.expose({ ...light, exposureSeconds: 0.1 }, other.pool.lend, never)
      t.ok(new Set(one.samples.subarray(0, 20_000)).size > 2, `${format.fourcc}: ${format.words}`)
      t.equal(one.planes, format.planes)
      one.memory.release()
    } catch (error) {
      t.match(error, { code: 'unsupported' }, `${format.fourcc}: the device has no such format`)
    } finally {
      await other.close()
    }
  }
})
