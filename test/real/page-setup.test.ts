// The first set-up in a real browser the size of a phone, by day and by night, in the phone's own little window and
// out of it.
import t from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { brightest, noBrowser, openBrowser, openPhone, sideways, tooSmall } from '../support/browser.js'
import { ownImage } from '../support/own-image.js'

const waitMs = 30_000
/** As Apple's window calls itself: no Safari in it. */
const sheetAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'

t.test('a box is set up from a phone', { skip: noBrowser, timeout: 200_000 }, async t => {
  const image = ownImage(t, {}, [{ line: 3, words: '“wify” is not a key here; did you mean “wifi”?' }])
  const browser = await openBrowser(t)
  const agent: AgentProcess = await startAgent(t, { data: image.data, env: { PIERSIDE_IMAGE: image.file } })
  const mistakes: string[] = []

  /** A window that keeps nothing of any other. */
  const open = async (order: { userAgent?: string; night?: boolean; path?: string }) => {
    const context = await (order.userAgent
      ? browser.newContext({
          ...{ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
          userAgent: order.userAgent,
        })
      : openPhone(browser))
    const page = await context.newPage()
    page.setDefaultTimeout(waitMs)
    page.on('pageerror', error => mistakes.push(String(error.stack)))
    await page.goto(`${agent.url}${order.path ?? '/'}${order.night ? '?theme=night' : ''}`)
    return page
  }
  const fits = async (page: Awaited<ReturnType<typeof open>>, what: string) => {
    t.equal(await sideways(page), 0, `${what} does not scroll sideways`)
    t.same(await tooSmall(page), [], `everything on ${what} is large enough to tap`)
  }

  await t.test('who looks around is told that nothing can be moved', async t => {
    t.match(await agent.state('time'), { source: 'none', trusted: false })
    const page = await open({})
    await page.getByRole('heading', { name: 'Set up this box' }).waitFor()
    await page.getByText('pierside.txt, line 3: “wify” is not a key here').waitFor()
    await page.getByRole('link', { name: 'Look around first' }).tap()
    await page.getByText('The box is not set up yet').waitFor()
    await page.evaluate(`location.hash = '#/mount'`)
    await page.getByRole('switch', { name: 'Tracking' }).tap()
    const trouble = page.getByRole('alert').filter({ hasText: 'the box is not set up yet' })
    await trouble
      .or(page.getByText(/The box is not set up yet, so nothing is moved/))
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'Set it up' }).tap()
    await page.getByRole('heading', { name: 'Set up this box' }).waitFor()
    t.pass()
    await page.context().close()
  })

  const sheet = await open({ userAgent: sheetAgent })
  let link = ''
  await t.test('in the phone’s own window: the form, and what to keep', async t => {
    await sheet.getByRole('heading', { name: 'Set up this box' }).waitFor()
    await sheet.getByText('The box has its time from a phone').waitFor()
    t.match(await agent.state('time'), { source: 'phone', trusted: true }, 'it has lent its clock by itself')
    await fits(sheet, 'the form')
    const passphrase = sheet.getByLabel('Passphrase of its Wi-Fi')
    const first = await passphrase.inputValue()
    t.match(first, /^[a-z2-9]{3}(-[a-z2-9]{3}){3}$/)
    await sheet.getByRole('button', { name: 'Another one' }).tap()
    t.not(await passphrase.inputValue(), first)
    await passphrase.fill('short')
    await sheet.getByText('The passphrase will not do').waitFor()
    t.ok(await sheet.getByRole('button', { name: 'Set up' }).isDisabled())
    await passphrase.fill('clear skies')
    await sheet.getByLabel('Country').fill('aus')
    await sheet.getByRole('button', { name: 'Austria' }).tap()
    t.equal(await sheet.getByLabel('Country').inputValue(), 'Austria')
    await fits(sheet, 'the choice of countries')
    await sheet.getByLabel('Name of the observatory').fill('North pier')
    t.match(await sheet.getByLabel('Time zone').inputValue(), /^[A-Z]/)
    await sheet.getByLabel('Time zone').fill('Europe/Vienna')
    await sheet.getByRole('button', { name: 'Set up' }).tap()
    await sheet.getByRole('heading', { name: 'Almost done' }).waitFor()
    await sheet.getByText('this window closes with the Wi-Fi').waitFor()
    await sheet.getByRole('img', { name: 'Joins Pierside-0A1B' }).waitFor()
    t.equal(await sheet.getByText('clear skies').count(), 1)
    t.equal(await sheet.getByText('Go on in this browser').count(), 0, 'the code is not for this window')
    await fits(sheet, 'what to keep')
    link = (await sheet.getByText(/^http:\/\/127\.0\.0\.1:\d+\/\?pair=\d{8}$/).textContent()) ?? ''
  })

  await t.test('the link does not use itself up in such a window', async t => {
    const again = await open({ userAgent: sheetAgent, path: new URL(link).pathname + new URL(link).search })
    await again.getByText('Open your browser, go to').waitFor()
    t.match(await agent.state('setup'), { done: false, step: 'waiting' })
    await again.context().close()
  })

  await t.test('at night all of it is red', async t => {
    const page = await open({ night: true })
    await page.getByText('waits for its administrator').waitFor()
    const { green, blue, at } = await brightest(page)
    t.ok(green <= 60 && blue <= 60, `green ${green}, blue ${blue} at ${at}`)
    await fits(page, 'the waiting page')
    await page.context().close()
    await sheet.evaluate(`document.documentElement.dataset.theme = 'night'`)
    const kept = await brightest(sheet)
    t.ok(kept.green <= 60 && kept.blue <= 60, `QR codes too: green ${kept.green}, blue ${kept.blue} at ${kept.at}`)
  })

  await t.test('the link makes the browser its administrator, and the box is set up', async t => {
    const page = await open({ path: new URL(link).pathname + new URL(link).search })
    await page.locator('nav.ways').waitFor()
    await agent.until('setup', ({ done }) => done === true)
    await page.getByRole('button', { name: 'Pair', exact: true }).waitFor({ state: 'detached' })
    t.notOk(((await page.evaluate('location.href')) as string).includes('pair='), 'no code stays in the address')
    await agent.until('observatory', ({ name }) => name === 'North pier')
    await page.getByText('North pier').first().waitFor()
    const stranger = await open({ path: new URL(link).pathname + new URL(link).search })
    await stranger.getByText(/no pairing code now|code is not right/).waitFor()
    t.pass('a second browser is a stranger')
    await stranger.context().close()
  })

  t.same(mistakes, [], 'no script failed')
})
