// The smaller simulated boxes: focuser, filter wheel, power box, sensors, weather station.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { SensorReading } from '../../ports/sensor.js'
import { filters } from '../link/simulator/focus-train.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { type Outlet, outlets } from '../link/simulator/power-box.js'
import { listeners } from '../listeners.js'
import { presence } from './simulator-presence.js'

const patienceMs = 10_000
const commandMs = 30

export function openSimulatedFocuser(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'focuser', tools)
  box.check()
  const { focus } = place
  return {
    ports: {
      focuser: {
        minSteps: 0,
        maxSteps: focus.maxSteps,
        position: () => focus.position(),
        moving: () => focus.moving(),
        celsius: () => place.tubeCelsius(),
        async moveTo(steps, signal) {
          box.check()
          if (signal.aborted) throw reasonOf(signal)
          if (!(Number.isInteger(steps) && steps >= 0 && steps <= focus.maxSteps)) {
            throw new Fault(
              'bad-input',
              `the simulated focuser cannot go to ${steps}`,
              `Choose a whole number from 0 to ${focus.maxSteps} steps`,
            )
          }
          if (focus.moving()) throw new Fault('busy', 'the simulated focuser is moving', 'Wait, or halt it')
          const ms = focus.setOff(steps)
          try {
            await box.work(ms, patienceMs, `the simulated focuser on its way to ${steps}`, signal)
          } catch (error) {
            focus.halt()
            throw error
          }
          if (focus.position() !== steps) {
            throw new Fault('aborted', `the simulated focuser was halted at ${focus.position()}`, 'Send it again')
          }
        },
        async halt() {
          box.check()
          focus.halt()
        },
      },
    },
    close: async () => box.close(),
  }
}

export function openSimulatedWheel(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'wheel', tools)
  box.check()
  const names = filters.map(filter => filter.name)
  return {
    ports: {
      wheel: {
        names,
        position: () => place.wheel.position(),
        async select(slot, signal) {
          box.check()
          if (signal.aborted) throw reasonOf(signal)
          if (!(Number.isInteger(slot) && slot >= 0 && slot < names.length)) {
            throw new Fault(
              'bad-input',
              `the simulated filter wheel has no slot ${slot}`,
              `Choose from 0 to ${names.length - 1}: ${names.join(', ')}`,
            )
          }
          if (place.wheel.position() === undefined) {
            throw new Fault('busy', 'the simulated filter wheel is turning', 'Wait until it stands')
          }
          await box.work(place.wheel.setOff(slot), patienceMs, 'the simulated filter wheel', signal)
        },
      },
    },
    close: async () => box.close(),
  }
}

export function openSimulatedSwitches(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'switches', tools)
  box.check()
  const changes = listeners<string>()
  const unlisten = place.power.onChange(changes.tell)
  const channelOf = (id: string) => {
    const channel = outlets.find(outlet => outlet.id === id)
    if (channel) return channel
    const known = outlets.map(outlet => outlet.id).join(', ')
    throw new Fault('not-found', `the simulated power box has no channel "${id}"`, `Use one of: ${known}`)
  }
  return {
    ports: {
      switches: {
        channels: outlets,
        value: id => place.power.value(channelOf(id).id),
        amperes: id => place.power.amperes(channelOf(id).id),
        async set(id, value, signal) {
          box.check()
          if (signal.aborted) throw reasonOf(signal)
          const channel = channelOf(id)
          const most = 'range' in channel ? channel.range.max : 1
          if (!(Number.isInteger(value) && value >= 0 && value <= most)) {
            throw new Fault('bad-input', `${channel.name} cannot be set to ${value}`, `Choose from 0 to ${most}`)
          }
          await box.work(commandMs, patienceMs, `setting ${channel.name}`, signal)
          place.power.set(channel.id as Outlet, value)
        },
        onChange: changes.add,
      },
    },
    async close() {
      unlisten()
      box.close()
    },
  }
}

export function openSimulatedStation(place: Observatory, kind: 'sensor' | 'weather', tools: Tools): OpenBox {
  const box = presence(place, kind === 'sensor' ? 'sensors' : 'weather', tools)
  box.check()
  const readings = listeners<SensorReading>()
  const read = kind === 'sensor' ? () => sensorValues(place) : () => weatherValues(place)
  let last: SensorReading = { values: read(), atMs: place.clock.now() }
  const poll = place.clock.every(kind === 'sensor' ? 5_000 : 10_000, () => {
    if (box.silent()) return
    last = { values: read(), atMs: place.clock.now() }
    readings.tell(last)
  })
  return {
    ports: { station: { kind, reading: () => last, onReading: readings.add } },
    async close() {
      poll.cancel()
      box.close()
    },
  }
}

function sensorValues(place: Observatory): SensorReading['values'] {
  return {
    celsius: round(place.tubeCelsius(), 2),
    humidityPercent: round(place.weather().humidityPercent, 1),
    skyMagnitude: round(place.zenithMagnitude(), 2),
    volts: round(place.power.volts(), 2),
    mainsOk: true,
    batteryLow: place.power.volts() < 11.5,
  }
}

function weatherValues(place: Observatory): SensorReading['values'] {
  const weather = place.weather()
  return {
    ambientCelsius: round(weather.ambientCelsius, 2),
    humidityPercent: round(weather.humidityPercent, 1),
    dewPointCelsius: round(weather.dewPointCelsius, 2),
    skyCelsius: round(weather.skyCelsius, 1),
    cloudPercent: round(100 * weather.cloudCover, 0),
    windMetresPerSecond: round(weather.windMetresPerSecond, 1),
    raining: weather.raining,
    pressureHectopascals: round(weather.pressureHectopascals, 1),
  }
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals
}
