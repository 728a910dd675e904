// The structures of Video4Linux as <linux/videodev2.h> lays them out on 64-bit machines. test/drivers/v4l2.test.ts
// holds every number here against what the C compilers for amd64 and arm64 make of that header.
const type = 0x56 // 'V'

/** As the macros _IOR, _IOW and _IOWR of <asm-generic/ioctl.h> make it. */
function ioctlNumber(direction: 'read' | 'write' | 'both', number: number, bytes: number): number {
  const bits = { write: 1, read: 2, both: 3 }[direction]
  return ((bits << 30) | (bytes << 16) | (type << 8) | number) >>> 0
}

export const sizes = {
  ...{ capability: 104, fmtdesc: 64, frmsize: 44, frmival: 52, format: 208, streamparm: 204 },
  ...{ queryControl: 232, queryMenu: 44, control: 20, controls: 32, requestBuffers: 20, buffer: 88 },
} as const

export const requests = {
  queryCap: ioctlNumber('read', 0, sizes.capability),
  enumFormat: ioctlNumber('both', 2, sizes.fmtdesc),
  setFormat: ioctlNumber('both', 5, sizes.format),
  requestBuffers: ioctlNumber('both', 8, sizes.requestBuffers),
  queryBuffer: ioctlNumber('both', 9, sizes.buffer),
  queueBuffer: ioctlNumber('both', 15, sizes.buffer),
  takeBuffer: ioctlNumber('both', 17, sizes.buffer),
  streamOn: ioctlNumber('write', 18, 4),
  streamOff: ioctlNumber('write', 19, 4),
  getPace: ioctlNumber('both', 21, sizes.streamparm),
  setPace: ioctlNumber('both', 22, sizes.streamparm),
  queryMenu: ioctlNumber('both', 37, sizes.queryMenu),
  getControls: ioctlNumber('both', 71, sizes.controls),
  setControls: ioctlNumber('both', 72, sizes.controls),
  enumSize: ioctlNumber('both', 74, sizes.frmsize),
  enumInterval: ioctlNumber('both', 75, sizes.frmival),
  queryControl: ioctlNumber('both', 103, sizes.queryControl),
} as const

export const offsets = {
  ...{ capCard: 16, capBus: 48, capAll: 84, capDevice: 88 },
  ...{ fmtWords: 12, fmtPixel: 44 },
  ...{ sizePixel: 4, sizeType: 8, sizeWidth: 12, sizeHeight: 16, sizeMostWidth: 16, sizeMostHeight: 28 },
  ...{ ivalPixel: 4, ivalWidth: 8, ivalHeight: 12, ivalType: 16, ivalNumerator: 20, ivalMost: 28 },
  ...{ pixWidth: 8, pixHeight: 12, pixFormat: 16, pixField: 20, pixBytesPerLine: 24, pixSizeImage: 28 },
  ...{ paceCan: 4, paceNumerator: 12, paceDenominator: 16 },
  ...{ controlType: 4, controlName: 8, controlMin: 40, controlMax: 48, controlStep: 56, controlDefault: 64 },
  ...{ controlFlags: 72, controlDimensions: 84 },
  ...{ menuIndex: 4, menuName: 8 },
  ...{ value: 12 },
  ...{ controlsCount: 4, controlsAt: 24 },
  ...{ buffersType: 4, buffersMemory: 8 },
  ...{ bufferType: 4, bufferUsed: 8, bufferFlags: 12, bufferSequence: 56, bufferMemory: 60 },
  ...{ bufferOffset: 64, bufferLength: 72 },
} as const

export const capabilities = { videoCapture: 0x1, streaming: 0x0400_0000, deviceCaps: 0x8000_0000 } as const
/** V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_MEMORY_MMAP, V4L2_FIELD_NONE. */
export const videoCapture = 1
export const memoryMapped = 1
export const progressive = 1
/** V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE. */
export const discrete = 1
/** V4L2_CAP_TIMEPERFRAME. */
export const timePerFrame = 0x1000
export const bufferFlags = { error: 0x40 } as const

export const controlTypes = {
  ...{ integer: 1, boolean: 2, menu: 3, button: 4, integer64: 5, bitmask: 8, integerMenu: 9 },
} as const

export const controlFlags = {
  ...{ disabled: 0x1, grabbed: 0x2, readOnly: 0x4, inactive: 0x10, writeOnly: 0x40 },
  ...{ next: 0x8000_0000 },
} as const

/** V4L2_CID_… */
export const controlIds = {
  gain: 0x0098_0913,
  autoGain: 0x0098_0912,
  analogueGain: 0x009e_0903,
  exposureAuto: 0x009a_0901,
  exposureAbsolute: 0x009a_0902,
  exposureAutoPriority: 0x009a_0903,
} as const

/** V4L2_EXPOSURE_…: what the camera chooses by itself. */
export const exposureModes = { auto: 0, manual: 1, shutterPriority: 2, aperturePriority: 3 } as const

/** The unit of V4L2_CID_EXPOSURE_ABSOLUTE. */
export const exposureUnitSeconds = 1e-4

/** `'YUYV'` of the number that the kernel calls V4L2_PIX_FMT_YUYV. */
export function fourccOf(number: number): string {
  return String.fromCharCode(...[0, 8, 16, 24].map(shift => (number >>> shift) & 0x7f))
}

export function fourcc(name: string): number {
  return [...name].reduce((number, letter, at) => number | (letter.charCodeAt(0) << (8 * at)), 0) >>> 0
}

/** A C string of at most `most` bytes; makers write Latin-1 or worse. */
export function text(bytes: Buffer, start: number, most: number): string {
  const end = bytes.indexOf(0, start)
  return bytes.toString('latin1', start, end < 0 ? start + most : Math.min(end, start + most)).trim()
}
