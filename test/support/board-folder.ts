// A computer's device tree, and the image's table of boards, as files in a folder of a test's own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const works = { by: 'Linux', lacking: [] }
const table = {
  release: '7.3.4-test',
  boards: [
    { id: 'pi4b', name: 'Raspberry Pi 4 Model B', compatible: 'raspberrypi,4-model-b', proven: 'no' },
    { id: 'pi5', name: 'Raspberry Pi 5', compatible: 'raspberrypi,5-model-b', proven: '2026-12-24' },
  ],
  devices: [
    { kind: 'On the board', name: 'Memory card', boards: { pi4b: works, pi5: works } },
    {
      kind: 'On the board',
      name: 'Fan socket',
      boards: { pi5: { by: 'Linux', lacking: ['device-tree node pwm-fan'] } },
    },
    { kind: 'Clock', name: 'DS3231', boards: { pi4b: { ...works, overlay: 'ds3231' }, pi5: works } },
    {
      kind: 'Camera on the ribbon',
      name: 'HQ Camera (IMX477)',
      boards: {
        pi4b: { by: 'csi', overlay: 'imx477', lacking: ['module imx477', 'package rpicam-apps'] },
        pi5: { by: 'csi', overlay: 'imx477', lacking: ['module imx477'] },
      },
    },
  ],
}

/** @param compatible  what the computer is compatible with, first of its strings */
export function boardFolder(folder: string, compatible: string, model = 'A computer') {
  const places = { table: join(folder, 'boards.json'), deviceTree: join(folder, 'device-tree') }
  writeFileSync(places.table, JSON.stringify(table))
  mkdirSync(places.deviceTree, { recursive: true })
  writeFileSync(join(places.deviceTree, 'compatible'), `${compatible}\0brcm,something\0`)
  writeFileSync(join(places.deviceTree, 'model'), `${model}\0`)
  return places
}
