// What <ASICamera2.h> of libasi 1.27 lays down: structures, numbers, functions. test/drivers/asi.test.ts holds all of
// it against that header, by the C compilers of amd64 and arm64. `long` has eight bytes on both.

/** Later versions take what they add from the room they left unused; what one of them adds beyond falls into this. */
const spareBytes = 256
export const sizes = { cameraInfo: 248, controlCaps: 264, id: 8 } as const

export const offsets = {
  cameraInfo: {
    Name: 0,
    CameraID: 64,
    MaxHeight: 72,
    MaxWidth: 80,
    IsColorCam: 88,
    BayerPattern: 92,
    SupportedBins: 96,
    SupportedVideoFormat: 160,
    PixelSize: 192,
    MechanicalShutter: 200,
    ST4Port: 204,
    IsCoolerCam: 208,
    IsUSB3Camera: 216,
    ElecPerADU: 220,
    BitDepth: 224,
  },
  controlCaps: {
    Name: 0,
    Description: 64,
    MaxValue: 192,
    MinValue: 200,
    DefaultValue: 208,
    IsAutoSupported: 216,
    IsWritable: 220,
    ControlType: 224,
  },
} as const

const nameBytes = 64
const descriptionBytes = 128
const mostBins = 16

/** ASI_CONTROL_TYPE, as far as it is named here. */
export const controls = {
  GAIN: 0,
  EXPOSURE: 1,
  OFFSET: 5,
  BANDWIDTHOVERLOAD: 6,
  TEMPERATURE: 8,
  FLIP: 9,
  HIGH_SPEED_MODE: 14,
  COOLER_POWER_PERC: 15,
  TARGET_TEMP: 16,
  COOLER_ON: 17,
  MONO_BIN: 18,
} as const

export const imageTypes = { RAW8: 0, RGB24: 1, RAW16: 2 } as const
export const exposureStates = { IDLE: 0, WORKING: 1, SUCCESS: 2, FAILED: 3 } as const
/** ASI_GUIDE_DIRECTION. */
export const guideDirections = { NORTH: 0, SOUTH: 1, EAST: 2, WEST: 3 } as const
/** ASI_BAYER_PATTERN: the colours of the first row's first two pixels. */
export const bayerPatterns = { RG: 0, BG: 1, GR: 2, GB: 3 } as const

/** ASI_ERROR_CODE from 1 on. */
export const errorNames = [
  'INVALID_INDEX',
  'INVALID_ID',
  'INVALID_CONTROL_TYPE',
  'CAMERA_CLOSED',
  'CAMERA_REMOVED',
  'INVALID_PATH',
  'INVALID_FILEFORMAT',
  'INVALID_SIZE',
  'INVALID_IMGTYPE',
  'OUTOF_BOUNDARY',
  'TIMEOUT',
  'INVALID_SEQUENCE',
  'BUFFER_TOO_SMALL',
  'VIDEO_MODE_ACTIVE',
  'EXPOSURE_IN_PROGRESS',
  'GENERAL_ERROR',
  'INVALID_MODE',
] as const

/** What is called, in C's own words: the result, then the parameters. */
export const functions = {
  ASIGetSDKVersion: ['char *'],
  ASIGetNumOfConnectedCameras: ['int'],
  ASIGetCameraProperty: ['int', 'ASI_CAMERA_INFO *', 'int'],
  ASIGetCameraPropertyByID: ['int', 'int', 'ASI_CAMERA_INFO *'],
  ASIOpenCamera: ['int', 'int'],
  ASIInitCamera: ['int', 'int'],
  ASICloseCamera: ['int', 'int'],
  ASIGetSerialNumber: ['int', 'int', 'ASI_SN *'],
  ASIGetNumOfControls: ['int', 'int', 'int *'],
  ASIGetControlCaps: ['int', 'int', 'int', 'ASI_CONTROL_CAPS *'],
  ASIGetControlValue: ['int', 'int', 'int', 'long *', 'int *'],
  ASISetControlValue: ['int', 'int', 'int', 'long', 'int'],
  ASISetROIFormat: ['int', 'int', 'int', 'int', 'int', 'int'],
  ASISetStartPos: ['int', 'int', 'int', 'int'],
  ASIGetStartPos: ['int', 'int', 'int *', 'int *'],
  ASIDisableDarkSubtract: ['int', 'int'],
  ASIStartExposure: ['int', 'int', 'int'],
  ASIStopExposure: ['int', 'int'],
  ASIGetExpStatus: ['int', 'int', 'ASI_EXPOSURE_STATUS *'],
  ASIGetDataAfterExp: ['int', 'int', 'unsigned char *', 'long'],
  ASIStartVideoCapture: ['int', 'int'],
  ASIStopVideoCapture: ['int', 'int'],
  ASIGetVideoData: ['int', 'int', 'unsigned char *', 'long', 'int'],
  ASIPulseGuideOn: ['int', 'int', 'int'],
  ASIPulseGuideOff: ['int', 'int', 'int'],
} as const
export type AsiFunction = keyof typeof functions

/** ASI_CAMERA_INFO. */
export interface CameraInfo {
  readonly id: number
  readonly name: string
  /** Of the whole sensor, px. */
  readonly width: number
  readonly height: number
  /** Absent where the sensor sees no colours; a number of `bayerPatterns`. */
  readonly bayer?: number
  readonly bins: readonly number[]
  readonly pixelMicrons: number
  readonly shutter: boolean
  readonly guidePort: boolean
  readonly cooled: boolean
  readonly usb3: boolean
  /** Per step of the converter, at the gain that is set. */
  readonly electronsPerAdu: number
  readonly bitDepth: number
}

/** ASI_CONTROL_CAPS. */
export interface ControlCaps {
  /** A number of ASI_CONTROL_TYPE. */
  readonly control: number
  readonly name: string
  readonly description: string
  readonly min: number
  readonly max: number
  readonly standard: number
  readonly writable: boolean
}

/** For C to fill in. */
export const roomFor = (what: keyof typeof sizes): Buffer => Buffer.alloc(sizes[what] + spareBytes)

export function readCameraInfo(bytes: Buffer): CameraInfo {
  const at = offsets.cameraInfo
  const flag = (offset: number) => bytes.readInt32LE(offset) !== 0
  const bins = Array.from({ length: mostBins }, (_, index) => bytes.readInt32LE(at.SupportedBins + index * 4))
  const end = bins.indexOf(0)
  return {
    id: bytes.readInt32LE(at.CameraID),
    name: text(bytes, at.Name, nameBytes),
    width: Number(bytes.readBigInt64LE(at.MaxWidth)),
    height: Number(bytes.readBigInt64LE(at.MaxHeight)),
    ...(flag(at.IsColorCam) && { bayer: bytes.readInt32LE(at.BayerPattern) }),
    bins: end < 0 ? bins : bins.slice(0, end),
    pixelMicrons: bytes.readDoubleLE(at.PixelSize),
    shutter: flag(at.MechanicalShutter),
    guidePort: flag(at.ST4Port),
    cooled: flag(at.IsCoolerCam),
    usb3: flag(at.IsUSB3Camera),
    electronsPerAdu: bytes.readFloatLE(at.ElecPerADU),
    bitDepth: bytes.readInt32LE(at.BitDepth),
  }
}

export function readControlCaps(bytes: Buffer): ControlCaps {
  const at = offsets.controlCaps
  const long = (offset: number) => Number(bytes.readBigInt64LE(offset))
  return {
    control: bytes.readInt32LE(at.ControlType),
    name: text(bytes, at.Name, nameBytes),
    description: text(bytes, at.Description, descriptionBytes),
    min: long(at.MinValue),
    max: long(at.MaxValue),
    standard: long(at.DefaultValue),
    writable: bytes.readInt32LE(at.IsWritable) !== 0,
  }
}

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end < 0 ? length : end).trim()
}
