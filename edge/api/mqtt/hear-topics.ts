// What drivers hear of a broker: a connection of its own that only listens, and has no will.
import type { Clock } from '../../ports/clock.js'
import { reasonOf } from '../../ports/fault.js'
import type { Random } from '../../ports/random.js'
import type { HearTopics } from '../../ports/topics.js'
import { connect } from './connection.js'

const keepaliveSeconds = 30
const goodbyeMs = 2_000

export function hearTopics(clock: Clock, random: Random): HearTopics {
  return async ({ url, user, password, ca, topics, onMessage }, signal) => {
    const dial = { url, user, password, ca, clientId: `pierside-${random.id()}`, keepaliveSeconds }
    const connection = await connect(
      dial,
      clock,
      ({ topic, payload, retained }) => onMessage(topic, payload, retained),
      signal,
    )
    const stop = () => connection.cut(reasonOf(signal))
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (signal.aborted) stop()
      await connection.subscribe(topics)
    } catch (error) {
      await connection.close(goodbyeMs)
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
    return { ended: connection.ended, close: () => connection.close(goodbyeMs) }
  }
}
