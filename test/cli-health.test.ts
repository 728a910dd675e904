// Whether a version that has started is in order, as `pierside health` finds out: over HTTP, at the process of the
// folder.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { claimFolder } from '../edge/spine/one-agent.js'
import { builtAgent, startAgent } from './support/agent.js'

const run = promisify(execFile)

/** The command's exit code and words. */
async function health(data: string, ...more: string[]) {
  const words = ['--agent-s', '0', '--devices-s', '0', '--steady-s', '0', ...more]
  const env = { ...process.env, PIERSIDE_DATA: data }
  try {
    await run(process.execPath, [builtAgent(), 'health', ...words], { env })
    return { code: 0, said: '' }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, said: stderr }
  }
}

t.test('where no agent runs, or one that knows nothing of slots, the reason is said', async t => {
  const said = await health(t.testdir({}))
  t.match(said, { code: 1, said: /the agent does not answer/ })
  const agent = await startAgent(t)
  t.match(await health(agent.data), { code: 1, said: /does not know which slot it runs from/ })
})

/** What answers in the agent's place: this process, which holds the folder. */
async function stand(t: Test, answer: RequestListener) {
  const data = t.testdir({})
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const folder = await claimFolder(data)
  await folder.tell({ port: (server.address() as AddressInfo).port })
  t.teardown(() => server.close())
  return data
}

const update = (value: object) => JSON.stringify({ states: [{ path: 'update', value }] })

t.test('in order is: the page, the store and the states answer, and every device is found again', async t => {
  let value: object = { slot: 'B', missing: [] }
  let broken = ''
  const data = await stand(t, ({ url }, response) => {
    if (url === broken) return void response.writeHead(502).end('the database is not there')
    response.end(url === '/' ? '<!doctype html><html></html>' : update(value))
  })
  t.match(await health(data), { code: 0 })
  value = { slot: 'B', missing: ['main', 'eq'] }
  t.match(await health(data), { code: 1, said: /not found again: main, eq/ })
  value = { slot: 'B' }
  broken = '/api/nights'
  t.match(await health(data), { code: 1, said: /502 the database is not there/ })
  broken = '/'
  t.match(await health(data), { code: 1, said: /502/ })
})

t.test('devices have their time, and one that comes is found', async t => {
  let asked = 0
  const data = await stand(t, ({ url }, response) => {
    if (url === '/api/state') asked++
    response.end(url === '/' ? '<html></html>' : update({ slot: 'B', missing: asked > 1 ? [] : ['main'] }))
  })
  t.match(await health(data, '--devices-s', '60'), { code: 0 })
  t.ok(asked >= 2)
})
