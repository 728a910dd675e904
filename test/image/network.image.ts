// The network of the booted image, with radios of the kernel's own simulation: a phone finds the hotspot and sets the
// box up from it, what phones ask to learn whether they are online is answered, and whatever goes wrong with a network
// or a change ends with a way in. How long each took is printed.
import t, { type Test } from 'tap'
import { type AgentClient, agentClient, patiently } from '../support/agent-client.js'
import { phoneIn, radios, routerIn } from '../support/image-air.js'
import { bootImage } from '../support/image-machine.js'

/** A start by its own clock, on a computer that has other things to do. */
const bootMs = 1_800_000
const box = '10.42.0.1'
/** What the owner is promised, ms. */
const promised = { back: 60_000, lost: 30_000, undone: 120_000 }
/** Association and an address, of a phone that runs in the same emulation. */
const phoneMs = 60_000

const android = { host: 'connectivitycheck.gstatic.com', path: '/generate_204' }
const apple = { host: 'captive.apple.com', path: '/hotspot-detect.html' }
const windows = { host: 'www.msftconnecttest.com', path: '/connecttest.txt' }
const windows7 = { host: 'www.msftncsi.com', path: '/ncsi.txt' }
const probes = { Android: android, 'iOS and macOS': apple, Windows: windows, 'Windows 7': windows7 }

interface NetworkState {
  readonly phase: string
  readonly ssid?: string
  readonly addresses: readonly string[]
  readonly known: readonly { readonly ssid: string }[]
  readonly around: readonly { readonly ssid: string }[]
  readonly trying?: string
  readonly lastSsid?: string
  readonly lastReason?: string
  readonly hotspotBand: string
  readonly country?: string
  readonly unconfirmed?: string
}

const order = { name: 'North pier', passphrase: 'clear skies', country: 'AT', timeZone: 'Europe/Vienna' }
const home = { ssid: 'Home', passphrase: 'in the dark', net: '192.168.77' }
const barn = { ssid: 'Barn', passphrase: 'hay and owls', net: '192.168.78' }

t.test('a box with a radio, its phone, and two routers', async t => {
  const machine = await bootImage(t, { units: radios, ownClock: true })
  const [phone, router, other] = [phoneIn(machine, 'phone'), routerIn(machine, 'router'), routerIn(machine, 'other')]
  await machine.pageAnswers(bootMs)
  let agent: AgentClient = agentClient(machine.url, '')
  const network = () => agent.state<NetworkState>('network')
  /** Waits for a state of the network; asked rarely, for the machine has more to do. */
  const until = async (seen: (value: NetworkState) => boolean, withinMs: number): Promise<NetworkState> => {
    const endMs = (await machineMs()) + withinMs
    for (;;) {
      const value = await network()
      if (seen(value)) return value
      if ((await machineMs()) > endMs) throw new Error(`the network is still ${JSON.stringify(value)}`)
      await new Promise(settle => setTimeout(settle, 1_000))
    }
  }
  /** By the machine's clock, which is not ours. */
  const machineMs = async () => 1000 * Number(await machine.out('cut -d " " -f 1 /proc/uptime', bootMs))
  let token = ''
  /** As the phone asks it. */
  const asked = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const { status, body: text } = await phone.ask(box, { method: 'POST', path, body, ...(token && { token }) })
    if (!text.startsWith('{')) throw new Error(`${path}: ${status} ${text}`)
    return { status, ...JSON.parse(text) }
  }
  const action = async (t: Test, name: string, input: object) =>
    t.match(await asked(`/api/actions/${name}`, input), { status: /^20[02]$/ }, name)
  /** How long something took, printed. */
  const timed = async (t: Test, what: string, mostMs: number, work: () => Promise<unknown>) => {
    const beganMs = await machineMs()
    await work()
    const tookMs = (await machineMs()) - beganMs
    t.ok(tookMs <= mostMs, `${what}: ${(tookMs / 1000).toFixed(1)} s of ${mostMs / 1000}`)
  }
  let passphrase: string | undefined
  let ssid = ''
  const onHotspot = async () => {
    await phone.choose(ssid, passphrase)
    return phone.arrives(phoneMs)
  }
  /** The phone was on the hotspot, which goes and comes back. */
  const goesAndComes = async (withinMs: number) => {
    await phone.loses(withinMs)
    await phone.arrives(withinMs)
  }
  /** What comes later needs what came before. */
  const step = async (name: string, work: (t: Test) => Promise<void>) => {
    if (t.passing()) await t.test(name, work)
  }

  await step('the hotspot is found and joined, and every way leads to its page', async t => {
    const { phase, ssid: name } = await until(({ phase }) => phase === 'hotspot', 120_000)
    t.equal(phase, 'hotspot')
    ssid = String(name)
    t.match(ssid, /^Pierside-[0-9A-F]{4}$/)
    const log = 'journalctl -b -u NetworkManager -o short-monotonic --no-pager'
    t.comment(await machine.out(`${log} | grep -m 1 "Started Wi-Fi Hotspot"`))
    await timed(t, 'a phone is on it', phoneMs, async () => t.equal(await onHotspot(), box))
    for (const [system, { host, path }] of Object.entries(probes)) {
      t.same(await phone.resolve(box, host), [box], `${system}: its name leads to the box`)
      const { status, headers } = await phone.ask(box, { host, path })
      t.match({ status, ...headers }, { status: 302, location: `http://${box}/`, 'cache-control': 'no-store' }, system)
    }
    t.same(await phone.resolve(box, 'example.org'), [box], 'every name does')
    t.match(await phone.ask(box, { host: 'example.org', path: '/' }), { status: 302 })
    t.match(await phone.ask(box, { path: '/' }), { status: 200, body: /<title>/i })
    t.equal(await phone.port(box, 443), 'refused', 'https is refused at once, not waited for')
    for (const port of [22, 1883, 7624]) t.equal(await phone.port(box, port), 'refused', `${port} is closed`)
  })

  await step('pierside.local is answered on the hotspot', async t => {
    t.equal(await phone.resolveLocal('pierside.local'), box, 'by mDNS')
    t.same(await phone.resolve(box, 'pierside.local'), [box], 'by DNS')
    t.match(await phone.ask(box, { host: 'pierside.local', path: '/api/state' }), { status: 200 })
  })

  await step('set-up from the phone', async t => {
    const answer = await asked('/api/setup', order)
    t.match(answer, {
      status: 200,
      ssid,
      passphrase: order.passphrase,
      byAddress: `http://${box}/?pair=${answer.code}`,
    })
    t.match(await asked('/api/setup/switch', {}), { status: 200 })
    passphrase = order.passphrase
    await timed(t, 'the hotspot asks for its passphrase, and the phone is on it', phoneMs, async () => {
      await phone.loses(phoneMs)
      await onHotspot()
    })
    const paired = await asked('/api/pair', { code: answer.code, name: 'phone' })
    t.match(paired, { status: 200, role: 'administrator' })
    token = String(paired.token)
    agent = agentClient(machine.url, token)
    await agent.until('setup', ({ done }) => done === true)
    const keyfile = 'grep -l "^id=pierside-hotspot$" /etc/NetworkManager/system-connections/*'
    await patiently(() => machine.out(`grep -qx "psk=${order.passphrase}" "$(${keyfile})"`), 60_000)
    t.match(await machine.out('iw reg get'), /^country AT:/m)
    t.match(await phone.ask(box, { path: '/' }), { status: 200 }, 'the phone is still on it')
  })

  await step('phones hear that they are online, and nobody else is played', async t => {
    t.match(await phone.ask(box, android), { status: 204, body: '' })
    const success = '<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>'
    t.match(await phone.ask(box, apple), { status: 200, body: success })
    t.match(await phone.ask(box, windows), { status: 200, body: 'Microsoft Connect Test' })
    t.match(await phone.ask(box, windows7), { status: 200, body: 'Microsoft NCSI' })
    for (const { host } of Object.values(probes)) t.same(await phone.resolve(box, host), [box], host)
    t.same(await phone.resolve(box, 'dns.msftncsi.com'), ['131.107.255.255'])
    t.same(await phone.resolve(box, 'example.org'), [])
    t.match(await phone.ask(box, { host: 'example.org', path: '/' }), { status: 403 })
  })

  await step('a Wi-Fi that cannot be joined ends on the hotspot', async t => {
    await router.on(home)
    await action(t, 'network-join', { ssid: home.ssid, passphrase: 'not that one' })
    await timed(t, 'wrong passphrase', promised.back, () => goesAndComes(promised.back))
    const { lastReason } = await until(({ trying }) => trying === undefined, 10_000)
    t.equal(lastReason, 'the passphrase is wrong')
    await action(t, 'network-join', { ssid: 'Nowhere', passphrase: 'not that one' })
    await timed(t, 'not heard', promised.back, () => goesAndComes(promised.back))
    t.match(await until(({ trying }) => trying === undefined, 10_000), { lastReason: 'it is not heard here' })
    await router.on({ ...home, mute: true })
    await action(t, 'network-join', { ssid: home.ssid, passphrase: home.passphrase })
    await timed(t, 'no address', promised.back, () => goesAndComes(promised.back))
    t.match(await until(({ trying }) => trying === undefined, 10_000), { lastReason: /gave no address/ })
    t.match(await network(), { known: [], phase: 'hotspot' })
  })

  await step('a Wi-Fi is joined, and another one', async t => {
    await router.on(home)
    await action(t, 'network-join', { ssid: home.ssid, passphrase: home.passphrase })
    await timed(t, 'joined', promised.back, () =>
      until(({ phase, trying }) => phase === 'joined' && !trying, promised.back),
    )
    await phone.choose(home.ssid, home.passphrase)
    await phone.arrives(phoneMs)
    const address = (await network()).addresses.find(one => one.startsWith(home.net))
    t.ok(address)
    t.equal(await phone.resolveLocal('pierside.local'), address, 'pierside.local is found there')
    t.match(await phone.ask(address!, { path: '/', host: 'pierside.local' }), { status: 200 })
    await other.on(barn)
    await agent.do('network-look')
    t.match(
      (await network()).around.map(({ ssid }) => ssid),
      ['Barn'],
    )
    await agent.do('network-join', { ssid: barn.ssid, passphrase: barn.passphrase }, true)
    t.match(await network(), { phase: 'joined', ssid: barn.ssid, known: [{}, {}] })
  })

  await step('what becomes of lost networks', async t => {
    await other.off()
    await timed(t, 'lost, and another known one is there', promised.lost, () =>
      until(({ phase, ssid }) => phase === 'joined' && ssid === home.ssid, promised.lost),
    )
    await phone.choose(ssid, passphrase)
    await router.off()
    await timed(t, 'lost, and none is there', promised.lost, () => phone.arrives(promised.lost))
    t.match(await network(), { phase: 'hotspot', ssid })
    await phone.choose(home.ssid, home.passphrase)
    await router.on(home)
    await timed(t, 'a known one is there again', 240_000, () => until(({ phase }) => phase === 'joined', 240_000))
  })

  await step('the hotspot is changed on trial', async t => {
    await agent.do('network-to-hotspot', {}, true)
    await onHotspot()
    await action(t, 'network-hotspot', { passphrase: 'another sky', band: '5', channel: 36 })
    await timed(t, 'unconfirmed passphrase, band and channel', promised.undone + 30_000, async () => {
      await phone.loses(phoneMs)
      await phone.choose(ssid, 'another sky')
      await phone.arrives(phoneMs)
      t.equal(await phone.frequency(), 5180)
      t.match(await network(), { unconfirmed: 'the change of the hotspot', hotspotBand: '5' })
      await phone.loses(promised.undone)
      await onHotspot()
    })
    t.match(await network(), { phase: 'hotspot', hotspotBand: '2.4' })
    await action(t, 'network-hotspot', { passphrase: 'another sky' })
    await phone.loses(phoneMs)
    passphrase = 'another sky'
    await onHotspot()
    await action(t, 'network-confirm', {})
    t.match(await phone.ask(box, { path: '/' }), { status: 200 }, 'confirmed: the phone is still on it')
    await action(t, 'network-hotspot', { channel: 14 })
    await timed(t, 'a channel that may not be used', promised.back, () => goesAndComes(promised.back))
    t.match(await network(), { phase: 'hotspot', hotspotBand: '2.4', unconfirmed: undefined })
  })

  await step('the country is changed on trial', async t => {
    await action(t, 'network-country', { country: 'US' })
    t.match(await machine.out('iw reg get'), /^country US:/m)
    await timed(t, 'unconfirmed country', promised.undone + 30_000, () =>
      until(({ country, unconfirmed }) => country === 'AT' && !unconfirmed, promised.undone + 30_000),
    )
    t.match(await machine.out('iw reg get'), /^country AT:/m)
    await onHotspot()
  })

  await step('a power cut in the middle of a change, and a start where a known network is', async t => {
    await action(t, 'network-hotspot', { passphrase: 'a third sky' })
    await until(({ unconfirmed }) => unconfirmed !== undefined, promised.back)
    await router.stays(home)
    await machine.cutPower()
    await machine.powerOn()
    await machine.pageAnswers(bootMs)
    await until(({ phase, ssid }) => phase === 'joined' && ssid === home.ssid, promised.back)
    t.comment(`it was seen on ${home.ssid} ${((await machineMs()) / 1000).toFixed(0)} s after the kernel began`)
    const log = await machine.out('journalctl -b -u NetworkManager --no-pager')
    t.notMatch(log, /Started Wi-Fi Hotspot/, 'at once, without a hotspot before')
    t.match(await machine.out('iw reg get'), /^country AT:/m)
    await agent.do('network-to-hotspot', {}, true)
    t.equal(await onHotspot(), box, 'its passphrase is the one that was confirmed last')
  })

  t.equal(await machine.out('systemctl --failed --no-legend --plain'), '', 'nothing has failed')
})
