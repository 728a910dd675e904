// What one can do with what is kept: correct it, delete it.
import { type Action, action } from '../ports/action.js'
import type { Feed } from '../ports/feed.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'

const shortMs = 20_000

export function shelfActions({ store, feed }: { store: Store; feed: Feed }): Action[] {
  const remove = action({
    name: 'frame-remove',
    summary: 'Deletes an exposure: file and row',
    input: z.strictObject({ id: z.string().describe('Exposure id') }),
    output: z.object({}),
    role: 'observer',
    claims: input => [{ name: `frame/${input.id}` }],
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input }) {
      await store.remove(input.id)
      await feed.event('frame-removed', { id: input.id })
      return {}
    },
  })
  const amend = action({
    name: 'frame-amend',
    summary: 'Corrects what is known of an exposure; the file stays as it is',
    input: z.strictObject({
      id: z.string().describe('Exposure id'),
      object: z.string().max(60).optional().describe('What was observed'),
      filter: z.string().max(40).optional().describe('Filter in the light'),
      number: z.int().min(0).optional().describe('Place in its run, 1 the first'),
      total: z.int().min(0).optional().describe('Frames of the run; 0: without end'),
      exposureSeconds: z.number().positive().optional().describe('Exposure, s'),
      binning: z.int().min(1).optional().describe('Binning'),
    }),
    output: z.object({}),
    role: 'observer',
    claims: input => [{ name: `frame/${input.id}` }],
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input: { id, ...fields } }) {
      await store.amend(id, fields)
      await feed.event('frame-amended', { id })
      return {}
    },
  })
  return [remove, amend]
}
