// The log bundle: what the agent said, what happened, how things are, the configuration, and what the box's own
// programs tell; without a secret in any of it.
import type { Clock } from '../ports/clock.js'
import { asFault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { LogLine } from '../ports/log.js'
import type { BundlePart, LogBundle } from '../ports/log-bundle.js'
import { redactor } from '../rules/redaction.js'

export interface LogBundleParts {
  readonly feed: Feed
  readonly clock: Clock
  readonly version: string
  /** Oldest first. */
  readonly log: () => readonly LogLine[]
  /** The text of the configuration. */
  readonly config: () => string
  /** Facts of the machine and of the image. */
  readonly about: Readonly<Record<string, unknown>>
  /** What the box's own programs and files tell; none on somebody else's computer. */
  readonly reports: readonly BundlePart[]
  /** Every secret that is known here. */
  secrets(): Promise<readonly string[]>
}

const eventsTold = 2_000
const pageOfEvents = 500
/** Of one part: a night that says something every second fits. */
const mostCharacters = 8 * 2 ** 20
/** Some milliseconds of work, on a small computer some ten. */
const linesAtOnce = 500

export function logBundle(parts: LogBundleParts): LogBundle {
  const { feed, clock, version, log, config, about, reports } = parts
  const json = (value: unknown) => JSON.stringify(value, null, 1)
  const own: readonly BundlePart[] = [
    { name: 'about.json', text: async () => json({ version, atMs: clock.now(), node: feed.node, ...about }) },
    { name: 'state.json', text: async () => json(feed.states()) },
    { name: 'events.jsonl', text: async () => (await lastEvents(feed)).map(one => JSON.stringify(one)).join('\n') },
    { name: 'agent.log', text: async () => log().map(inWords).join('\n') },
    { name: 'pierside.yaml', text: async () => config() },
  ]
  return {
    name: () => `pierside-${feed.node}-log-${stamp(clock.now())}`,
    async parts() {
      const clean = redactor(await parts.secrets())
      return [...own, ...reports].map(({ name, text }) => ({
        name,
        async text(signal) {
          let raw: string
          try {
            raw = await text(signal)
          } catch (error) {
            if (signal.aborted) throw error
            raw = `${asFault(error, name).message}\n`
          }
          return cleaned(bounded(raw).split('\n'), clean, clock, signal)
        },
      }))
    },
  }
}

async function lastEvents(feed: Feed) {
  const events: object[] = []
  let after = Math.max(0, (await feed.newestCursor()) - eventsTold)
  for (;;) {
    const page = await feed.eventsAfter(after, pageOfEvents)
    events.push(...page)
    if (page.length < pageOfEvents || events.length >= eventsTold) return events
    after = page.at(-1)!.cursor
  }
}

/** Some lines at a time: all of them would keep a small computer for seconds, in which no keeper hears of the agent. */
async function cleaned(lines: readonly string[], clean: (line: string) => string, clock: Clock, signal: AbortSignal) {
  let text = lines.slice(0, linesAtOnce).map(clean).join('\n')
  for (let at = linesAtOnce; at < lines.length; at += linesAtOnce) {
    await clock.sleep(0, signal)
    text += `\n${lines
      .slice(at, at + linesAtOnce)
      .map(clean)
      .join('\n')}`
  }
  return text
}

/** The end is what counts; it begins with a whole line. */
function bounded(text: string): string {
  if (text.length <= mostCharacters) return text
  const end = text.slice(-mostCharacters)
  return `… ${text.length - mostCharacters} characters before this are left out\n${end.slice(end.indexOf('\n') + 1)}`
}

const inWords = ({ atMs, level, from, message, facts }: LogLine) =>
  `${new Date(atMs).toISOString()} ${level.padEnd(5)} ${from}: ${message}${facts ? ` ${JSON.stringify(facts)}` : ''}`

const stamp = (atMs: number) => new Date(atMs).toISOString().slice(0, 16).replace('T', '-').replace(':', '')
