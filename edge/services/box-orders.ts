// What one can ask of the computer itself: off, off and on again, and back to how it was flashed. Offered on Pierside's
// own image alone: nobody wants their laptop switched off by its telescope.
import { type Action, action } from '../ports/action.js'
import { asFault, Fault } from '../ports/fault.js'
import type { ImageDeed, Machine } from '../ports/machine.js'
import { z } from '../ports/schema.js'
import { endNight, type NightEndParts } from './night-end.js'

export interface BoxOrderParts extends NightEndParts {
  readonly machine: Machine
  readonly deed: ImageDeed
}

const none = z.object({})
/** What is on its way to the disk. */
const syncMs = 120_000
/** For the system to take the order; what follows ends us. */
const orderMs = 30_000
const resetMs = 60_000

const anyway = z.boolean().default(false).describe('Even while something moves or exposes')
const endFirst = z
  .boolean()
  .default(false)
  .describe('End the night first: stop, park, heaters off, warm the cameras, switch the station off')

export function boxOrders(parts: BoxOrderParts): Action[] {
  const { machine, deed, feed, clock, log } = parts
  const within = async (ms: number, what: string, work: Promise<void>, signal: AbortSignal) => {
    const limit = clock.deadline(ms, what, signal)
    await limit.race(clock.outside(work)).finally(() => limit.cancel())
  }
  const order = (name: 'box-power-off' | 'box-restart', summary: string, last: string, go: () => Promise<void>) =>
    action({
      name,
      summary,
      input: z.strictObject({ endNight: endFirst, anyway }),
      output: none,
      role: 'administrator',
      check(input) {
        if (!input.endNight && !input.anyway) demandCalm(parts)
      },
      claims: () => [{ name: 'box' }],
      settles: { kind: 'activity', resumes: false },
      async run({ input, who, signal, activity }) {
        const tell = (words: string) => activity?.progress({ summary: words })
        if (input.endNight) {
          const why = `${who.name} switches the box ${name === 'box-restart' ? 'off and on' : 'off'}`
          try {
            await endNight(parts, { warms: true, who: who.name, why, takes: ['power'], tell }, signal)
          } catch (error) {
            // A box that is to go down anyway goes down with what could not be ended; otherwise a person sees to it.
            if (signal.aborted || !input.anyway) throw error
            log.error(asFault(error, 'the end of the night').message)
          }
        }
        tell('Writing everything to the disk')
        await within(syncMs, 'writing to the disk', machine.sync(), signal)
        tell(last)
        await feed.event(name === 'box-restart' ? 'box-restarts' : 'box-goes-off', { who: who.name })
        await within(orderMs, last, go(), signal)
        return {}
      },
    })

  const reset = action({
    name: 'box-factory-reset',
    summary: 'Puts the box back to how it was flashed: settings, pairings and networks go; the frames only if asked',
    input: z.strictObject({
      frames: z.enum(['keep', 'remove']).default('keep').describe('What becomes of frames, stacks and masters'),
      confirm: z.literal('factory reset').describe('The words: factory reset'),
      anyway,
    }),
    output: none,
    role: 'administrator',
    check(input) {
      if (!input.anyway) demandCalm(parts)
    },
    claims: () => [{ name: 'box' }],
    settles: { kind: 'deed', deadlineMs: resetMs },
    async run({ input, who, signal }) {
      log.warn(`${who.name} puts the box back to how it was flashed; frames: ${input.frames}`)
      await within(syncMs, 'writing to the disk', machine.sync(), signal)
      await clock.outside(deed('factory-reset', { frames: input.frames }, signal))
      return {}
    },
  })

  return [
    order('box-power-off', 'Switches the box off', 'Switching off', () => machine.shutDown()),
    order('box-restart', 'Switches the box off and on again', 'Starting anew', () => machine.restart()),
    reset,
  ]
}

/** @throws Fault `busy`, naming what would be torn off */
function demandCalm({ claims, devices }: BoxOrderParts): void {
  const held = claims.held().map(({ holder }) => `${holder.action} (${holder.who})`)
  const mounts = devices.having('mount').filter(one => one.condition === 'ready' && one.current().status().slewing)
  const roofs = devices.having('dome').filter(one => one.condition === 'ready' && one.current().status().moving)
  const moving = [...mounts, ...roofs].map(({ name }) => `${name} moves`)
  const busy = [...new Set([...held, ...moving])]
  if (busy.length === 0) return
  throw new Fault(
    'busy',
    `the box is in the middle of something: ${busy.join(', ')}`,
    'Wait, stop it, let the night be ended first, or say that it shall be done anyway',
  )
}
