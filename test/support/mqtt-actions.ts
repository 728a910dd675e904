// A small table of actions of every sort that the MQTT face must tell apart.
import { action } from '../../edge/ports/action.js'
import { z } from '../../edge/ports/schema.js'

export interface Done {
  readonly name: string
  readonly input: Record<string, unknown>
}

/** Rows that note in `done` what they were asked to do. */
export function someActions(done: Done[], hold: () => Promise<void> = async () => undefined) {
  const note = (name: string) => async (asked: { input: Record<string, unknown> }) => {
    await hold()
    done.push({ name, input: asked.input })
    return { did: name }
  }
  const output = z.object({ did: z.string() })
  const deed = { kind: 'deed', deadlineMs: 5_000 } as const
  const channel = { device: z.string(), channel: z.string() }
  return [
    action({
      name: 'lamp-set',
      summary: 'Switches a lamp',
      input: z.strictObject({ ...channel, on: z.boolean() }),
      output,
      role: 'observer',
      on: 'power/{device}/{channel}',
      claims: ({ device, channel }) => [{ name: `power/${device}/${channel}` }],
      settles: deed,
      harmlessWhenLate: ({ channel }) => channel !== 'mount',
      entity: { platform: 'switch', field: 'on', shows: 'on' },
      run: note('lamp-set'),
    }),
    action({
      name: 'lamp-dim',
      summary: 'Sets the brightness of a lamp',
      input: z.strictObject({ ...channel, value: z.number().min(0).max(100) }),
      output,
      role: 'observer',
      on: 'power/{device}/{channel}',
      claims: ({ device, channel }) => [{ name: `power/${device}/${channel}` }],
      settles: deed,
      harmlessWhenLate: true,
      entity: { platform: 'number', field: 'value', shows: 'value' },
      run: note('lamp-dim'),
    }),
    action({
      name: 'wheel-select',
      summary: 'Turns a filter in',
      input: z.strictObject({ wheel: z.string(), filter: z.string() }),
      output,
      role: 'observer',
      on: 'wheel/{wheel}',
      claims: ({ wheel }) => [{ name: `wheel/${wheel}` }],
      settles: deed,
      entity: { platform: 'select', field: 'filter', shows: 'filter' },
      run: note('wheel-select'),
    }),
    action({
      name: 'mount-stop',
      summary: 'Stops the mount',
      input: z.strictObject({}),
      output,
      role: 'observer',
      claims: () => [],
      settles: deed,
      harmlessWhenLate: true,
      entity: { platform: 'button', icon: 'mdi:stop' },
      run: note('mount-stop'),
    }),
    action({
      name: 'roof-open',
      summary: 'Opens the roof',
      input: z.strictObject({}),
      output,
      role: 'observer',
      claims: () => [{ name: 'roof' }],
      settles: deed,
      entity: { platform: 'button' },
      run: note('roof-open'),
    }),
    action({
      name: 'camera-expose',
      summary: 'Takes an exposure',
      input: z.strictObject({ seconds: z.number().positive() }),
      output,
      role: 'observer',
      claims: () => [{ name: 'camera/main' }],
      settles: { kind: 'activity', resumes: false },
      run: note('camera-expose'),
    }),
    action({
      name: 'config-save',
      summary: 'Saves the configuration',
      input: z.strictObject({}),
      output,
      role: 'administrator',
      claims: () => [],
      settles: deed,
      run: note('config-save'),
    }),
  ]
}
