// The power goes in the middle of set-up: the agent is killed at any moment of it, and comes back new, or set up.
import t from 'tap'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { startAgent } from '../support/agent.js'
import { ownImage } from '../support/own-image.js'

const order = { name: 'North pier', passphrase: 'clear skies' }

t.test('an agent killed at any moment of it comes back new, or set up', { timeout: 200_000 }, async t => {
  const random = seededRandom(11)
  const seen = { new: 0, done: 0 }
  for (let round = 0; round < 4; round++) {
    const image = ownImage(t)
    const onImage = { data: image.data, env: { PIERSIDE_IMAGE: image.file } }
    const agent = await startAgent(t, onImage)
    const { code } = await agent.post<{ code: string }>('/api/setup', order)
    const pairing = agent
      .raw('POST', '/api/pair', { code, name: 'phone' })
      .then(async response => ((await response.json()) as { token?: string }).token)
      .catch(() => undefined) // the agent was gone before it could answer
    await new Promise(resolve => setTimeout(resolve, round === 0 ? 0 : round === 3 ? 2_000 : random.next() * 40))
    await agent.kill('SIGKILL')
    const token = await pairing
    const after = await startAgent(t, onImage)
    const { done } = await after.state<{ done: boolean }>('setup')
    seen[done ? 'done' : 'new']++
    if (done) {
      await after.until('observatory', ({ name }) => name === 'North pier')
      t.equal((await after.raw('POST', '/api/setup', order)).status, 403)
    } else {
      t.equal(token, undefined, 'whoever was told that they are paired has a box that is set up')
      t.match(await after.post('/api/setup', order), { code: /^\d{8}$/ }, 'it can be set up')
    }
    if (token) {
      const me = await after.raw('GET', '/api/session', undefined, { Authorization: `Bearer ${token}` })
      t.match(await me.json(), { paired: true, role: 'administrator' }, 'and knows who was told to be paired')
    }
    await after.kill('SIGKILL')
  }
  t.ok(seen.done > 0, JSON.stringify(seen))
})
