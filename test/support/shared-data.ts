// Where the real frames lie, beside the repository; tests that need them skip with a reason where they are absent.
import { existsSync } from 'node:fs'
import path from 'node:path'

const folder = path.resolve('..', 'shared', 'data')

export const sharedData: string | undefined = existsSync(folder) ? folder : undefined
