// The first set-up on simulated time: what holds, what ends by itself, what a power cut leaves, and what the card
// decides.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import type { SetUpRadio } from '../../edge/ports/setup.js'
import { type Given, nothingSetUp, type SetUpRecord, setUpService } from '../../edge/services/setup.js'
import { codeMs, openAccess } from '../../edge/spine/access.js'
import { openHouse } from '../support/house.js'

const order = { name: 'North', passphrase: 'clear skies', country: 'AT', timeZone: 'Europe/Vienna' }
const nothing: Given = { wishes: {}, complaints: [] }

interface Disk {
  record: SetUpRecord
  full?: boolean
}

/** A box on this disk, with its radio written down. */
async function box(t: Test, disk: Disk, given: Given = nothing, broken = { radio: 0 }) {
  const house = await openHouse(t)
  const folder = await mkdtemp(join(tmpdir(), 'pierside-setup-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const access = await openAccess(folder, house.clock)
  const did: string[] = []
  const deed = async (words: string) => {
    if (broken.radio > 0) {
      broken.radio--
      throw new Fault('offline', 'no radio', 'Wait')
    }
    did.push(words)
  }
  const radio: SetUpRadio = {
    tryHotspot: ({ passphrase }) => deed(`try ${passphrase}`),
    keepHotspot: () => deed('keep'),
    dropTrial: () => deed('drop'),
    setCountry: (code, keep) => deed(`country ${code} ${keep}`),
  }
  const record = {
    read: () => disk.record,
    async write(next: SetUpRecord) {
      if (disk.full) throw new Fault('disk-full', 'no room', 'Make room')
      disk.record = next
    },
  }
  const setUp = setUpService({
    ...house,
    ...{ record, given, radio, codeMs, ssid: 'Pierside-0A1B' },
    invite: invitation => access.pairingCode('administrator', invitation),
    expect: (digits, invitation) => access.expect(digits, 'administrator', invitation),
    setZone: async zone => void did.push(`zone ${zone}`),
    nameSite: async name => did.push(`name ${name}`),
  })
  t.teardown(() => setUp.stop())
  setUp.begin()
  await house.clock.advance(0)
  return { ...house, access, setUp, did, step: () => house.feed.get('setup')?.value.step }
}

t.test('set-up holds when somebody has come with its code, and is done after the answer is out', async t => {
  const disk: Disk = { record: nothingSetUp }
  const { setUp, clock, access, did, step, feed } = await box(t, disk)
  t.equal(step(), 'new')
  t.match(setUp.closed(), { code: 'forbidden' })
  const { code, ssid, untilMs, switchesMs } = setUp.complete(order)
  t.match(code, /^\d{8}$/)
  t.equal(ssid, 'Pierside-0A1B')
  t.equal(untilMs, clock.now() + codeMs)
  t.equal(switchesMs, clock.now() + 120_000)
  t.equal(step(), 'waiting')
  t.match(setUp.closed(), { code: 'forbidden' }, 'nobody is administrator yet')
  t.throws(() => setUp.complete(order), { code: 'busy' })
  await access.pair(code, 'phone')
  t.equal(setUp.closed(), undefined)
  t.equal(step(), 'done')
  t.same(did, [], 'the phone still has to hear that it is paired')
  await clock.advance(4_000)
  t.same(did, ['country AT true', 'zone Europe/Vienna', 'try clear skies', 'keep', 'name North'])
  t.match(disk.record, { done: true, pending: undefined })
  t.throws(() => setUp.complete(order), { code: 'forbidden', message: /set up already/ })
  await t.rejects(access.pair(code, 'thief'), { code: 'unpaired' }, 'its code pairs once')
  await clock.advance(codeMs * 2)
  t.equal(step(), 'done')
  t.notOk(did.includes('drop'))
  t.equal((await feed.eventsAfter(0, 10)).filter(({ kind }) => kind === 'set-up-done').length, 1)
})

t.test('the hotspot switches by itself, or at once when the phone says so; and only once', async t => {
  for (const told of [false, true]) {
    const { setUp, clock, access, did } = await box(t, { record: nothingSetUp })
    t.throws(() => setUp.switchNow(), { code: 'not-found' })
    const { code } = setUp.complete(order)
    if (told) setUp.switchNow()
    await clock.advance(4_000)
    t.same(did, told ? ['try clear skies'] : [])
    await clock.advance(120_000)
    t.same(did, ['try clear skies'])
    await access.pair(code, 'phone')
    await clock.advance(4_000)
    t.same(did.slice(1), ['country AT true', 'zone Europe/Vienna', 'keep', 'name North'], 'the phone keeps its network')
  }
})

t.test('when nobody comes with the code, the box is as new', async t => {
  const disk: Disk = { record: nothingSetUp }
  const { setUp, clock, access, did, step } = await box(t, disk)
  const { code } = setUp.complete(order)
  await clock.advance(codeMs + 1_000)
  t.equal(step(), 'new')
  t.same(did, ['try clear skies', 'drop'], 'and its hotspot open')
  t.same(disk.record.done, false)
  await t.rejects(access.pair(code, 'late'), { code: 'unpaired' })
  const again = setUp.complete({ ...order, passphrase: 'another one' })
  await access.pair(again.code, 'phone')
  t.equal(step(), 'done')
  await clock.advance(4_000)
  t.same(did.slice(2, 6), ['country AT true', 'zone Europe/Vienna', 'try another one', 'keep'])
})

t.test('a code that is guessed at ends, and with it the trial', async t => {
  const { setUp, access, step } = await box(t, { record: nothingSetUp })
  const { code } = setUp.complete(order)
  const wrong = String((Number(code) + 1) % 1e8).padStart(8, '0')
  for (let i = 0; i < 5; i++) await t.rejects(access.pair(wrong, 'thief'), { code: 'unpaired' })
  t.equal(step(), 'new')
  await t.rejects(access.pair(code, 'thief'), { code: 'unpaired' })
})

t.test('a power cut before the code was used leaves a new box, one after it a box that is set up', async t => {
  const disk: Disk = { record: nothingSetUp }
  const first = await box(t, disk)
  first.setUp.complete(order)
  await first.clock.advance(130_000)
  first.setUp.stop()
  const second = await box(t, disk)
  t.equal(second.step(), 'new')
  const { code } = second.setUp.complete(order)
  await second.access.pair(code, 'phone')
  second.setUp.stop()
  t.same(second.did, [], 'nothing of it was done yet')
  const third = await box(t, disk)
  t.equal(third.setUp.closed(), undefined)
  await third.clock.advance(1_000)
  t.same(third.did, ['country AT true', 'zone Europe/Vienna', 'try clear skies', 'keep', 'name North'])
  const fourth = await box(t, disk)
  await fourth.clock.advance(1_000)
  t.same(fourth.did, [], 'and it is done once')
})

t.test('a disk without room: nobody is told that it is done, and it can be tried again', async t => {
  const disk: Disk = { record: nothingSetUp }
  const { setUp, access, clock, step } = await box(t, disk)
  const { code } = setUp.complete(order)
  disk.full = true
  await t.rejects(access.pair(code, 'phone'), { code: 'disk-full' })
  t.match(setUp.closed(), { code: 'forbidden' })
  disk.full = false
  await clock.advance(codeMs + 1_000)
  t.equal(step(), 'new')
})

t.test('a radio that does not obey is asked again, some times', async t => {
  const { setUp, access, clock, did } = await box(t, { record: nothingSetUp }, nothing, { radio: 2 })
  await access.pair(setUp.complete(order).code, 'phone')
  await clock.advance(200_000)
  t.ok(did.includes('keep') && did.includes('name North'), did.join())
})

t.test('what the card says: complaints, passphrase, place, and a code of the owner’s', async t => {
  const disk: Disk = { record: nothingSetUp }
  const given: Given = {
    wishes: { hotspotPassphrase: 'from the card', country: 'CH', timeZone: 'Europe/Zurich', pairingCode: '1234567890' },
    complaints: [{ line: 3, words: '“x” is not a key here' }],
  }
  const { setUp, did, step, clock, feed } = await box(t, disk, given)
  await clock.advance(1_000)
  t.same(did, ['country CH true', 'zone Europe/Zurich'], 'the hotspot has its passphrase already')
  t.equal(step(), 'guarded')
  t.same(feed.get('setup')?.value.complaints, ['pierside.txt, line 3: “x” is not a key here'])
  t.match(setUp.closed(), { code: 'forbidden' })
  setUp.stop()

  const second = await box(t, disk, given)
  await second.clock.advance(1_000)
  t.same(second.did, [], 'it is taken once, and may be changed on the page afterwards')
  await second.access.pair('12 34 56 78 90', 'phone')
  t.equal(second.step(), 'done')
  t.equal(second.setUp.closed(), undefined)
  second.setUp.stop()
  const third = await box(t, disk, given)
  await t.rejects(third.access.pair('1234567890', 'thief'), { code: 'unpaired' }, 'nor does its code pair again')
  const fourth = await box(t, disk, { ...given, wishes: { ...given.wishes, pairingCode: '87654321' } })
  await fourth.access.pair('87654321', 'second phone')
  t.pass('but another one does: the card is its owner’s')
})

t.test('with a passphrase from the card, the page asks for none', async t => {
  const given: Given = { wishes: { hotspotPassphrase: 'from the card' }, complaints: [] }
  const { setUp, access, did, clock } = await box(t, { record: nothingSetUp }, given)
  await clock.advance(1_000)
  const { code, switchesMs } = setUp.complete({ name: 'North' })
  t.equal(switchesMs, undefined)
  await access.pair(code, 'phone')
  await clock.advance(4_000)
  t.same(did, ['name North'])
  const { setUp: bare } = await box(t, { record: nothingSetUp })
  t.throws(() => bare.complete({ name: 'North' }), { code: 'bad-input', message: /passphrase/ })
})

t.test('a box without a radio is set up by its card all the same', async t => {
  const disk: Disk = { record: nothingSetUp }
  const given: Given = {
    wishes: { hotspotPassphrase: 'from the card', country: 'CH', pairingCode: '12345678' },
    complaints: [],
  }
  const { setUp, access, clock, did } = await box(t, disk, given, { radio: Number.POSITIVE_INFINITY })
  await access.pair('12345678', 'laptop on a cable')
  await clock.advance(1_000)
  t.equal(setUp.closed(), undefined)
  t.same(did, [])
  setUp.stop()
  const later = await box(t, disk, given)
  await later.clock.advance(1_000)
  t.same(later.did, ['country CH true'], 'the country follows when there is one')
})
