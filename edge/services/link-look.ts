// "What is there?": looks along a link that is not in the config yet, so that equipment can be chosen from a list.
import { type Action, action } from '../ports/action.js'
import type { LinkDriver, LinkTools } from '../ports/driver.js'
import { Fault } from '../ports/fault.js'
import { complaints, z } from '../ports/schema.js'

export interface LookParts {
  readonly links: readonly LinkDriver[]
  tools(name: string): Omit<LinkTools, 'lost'>
}

const found = z.object({
  name: z.string(),
  driver: z.string(),
  options: z.record(z.string(), z.unknown()),
  ports: z.array(z.string()),
})

const offer = z.object({
  group: z.string(),
  maker: z.string(),
  model: z.string(),
  options: z.record(z.string(), z.array(z.string())),
})

export function lookActions({ links, tools }: LookParts): Action[] {
  const kind = (id: string): LinkDriver => {
    const driver = links.find(link => link.id === id)
    if (driver) return driver
    const known = links.map(({ id }) => id).join(', ')
    throw new Fault('not-found', `there is no kind of link "${id}"`, `Use one of: ${known}`)
  }
  const offers = action({
    name: 'link-offers',
    summary: 'Lists what is installed for a kind of link, by maker and model',
    input: z.strictObject({ driver: z.string().describe('Kind of link') }),
    output: z.object({ offers: z.array(offer) }),
    role: 'administrator',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 10_000 },
    async run({ input }) {
      const found = (await kind(input.driver).offers?.()) ?? []
      return { offers: found.map(one => ({ ...one, options: copied(one.options) })) }
    },
  })
  const look = action({
    name: 'link-look',
    summary: 'Looks which devices stand at the other end of a link',
    input: z.strictObject({
      driver: z.string().describe('Kind of link'),
      options: z.record(z.string(), z.unknown()).default({}).describe('Its options, as under links:'),
    }),
    output: z.object({ found: z.array(found) }),
    role: 'administrator',
    claims: () => [{ name: 'link-look' }],
    settles: { kind: 'deed', deadlineMs: 20_000 },
    async run({ input, signal }) {
      const driver = kind(input.driver)
      if (!driver.found)
        throw new Fault('unsupported', `a ${driver.id} link cannot be asked what is there`, 'Name the devices by hand')
      const options = driver.options.safeParse(input.options)
      if (!options.success) throw new Fault('bad-input', complaints(options.error).join('; '), 'Correct the options')
      let lost: Fault | undefined
      const all: LinkTools = {
        ...tools(`link ${driver.id}`),
        lost(fault) {
          lost = fault
        },
      }
      const line = await driver.open(options.data, all, signal)
      try {
        const seen = await driver.found(line.value, all, signal)
        if (lost) throw lost
        return { found: seen.map(one => ({ ...one, ports: [...one.ports] })) }
      } finally {
        await line.close()
      }
    },
  })
  return [look, offers]
}

const copied = (options: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(options).map(([name, values]) => [name, [...values]]))
