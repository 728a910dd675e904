// The `mqtt:` part of the configuration, its bounds and the one rule that spans two keys.
import { z } from '../../ports/schema.js'

const secretHelp = 'in the file as `!secret name`, which the page writes for you'

const embeddedSettings = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Run a broker inside the agent'),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on; anything wider than this machine needs a password'),
    port: z.int().min(1).max(65_535).default(1883).describe('TCP port; the variable MQTT_PORT wins over it'),
    user: z.string().min(1).optional().describe('User name that clients must give; any name when absent'),
    password: z.string().min(1).optional().describe(`Password that clients must give; ${secretHelp}`),
  })
  .refine(embedded => !embedded.enabled || isLoopback(embedded.host) || embedded.password !== undefined, {
    path: ['password'],
    message: 'a broker that listens wider than 127.0.0.1 needs a password',
  })

const brokerSettings = z.strictObject({
  url: z
    .string()
    .regex(/^mqtts?:\/\/[^/\s@]+$/, 'must look like mqtts://host:8883, without user or path')
    .describe('mqtt://host:1883 or, encrypted, mqtts://host:8883'),
  user: z.string().min(1).optional().describe('User name at the broker'),
  password: z.string().min(1).optional().describe(`Password at the broker; ${secretHelp}`),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe("Path of a PEM file with the authority that signed the broker's certificate"),
})

export const mqttSettings = z.strictObject({
  enabled: z.boolean().default(true).describe('Speak MQTT'),
  node: z
    .string()
    .regex(/^[a-z0-9_-]{1,40}$/, 'may hold a–z, 0–9, _ and -, at most 40')
    .default('pierside')
    .describe('Name of this box in topics: pierside/<node>/…'),
  role: z
    .enum(['viewer', 'observer'])
    .default('observer')
    .describe('What commands over MQTT may do; administration is never possible there'),
  embedded: embeddedSettings.prefault({}).describe('The broker inside the agent; not started when `broker` is given'),
  broker: brokerSettings.optional().describe('An outside broker (mosquitto, the one of Home Assistant) to use instead'),
  picture_max_kb: z.int().min(16).max(8192).default(1024).describe('Larger pictures are not published, kB'),
  pier_picture_every_s: z
    .number()
    .min(0.2)
    .max(3600)
    .default(10)
    .describe('Least time between two pier-camera pictures, s'),
  events_max: z
    .int()
    .min(100)
    .max(20_000)
    .default(10_000)
    .describe('Events that wait for a broker that is away; older ones are skipped'),
  home_assistant: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Announce the box to Home Assistant'),
      prefix: z
        .string()
        .regex(/^[a-zA-Z0-9_-]+$/)
        .default('homeassistant')
        .describe("Home Assistant's discovery prefix"),
    })
    .prefault({}),
})

export type MqttSettings = z.output<typeof mqttSettings>

/** Whether an address reaches this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
