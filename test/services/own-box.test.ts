// What only a box of our own has: SSH by keys that are looked at, and a lamp that shows how it is.
import t from 'tap'
import type { Who } from '../../edge/ports/action.js'
import { Fault } from '../../edge/ports/fault.js'
import type { JsonObject } from '../../edge/ports/json.js'
import { showOnLamp } from '../../edge/services/box-lamp.js'
import { sshAccess } from '../../edge/services/ssh-access.js'
import { openHouse } from '../support/house.js'

const owner: Who = { name: 'owner', role: 'administrator', face: 'http' }
const blob = (last: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(35), Buffer.from(last)]).toString(
    'base64',
  )

t.test('keys are looked at before root is asked, and kept when it has taken them', async t => {
  const house = await openHouse(t)
  const { actions, feed } = house
  const orders: JsonObject[] = []
  let refuses = false
  const deed = async (name: string, order: JsonObject) => {
    if (refuses) throw new Fault('broken', 'no', 'Wait')
    orders.push({ name, ...order })
  }
  actions.offer(await sshAccess({ ...house, deed, onCard: 0 }))
  t.same(feed.get('ssh')?.value, { on: false, keys: [], onCard: 0 })
  const key = `ssh-ed25519 ${blob('a')}`
  await actions.ask('ssh-key', { keys: `\r\n  ${key} anna@desk\r\n\r\n${key}\n` }, owner)
  t.same(orders, [{ name: 'ssh-keys', keys: [`${key} anna@desk`, key] }])
  t.match(feed.get('ssh')?.value, { on: true, keys: [/^ed25519 …\S{8} anna@desk$/, /^ed25519 …/] })
  const wrong = [`${key}\nssh-ed25519 AAAA`, `no-pty ${key}`, `${key}\n${'x'.repeat(9_000)}`, `${key}\n`.repeat(17)]
  for (const keys of wrong) await t.rejects(actions.ask('ssh-key', { keys }, owner), { code: 'bad-input' })
  await t.rejects(actions.ask('ssh-key', { keys: wrong[0] }, owner), { message: /line 2 is no public SSH key/ })
  await t.rejects(actions.ask('ssh-key', { keys: '' }, { ...owner, role: 'observer' }), { code: 'forbidden' })
  t.equal(orders.length, 1)
  refuses = true
  await t.rejects(actions.ask('ssh-key', { keys: '' }, owner), { code: 'broken' })
  t.match(feed.get('ssh')?.value, { on: true }, 'what root has not done has not happened')
  refuses = false
  await actions.ask('ssh-key', { keys: '' }, owner)
  t.same(feed.get('ssh')?.value, { on: false, keys: [], onCard: 0 })
})

t.test('the lamp', async t => {
  const house = await openHouse(t)
  const { feed, clock } = house
  const shown: unknown[] = []
  const stop = showOnLamp({
    ...house,
    async deed(name, { shows }) {
      shown.push(shows)
      if (shows === 'joined') throw new Fault('broken', `${name} is not there`, 'Wait')
    },
  })
  await clock.advance(20_000)
  t.same(shown, ['hotspot'], 'said once')
  feed.set('network', { phase: 'joined' })
  await clock.advance(120_000)
  t.same(shown, ['hotspot', ...Array(5).fill('joined')], 'a lamp that does not obey is not asked for ever')
  feed.set('box', { troubled: true })
  await clock.advance(5_000)
  feed.set('box', { troubled: false })
  feed.set('network', { phase: 'hotspot' })
  await clock.advance(5_000)
  t.same(shown.slice(6), ['fault', 'hotspot'])
  stop()
  feed.set('box', { troubled: true })
  await clock.advance(20_000)
  t.equal(shown.length, 8)
})
