// Any topic of an MQTT broker as a sensor: Zigbee2MQTT, ESPHome, Tasmota, a home-made board.
import { driver } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { checkedFields, parsedDocument, picked, pickedFields } from './picked-fields.js'
import { fedStation, stationOptions } from './station-box.js'

const options = z.strictObject({
  broker: z
    .string()
    .regex(/^mqtts?:\/\/[^/\s@]+$/, 'must look like mqtts://host:8883, without user or path')
    .default('mqtt://127.0.0.1:1883')
    .describe('mqtt://host:1883 or, encrypted, mqtts://host:8883; the broker inside when absent'),
  user: z.string().min(1).optional().describe('User name at the broker'),
  password: z
    .string()
    .min(1)
    .optional()
    .describe('Password at the broker; in the file as `!secret name`, which the page writes for you'),
  ca: z.string().min(1).optional().describe('Path of a PEM file with the authority of its certificate'),
  topic: z.string().min(1).max(200).describe('Topic; + and # stand for any part'),
  fields: pickedFields,
  ...stationOptions('sensor'),
})

/** A sensor's message is short; what is longer is something else on that topic, bytes. */
const mostBytes = 64 * 1024

export const mqttSensorDriver = driver<typeof options>({
  id: 'mqtt-sensor',
  summary: 'Any MQTT topic as a sensor or weather station',
  options,
  ports: () => ['station'],
  async open({ broker, user, password, ca, topic, fields, kind }, tools, signal) {
    const wanted = checkedFields(fields, kind)
    if (!tools.hearTopics) throw new Fault('unsupported', 'there is no MQTT here', 'Ask for it under mqtt:')
    const fed = fedStation(kind, tools)
    const hearing = await tools.hearTopics(
      {
        ...{ url: broker, user, password, ca, topics: [topic] },
        onMessage(_topic, payload, retained) {
          // How old a kept message is nobody knows: it is no reading.
          if (retained || payload.length > mostBytes) return
          fed.feed(picked(parsedDocument(Buffer.from(payload).toString('utf8')), wanted))
        },
      },
      signal,
    )
    hearing.ended.addEventListener('abort', () => tools.lost(hearing.ended.reason), { once: true })
    return { ports: { station: fed.station }, close: () => hearing.close() }
  },
})
