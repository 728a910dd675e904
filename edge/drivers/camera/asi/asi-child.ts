// The process of one ZWO camera: it alone loads ZWO's library, so that whatever crashes or hangs in there costs this
// camera and nothing else. It obeys the agent's messages one after the other, and when the agent is gone it leaves the
// camera as nobody need watch it: no pulse, no exposure, no cooling. It has no timers; its last deadline is the
// kernel's.
import { loadLibrary } from '../../link/c-library.js'
import { asiFault } from './asi-faults.js'
import { asiHands } from './asi-hands.js'
import { type AsiAnswer, type AsiAsk, memoryFd } from './asi-words.js'

/** SIGALRM ends the process then, even while it hangs in the library. */
const farewellSeconds = 3

serve()

function serve(): void {
  // Called at once, so that none overtakes another.
  const alarm = loadLibrary('libc.so.6').findNow('alarm', 'int', ['unsigned int'])
  let leaving = false
  const endAfter = (seconds: number) => {
    // The deadline of leaving stays, whatever is still being done.
    if (!leaving) alarm(seconds)
  }
  /** One call into the library at a time. */
  let tail: Promise<unknown> = Promise.resolve()
  const next = <T>(run: () => Promise<T>): Promise<T> => {
    const mine = tail.then(run)
    // Whoever asked hears how it ended; the next one goes on either way.
    tail = mine.catch(() => undefined)
    return mine
  }
  const hands = asiHands(memoryFd, next, endAfter)
  const answer = async ({ id, word, input }: AsiAsk) => {
    let said: AsiAnswer
    try {
      said = { id, value: await next(() => hands[word](input as never) as Promise<unknown>) }
    } catch (error) {
      const { code, message, fix } = asiFault(error, 'the ASI camera')
      said = { id, fault: { code, message, fix } }
    }
    // An agent that has gone meanwhile hears nothing: its going is what ends us.
    process.send?.(said, undefined, undefined, () => undefined)
  }
  const leave = async () => {
    endAfter(farewellSeconds)
    leaving = true
    await next(() => hands.leave({}))
    process.exit(0)
  }
  // Only the agent's end or its word ends it: a signal to all processes of the service must not leave the cooler on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  // Nor does what nobody reads any more.
  process.stderr.on('error', () => {})
  process.on('uncaughtException', error => {
    process.stderr.write(`${error.stack}\n`)
    void leave()
  })
  process.on('message', message => void answer(message as AsiAsk))
  process.on('disconnect', () => void leave())
}
