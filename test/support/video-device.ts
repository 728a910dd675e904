// Whether this machine has a video camera that tests may use: vivid in the guest, which is sized and paced as they ask.
import { existsSync } from 'node:fs'

export const noVideoDevice: string | false = existsSync('/dev/video0') ? false : 'no video device is here'
