// The names of a box in a real browser: whoever comes by an address or an old name is led to the one name, if it leads
// to this very box from there, and stays paired.
import t from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { noBrowser, openBrowser, openPhone } from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { namedBox, ownImage } from '../support/own-image.js'

/** As Apple's window calls itself: no Safari in it. */
const sheetAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'
type Test = Parameters<typeof startAgent>[0] & { testdir(): string }
type Phone = Awaited<ReturnType<typeof openPhone>>

/** @param at of this machine's own addresses; the client that is answered asks 127.0.0.1 */
async function boxCalled(t: Test, name: string, port: number, at = '127.0.0.1'): Promise<AgentProcess> {
  const agent = await startAgent(t, { ...namedBox(t, name), port, config: `http: {host: ${at}}\n` })
  if (at === '127.0.0.1') await agent.until('network', state => state.name === name, 20_000)
  return agent
}

async function opened(phone: Phone, address: string) {
  const page = await phone.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(address)
  return page
}
/** Longer than a page takes to find out whether it is to leave. */
const stayMs = 4_000
/** The status of an answer to what administrators alone may ask for. */
const mayAct = async (page: Awaited<ReturnType<typeof opened>>) =>
  page.evaluate(`fetch('/api/actions/pairing-code', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}',
  }).then(answer => answer.status)`)
const box = (page: Awaited<ReturnType<typeof opened>>) =>
  page.evaluate(`fetch('/api/which-box').then(answer => answer.json()).then(({ box }) => box)`)
const codeFrom = async (agent: AgentProcess) => (await agent.do<{ code: string }>('pairing-code')).code

t.test('a phone is led to the one name of the box', { skip: noBrowser, timeout: 150_000 }, async t => {
  const agent = await boxCalled(t, 'north.local', await freePort())
  const { port } = new URL(agent.url)
  const browser = await openBrowser(t, ['MAP north.local 127.0.0.1', 'MAP pierside.local 127.0.0.1'])
  const home = `http://north.local:${port}`

  await t.test('from an address, paired there and in night colours', async t => {
    const phone = await openPhone(browser)
    const page = await opened(phone, `${agent.url}/?pair=${await codeFrom(agent)}&theme=night#/mount`)
    await page.waitForURL(`${home}/**`)
    await page.locator('nav.ways').waitFor()
    await page.getByRole('button', { name: 'Pair', exact: true }).waitFor({ state: 'detached' })
    t.equal(page.url(), `${home}/?theme=night#/mount`, 'the view is the same, and no code stays in the address')
    t.equal(await page.evaluate('document.documentElement.dataset.theme'), 'night')
    t.equal(await mayAct(page), 200)

    const other = await opened(phone, `http://pierside.local:${port}/`)
    await other.waitForURL(`${home}/**`)
    t.equal(await mayAct(other), 200, 'from a name by which it has never come, too')
    await phone.clearCookies({ domain: 'north.local' })
    const again = await opened(phone, agent.url)
    await again.waitForURL(`${home}/**`)
    await again.getByRole('button', { name: 'Pair', exact: true }).waitFor({ state: 'detached' })
    t.equal(await mayAct(again), 200, 'the address knows it, and hands it on')
    await phone.close()
  })

  await t.test('a stranger too, and an old link asks nobody who is paired', async t => {
    const phone = await openPhone(browser)
    const page = await opened(phone, agent.url)
    await page.waitForURL(`${home}/**`)
    await page.getByRole('button', { name: 'Pair', exact: true }).waitFor()
    t.equal(await mayAct(page), 401)
    const paired = await opened(phone, `${home}/?pair=${await codeFrom(agent)}`)
    await paired.getByRole('button', { name: 'Pair', exact: true }).waitFor({ state: 'detached' })
    const late = await opened(phone, `${home}/?pair=An0ldPassOfTwentySig`)
    await late.locator('nav.ways').waitFor()
    await late.waitForTimeout(1_000)
    t.equal(await late.getByRole('dialog').count(), 0)
    await phone.close()
  })

  await t.test('not out of the phone’s own window, nor away from somebody who has begun', async t => {
    const sheet = await browser.newContext({ userAgent: sheetAgent })
    const inSheet = await opened(sheet, agent.url)
    await inSheet.waitForTimeout(stayMs)
    t.equal(inSheet.url(), `${agent.url}/`)
    await sheet.close()
    const phone = await openPhone(browser)
    const page = await phone.newPage()
    // The box is slow to answer: the question is held until somebody has touched the page.
    let answer = () => {}
    const held = new Promise<void>(settle => {
      answer = settle
    })
    await page.route(`${agent.url}/api/which-box`, async route => {
      await held
      await route.continue()
    })
    await page.goto(agent.url)
    await page.locator('nav.ways').waitFor()
    await page.touchscreen.tap(5, 5)
    answer()
    await page.waitForTimeout(stayMs)
    t.equal(page.url(), `${agent.url}/`)
    await phone.close()
  })
})

t.test('who does not reach it by that name stays', { skip: noBrowser, timeout: 150_000 }, async t => {
  const port = await freePort()
  const agent = await boxCalled(t, 'north.local', port)
  const deaf = await openPhone(await openBrowser(t, ['MAP north.local ~NOTFOUND']))
  const page = await opened(deaf, `${agent.url}/?pair=${await codeFrom(agent)}`)
  await page.waitForTimeout(stayMs)
  t.equal(page.url(), `${agent.url}/`)
  t.equal(await mayAct(page), 200)

  await t.test('as who would come to another box', async t => {
    await boxCalled(t, 'north.local', port, '127.0.0.2')
    const misled = await openPhone(await openBrowser(t, ['MAP north.local 127.0.0.2']))
    const other = await opened(misled, `http://north.local:${port}/`)
    await other.locator('nav.ways').waitFor()
    const page = await opened(misled, `${agent.url}/`)
    t.not(await box(other), await box(page), 'there is another one')
    await page.waitForTimeout(stayMs)
    t.equal(page.url(), `${agent.url}/`)
  })
})

t.test('set-up is done where it was opened', { skip: noBrowser, timeout: 60_000 }, async t => {
  const { env } = namedBox(t, 'north.local')
  const image = ownImage(t)
  const agent = await startAgent(t, { data: image.data, env })
  await agent.until('network', ({ name }) => name === 'north.local', 20_000)
  const phone = await openPhone(await openBrowser(t, ['MAP north.local 127.0.0.1']))
  const page = await opened(phone, agent.url)
  await page.getByRole('heading', { name: 'Set up this box' }).waitFor()
  await page.waitForTimeout(stayMs)
  t.equal(page.url(), `${agent.url}/`)
})
