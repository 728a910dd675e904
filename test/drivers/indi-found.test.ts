// "Use my equipment" over INDI: every simulator that is installed is found, as what it is.
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { installedDrivers } from '../../edge/drivers/link/indi/catalogue.js'
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

t.test('what is installed is offered by maker and model', async t => {
  const folder = t.testdir({
    'drivers.xml': `<driversList><!-- <device label="No"><driver name="x">indi_acme_eq</driver></device> -->
      <devGroup group="Telescopes">
        <device label="EQ &amp; AZ" manufacturer="Acme">
          <driver name="EQ">indi_acme_eq</driver><version>1</version>
        </device>
        <device label="Away" manufacturer="Acme"><driver name="Away">indi_acme_away</driver></device>
        <device manufacturer="Acme"><driver name="Nameless">indi_acme_eq</driver></device>
        <device label="Evil" manufacturer="Acme"><driver name="Evil">sh -c true</driver></device>
      </devGroup>
      <devGroup group="Domes"><device label="Dome"><driver name="Dome">indi_acme_dome</driver></device></devGroup>
    </driversList>`,
    'indi_acme_sk.xml': '<INDIDriver><defSwitchVector device="x" name="y"/></INDIDriver>',
    'notes.txt': 'not a list',
    programs: {},
  })
  for (const name of ['indi_acme_eq', 'indi_acme_dome', 'indi_acme_off'])
    writeFileSync(`${folder}/programs/${name}`, '')
  for (const name of ['indi_acme_eq', 'indi_acme_dome']) chmodSync(`${folder}/programs/${name}`, 0o755)
  t.same(await installedDrivers(folder, `${folder}/programs`), [
    { group: 'Telescopes', maker: 'Acme', model: 'EQ & AZ', options: { drivers: ['indi_acme_eq'] } },
    { group: 'Domes', maker: 'Other', model: 'Dome', options: { drivers: ['indi_acme_dome'] } },
  ])
  t.same(await installedDrivers(`${folder}/nothing`, folder), [], 'none where INDI is not')
})

t.test("Debian's own lists", { skip: noIndiServer }, async t => {
  const offers = await installedDrivers()
  t.ok(offers.length > 150, `${offers.length} devices`)
  t.ok(offers.some(({ maker, model }) => maker === 'iOptron' && /CEM|HAE|GEM|iEQ/.test(model)))
  t.ok(offers.some(({ group, options }) => group === 'Focusers' && options['drivers'][0] === 'indi_moonlite_focus'))
  for (const { options } of offers) if (!indiLink.options.safeParse(options).success) t.fail(JSON.stringify(options))
})
