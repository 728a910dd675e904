// States and events, who holds what, and what may be asked: the promises of the spine on simulated time.
// The feed, claims and the table of actions: what is told, who holds what, and how asking ends.
import t from 'tap'
import { action, type Who } from '../../edge/ports/action.js'
import { Fault } from '../../edge/ports/fault.js'
import type { FeedEvent, State } from '../../edge/ports/feed.js'
import type { LogLine } from '../../edge/ports/log.js'
import { z } from '../../edge/ports/schema.js'
import { createActions } from '../../edge/spine/actions.js'
import { asWords } from '../../edge/spine/log.js'
import { openHouse } from '../support/house.js'

const observer: Who = { name: 'phone', role: 'observer', face: 'http' }
const stop = new Fault('aborted', 'enough', 'Start again')

t.test('a weather reading nobody renews is marked old, and is believed again when it comes back', async t => {
  const { feed, clock } = await openHouse(t)
  const heard: State[] = []
  feed.listen({ state: state => heard.push(state) })
  feed.set('weather/roof', { ambientCelsius: 3 })
  await clock.advance(179_000)
  t.equal(feed.get('weather/roof')?.stale, false, 'within three minutes it holds')
  await clock.advance(2_000)
  t.equal(feed.get('weather/roof')?.stale, true, 'after that it is old')
  t.equal(heard.at(-1)?.stale, true, 'and listeners were told')
  feed.set('weather/roof', { ambientCelsius: 3 })
  t.equal(feed.get('weather/roof')?.stale, false)
  t.equal(heard.at(-1)?.stale, false, 'the same value again is news after it was old')
})

t.test('a state that says the same again is no news but stays fresh', async t => {
  const { feed, clock } = await openHouse(t)
  let news = 0
  feed.listen({ state: () => news++ })
  for (let i = 0; i < 10; i++) {
    feed.set('mount/m', { raHours: 5 })
    await clock.advance(10_000)
  }
  t.equal(news, 1)
  t.equal(feed.get('mount/m')?.stale, false)
})

t.test('events are numbered, stored before they are told, and survive for who was away', async t => {
  const { feed } = await openHouse(t)
  const heard: FeedEvent[] = []
  feed.listen({ event: event => heard.push(event) })
  await Promise.all([feed.event('frame-archived', { id: 'a' }), feed.event('frame-archived', { id: 'b' })])
  t.same(
    heard.map(({ seq, body }) => [seq, body.id]),
    [
      [1, 'a'],
      [2, 'b'],
    ],
  )
  const missed = await feed.eventsAfter(heard[0].cursor, 10)
  t.same(
    missed.map(({ body }) => body.id),
    ['b'],
  )
  t.equal(missed[0].boot, feed.boot)
})

t.test('what cannot be stored is logged, undoes nothing, and holds up nothing', async t => {
  const { feed, lines } = await openHouse(t)
  const heard: string[] = []
  feed.listen({ event: ({ kind }) => heard.push(kind) })
  const tooLong = feed.event('mount-stopped', { who: 'x'.repeat(70_000) })
  await feed.event('mount-parked', {})
  await t.resolves(tooLong, 'the mount has stopped all the same')
  t.same(heard, ['mount-parked'])
  t.match(lines, [{ level: 'error', message: /mount-stopped could not be stored/ }])
})

t.test('one listener that breaks does not silence the others', async t => {
  const { feed, lines } = await openHouse(t)
  feed.listen({
    state() {
      throw new Error('broken page')
    },
  })
  let heard = 0
  feed.listen({ state: () => heard++ })
  feed.set('storage', { freeBytes: 1 })
  t.equal(heard, 1)
  t.ok(
    lines.some(({ level }) => level === 'error'),
    'and it is logged',
  )
})

t.test('a camera in use is refused to a second taker, naming holder and action', async t => {
  const { claims } = await openHouse(t)
  const lease = claims.take([{ name: 'camera/main' }], { who: 'anna', action: 'stack-start' })
  t.throws(() => claims.take([{ name: 'camera/main' }], { who: 'ben', action: 'camera-expose' }), {
    code: 'busy',
    message: /stack-start.*anna/,
  })
  t.doesNotThrow(() => claims.take([{ name: 'camera/guide' }], { who: 'ben', action: 'camera-expose' }))
  lease.release()
  t.doesNotThrow(() => claims.take([{ name: 'camera/main' }], { who: 'ben', action: 'camera-expose' }))
})

t.test('two cameras expose on one mount, and the mount moves for neither', async t => {
  const { claims } = await openHouse(t)
  const mount = { name: 'mount', shared: true }
  const main = claims.take([{ name: 'camera/main' }, mount], { who: 'a', action: 'camera-expose' })
  const guide = claims.take([{ name: 'camera/guide' }, mount], { who: 'a', action: 'camera-expose' })
  t.throws(() => claims.take([{ name: 'mount' }], { who: 'b', action: 'mount-slew' }), { code: 'busy' })
  main.release()
  guide.release()
  t.doesNotThrow(() => claims.take([{ name: 'mount' }], { who: 'b', action: 'mount-slew' }))
})

t.test('a holder is told to let go, and one that does not is taken from after five seconds', async t => {
  const { claims, clock } = await openHouse(t)
  const polite = claims.take([{ name: 'mount' }], { who: 'a', action: 'mount-slew' })
  polite.signal.addEventListener('abort', () => polite.release())
  await claims.preempt('mount', stop)
  t.equal(claims.holderOf('mount'), undefined, 'the polite one let go')

  const seized: Error[] = []
  claims.onSeized('mount', async reason => void seized.push(reason))
  claims.take([{ name: 'mount' }], { who: 'a', action: 'mount-slew' })
  const started = clock.now()
  await clock.until(claims.preempt('mount', stop), 60_000)
  t.equal(clock.now() - started, 5_000)
  t.equal(claims.holderOf('mount'), undefined)
  t.same(seized, [stop], 'the device was stopped over its head')
})

t.test('a device that cannot be stopped over its holder’s head is loudly reported, and taken all the same', async t => {
  const { claims, clock, lines } = await openHouse(t)
  claims.onSeized('mount', async () => {
    throw new Error('no answer')
  })
  claims.take([{ name: 'mount' }], { who: 'a', action: 'mount-slew' })
  await clock.until(claims.preempt('mount', stop), 60_000)
  t.equal(claims.holderOf('mount'), undefined)
  t.match(
    lines.find(({ level }) => level === 'error'),
    { message: 'mount was not stopped', facts: { error: /no answer/ } },
  )
})

const wait = (name: string, ms: number) =>
  action({
    name,
    summary: 'Waits',
    input: z.strictObject({ seconds: z.number().positive().optional() }),
    output: z.object({ waited: z.number() }),
    role: 'observer',
    claims: () => [{ name: 'camera/main' }],
    settles: { kind: 'deed', deadlineMs: ms },
    run: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
  })

t.test('a deed that does not settle is ended at its deadline and lets go of what it held', async t => {
  const { actions, clock, claims } = await openHouse(t)
  actions.offer([wait('dawdle', 3_000)])
  await t.rejects(clock.until(actions.ask('dawdle', {}, observer), 10_000), { code: 'timeout' })
  t.equal(claims.holderOf('camera/main'), undefined)
})

t.test('an action that is away while devices are opened anew is not one that never was', async t => {
  const { actions } = await openHouse(t)
  const withdraw = actions.offer([wait('dawdle', 10)])
  withdraw()
  await t.rejects(actions.ask('dawdle', {}, observer), { code: 'offline', fix: /Wait/ })
  await t.rejects(actions.ask('dawdel', {}, observer), { code: 'not-found' })
  actions.offer([wait('dawdle', 10)])
  t.equal(actions.find('dawdle').name, 'dawdle')
})

t.test('a name made of control characters does nothing to the terminal it is logged on', async t => {
  const line = {
    atMs: 0,
    level: 'warn',
    from: 'http',
    message: 'asked by \u001b[2Janna\r\u009b31m',
    facts: { a: '\u007f' },
  }
  t.notMatch(asWords(line as LogLine).trimEnd(), /\p{Cc}/u)
  t.match(asWords(line as LogLine), /anna/)
})

t.test('what is asked for is checked: name, role, input', async t => {
  const { actions } = await openHouse(t)
  actions.offer([wait('dawdle', 3_000)])
  await t.rejects(actions.ask('dawdel', {}, observer), { code: 'not-found', fix: /dawdle/ })
  await t.rejects(actions.ask('dawdle', {}, { ...observer, role: 'viewer' }), { code: 'forbidden' })
  await t.rejects(actions.ask('dawdle', { seconds: -1 }, observer), { code: 'bad-input', message: /seconds/ })
  await t.rejects(actions.ask('dawdle', { second: 1 }, observer), { code: 'bad-input', message: /second/ })
})

t.test('an activity outlives the asker, reports, and stands in the feed when it has ended', async t => {
  const { actions, feed, clock, claims } = await openHouse(t)
  actions.offer([
    action({
      name: 'count',
      summary: 'Counts',
      input: z.strictObject({ to: z.int() }),
      output: z.object({ counted: z.number() }),
      role: 'observer',
      claims: () => [{ name: 'camera/main' }],
      settles: { kind: 'activity', resumes: false },
      async run({ input, signal, activity }) {
        for (let done = 1; done <= input.to; done++) {
          await clock.sleep(1_000, signal)
          activity?.progress({ done })
        }
        return { counted: input.to }
      },
    }),
  ])
  const { output, done } = await actions.ask('count', { to: 3 }, observer)
  t.match(feed.get(`activity/${output.id}`)?.value, { status: 'running', who: 'phone' })
  t.same(await clock.until(done, 10_000), { counted: 3 })
  t.match(feed.get(`activity/${output.id}`)?.value, { status: 'done', done: 3 })

  const second = await actions.ask('count', { to: 100 }, observer)
  await clock.advance(1_500)
  await actions.abort(String(second.output.id), stop)
  t.match(feed.get(`activity/${second.output.id}`)?.value, { status: 'aborted', error: 'enough' })
  t.equal(claims.holderOf('camera/main'), undefined)
})

t.test(
  'an activity that ignores everybody does not keep the agent from ending, nor one that fails at once',
  async t => {
    const { actions, clock, claims, lines } = await openHouse(t)
    const row = (name: string, run: () => Promise<never>) =>
      action({
        name,
        summary: 'Does not end well',
        input: z.strictObject({}),
        output: z.object({}),
        role: 'observer',
        claims: () => [{ name }],
        settles: { kind: 'activity', resumes: false },
        run,
      })
    const fails = () => {
      throw new Error('at once')
    }
    actions.offer([row('deaf', () => new Promise(() => {})), row('rash', fails)])
    const { done } = await actions.ask('rash', {}, observer)
    await t.rejects(done, { code: 'broken', message: /at once/ })
    t.equal(claims.holderOf('rash'), undefined, 'what failed at once has let go')

    const { output } = await actions.ask('deaf', {}, observer)
    await clock.until(actions.stop(stop), 60_000)
    t.ok(
      lines.some(({ level, message }) => level === 'error' && message.includes(String(output.id))),
      'the one left behind is named',
    )
  },
)

t.test('actions bind to the switches that exist at the time', async t => {
  const { actions, feed } = await openHouse(t)
  const row = { ...wait('power-set', 1_000), on: 'power/{device}/{channel}' }
  actions.offer([row])
  t.same(actions.bindings(row), [])
  feed.set('power/relays/dew', { on: false })
  feed.set('power/relays', { odd: true })
  t.same(actions.bindings(row), [{ path: 'power/relays/dew', input: { device: 'relays', channel: 'dew' } }])
})

t.test('while the table is closed, only what says so may be asked for', async t => {
  const house = await openHouse(t)
  let closed: Fault | undefined = new Fault('forbidden', 'the box is not set up yet', 'Set it up')
  const actions = createActions({ ...house, closed: () => closed })
  const ran: string[] = []
  const row = (name: string, beforeSetUp?: true) =>
    action({
      ...{ name, beforeSetUp, summary: name, input: z.strictObject({}), output: z.object({}), role: 'viewer' as const },
      claims: () => [],
      settles: { kind: 'deed', deadlineMs: 1_000 },
      run: async () => {
        ran.push(name)
        return {}
      },
    })
  actions.offer([row('look', true), row('move')])
  const inside: Who = { name: 'agent', role: 'administrator', face: 'inside' }
  for (const who of [observer, inside]) await t.rejects(actions.ask('move', {}, who), { code: 'forbidden' })
  await t.rejects(actions.ask('moov', {}, observer), { code: 'not-found' }, 'what there is not is not there')
  await actions.ask('look', {}, observer)
  t.same(ran, ['look'])
  closed = undefined
  await actions.ask('move', {}, observer)
  t.same(ran, ['look', 'move'])
})
