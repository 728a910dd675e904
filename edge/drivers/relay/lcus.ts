// USB relay boards of LC-Technology ("LCUS", CH340 serial converter, 9600 baud): four bytes an order.
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { serialPort } from '../link/serial/serial-place.js'
import { numberedChannels, openRelays } from './relay-box.js'

const options = z.strictObject({
  port: serialPort,
  channels: numberedChannels(16),
  read_back: z
    .boolean()
    .default(true)
    .describe('Whether the board answers when it is asked how its relays stand; boards of one relay do not'),
})

export const lcusDriver = driver<typeof options>({
  id: 'lcus',
  summary: 'USB relay board LCUS (CH340 serial), 1 to 16 relays',
  options,
  ports: () => ['switches'],
  open: (given, tools, signal) => openRelays('lcus', given, Object.keys(given.channels), tools, signal),
})
