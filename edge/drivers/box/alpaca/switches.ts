// What can be switched or set on an Alpaca Switch device: each writable switch of it is a channel, and so is each
// contact that is only read.
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { SwitchBank, SwitchChannel } from '../../../ports/switch.js'
import { listeners } from '../../listeners.js'
import { type AlpacaSession, maybe } from './session.js'
import { keepState, type Member } from './state.js'

const everyMs = 2_000
const setMs = 30_000
const readBackMs = 3_000
/** No power box has more. */
const mostSwitches = 128

interface Place {
  readonly id: number
  readonly channel: SwitchChannel
  /** Its name in the state. */
  readonly key: string
  readonly near: number
  /** It answers before it is done (ISwitchV3). */
  readonly asynchronous: boolean
}

export async function openAlpacaSwitches(session: AlpacaSession, signal: AbortSignal): Promise<SwitchBank> {
  const places = await placesOf(session, signal)
  const members = [...places.values()].map(({ id, key }): [string, Member] => [
    key,
    { type: 'number', path: 'getswitchvalue', params: { Id: id } },
  ])
  const state = await keepState(session, Object.fromEntries(members), everyMs, signal)
  const changed = listeners<string>()
  const at = (id: string): Place => {
    const place = places.get(id)
    if (place) return place
    throw new Fault(
      'not-found',
      `${session.name} has no channel "${id}"`,
      `Use one of: ${[...places.keys()].join(', ')}`,
    )
  }
  const value = (id: string) => state.number(at(id).key)
  let last = new Map([...places.keys()].map(id => [id, value(id)]))
  state.onHeard(() => {
    const before = last
    last = new Map([...places.keys()].map(id => [id, value(id)]))
    for (const [id, now] of last) if (now !== before.get(id)) changed.tell(id)
  })
  const underWay = new Map<string, Promise<void>>()
  /**
   * One order to a switch after the other, also after one whose asker has given up: a slow server may still be at its
   * ON when OFF is asked for. What has not been sent by then is not sent.
   */
  const inTurn = async (id: string, what: string, until: AbortSignal, send: () => Promise<void>) => {
    const sent = (underWay.get(id) ?? Promise.resolve()).then(() => {
      if (until.aborted) throw reasonOf(until)
      return send()
    })
    // Whoever asked hears how it ended; the next one goes on either way.
    const settled = () => {}
    underWay.set(id, sent.then(settled, settled))
    const limit = session.clock.deadline(2 * setMs, `${session.name}, ${what}`, until, session.gone)
    await limit.race(sent).finally(() => limit.cancel())
  }
  return {
    channels: [...places.values()].map(({ channel }) => channel),
    value,
    async set(id, wanted, until) {
      const { channel, near, asynchronous, id: number } = at(id)
      if (channel.input) throw new Fault('unsupported', `${id} of ${session.name} is an input`, 'Inputs are only read')
      const { min, max } = channel.range ?? { min: 0, max: 1 }
      const fits = channel.range ? Number.isFinite(wanted) : Number.isInteger(wanted)
      if (!(fits && wanted >= min && wanted <= max)) {
        throw new Fault('bad-input', `${id} cannot be set to ${wanted}`, `Give a value from ${min} to ${max}`)
      }
      const what = `setting ${id} to ${wanted}`
      const member = asynchronous ? 'setasyncvalue' : 'setswitchvalue'
      await inTurn(id, what, until, () => session.put(member, { Id: number, Value: wanted }, { ms: setMs }))
      if (asynchronous) await done(session, number, { what, signal: until })
      const holds = () => Math.abs((value(id) ?? Number.NaN) - wanted) <= near
      await state
        .until({ what, ms: readBackMs, signal: until }, () => (holds() ? true : undefined))
        .catch(error => {
          if (!(error instanceof Fault && error.code === 'timeout')) throw error
          const words = `${id} of ${session.name} was set to ${wanted} and reads back ${value(id) ?? 'nothing'}`
          throw new Fault('broken', words, 'Look at the device and its cable', { cause: error })
        })
    },
    onChange: changed.add,
  }
}

async function done(session: AlpacaSession, id: number, { what, signal }: { what: string; signal: AbortSignal }) {
  const limit = session.clock.deadline(setMs, `${session.name}, ${what}`, signal, session.gone)
  try {
    while (!(await session.flag('statechangecomplete', { Id: id }, limit.signal))) {
      await session.clock.sleep(100, limit.signal)
    }
  } finally {
    limit.cancel()
  }
}

async function placesOf(session: AlpacaSession, signal: AbortSignal): Promise<Map<string, Place>> {
  const count = await session.number('maxswitch')
  const places = new Map<string, Place>()
  for (let id = 0; id < Math.min(count, mostSwitches); id++) {
    const params = { Id: id }
    // Those before ISwitchV2 can all be written.
    const writable = (await maybe(session.flag('canwrite', params, signal))) ?? true
    const name = (await maybe(session.text('getswitchname', params, signal)))?.trim() || `Switch ${id}`
    const min = (await maybe(session.number('minswitchvalue', params, signal))) ?? 0
    const max = (await maybe(session.number('maxswitchvalue', params, signal))) ?? 1
    const step = (await maybe(session.number('switchstep', params, signal))) ?? 1
    const onOff = min === 0 && max === 1 && step === 1
    // What is measured, a voltage say, is no contact.
    if (!writable && !onOff) continue
    const plain = name
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '')
    let channelId = plain
    // Another may really be called `Channel 3`.
    for (let at = id + 1; channelId === '' || places.has(channelId); at++) channelId = `channel-${at}`
    const range = onOff ? undefined : { min, max, step, unit: '' }
    const channel = { id: channelId, name, ...(range && { range }), ...(!writable && { input: true as const }) }
    const asynchronous =
      writable && session.modern && ((await maybe(session.flag('canasync', params, signal))) ?? false)
    places.set(channelId, { id, channel, key: `GetSwitchValue${id}`, near: Math.max(1e-6, step / 2), asynchronous })
  }
  if (places.size > 0) return places
  throw new Fault('unsupported', `${session.name} has nothing that can be switched`, 'Look at its setup page')
}
