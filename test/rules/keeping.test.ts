// Every order in which things can happen to the keeper of the outputs: they are never left unsafe, and never touched
// without need.
import t from 'tap'
import { type Keeping, type KeepingDeed, type KeepingEvent, keeping, silenceMs } from '../../edge/rules/keeping.js'

const begun: Keeping = { phase: 'opening', heardMs: 0, safe: false }

/** Runs events one after the other; all deeds, and the state at the end. */
function run(events: readonly KeepingEvent[]): { deeds: KeepingDeed[]; state: Keeping } {
  let state = begun
  const deeds: KeepingDeed[] = []
  for (const event of events) {
    const [next, more] = keeping(state, event)
    state = next
    deeds.push(...more)
  }
  return { deeds, state }
}

t.test('silence makes safe once, and a word of the agent begins anew', async t => {
  const { deeds, state } = run([
    { kind: 'heard', atMs: 0 },
    { kind: 'opened' },
    { kind: 'tick', atMs: silenceMs - 1 },
    { kind: 'tick', atMs: silenceMs },
    { kind: 'tick', atMs: silenceMs + 250 },
    { kind: 'heard', atMs: 2 * silenceMs },
    { kind: 'tick', atMs: 3 * silenceMs - 1 },
    { kind: 'tick', atMs: 3 * silenceMs },
  ])
  t.same(deeds, ['make-safe', 'make-safe'])
  t.ok(state.safe)
})

t.test('an agent that goes while the board is being opened still leaves it safe', async t => {
  t.same(run([{ kind: 'heard', atMs: 0 }, { kind: 'gone' }, { kind: 'opened' }]).deeds, ['make-safe', 'leave'])
})

t.test('outputs that are let go are not touched', async t => {
  t.same(run([{ kind: 'opened' }, { kind: 'released' }, { kind: 'gone' }, { kind: 'tick', atMs: 1e6 }]).deeds, [
    'leave',
  ])
})

/** What is wrong with how a row of events ended. */
function judge(events: readonly KeepingEvent[]): string | undefined {
  const { deeds, state } = run(events)
  const names = events.map(({ kind }) => kind)
  const gone = names.indexOf('gone')
  const released = names.indexOf('released')
  const held = names.indexOf('opened')
  const wasSilent = deeds.includes('make-safe')
  const left = deeds.filter(deed => deed === 'leave').length
  if (wasSilent && held < 0) return 'writes what it does not hold'
  if (left > 1) return 'leaves twice'
  if (released >= 0 && gone < 0 && left !== 1) return 'stays although it was let go'
  if (gone >= 0 && held >= 0 && released < 0 && (left !== 1 || !wasSilent)) return 'leaves unsafe outputs behind'
  if (state.safe && !wasSilent) return 'calls safe what was not written'
  return undefined
}

t.test('in every order of five events, an end in the agent’s absence leaves safe outputs', async t => {
  const kinds = ['heard', 'opened', 'tick', 'late', 'gone', 'released'] as const
  let orders = 0
  const complaints: string[] = []
  const visit = (events: KeepingEvent[], nowMs: number) => {
    if (events.length === 5) {
      orders++
      const wrong = judge(events)
      if (wrong) complaints.push(`${wrong}: ${events.map(({ kind }) => kind)}`)
      return
    }
    for (const kind of kinds) {
      const atMs = kind === 'late' ? nowMs + silenceMs : nowMs + 100
      const event: KeepingEvent =
        kind === 'heard' ? { kind, atMs } : kind === 'tick' || kind === 'late' ? { kind: 'tick', atMs } : { kind }
      visit([...events, event], atMs)
    }
  }
  visit([], 0)
  t.equal(orders, 6 ** 5)
  t.same(complaints.slice(0, 5), [])
})
