// The list: every driver and every kind of link there is. A new one is one file and one line here.
import type { Driver, LinkDriver } from '../ports/driver.js'
import { indiDriver } from './box/indi.js'
import { simulatorDriver } from './box/simulator.js'
import { replayDriver } from './camera/replay.js'
import { indiLink } from './link/indi/indi-link.js'
import { simulatorLink } from './link/simulator/simulator-link.js'
import { ffmpegDriver } from './video/ffmpeg.js'

export const drivers: readonly Driver[] = [simulatorDriver, indiDriver, replayDriver, ffmpegDriver]

export const links: readonly LinkDriver[] = [simulatorLink, indiLink]
