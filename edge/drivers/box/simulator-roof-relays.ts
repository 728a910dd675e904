// The relays and switches of the simulated roof as a switch box: what a relay roof is made of.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { SwitchChannel } from '../../ports/switch.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { type RoofRelay, roofRelays } from '../link/simulator/roof-motor.js'
import { listeners } from '../listeners.js'
import { presence } from './simulator-presence.js'

const patienceMs = 2_000
const commandMs = 30
const lookMs = 250

const channels: readonly SwitchChannel[] = [
  { id: 'open', name: 'Opens the roof' },
  { id: 'close', name: 'Closes the roof' },
  { id: 'motor', name: 'Power of the roof motor' },
  { id: 'opened', name: 'Roof open', input: true },
  { id: 'closed', name: 'Roof closed', input: true },
  { id: 'mount-parked', name: 'Mount parked', input: true },
]

export function openSimulatedRoofRelays(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'roof-relays', tools)
  box.check()
  const { roofMotor, telescope } = place
  const changes = listeners<string>()
  const stands = (id: string): boolean => {
    if (id === 'opened' || id === 'closed') return roofMotor.made(id)
    return id === 'mount-parked' ? telescope.parked : roofMotor.relay(id as RoofRelay)
  }
  const values = new Map<string, boolean>()
  const look = () => {
    if (box.silent()) return
    for (const { id } of channels) {
      const on = stands(id)
      const before = values.get(id)
      values.set(id, on)
      if (on !== before && before !== undefined) changes.tell(id)
    }
  }
  look()
  const looking = place.clock.every(lookMs, look)
  const known = (id: string) => {
    if (channels.some(one => one.id === id)) return id
    const all = channels.map(one => one.id).join(', ')
    throw new Fault('not-found', `the simulated roof has no channel "${id}"`, `Use one of: ${all}`)
  }
  return {
    ports: {
      switches: {
        channels,
        value: id => Number(values.get(known(id))),
        async set(id, value, signal) {
          box.check()
          if (signal.aborted) throw reasonOf(signal)
          const relay = roofRelays.find(one => one === known(id))
          if (!relay) throw new Fault('unsupported', `${id} is an input`, 'Inputs are only read')
          if (value !== 0 && value !== 1) {
            throw new Fault('bad-input', `${id} cannot be set to ${value}`, 'Send 1 for on, 0 for off')
          }
          await box.work(commandMs, patienceMs, 'the simulated roof relays', signal)
          roofMotor.set(relay, value === 1)
          look()
          if (roofMotor.relay(relay) !== (value === 1)) {
            throw new Fault('broken', `relay ${id} of the simulated roof does not obey`, 'End the simulated mishap')
          }
        },
        onChange: changes.add,
      },
    },
    async close() {
      looking.cancel()
      box.close()
    },
  }
}
