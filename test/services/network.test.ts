// Always a way in: whatever is tried, lost, mistyped or left unconfirmed, the box is on a network or on its hotspot
// again within the promised time, and says why.
import t from 'tap'
import type { Who } from '../../edge/ports/action.js'
import { wayIn } from '../../edge/rules/way-in.js'
import { confirmMs, networkService } from '../../edge/services/network.js'
import { networkActions } from '../../edge/services/network-actions.js'
import { openAir } from '../support/air.js'
import { openHouse } from '../support/house.js'

const owner: Who = { name: 'anna', role: 'administrator', face: 'http' }
const good = 'correct horse'

async function openPier(t: Parameters<typeof openHouse>[0]) {
  const house = await openHouse(t)
  const { clock, actions, feed } = house
  const air = openAir(clock)
  const start = () => networkService({ ...house, network: air })
  let service = await start()
  let withdraw = actions.offer(networkActions(service))
  t.teardown(() => service.stop())
  const ask = async (name: string, input: object = {}) => {
    const { done } = await actions.ask(name, input, owner)
    return clock.until(done, 120_000)
  }
  return {
    ...{ air, clock, actions, feed, ask },
    byHand: () => service.byHand,
    state: () => feed.get('network')!.value,
    /** How long it takes until the box stands there, s of simulated time. */
    async until(standing: string, limitSeconds: number) {
      for (let seconds = 0; seconds <= limitSeconds; seconds++) {
        if (air.standing() === standing) return seconds
        await clock.advance(1_000)
      }
      throw new Error(`after ${limitSeconds} s the box is ${air.standing()}, not ${standing}`)
    },
    async restart(powerCut: boolean) {
      withdraw()
      await service.stop()
      if (powerCut) air.cutPower()
      service = await start()
      withdraw = actions.offer(networkActions(service))
    },
  }
}

t.test('the rule: no state is without a way in for long, and nobody is thrown off', async t => {
  const phases = ['hotspot', 'joined', 'joining', 'idle'] as const
  for (const first of phases)
    for (const second of [undefined, ...phases])
      for (const phones of [0, 1])
        for (const known of [[], ['home']]) {
          const radios = [first, ...(second ? [second] : [])].map(phase => ({ phase }))
          const way = radios.some(({ phase }) => phase === 'hotspot' || phase === 'joined')
          const deeds: string[] = []
          let memory = { soughtMs: 0 }
          for (let nowMs = 0; nowMs <= 400_000; nowMs += 2_000) {
            const next = wayIn({ radios, phones, known }, memory, nowMs)
            memory = next.memory
            if (next.deed !== 'none') deeds.push(`${next.deed} ${nowMs / 1000}`)
          }
          const words = `${radios.map(({ phase }) => phase)} ${phones} ${known}`
          const alone =
            radios.some(({ phase }) => phase === 'hotspot') && radios.every(({ phase }) => phase !== 'joined')
          const seeks = alone && phones === 0 && known.length > 0
          // Known networks have their first chance after a start, for 25 s: an address comes late.
          if (!way) t.equal(deeds[0], known.length > 0 ? 'raise 26' : 'raise 6', words)
          else t.same(deeds, seeks ? ['seek 180', 'seek 360'] : [], words)
        }
  t.equal(wayIn({ radios: [], phones: 0, known: [] }, { soughtMs: 0 }, 1e6).deed, 'none', 'without a radio')
  const sight = (phase: 'joined' | 'joining') => ({ radios: [{ phase }], phones: 0, known: ['Home'] })
  let lost = wayIn(sight('joined'), { soughtMs: 0 }, 0)
  for (const nowMs of [1_000, 6_000]) {
    lost = wayIn(sight('joining'), lost.memory, nowMs)
    t.equal(lost.deed, 'none', `${nowMs} ms`)
  }
  t.equal(wayIn(sight('joining'), lost.memory, 7_000).deed, 'raise', 'what was joined and is lost has its 6 s')
})

t.test('a network is joined, kept, and joined again after a power cut', async t => {
  const { air, ask, until, state, restart } = await openPier(t)
  air.routers.set('Home', { passphrase: good })
  await until('hotspot', 30)
  t.match(state(), { phase: 'hotspot', hotspotSsid: 'Pierside-0123', hotspotSecured: false, name: 'pierside.local' })
  t.match(await ask('network-join', { ssid: 'Home', passphrase: good }), { addresses: ['192.168.1.7'] })
  t.match(state(), { phase: 'joined', ssid: 'Home', known: [{ ssid: 'Home' }], lastSsid: 'Home', lastJoined: true })
  t.equal(state().trying, undefined)
  await restart(true)
  t.ok((await until('joined Home', 30)) <= 20)
})

t.test('whatever goes wrong, the hotspot is back within 60 s, with the reason', async t => {
  for (const [what, router, reason, fix] of [
    ['wrong passphrase', { passphrase: 'another one' }, /passphrase is wrong/, /Type its passphrase again/],
    ['not there', undefined, /not heard/, /nearer/],
    ['no address', { passphrase: good, mute: true }, /no address/, /DHCP/],
    ['silent', { passphrase: good, slow: true }, /within 30 s/, /Try once more/],
  ] as const) {
    await t.test(what, async t => {
      const { air, ask, until, state, clock, restart } = await openPier(t)
      if (router) air.routers.set('Home', router)
      await until('hotspot', 30)
      const startMs = clock.now()
      await t.rejects(ask('network-join', { ssid: 'Home', passphrase: good }), {
        code: 'offline',
        message: reason,
        fix,
      })
      t.equal(air.standing(), 'hotspot')
      t.ok(clock.now() - startMs <= 60_000, `${(clock.now() - startMs) / 1000} s`)
      const told = { lastSsid: 'Home', lastJoined: false, lastReason: reason, lastFix: fix, known: [] }
      t.match(state(), told, 'it waits for the phone')
      await restart(true)
      await until('hotspot', 30)
      t.match(state(), told, 'and outlives a power cut')
    })
  }
})

t.test('a power cut in the middle of a try ends on the hotspot', async t => {
  const { air, actions, clock, restart, until, state } = await openPier(t)
  air.routers.set('Home', { passphrase: good })
  await until('hotspot', 30)
  const { done } = await actions.ask('network-join', { ssid: 'Home', passphrase: good }, owner)
  const ended = t.rejects(done, { code: 'aborted' })
  await clock.advance(5_000)
  t.equal(state().trying, 'Home')
  await restart(true)
  await ended
  t.ok((await until('hotspot', 30)) <= 30)
  t.same(state().known, [])
})

t.test('from one network to another that does not hold: back to the first', async t => {
  const { air, ask, until, state } = await openPier(t)
  air.routers.set('Home', { passphrase: good }).set('Club', { passphrase: 'another one' })
  await until('hotspot', 30)
  await ask('network-join', { ssid: 'Home', passphrase: good })
  await t.rejects(ask('network-join', { ssid: 'Club', passphrase: good }), { code: 'offline' })
  t.equal(air.standing(), 'joined Home')
  t.match(state(), { lastSsid: 'Club', lastJoined: false })
})

t.test('a lost network brings the hotspot within 30 s, and is found again when nobody is on it', async t => {
  const { air, ask, until, clock, feed } = await openPier(t)
  air.routers.set('Home', { passphrase: good })
  await until('hotspot', 30)
  await ask('network-join', { ssid: 'Home', passphrase: good })
  air.routers.clear()
  const seconds = await until('hotspot', 30)
  t.ok(seconds <= 30, `${seconds} s`)
  air.routers.set('Home', { passphrase: good })
  air.phones = 1
  await clock.advance(30 * 60_000)
  t.equal(air.standing(), 'hotspot', 'a phone on the hotspot is not thrown off')
  air.phones = 0
  t.ok((await until('joined Home', 240)) >= 50, 'a phone that comes back within a minute finds it')
  air.routers.clear()
  await until('hotspot', 30)
  let awayMs = 0
  for (let second = 0; second < 3_600; second++) {
    await clock.advance(1_000)
    if (air.standing() !== 'hotspot') awayMs += 1_000
  }
  t.ok(awayMs / 3_600_000 < 0.2, `in an hour without the network the hotspot is away for ${awayMs / 1000} s`)
  t.equal(feed.get('network')!.value.phase, air.standing())
})

t.test('a lost network leads to another known one, where one is heard', async t => {
  const { air, ask, until, state, clock } = await openPier(t)
  air.routers.set('Home', { passphrase: good }).set('Barn', { passphrase: good })
  await until('hotspot', 30)
  await ask('network-join', { ssid: 'Home', passphrase: good })
  await ask('network-join', { ssid: 'Barn', passphrase: good })
  air.routers.delete('Barn')
  t.ok((await until('joined Home', 30)) <= 30)
  await clock.advance(1_000)
  t.match(state(), { phase: 'joined', ssid: 'Home' })
})

t.test('a known network that lets nobody in any more does not keep the hotspot away', async t => {
  const { air, ask, until } = await openPier(t)
  air.routers.set('Home', { passphrase: good }).set('Barn', { passphrase: good })
  await until('hotspot', 30)
  await ask('network-join', { ssid: 'Home', passphrase: good })
  await ask('network-join', { ssid: 'Barn', passphrase: good })
  air.routers.set('Home', { slow: true }).delete('Barn')
  t.ok((await until('hotspot', 30)) <= 30)
})

t.test('a changed hotspot is undone unless confirmed, and by a power cut', async t => {
  const { air, ask, until, state, clock, restart } = await openPier(t)
  await until('hotspot', 30)
  const change = () => ask('network-hotspot', { passphrase: 'under the stars', channel: 11 })
  await change()
  t.equal(air.standing(), 'trial')
  t.match(state(), {
    hotspotSecured: true,
    hotspotChannel: 11,
    unconfirmed: /hotspot/,
    undoneSeconds: confirmMs / 1000,
  })
  await t.rejects(change(), { code: 'busy' }, 'one change at a time')
  await clock.advance(60_000)
  t.ok(Math.abs(Number(state().undoneSeconds) - 60) <= 3, 'it counts down')
  t.ok((await until('hotspot', 90)) <= 75)
  t.match(state(), { hotspotSecured: false })
  t.equal(state().unconfirmed, undefined)
  await t.rejects(ask('network-confirm'), { code: 'not-found' }, 'too late')

  await change()
  await restart(true)
  await until('hotspot', 30)
  t.match(state(), { hotspotSecured: false }, 'a power cut undoes it')
  await change()
  await restart(false)
  t.ok((await until('hotspot', 30)) <= 30, 'and so does an agent that begins anew')
  await clock.advance(1_000)
  t.match(state(), { hotspotSecured: false })

  await change()
  await ask('network-confirm')
  await clock.advance(confirmMs * 2)
  t.match(state(), { phase: 'hotspot', hotspotSecured: true, hotspotChannel: 11 })
  await restart(true)
  await until('hotspot', 30)
  t.match(state(), { hotspotSecured: true }, 'confirmed is kept')
})

t.test('a hotspot that the radio refuses is not left standing in the air', async t => {
  const { air, ask, until } = await openPier(t)
  await until('hotspot', 30)
  air.refuses = '5'
  await t.rejects(ask('network-hotspot', { band: '5' }), { code: 'unsupported' })
  t.equal(air.standing(), 'hotspot')
})

t.test('set-up minds its own trial: nobody undoes it meanwhile', async t => {
  const { air, until, clock, byHand, state } = await openPier(t)
  const { signal } = new AbortController()
  await until('hotspot', 30)
  await clock.until(byHand().tryHotspot({ passphrase: 'under the stars' }, signal), 30_000)
  await clock.advance(confirmMs * 3)
  t.equal(air.standing(), 'trial')
  await clock.until(byHand().dropTrial(signal), 30_000)
  t.equal(air.standing(), 'hotspot')
  t.match(state(), { hotspotSecured: false })
  air.refuses = '5'
  const refused = byHand().tryHotspot({ band: '5' }, signal)
  await t.rejects(clock.until(refused, 30_000), { code: 'unsupported' })
  t.equal(air.standing(), 'hotspot')
  await clock.until(byHand().tryHotspot({ passphrase: 'under the stars' }, signal), 30_000)
  await byHand().keepHotspot(signal)
  await byHand().setCountry('AT', true, signal)
  await clock.advance(confirmMs)
  t.match(state(), { phase: 'hotspot', hotspotSecured: true, country: 'AT' })
})

t.test('the country is undone as well', async t => {
  const { air, ask, until, state, clock } = await openPier(t)
  await until('hotspot', 30)
  await ask('network-country', { country: 'DE' })
  t.match(state(), { country: 'DE', unconfirmed: /DE/ })
  await clock.advance(confirmMs + 20_000)
  t.equal(state().country, '00')
  await ask('network-country', { country: 'AT' })
  await ask('network-confirm')
  await clock.advance(confirmMs * 2)
  t.equal(state().country, 'AT')
  t.equal(air.standing(), 'hotspot')
})

t.test('to the hotspot and back, forgetting, looking around', async t => {
  const { air, ask, until, state } = await openPier(t)
  air.routers.set('Home', { passphrase: good }).set('Open', {})
  await until('hotspot', 30)
  await ask('network-join', { ssid: 'Home', passphrase: good })
  t.match(await ask('network-look'), { found: 2 })
  t.match(state().around, [
    { ssid: 'Home', security: 'wpa' },
    { ssid: 'Open', security: 'open' },
  ])
  await t.rejects(ask('network-hotspot', { channel: 1 }), { code: 'unsupported' }, 'what cannot be tried')
  await ask('network-to-hotspot')
  t.equal(air.standing(), 'hotspot')
  await ask('network-look')
  t.equal((state().around as unknown[]).length, 2, 'a deaf radio forgets nothing')
  const [{ id }] = state().known as { id: string }[]
  await ask('network-forget', { id })
  t.same(state().known, [])
  await t.rejects(ask('network-forget', { id }), { code: 'not-found' })
  for (const wrong of [{ ssid: '' }, { ssid: 'x'.repeat(33) }, { ssid: 'Home', passphrase: 'short' }, { ssid: 'a\nb' }])
    await t.rejects(ask('network-join', wrong), { code: 'bad-input' })
  await t.rejects(ask('network-hotspot', {}), { code: 'bad-input' }, 'nothing to change')
})
