// A box of several names, over real HTTP: who is told that two of them are one, and how a pairing gets from one to
// the other.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { asked } from '../support/asked.js'
import { namedBox } from '../support/own-image.js'

t.test('one box, several names', { timeout: 60_000 }, async t => {
  const { data, env } = namedBox(t, 'north.local')
  const agent = await startAgent(t, { data, env })
  await agent.until('network', ({ name }) => name === 'north.local', 20_000)
  const which = async (host: string, more: Parameters<typeof asked>[3] = {}) => {
    const { status, body, headers } = await asked(agent, host, '/api/which-box', more)
    return { status, box: JSON.parse(body).box as string, lets: headers['access-control-allow-origin'] }
  }

  await t.test('under each it says the same, to its own pages alone', async t => {
    const { box } = await which('10.42.0.1')
    t.equal((await which('north.local', { headers: { Origin: 'http://10.42.0.1' } })).box, box)
    t.not((await which('north.local', { from: '127.0.0.2' })).box, box, 'a stranger between them shows')
    for (const origin of ['http://10.42.0.1', 'http://pierside.local'])
      t.equal((await which('north.local', { headers: { Origin: origin } })).lets, origin)
    for (const origin of ['http://evil.example', 'null', 'http://10.42.0.1.evil.example'])
      t.equal((await which('north.local', { headers: { Origin: origin } })).lets, undefined, origin)
    t.equal((await asked(agent, 'evil.example', '/api/which-box')).status, 403)
  })

  await t.test('nobody is redirected, and the page asks nobody but the box itself', async t => {
    for (const host of ['10.42.0.1', 'pierside.local', 'pierside.local.', 'north.local', 'localhost']) {
      for (const path of ['/', '/api/status', '/api/state', '/api/fits/list'])
        t.equal((await asked(agent, host, path)).status, 200, `${host}${path}`)
      const { headers } = await asked(agent, host, '/')
      t.match(headers['content-security-policy'], /; connect-src 'self' http:\/\/north\.local:\*$/)
    }
    writeFileSync(join(data, '../../told/name'), 'north.local; script-src *\n')
    await agent.until('network', ({ name }) => name !== 'north.local', 40_000)
    t.notMatch((await asked(agent, 'north.local', '/')).headers['content-security-policy'], /connect-src|script-src \*/)
  })

  const pair = async (code: string, more: Parameters<typeof asked>[3] = {}) => {
    const order = { method: 'POST', body: { code, name: 'phone' }, ...more }
    const { status, body, headers } = await asked(agent, 'north.local', '/api/pair', order)
    return { status, said: JSON.parse(body), cookie: [headers['set-cookie'] ?? []].flat()[0]?.split(';')[0] }
  }
  const passFor = async (cookie: string, more: Parameters<typeof asked>[3] = {}) => {
    const order = { method: 'POST', body: {}, headers: { Cookie: cookie }, ...more }
    const { status, body } = await asked(agent, '10.42.0.1', '/api/session/pass', order)
    return { status, code: JSON.parse(body).code as string }
  }
  const codeFor = async (role: string) => (await agent.do<{ code: string }>('pairing-code', { role })).code

  await t.test('a pairing is passed on once, at once, to the same device, with all that it may', async t => {
    const phone = await pair(await codeFor('administrator'))
    t.match(phone, { status: 200, cookie: /^pierside=/ })
    const waiting = await codeFor('observer')
    t.equal((await passFor('pierside=nobody')).status, 401)
    const { code } = await passFor(phone.cookie!)
    t.match(code, /^[\w-]{20}$/)
    t.match(await pair(code, { from: '127.0.0.2' }), { status: 401, said: { error: /used, or is too old/ } })
    t.match(await pair(code), { status: 200, cookie: phone.cookie, said: { name: 'phone', role: 'administrator' } })
    for (let again = 0; again < 6; again++) t.match(await pair(code), { status: 401, cookie: undefined })
    t.match(await pair(waiting), { status: 200, said: { role: 'observer' } }, 'an old link is no guess at a code')
    const foreign = { headers: { Cookie: phone.cookie!, Origin: 'http://evil.example' } }
    t.equal((await passFor(phone.cookie!, foreign)).status, 403)
  })

  await t.test('who may more under that name already keeps it', async t => {
    const observer = await pair(await codeFor('observer'))
    const administrator = await pair(await codeFor('administrator'))
    const less = await pair((await passFor(observer.cookie!)).code, { headers: { Cookie: administrator.cookie! } })
    t.match(less, { status: 200, cookie: undefined, said: { role: 'administrator' } })
    const more = await pair((await passFor(administrator.cookie!)).code, { headers: { Cookie: observer.cookie! } })
    t.match(more, { status: 200, cookie: administrator.cookie, said: { role: 'administrator' } })
    const { code } = await passFor(observer.cookie!)
    const gone = await asked(agent, '10.42.0.1', '/api/unpair', {
      method: 'POST',
      headers: { Cookie: observer.cookie! },
    })
    t.equal(gone.status, 200)
    t.match(await pair(code), { status: 401 }, 'what is unpaired meanwhile is passed on to nobody')
  })
})
