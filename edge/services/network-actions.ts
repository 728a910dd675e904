// What people ask of the network. What cuts the phone off that asks for it is an activity: its id is the answer, and
// how it ended waits in the state `network`.
import { type Action, action } from '../ports/action.js'
import { z } from '../ports/schema.js'
import type { NetworkService } from './network.js'

const done = z.object({})
/** IEEE 802.11: 8 to 63 printable characters of ASCII make a WPA passphrase. */
const passphrase = z
  .string()
  // Keyboards of phones put one behind a word.
  .trim()
  .regex(/^[\x20-\x7e]{8,63}$/, 'must have 8 to 63 letters, digits and signs, none with an accent')
const claims = () => [{ name: 'network' }]
const activity = { kind: 'activity', resumes: false } as const
const deed = { kind: 'deed', deadlineMs: 40_000 } as const

export function networkActions(network: NetworkService): Action[] {
  return [
    action({
      name: 'network-join',
      summary: 'Joins a Wi-Fi network; when that does not hold, the box is back where it was within a minute',
      input: z.strictObject({
        // 32 bytes, which are as many characters at most.
        ssid: z
          .string()
          .min(1)
          .refine(ssid => new TextEncoder().encode(ssid).length <= 32, 'must not be longer than 32 bytes')
          .refine(ssid => !/\p{Cc}/u.test(ssid), 'must not hold control characters')
          .describe('Name of the network'),
        passphrase: passphrase.optional().describe('Absent for an open network'),
        hidden: z.boolean().default(false).describe('The network does not say its name'),
      }),
      output: z.object({ addresses: z.array(z.string()).describe('Where the page is found now') }),
      role: 'administrator',
      claims,
      settles: activity,
      run: async ({ input, signal }) => ({ addresses: [...(await network.join(input, signal)).addresses] }),
    }),
    action({
      name: 'network-forget',
      summary: 'Forgets a known Wi-Fi network',
      input: z.strictObject({ id: z.string().min(1).max(64).describe('As the state `network` names it') }),
      output: done,
      role: 'administrator',
      claims,
      settles: deed,
      run: async ({ input, signal }) => {
        await network.forget(input.id, signal)
        return {}
      },
    }),
    action({
      name: 'network-look',
      summary: 'Looks which Wi-Fi networks are around',
      input: z.strictObject({}),
      output: z.object({ found: z.number().describe('Networks heard') }),
      role: 'observer',
      claims,
      settles: deed,
      run: async ({ signal }) => ({ found: (await network.lookAround(signal)).length }),
    }),
    action({
      name: 'network-to-hotspot',
      summary: 'Leaves the Wi-Fi network and raises the hotspot of the box',
      input: z.strictObject({}),
      output: done,
      role: 'administrator',
      claims,
      settles: activity,
      run: async ({ signal }) => {
        await network.toHotspot(signal)
        return {}
      },
    }),
    action({
      name: 'network-hotspot',
      summary: 'Changes the hotspot; undone after two minutes unless confirmed',
      input: z
        .strictObject({
          passphrase: passphrase.optional().describe('Its new passphrase; as before when absent'),
          band: z.enum(['2.4', '5']).optional().describe('Band, GHz; as before when absent'),
          channel: z.int().min(0).max(177).optional().describe('Channel; 0 leaves it to the radio'),
        })
        .refine(order => Object.values(order).some(one => one !== undefined), 'nothing is to be changed'),
      output: done,
      role: 'administrator',
      claims,
      settles: activity,
      run: async ({ input, signal }) => {
        await network.changeHotspot(input, signal)
        return {}
      },
    }),
    action({
      name: 'network-country',
      summary: 'Tells the radio which country’s laws hold; undone after two minutes unless confirmed',
      input: z.strictObject({
        country: z
          .string()
          .regex(/^[A-Z]{2}$/, 'must be two capitals, such as DE')
          .describe('ISO 3166, two letters'),
      }),
      output: done,
      role: 'administrator',
      claims,
      settles: deed,
      run: async ({ input, signal }) => {
        await network.changeCountry(input.country, signal)
        return {}
      },
    }),
    action({
      name: 'network-confirm',
      summary: 'Confirms the change of the hotspot or the country: it stays',
      input: z.strictObject({}),
      output: done,
      role: 'administrator',
      claims,
      settles: deed,
      run: async ({ signal }) => {
        await network.confirm(signal)
        return {}
      },
    }),
  ]
}
