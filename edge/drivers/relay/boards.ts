// The boards a keeper can hold, by the id of their driver. Each is opened by a file that needs little memory.
import type { OpenBoard } from '../../ports/keeper.js'

export const boards: Readonly<Record<string, OpenBoard>> = {
  dcttech: async (...order) => (await import('./dcttech-board.js')).openDcttechBoard(...order),
  gpio: async (...order) => (await import('./gpio-board.js')).openGpioBoard(...order),
  'kernel-pwm': async (...order) => (await import('../pwm/pwm-board.js')).openPwmBoard(...order),
  lcus: async (...order) => (await import('./lcus-board.js')).openLcusBoard(...order),
  pocs: async (...order) => (await import('./pocs-board.js')).openPocsBoard(...order),
}
