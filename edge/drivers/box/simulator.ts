// Every part of the simulated observatory as a device: one driver, the part named in its options.
import type { Ports } from '../../ports/device.js'
import { driver, type OpenBox, type Tools } from '../../ports/driver.js'
import { reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { hash32 } from '../../science/seeded-noise.js'
import { parts } from '../link/simulator/mishaps.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { simulatorLink } from '../link/simulator/simulator-link.js'
import {
  openSimulatedFocuser,
  openSimulatedStation,
  openSimulatedSwitches,
  openSimulatedWheel,
} from './simulator-boxes.js'
import { openSimulatedCamera } from './simulator-camera.js'
import { openSimulatedCover, openSimulatedDome, openSimulatedRotator } from './simulator-covers.js'
import { openSimulatedMount } from './simulator-mount.js'
import { openSimulatedRoofRelays } from './simulator-roof-relays.js'
import { openSimulatedPierCamera } from './simulator-video.js'
import { openSimulatedGps, openSimulatedSafety } from './simulator-watch.js'

const onlyCameras = '(camera, guide-camera)'

const options = z.strictObject({
  part: z.enum(parts).default('camera').describe('Which part of the observatory this device is'),
  width: z.number().int().min(16).max(16384).default(1280).describe(`Sensor width, px ${onlyCameras}`),
  height: z.number().int().min(16).max(16384).default(960).describe(`Sensor height, px ${onlyCameras}`),
  pixel_um: z.number().min(0.5).max(50).default(3.76).describe(`Pixel size, µm ${onlyCameras}`),
  bayer: z.enum(['rggb', 'bggr', 'grbg', 'gbrg']).optional().describe(`Colour filter; mono when absent ${onlyCameras}`),
  bit_depth: z.number().int().min(8).max(16).default(16).describe(`Bits of a pixel ${onlyCameras}`),
  focal_length_mm: z
    .number()
    .min(10)
    .max(20000)
    .optional()
    .describe(`Focal length, mm: 500, or 200 for the guide camera when absent ${onlyCameras}`),
  aperture_mm: z
    .number()
    .min(5)
    .max(5000)
    .optional()
    .describe(`Aperture, mm: 100, or 50 for the guide camera when absent ${onlyCameras}`),
  rotation_deg: z
    .number()
    .min(-360)
    .max(360)
    .default(0)
    .describe(`Camera turned from north up, degrees ${onlyCameras}`),
  cooled: z.boolean().optional().describe(`Has a cooler; the main camera does when absent ${onlyCameras}`),
  readout_s: z.number().min(0).max(60).default(0.2).describe(`Time to read the sensor, s ${onlyCameras}`),
})

type Options = z.output<typeof options>

const portOf: Readonly<Record<Options['part'], keyof Ports>> = {
  camera: 'camera',
  'guide-camera': 'camera',
  mount: 'mount',
  focuser: 'focuser',
  wheel: 'wheel',
  rotator: 'rotator',
  roof: 'dome',
  dome: 'dome',
  cover: 'cover',
  switches: 'switches',
  'roof-relays': 'switches',
  sensors: 'station',
  weather: 'station',
  gps: 'gps',
  safety: 'safety',
  'pier-camera': 'video',
}

export const simulatorDriver = driver<typeof options>({
  id: 'simulator',
  summary: 'A part of the simulated observatory; needs no hardware',
  options,
  link: simulatorLink,
  ports: ({ part }) => [portOf[part]],
  async open(given, tools, signal) {
    if (signal.aborted) throw reasonOf(signal)
    return openPart(tools.link<Observatory>(simulatorLink), given, tools)
  },
})

function openPart(place: Observatory, given: Options, tools: Tools): OpenBox {
  switch (given.part) {
    case 'camera':
    case 'guide-camera':
      return openCamera(place, given, given.part, tools)
    case 'mount':
      return openSimulatedMount(place, tools)
    case 'focuser':
      return openSimulatedFocuser(place, tools)
    case 'wheel':
      return openSimulatedWheel(place, tools)
    case 'rotator':
      return openSimulatedRotator(place, tools)
    case 'roof':
    case 'dome':
      return openSimulatedDome(place, given.part, tools)
    case 'cover':
      return openSimulatedCover(place, tools)
    case 'gps':
      return openSimulatedGps(place, tools)
    case 'safety':
      return openSimulatedSafety(place, tools)
    case 'switches':
      return openSimulatedSwitches(place, tools)
    case 'roof-relays':
      return openSimulatedRoofRelays(place, tools)
    case 'sensors':
      return openSimulatedStation(place, 'sensor', tools)
    case 'weather':
      return openSimulatedStation(place, 'weather', tools)
    case 'pier-camera':
      return openSimulatedPierCamera(place, tools)
  }
}

function openCamera(place: Observatory, given: Options, part: 'camera' | 'guide-camera', tools: Tools): OpenBox {
  const main = part === 'camera'
  return openSimulatedCamera(
    place,
    {
      part,
      main,
      width: given.width,
      height: given.height,
      pixelMicrons: given.pixel_um,
      bayer: given.bayer,
      bitDepth: given.bit_depth,
      focalLengthMm: given.focal_length_mm ?? (main ? 500 : 200),
      apertureMm: given.aperture_mm ?? (main ? 100 : 50),
      rotationDeg: given.rotation_deg,
      cooled: given.cooled ?? main,
      readoutSeconds: given.readout_s,
      // Another sensor has its hot pixels elsewhere.
      seed: hash32(place.seed, main ? 101 : 102, given.width, given.height),
    },
    tools,
  )
}
