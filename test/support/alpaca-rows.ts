// The fake Alpaca devices that stand on the bench: each type as Platform 7 has it, and as it was before.
import type { PortName } from '../../edge/ports/device.js'
import {
  fakeCamera,
  fakeCover,
  fakeDome,
  fakeFocuser,
  fakeRotator,
  fakeSafety,
  fakeSwitch,
  fakeTelescope,
  fakeWeather,
  fakeWheel,
  plugged,
} from './alpaca-devices.js'
import type { FakeDevice } from './alpaca-server.js'

export interface AlpacaRow {
  readonly name: string
  readonly port: PortName
  readonly odd?: boolean
  readonly options?: object
  device(): FakeDevice
}

export const alpacaRows: readonly AlpacaRow[] = [
  { name: 'camera', port: 'camera', device: () => plugged(fakeCamera(), true) },
  {
    ...{ name: 'colour camera before Platform 7, in JSON', port: 'camera', odd: true },
    device: () => plugged(fakeCamera({ colour: true, width: 160, height: 130 }), false),
  },
  {
    ...{ name: 'camera with a mosaic that stops and cannot abort', port: 'camera' },
    device: () => plugged(fakeCamera({ bayer: [1, 0], gains: ['ISO 100', 'ISO 200'], ends: 'stops' }), true),
  },
  { name: 'telescope', port: 'mount', device: () => plugged(fakeTelescope(true), true) },
  {
    ...{ name: 'telescope before Platform 7', port: 'mount', odd: true },
    device: () => plugged(fakeTelescope(false), false),
  },
  { name: 'focuser', port: 'focuser', device: () => plugged(fakeFocuser(), true) },
  { name: 'focuser of small steps', port: 'focuser', odd: true, device: () => plugged(fakeFocuser(20), false) },
  { name: 'filter wheel', port: 'wheel', device: () => plugged(fakeWheel(), true) },
  { name: 'filter wheel before Platform 7', port: 'wheel', odd: true, device: () => plugged(fakeWheel(), false) },
  { name: 'rotator', port: 'rotator', device: () => plugged(fakeRotator(), true) },
  { name: 'rotator before Platform 7', port: 'rotator', odd: true, device: () => plugged(fakeRotator(), false) },
  { name: 'dome', port: 'dome', device: () => plugged(fakeDome(true), true) },
  { name: 'roof before Platform 7', port: 'dome', odd: true, device: () => plugged(fakeDome(false), false) },
  { name: 'cover and panel', port: 'cover', device: () => plugged(fakeCover(), true) },
  {
    name: 'cover before Platform 7',
    port: 'cover',
    odd: true,
    device: () => plugged(fakeCover({ cover: true, panel: false }), false),
  },
  { name: 'panel', port: 'cover', device: () => plugged(fakeCover({ cover: false, panel: true }), true) },
  { name: 'switch', port: 'switches', device: () => plugged(fakeSwitch(true), true) },
  { name: 'switch before Platform 7', port: 'switches', odd: true, device: () => plugged(fakeSwitch(false), false) },
  { name: 'weather', port: 'station', device: () => plugged(fakeWeather(), true) },
  { name: 'weather before Platform 7', port: 'station', odd: true, device: () => plugged(fakeWeather(), false) },
  { name: 'safety monitor', port: 'safety', device: () => plugged(fakeSafety(), true) },
  { name: 'safety monitor before Platform 7', port: 'safety', odd: true, device: () => plugged(fakeSafety(), false) },
]
