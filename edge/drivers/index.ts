// The list: every driver and every kind of link there is. A new one is one file and one line here.
import type { Driver, LinkDriver } from '../ports/driver.js'
import { alpacaDriver } from './box/alpaca.js'
import { indiDriver } from './box/indi.js'
import { simulatorDriver } from './box/simulator.js'
import { asiDriver } from './camera/asi/asi.js'
import { csiDriver } from './camera/csi.js'
import { replayDriver } from './camera/replay.js'
import { v4l2Driver } from './camera/v4l2.js'
import { relayRoofDriver } from './dome/relay-roof.js'
import { alpacaLink } from './link/alpaca/alpaca-link.js'
import { i2cLink } from './link/i2c/i2c-link.js'
import { indiLink } from './link/indi/indi-link.js'
import { simulatorLink } from './link/simulator/simulator-link.js'
import { kernelPwmDriver } from './pwm/kernel-pwm.js'
import { dcttechDriver } from './relay/dcttech.js'
import { gpioDriver } from './relay/gpio.js'
import { lcusDriver } from './relay/lcus.js'
import { pocsDriver } from './relay/pocs.js'
import { aagDriver } from './sensor/aag.js'
import { gpsdDriver } from './sensor/gpsd.js'
import { i2cSensorDriver } from './sensor/i2c-sensor.js'
import { jsonSensorDriver } from './sensor/json-sensor.js'
import { kernelSensorDriver } from './sensor/kernel-sensor.js'
import { mqttSensorDriver } from './sensor/mqtt-sensor.js'
import { sqmDriver } from './sensor/sqm.js'
import { ffmpegDriver } from './video/ffmpeg.js'

const relayDrivers: readonly Driver[] = [gpioDriver, dcttechDriver, lcusDriver, pocsDriver]

/** Of the pier's own hardware: what measures, and what heats. */
const pierDrivers: readonly Driver[] = [
  kernelSensorDriver,
  i2cSensorDriver,
  sqmDriver,
  aagDriver,
  gpsdDriver,
  jsonSensorDriver,
  mqttSensorDriver,
  kernelPwmDriver,
]

export const drivers: readonly Driver[] = [
  ...[simulatorDriver, indiDriver, alpacaDriver, replayDriver, ffmpegDriver, v4l2Driver, csiDriver, asiDriver],
  ...relayDrivers,
  relayRoofDriver,
  ...pierDrivers,
]

export const links: readonly LinkDriver[] = [simulatorLink, indiLink, alpacaLink, i2cLink]
