// Commands from topics to the action table and answers back. Each id is obeyed once, also across a restart; what is
// retained, expired or doubled is refused; and no flood of them can make the agent keep more than a bounded number.
//
// `do/<action>` or `do/<action>/<levels of the thing>` carries {id, issued, expires, …input}; at `reply/<id>` comes
//   a deed:        {id, ok: true, done: true, output}
//   an activity:   {id, ok: true, accepted: true, activity}; at its end
//                  {id, ok, done: true, output or error, code, fix}
//   a refusal:     {id, ok: false, error, code, fix}, with doubled: true when the id has been obeyed before
// What has no id that could be read is refused at `reply/unknown`.
import { type Action, type Actions, harmlessLate, type Who } from '../../ports/action.js'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import { type Schema, z } from '../../ports/schema.js'
import type { Store } from '../../ports/store.js'
import { bareInput, type CommandText, idOf, readCommand } from './command-text.js'
import type { Connection, Message } from './connection.js'
import { keptWriter } from './kept-writer.js'
import { bindingLevels, type Topics } from './topics.js'

export interface CommandInletParts {
  readonly actions: Actions
  readonly store: Pick<Store, 'keep'>
  readonly topics: Topics
  readonly clock: Clock
  readonly log: Log
  readonly role: Who['role']
}

export interface CommandInlet {
  readonly filter: string
  /** Answers that could not be sent before go out now. */
  begin(connection: Connection): void
  /** Never throws and never waits: a command lives on by itself. */
  hear(message: Message): void
  stop(): Promise<void>
}

type Answer = Readonly<Record<string, unknown>>

const obeyed: Schema<{ id: string; expiresMs: number }[]> = z.array(
  z.strictObject({ id: z.string(), expiresMs: z.number() }),
)
const idsMax = 2_000
const runningMax = 32
/** Stops and lights still get through when the rest is full. */
const runningHarmlessMax = 128
const unsentMax = 100
/** Of refusals on their way; answers to commands that were obeyed are as few as those. */
const refusingMax = 64
const loggedEveryMs = 10_000

export async function commandInlet(parts: CommandInletParts): Promise<CommandInlet> {
  const { actions, store, topics, clock, log, role } = parts
  const kept = await store.keep('mqtt/commands', obeyed, [])
  const writer = keptWriter(kept)
  const ids = new Map(kept.read().map(({ id, expiresMs }) => [id, expiresMs]))
  const who: Who = { name: 'mqtt', role, face: 'mqtt' }
  const prefix = `${topics.base}/do/`
  const unsent: [string, Answer][] = []
  const bare = new Map<string, { next: (() => Promise<void>) | undefined }>()
  let connection: Connection | undefined
  let running = 0
  let refusing = 0
  let refusals = 0
  let loggedMs = Number.NEGATIVE_INFINITY

  const send = (id: string | undefined, body: Answer): Promise<void> => {
    const text = JSON.stringify(id === undefined ? body : { id, ...body })
    return connection!
      .deliver(topics.reply(id ?? 'unknown'), text, false)
      .catch(error => log.debug(`an answer was lost: ${asFault(error, 'mqtt').message}`))
  }
  const answer = (id: string | undefined, body: Answer) => {
    if (id === undefined) return
    if (connection && !connection.ended.aborted) return void send(id, body)
    unsent.push([id, body])
    if (unsent.length > unsentMax) unsent.shift()
  }
  const refuse = (id: string | undefined, topic: string, error: unknown, more: Answer = {}) => {
    const fault = asFault(error, topic)
    refusals++
    if (clock.monotonicMs() - loggedMs >= loggedEveryMs) {
      log.warn(`refused over MQTT: ${fault.message}`, { topic, refusals })
      loggedMs = clock.monotonicMs()
      refusals = 0
    }
    if (refusing >= refusingMax || !connection || connection.ended.aborted) return
    refusing++
    const settled = () => {
      refusing--
    }
    send(id, { ok: false, error: fault.message, code: fault.code, fix: fault.fix, ...fault.detail, ...more }).then(
      settled,
      settled,
    )
  }

  /** Throws unless the id is new; then remembers it until it expires. */
  const remember = (id: string, expiresMs: number): Promise<void> => {
    const nowMs = clock.now()
    for (const [old, untilMs] of ids) if (untilMs <= nowMs) ids.delete(old)
    if (ids.size >= idsMax)
      throw new Fault('busy', `${idsMax} commands are remembered already`, 'Send fewer, with shorter lives')
    ids.set(id, expiresMs)
    return writer.save([...ids].map(([known, untilMs]) => ({ id: known, expiresMs: untilMs })))
  }
  const run = async (action: Action, input: Record<string, unknown>, id: string | undefined, topic: string) => {
    const { output, done } = await actions.ask(action.name, input, who)
    if (action.settles.kind === 'deed') return answer(id, { ok: true, done: true, output })
    answer(id, { ok: true, accepted: true, activity: output.id })
    // The end is told separately; it may be hours away, and the activity does not depend on us.
    done.then(
      result => answer(id, { ok: true, done: true, output: result }),
      error => {
        const fault = asFault(error, topic)
        answer(id, { ok: false, done: true, error: fault.message, code: fault.code, fix: fault.fix })
      },
    )
  }
  const enveloped = async (
    action: Action,
    topic: string,
    { id, expiresMs }: { id: string; expiresMs: number },
    input: Record<string, unknown>,
  ) => {
    if (ids.has(id)) {
      return refuse(
        id,
        topic,
        new Fault('bad-input', `the command ${id} has been received before`, 'Give each command an id of its own'),
        { doubled: true },
      )
    }
    const onDisk = remember(id, expiresMs)
    if (harmlessLate(action, input))
      onDisk.catch(error => log.error('a command id could not be written', { error: String(error) }))
    else await onDisk
    await run(action, input, id, topic)
  }
  /**
   * Bare payloads of one topic run one after the other, the newest waiting one replacing older ones: a toggled switch.
   */
  const inTurn = async (topic: string, work: () => Promise<void>) => {
    const line = bare.get(topic)
    if (line) {
      line.next = work
      return
    }
    const mine: { next: (() => Promise<void>) | undefined } = { next: work }
    bare.set(topic, mine)
    try {
      while (mine.next) {
        const now = mine.next
        mine.next = undefined
        await now().catch(error => refuse(undefined, topic, error))
      }
    } finally {
      bare.delete(topic)
    }
  }

  const obey = async ({ topic, payload }: Message) => {
    const [name, ...rest] = topic.slice(prefix.length).split('/')
    const action = actions.find(name)
    const text = readCommand(payload, clock.now())
    const input = { ...inputOf(action, text), ...boundInput(actions, action, rest) }
    const harmless = harmlessLate(action, input)
    if (running >= (harmless ? runningHarmlessMax : runningMax)) {
      throw new Fault('busy', `${running} commands over MQTT are being carried out`, 'Wait for their answers')
    }
    running++
    try {
      if (text.envelope) return await enveloped(action, topic, text.envelope, input)
      if (harmless) return await inTurn(topic, () => run(action, input, undefined, topic))
      throw new Fault(
        'bad-input',
        `${name} may do harm when it comes late, so it needs id, issued and expires`,
        'Send {"id":"a1","issued":"…","expires":"…", …input}',
      )
    } finally {
      running--
    }
  }
  return {
    filter: `${prefix}#`,
    begin(next) {
      connection = next
      for (const [id, body] of unsent.splice(0)) answer(id, body)
    },
    hear(message) {
      const { topic, payload, retained } = message
      if (retained) return log.warn('a retained command was dropped: commands must not be retained', { topic })
      obey(message).catch(error => refuse(idOf(payload), topic, error))
    },
    async stop() {
      connection = undefined
      await writer.save([...ids].map(([id, expiresMs]) => ({ id, expiresMs })))
    },
  }
}

function inputOf(action: Action, text: CommandText): Record<string, unknown> {
  return text.word === undefined ? { ...text.fields } : bareInput(action, text.word)
}

/** What the levels after the action's name stand for, by the states that exist now. */
function boundInput(actions: Actions, action: Action, levels: readonly string[]): Record<string, string> {
  if (levels.length === 0) return {}
  const wanted = levels.join('/')
  const found = actions.bindings(action).find(binding => bindingLevels(binding).join('/') === wanted)
  if (found) return found.input
  throw new Fault(
    'not-found',
    `${action.name} has nothing called ${wanted}`,
    'See the states of the box for what there is',
  )
}
