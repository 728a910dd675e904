// How each sensor driver is opened for its contract; a part of the table in bench-devices.ts.
import { kernelPwmDriver } from '../../edge/drivers/pwm/kernel-pwm.js'
import { aagDriver } from '../../edge/drivers/sensor/aag.js'
import { gpsdDriver } from '../../edge/drivers/sensor/gpsd.js'
import { i2cSensorDriver } from '../../edge/drivers/sensor/i2c-sensor.js'
import { jsonSensorDriver } from '../../edge/drivers/sensor/json-sensor.js'
import { kernelSensorDriver } from '../../edge/drivers/sensor/kernel-sensor.js'
import { mqttSensorDriver } from '../../edge/drivers/sensor/mqtt-sensor.js'
import { sqmDriver } from '../../edge/drivers/sensor/sqm.js'
import type { BenchRow } from './bench-devices.js'
import { hasMosquitto, mosquitto } from './mosquitto.js'
import { aSky, cloudWatcher, fakeBus, gpsd, jsonServer, noGpsd, pwmTree, sqmDevice, sysfs } from './sensor-rigs.js'
import { noSocat } from './serial-line.js'
import { saidOverAndOver } from './topic-speaker.js'

const station = { ports: ['station'], skip: false } as const
const quick = { every_s: 0.5 }

function chip(name: string): BenchRow {
  return {
    ...{ ...station, name: `i2c-sensor ${name}`, driver: i2cSensorDriver, line: () => fakeBus(aSky()) },
    ready: async () => ({ options: { chip: name, ...quick, shunt_ohms: 0.002 } }),
  }
}

function kernel(sensor: string, more: object = {}): BenchRow {
  return {
    ...{ ...station, name: `kernel-sensor ${sensor}`, driver: kernelSensorDriver },
    ready: async test => ({ options: { sensor, root: sysfs(test).root, ...quick, ...more } }),
  }
}

export const sensorRows: readonly BenchRow[] = [
  kernel('bme280', { at: '1-0076' }),
  kernel('sht3x', { kind: 'weather' }),
  kernel('mlx90614', { kind: 'weather' }),
  kernel('ina226'),
  kernel('28-0316a2795b8d'),
  chip('mlx90614'),
  chip('tsl2591'),
  chip('ina226'),
  {
    ...{ name: 'kernel-pwm', driver: kernelPwmDriver, ports: ['switches'], skip: false },
    async ready(test) {
      const channels = [0, 1].map(output => ({ id: `heater-${output}`, output }))
      return { options: { channels, root: pwmTree(test).root } }
    },
  },
  {
    ...{ ...station, name: 'sqm', driver: sqmDriver, skip: noSocat },
    ready: async test => ({ options: { address: (await sqmDevice(test)).port, ...quick } }),
  },
  {
    ...{ ...station, name: 'aag-cloudwatcher', driver: aagDriver, skip: noSocat },
    ready: async test => ({ options: { address: (await cloudWatcher(test)).port, ...quick } }),
  },
  {
    ...{ name: 'gpsd', ports: ['station', 'gps'] as const, driver: gpsdDriver, skip: noSocat || noGpsd },
    ready: async test => ({ options: { port: (await gpsd(test)).port } }),
  },
  {
    ...{ ...station, name: 'json-sensor', driver: jsonSensorDriver },
    async ready(test) {
      const url = await jsonServer(test, () => ({ current: { temp: '7.5', wet: false } }))
      const fields = { ambientCelsius: { path: 'current.temp' }, raining: { path: 'current.wet' } }
      return { options: { url, fields, ...quick } }
    },
  },
  {
    ...{ ...station, name: 'mqtt-sensor', driver: mqttSensorDriver },
    skip: hasMosquitto ? false : 'mosquitto is not installed',
    async ready(test) {
      const broker = await mosquitto()
      test.teardown(() => broker.remove())
      saidOverAndOver(test, broker.port, 'garden/air', '{"temperature": 3.25, "humidity": 81}')
      const fields = { celsius: { path: 'temperature' }, humidityPercent: { path: 'humidity' } }
      return { options: { broker: broker.url, topic: 'garden/+', fields } }
    },
  },
]
