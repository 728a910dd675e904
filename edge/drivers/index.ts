// The list: every driver and every kind of link there is. A new one is one file and one line here.
import type { Driver, LinkDriver } from '../ports/driver.js'
import { indiDriver } from './box/indi.js'
import { simulatorDriver } from './box/simulator.js'
import { replayDriver } from './camera/replay.js'
import { indiLink } from './link/indi/indi-link.js'
import { simulatorLink } from './link/simulator/simulator-link.js'
import { dcttechDriver } from './relay/dcttech.js'
import { gpioDriver } from './relay/gpio.js'
import { lcusDriver } from './relay/lcus.js'
import { pocsDriver } from './relay/pocs.js'
import { ffmpegDriver } from './video/ffmpeg.js'

const relayDrivers: readonly Driver[] = [gpioDriver, dcttechDriver, lcusDriver, pocsDriver]

export const drivers: readonly Driver[] = [simulatorDriver, indiDriver, replayDriver, ffmpegDriver, ...relayDrivers]

export const links: readonly LinkDriver[] = [simulatorLink, indiLink]
