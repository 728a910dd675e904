// An INDI server of our own: driver and server killed and stopped in their tracks, an agent that crashed, and nothing
// that stays behind.
import { spawn } from 'node:child_process'
import t from 'tap'
import { drivers, links } from '../../edge/drivers/index.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import { openDevices } from '../../edge/spine/devices.js'
import { createLog } from '../../edge/spine/log.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { startAgent } from '../support/agent.js'
import { noIndiServer } from '../support/indi-server.js'
import { ownIndi, ownNamed } from '../support/own-indi.js'

const clock = systemClock()
const never = new AbortController().signal

async function until<T>(what: string, ms: number, look: () => T | undefined | false): Promise<T> {
  const deadline = clock.deadline(ms, what)
  try {
    for (;;) {
      const found = look()
      if (found) return found
      await clock.sleep(100, deadline.signal)
    }
  } finally {
    deadline.cancel()
  }
}

t.test('killed and stopped, it comes back', { skip: noIndiServer, timeout: 180_000 }, async t => {
  const data = t.testdir()
  const awake = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(awake))
  const folder = `${data}/links/gear/indi`
  const names = ['indi_simulator_wheel', 'indi_simulator_focus']
  const entry = { drivers: names, quiet_seconds: 4, hung_seconds: 4 }
  const indi = drivers.find(({ id }) => id === 'indi')!
  const wheelBox = { device: 'Filter Simulator', ports: ['wheel'] }
  const focuserBox = { device: 'Focuser Simulator', ports: ['focuser'] }
  // As a crash leaves them: not even a stopped one survives the next start.
  spawn('sleep', ['600'], { env: { PIERSIDE_INDI: folder }, stdio: 'ignore', detached: true }).unref()
  const rack = openDevices(
    [{ name: 'gear', driver: links.find(({ id }) => id === 'indi')!, options: indiLink.options.parse(entry) }],
    [
      { name: 'wheel', driver: indi, link: 'gear', options: indi.options.parse(wheelBox) },
      { name: 'focuser', driver: indi, link: 'gear', options: indi.options.parse(focuserBox) },
    ],
    { clock, random: seededRandom(1), log: createLog(clock, () => {}), encodeJpeg: async () => new Uint8Array(), data },
  )
  t.teardown(() => rack.close())
  const wheel = rack.device('wheel', 'wheel')
  const focuser = rack.device('focuser', 'focuser')
  const ready = (what: string) =>
    until(what, 60_000, () => wheel.condition === 'ready' && focuser.condition === 'ready')
  const parts = () => Object.fromEntries(rack.links[0].parts().map(({ name, restarts }) => [name, restarts]))

  await ready('both devices')
  t.same(parts(), { indi_simulator_wheel: 0, indi_simulator_focus: 0 })
  t.same(
    ownIndi(folder)
      .map(({ name }) => name.split('/').at(-1))
      .sort(),
    ['indi_simulator_focus', 'indi_simulator_wheel', 'indiserver'],
  )
  await wheel.current().select(1, never)

  await t.test('a driver that is killed', async t => {
    const before = ownNamed(folder, 'simulator_wheel')!
    process.kill(before.pid, 'SIGKILL')
    await until('the wheel to be gone', 10_000, () => wheel.condition !== 'ready')
    t.equal(focuser.condition, 'ready', 'others are not touched')
    await ready('the wheel again')
    t.not(ownNamed(folder, 'simulator_wheel')!.pid, before.pid)
    t.match(parts(), { indi_simulator_wheel: 1, indi_simulator_focus: 0 }, 'and it is counted')
    await wheel.current().select(2, never)
  })

  await t.test('a driver that is stopped in its tracks', async t => {
    const before = ownNamed(folder, 'simulator_focus')!
    process.kill(before.pid, 'SIGSTOP')
    await until('it to be killed', 20_000, () => ownNamed(folder, 'simulator_focus')?.pid !== before.pid)
    t.equal(wheel.condition, 'ready', 'others are not touched')
    await until('it to be started again', 20_000, () => parts().indi_simulator_focus === 1)
    await ready('the focuser again')
    t.match(rack.links[0].parts()[1].reason, /^said nothing for \d+ s$/)
    await focuser.current().moveTo(focuser.current().position() + 10, never)
  })

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    await t.test(`the server, by ${signal}`, async t => {
      const before = ownNamed(folder, 'indiserver')!
      process.kill(before.pid, signal)
      await until('the link to be lost', 20_000, () => rack.links[0].supervised.condition !== 'ready')
      await ready('all of it again')
      const now = ownIndi(folder).filter(({ state }) => state !== 'Z')
      t.notOk(now.some(({ pid }) => pid === before.pid))
      t.equal(now.length, 3, 'one server, two drivers, and nothing of the one before')
      await wheel.current().select(0, never)
    })
  }

  await t.test('closed, it leaves nothing, be it stopped or not', async t => {
    process.kill(ownNamed(folder, 'simulator_wheel')!.pid, 'SIGSTOP')
    await rack.close()
    t.same(
      ownIndi(folder).filter(({ state }) => state !== 'Z'),
      [],
    )
  })
})

t.test('the agent with a server of its own', { skip: noIndiServer, timeout: 120_000 }, async t => {
  const config = `
site: {latitude: 46.5, longitude: 8}
links:
  gear: {driver: indi, drivers: [indi_simulator_telescope, indi_simulator_wheel]}
devices:
  scope: {driver: indi, link: gear, device: Telescope Simulator, ports: [mount]}
  filters: {driver: indi, link: gear, device: Filter Simulator, ports: [wheel]}
use: {mount: scope, wheel: filters}
`
  const agent = await startAgent(t, { config })
  const folder = `${agent.data}/links/gear/indi`
  await agent.until('mount/scope', ({ condition }) => condition === 'ready', 40_000)
  await agent.until('wheel/filters', ({ condition }) => condition === 'ready', 40_000)
  await agent.until('link/gear', ({ parts }) => (parts as unknown[]).length === 2, 15_000)
  t.match(await agent.state('link/gear'), {
    parts: [
      { name: 'indi_simulator_telescope', condition: 'running', restarts: 0 },
      { name: 'indi_simulator_wheel', condition: 'running', restarts: 0 },
    ],
  })

  interface Listed {
    properties: { name: string; locked?: string; items: { name: string; value: unknown }[] }[]
  }
  const list = async (device: string) => (await agent.do<Listed>('device-properties', { device }, true)).properties

  await t.test('the mount is told where and when it is', async t => {
    t.match(await agent.state('time'), { trusted: true })
    const told = async () => {
      const properties = await list('scope')
      const item = (property: string, name: string) =>
        properties.find(one => one.name === property)?.items.find(one => one.name === name)?.value
      return {
        latitude: item('GEOGRAPHIC_COORD', 'LAT'),
        longitude: item('GEOGRAPHIC_COORD', 'LONG'),
        utc: item('TIME_UTC', 'UTC'),
      }
    }
    const limit = clock.deadline(20_000, 'the mount to be told')
    while ((await told()).latitude !== 46.5 || !(await told()).utc) await clock.sleep(200, limit.signal)
    limit.cancel()
    const { longitude, utc } = await told()
    t.equal(longitude, 8)
    t.ok(Math.abs(Date.parse(`${utc}Z`) - Date.now()) < 60_000, `its clock says ${utc}`)
    t.equal((await agent.state<{ trouble?: string }>('mount/scope')).trouble, undefined)
  })

  await t.test('the properties of a device are listed and set', async t => {
    const names = async () => (await list('filters')).find(({ name }) => name === 'FILTER_NAME')?.items
    t.equal((await names())?.[0].value, 'Red')
    const values = { FILTER_SLOT_NAME_1: 'Deep red' }
    await agent.do('device-property-set', { device: 'filters', property: 'FILTER_NAME', values }, true)
    t.equal((await names())?.[0].value, 'Deep red')
    const coordinates = (await list('scope')).find(({ name }) => name === 'EQUATORIAL_EOD_COORD')
    t.match(coordinates?.locked, /Mount page/)
    const slew = { device: 'scope', property: 'EQUATORIAL_EOD_COORD', values: { RA: 1, DEC: -80 } }
    await t.rejects(agent.do('device-property-set', slew, true), { code: 'unsafe' }, 'nothing goes past the limits')
    await t.rejects(agent.do('device-property-set', { ...slew, device: 'nobody' }, true), { code: 'not-found' })
  })

  t.equal(ownIndi(folder).filter(({ state }) => state !== 'Z').length, 3)
  await agent.kill('SIGKILL')
  await until('server and drivers to follow an agent that crashed', 10_000, () =>
    ownIndi(folder).every(({ state }) => state === 'Z'),
  )
})
