// "Use my equipment" over INDI: every simulator that is installed is found, as what it is.
import { readdirSync } from 'node:fs'
import t from 'tap'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import type { IndiClient } from '../../edge/drivers/link/indi/client.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import { createLog } from '../../edge/spine/log.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { bench } from '../support/bench.js'
import { noIndiServer, startIndiServer } from '../support/indi-server.js'

t.test('all installed simulators', { skip: noIndiServer, timeout: 60_000 }, async t => {
  const drivers = readdirSync('/usr/bin').filter(name => name.startsWith('indi_simulator_'))
  t.ok(drivers.length >= 12, `${drivers.length} are installed`)
  const { host, port } = await startIndiServer(t, { drivers: [...drivers, 'indi_snapcap', 'indi_pegasus_upb'] })
  const table = bench()
  t.teardown(() => table.close())
  const client = await table.openLink<IndiClient>(indiLink, { host, port })
  const clock = systemClock()
  const tools = { clock, random: seededRandom(1), log: createLog(clock, () => {}), lost: () => {} }
  const found = await indiLink.found!(client, tools as never, new AbortController().signal)
  const ports = Object.fromEntries(found.map(({ name, ports }) => [name, ports.join(' ')]))
  t.same(ports, {
    'CCD Simulator': 'camera wheel',
    'Dome Simulator': 'dome',
    'Filter Simulator': 'wheel',
    'Focuser Simulator': 'focuser',
    'GPS Simulator': 'gps',
    'Guide Simulator': 'camera',
    'Light Panel Simulator': 'cover',
    'Pegasus UPB': 'focuser switches',
    'Rotator Simulator': 'rotator',
    'SQM Simulator': 'station',
    SnapCap: 'cover',
    'Telescope Simulator': 'mount',
    'Weather Simulator': 'station safety',
    // A radio telescope's receiver is nothing that we could use.
  })
  for (const { name, options } of found) {
    t.ok(indiDriver.options.safeParse(options).success, `what is offered for ${name} can stand in the config`)
  }
})
