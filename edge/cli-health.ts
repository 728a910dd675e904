// `pierside health`: whether the version that has started is in order, for the script that judges it on the image. It
// looks from outside, as an owner would: over HTTP, at the process that holds the folder.
import { pause } from './ports/clock.js'
import { Fault } from './ports/fault.js'
import { runningAgent } from './spine/one-agent.js'
import { systemClock } from './spine/system-clock.js'

export interface HealthOrder {
  readonly data: string
  /** s until the agent answers, and until its devices are there. */
  readonly agentSeconds: number
  readonly devicesSeconds: number
  /** s that one and the same process has to be in order. */
  readonly steadySeconds: number
}

const everyMs = 2_000
const answerMs = 10_000

/**
 * @returns when all is in order
 * @throws Fault `broken` with the reason, when it was not before its time was over
 */
export async function checkHealth({ data, agentSeconds, devicesSeconds, steadySeconds }: HealthOrder): Promise<void> {
  const clock = systemClock()
  const beganMs = clock.monotonicMs()
  const after = (seconds: number) => clock.monotonicMs() - beganMs > seconds * 1000
  let since: { pid: number; ms: number } | undefined
  for (;;) {
    const { pid, trouble, missing } = await look(data)
    if (trouble === undefined && missing.length === 0 && pid !== undefined) {
      since = since?.pid === pid ? since : { pid, ms: clock.monotonicMs() }
      if (clock.monotonicMs() - since.ms >= steadySeconds * 1000) return
    } else since = undefined
    if (trouble !== undefined && after(agentSeconds)) throw notInOrder(trouble)
    if (trouble === undefined && after(agentSeconds + devicesSeconds)) {
      throw notInOrder(
        missing.length > 0
          ? `not found again: ${missing.join(', ')}`
          : 'the agent does not stay up: it starts again and again',
      )
    }
    await pause(clock, everyMs, new AbortController().signal)
  }

  async function look(data: string): Promise<{ pid?: number; trouble?: string; missing: string[] }> {
    const running = await runningAgent(data)
    if (!running?.port) return { trouble: 'the agent does not answer', missing: [] }
    const ask = async (path: string) => {
      const limit = clock.deadline(answerMs, path)
      try {
        const answer = await fetch(`http://127.0.0.1:${running.port}${path}`, { signal: limit.signal })
        const text = await answer.text()
        if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 200)}`)
        return text
      } finally {
        limit.cancel()
      }
    }
    try {
      if (!/<html/i.test(await ask('/'))) return { trouble: 'the page is not there', missing: [] }
      await ask('/api/nights')
      const { states } = JSON.parse(await ask('/api/state')) as { states: { path: string; value: Update }[] }
      const update = states.find(({ path }) => path === 'update')?.value
      if (update?.slot === undefined) return { trouble: 'the agent does not know which slot it runs from', missing: [] }
      return { pid: running.pid, missing: [...(update.missing ?? [])] }
    } catch (error) {
      return { trouble: `the agent does not answer as it should: ${(error as Error).message}`, missing: [] }
    }
  }
}

interface Update {
  readonly slot?: string
  readonly missing?: readonly string[]
}

const notInOrder = (reason: string) => new Fault('broken', reason, 'The version before comes back')
