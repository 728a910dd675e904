// The chips we read ourselves, by their names in the config.
import { ina219, ina226, ina260 } from './ina.js'
import { mlx90614 } from './mlx90614.js'
import { tsl2591 } from './tsl2591.js'

export const chips = { mlx90614, tsl2591, ina219, ina226, ina260 } as const

export type ChipName = keyof typeof chips

export const chipNames = Object.keys(chips) as ChipName[]
