// A real agent over Alpaca: its devices from the file, a frame on the shelf, a server that asks for a password, and one
// that comes back somewhere else.
import { createSocket } from 'node:dgram'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import {
  fakeCamera,
  fakeSafety,
  fakeSwitch,
  fakeTelescope,
  fakeWeather,
  fakeWheel,
  plugged,
} from '../support/alpaca-devices.js'
import { startAlpaca } from '../support/alpaca-server.js'
import { fitsverify, noFitsverify } from '../support/store-frames.js'

const udpPort = () => {
  const socket = createSocket('udp4')
  return new Promise<number>(settle => {
    socket.bind(0, () => {
      const { port } = socket.address()
      socket.close(() => settle(port))
    })
  })
}

t.test('an observatory over Alpaca', { timeout: 180_000, skip: noFitsverify }, async t => {
  const folder = t.testdir()
  const data = path.join(folder, 'data')
  mkdirSync(data)
  writeFileSync(path.join(folder, 'secrets.yaml'), 'pc: under-the-stars\n', { mode: 0o600 })
  const discovery = await udpPort()
  const windows = await startAlpaca(t, {
    devices: [
      ...[plugged(fakeCamera({ width: 200, height: 150 }), true), plugged(fakeTelescope(true), true)],
      ...[plugged(fakeSwitch(true), true), plugged(fakeWeather(), true), plugged(fakeSafety(), true)],
    ],
    password: 'under-the-stars',
  })
  const before = await startAlpaca(t, { devices: [plugged(fakeWheel(), true)], discovery })
  const config = `
site: {name: Test, latitude: 46.5, longitude: 8, elevation: 500}
links:
  pc: {driver: alpaca, host: 127.0.0.1, port: ${windows.port}, user: owner, password: !secret pc}
  lan: {driver: alpaca, discovery_port: ${discovery}}
devices:
  main: {driver: alpaca, link: pc, type: camera}
  mount: {driver: alpaca, link: pc, type: telescope, unique_id: fake-telescope-pier}
  power-box: {driver: alpaca, link: pc, type: switch}
  sky: {driver: alpaca, link: pc, type: observingconditions}
  watch: {driver: alpaca, link: pc, type: safetymonitor}
  wheel: {driver: alpaca, link: lan, type: filterwheel, unique_id: fake-filterwheel-filters}
use: {camera: main, mount: mount, wheel: wheel}
`
  const agent = await startAgent(t, { config, data })
  for (const name of ['main', 'mount', 'power-box', 'sky', 'watch', 'wheel']) {
    await agent.until<{ condition: string }>(`device/${name}`, ({ condition }) => condition === 'ready')
  }
  await agent.until<{ safe: boolean }>('safety/watch', ({ safe }) => safe === true)
  await agent.until<{ ambientCelsius: number }>('weather/sky', ({ ambientCelsius }) => ambientCelsius === 6.5)
  await agent.until<{ parked: boolean }>('mount/mount', ({ parked }) => parked === true)
  const telescope = windows.device('telescope')
  const said = () => ['sitelatitude', 'sitelongitude', 'siteelevation'].map(member => telescope.get[member](new Map()))
  await patiently(async () => {
    if (said().join() !== '46.5,8,500') throw new Error(`the mount believes in ${said()}`)
  }, 20_000)
  t.ok(windows.calls.includes('PUT telescope siteelevation'))
  t.notOk(windows.calls.includes('PUT telescope utcdate'), 'its clock was right')
  await agent.do('camera-expose', { seconds: 0.2, filter: 'Ha' }, true)
  const names = readdirSync(path.join(data, 'archive'), { recursive: true, encoding: 'utf8' })
  const frames = names.filter(name => name.endsWith('.fits')).map(name => path.join(data, 'archive', name))
  t.equal(frames.length, 1)
  t.match(
    readFileSync(frames[0], 'latin1').slice(0, 5760),
    /NAXIS1 += +200 .*FILTER += 'Ha/s,
    'a frame is on the shelf',
  )
  t.notMatch(fitsverify(frames).join(), /[1-9]\d* (warning|error)/i, 'fitsverify finds nothing')
  t.ok(before.calls.includes('PUT filterwheel position'), 'through the filter that was asked for')

  await before.close()
  await agent.until<{ condition: string }>('device/wheel', ({ condition }) => condition !== 'ready', 60_000)
  const after = await startAlpaca(t, { devices: [plugged(fakeWheel(), true)], discovery })
  await agent.until<{ condition: string }>('device/wheel', ({ condition }) => condition === 'ready', 60_000)
  t.ok(after.calls.length > 0 && after.port !== before.port, 'its server has moved, and it is back')
  t.equal((await agent.state<{ condition: string }>('device/main')).condition, 'ready', 'nobody else was disturbed')
  t.notMatch(agent.printed(), /under-the-stars/)
  t.notMatch(JSON.stringify(await agent.get('/api/state')), /under-the-stars/)
})
