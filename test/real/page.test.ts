// A first night on a phone: a real browser walks the page of a real agent on the simulated observatory.
import t from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import {
  goTo,
  noBrowser,
  openBrowser,
  openPhone,
  pairingCode,
  sideways,
  tooSmall,
  viewsOf,
} from '../support/browser.js'

const waitMs = 20_000
/** The page says within 5 s that the box is gone; a busy test machine may paint later. */
const saidWithinMs = 8_000

t.test('a first night on a phone', { skip: noBrowser, timeout: 200_000 }, async t => {
  const browser = await openBrowser(t)
  const agent: AgentProcess = await startAgent(t)
  const context = await openPhone(browser)
  const page = await context.newPage()
  page.setDefaultTimeout(waitMs)
  const strangers: string[] = []
  const mistakes: string[] = []
  page.on('request', request => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== agent.url) strangers.push(request.url())
  })
  page.on('pageerror', error => mistakes.push(String(error.stack)))

  await t.test('who has not paired may look, and is asked for the code on acting', async t => {
    await page.goto(`${agent.url}/#/mount`)
    await page.getByRole('switch', { name: 'Tracking' }).waitFor()
    const before = await page.getByRole('switch', { name: 'Tracking' }).getAttribute('aria-checked')
    await page.getByRole('switch', { name: 'Tracking' }).tap()
    const dialog = page.getByRole('dialog', { name: 'Pair this device' })
    await dialog.waitFor()
    await dialog.getByLabel('Code').fill('0000 0000')
    await dialog.getByRole('button', { name: 'Pair', exact: true }).tap()
    await dialog.getByRole('alert').waitFor()
    t.ok(await page.getByRole('button', { name: /^STOP/ }).isVisible(), 'STOP is in sight beside the dialog')
    await dialog.getByLabel('Code').fill(await pairingCode(agent))
    await dialog.getByRole('button', { name: 'Pair', exact: true }).tap()
    await dialog.waitFor({ state: 'hidden' })
    await agent.until('mount/mount', ({ tracking }) => String(tracking) !== before)
    t.pass('what was asked before pairing has been done after it')
    await page.getByRole('switch', { name: 'Tracking', checked: before !== 'true' }).waitFor()
    await page.getByRole('switch', { name: 'Tracking' }).tap()
    await agent.until('mount/mount', ({ tracking }) => String(tracking) === before)
  })

  await t.test('every view fits the phone', async t => {
    const views = await viewsOf(page)
    t.ok(views.length >= 9, views.join(', '))
    for (const view of views) {
      await goTo(page, view)
      await page.waitForTimeout(150)
      t.equal(await sideways(page), 0, `${view} does not scroll sideways`)
      t.same(await tooSmall(page), [], `everything on ${view} is large enough to tap`)
      t.ok(await page.getByRole('button', { name: /^STOP/ }).isVisible(), `STOP is on ${view}`)
    }
  })

  await t.test('a frame is exposed, shown, kept, and found again in the history', async t => {
    await goTo(page, 'expose')
    await page.getByLabel('Exposure', { exact: true }).fill('1,5')
    await page.getByLabel('Object').fill('First light')
    await page.getByRole('button', { name: 'Expose', exact: true }).tap()
    await page.getByRole('progressbar', { name: 'Exposure' }).waitFor()
    const { lastId } = await agent.until<{ lastId?: string }>('camera/main', ({ lastId }) => lastId !== undefined)
    await page.getByAltText('The last frame of camera “main”, stretched').waitFor()
    await page.getByRole('link', { name: 'Open in history' }).tap()
    const row = page.locator('.history [aria-current=true]')
    await row.getByText('First light').waitFor()
    await row.getByText(/stars/).waitFor()
    const { exposures } = await agent.get<{ exposures: { id: string; exposureSeconds: number }[] }>('/api/exposures')
    t.equal(exposures[0].id, lastId)
    t.equal(exposures[0].exposureSeconds, 1.5, 'a decimal comma is understood')
  })

  await t.test('a long exposure is aborted, and the next may start', async t => {
    await goTo(page, 'expose')
    await page.getByLabel('Exposure', { exact: true }).fill('120')
    await page.getByRole('button', { name: 'Expose', exact: true }).tap()
    await page.getByRole('button', { name: 'Abort' }).tap()
    await page.getByRole('progressbar', { name: 'Exposure' }).waitFor({ state: 'hidden' })
    await page.getByLabel('Exposure', { exact: true }).fill('0.2')
    await patiently(async () => {
      t.equal((await agent.get<{ exposures: unknown[] }>('/api/exposures')).exposures.length, 1)
    }, 3000)
  })

  await t.test('focus: digits, a region by tap, the end', async t => {
    await goTo(page, 'focus')
    await page.getByLabel('Exposure', { exact: true }).fill('0.5')
    await page.getByRole('button', { name: 'Start the loop' }).tap()
    await page.locator('.huge .digits', { hasText: /^\d+\.\d\d$/ }).waitFor()
    await page.locator('.graph canvas').waitFor()
    t.equal(await page.locator('.huge .what span').textContent(), 'HFD', 'it says which size is shown')
    const picture = page.locator('.aims')
    await picture.scrollIntoViewIfNeeded()
    await picture.tap()
    const { region } = await agent.until<{ region?: { x: number; width: number } }>(
      'focus/main',
      ({ region }) => !!region,
    )
    t.match(region, { x: 512, y: 352, width: 256, height: 256 }, 'a tap in the middle looks at the middle')
    await page.locator('.region').waitFor()
    await page.getByRole('button', { name: 'Stop the loop' }).tap()
    await agent.until('focus/main', ({ running }) => running === false)
    await agent.until('camera/main', ({ holder }) => holder === undefined)
  })

  await t.test('a stack of three grows, is saved and can be downloaded', async t => {
    await goTo(page, 'stack')
    await page.getByLabel('Frames stacked').fill('3')
    await page.getByLabel('Exposure', { exact: true }).fill('1')
    await page.getByRole('button', { name: 'Start stacking' }).tap()
    await page.getByText('of 3 frames stacked').or(page.getByRole('alert')).waitFor()
    t.equal(await page.evaluate('scrollY'), 0, 'what was started is in sight')
    t.equal(await page.getByRole('alert').count(), 0, (await page.getByRole('alert').allTextContents()).join())
    await page.getByAltText('The live stack').waitFor()
    const link = page.getByRole('link', { name: /Download the stack/ })
    await link.waitFor()
    const answer = await page.request.get(`${agent.url}${await link.getAttribute('href')}`)
    t.equal(answer.status(), 200)
    t.equal((await answer.body()).subarray(0, 6).toString(), 'SIMPLE')
    t.equal(await page.locator('strong.count').textContent(), '3')
  })

  await t.test('a picture is enlarged by a double tap and made whole again', async t => {
    const frame = page.locator('.view-stack .frame')
    await frame.scrollIntoViewIfNeeded()
    await frame.dblclick()
    await page.locator('.view-stack .frame.near').waitFor()
    await page.getByRole('button', { name: 'Whole picture' }).tap()
    await page.locator('.view-stack .frame.near').waitFor({ state: 'detached' })
    t.pass('both ways')
  })

  await t.test('the mount goes where it may, STOP halts it, and limits refuse in words', async t => {
    await goTo(page, 'mount')
    await page.getByRole('radio', { name: 'Altitude, azimuth' }).tap()
    await page.getByLabel('Altitude').fill('-20')
    await page.getByLabel('Azimuth').fill('180')
    await page.getByRole('button', { name: 'Slew there' }).tap()
    const refusal = page.getByRole('alert')
    await refusal.waitFor()
    t.match(await refusal.textContent(), /horizon|limit|mask|°/)
    await page.getByRole('button', { name: 'Close this message' }).tap()
    await page.getByLabel('Altitude').fill('55')
    await page.getByLabel('Azimuth').fill('20')
    await page.getByRole('button', { name: 'Slew there' }).tap()
    await page.getByText('Slewing …').waitFor()
    await page.getByRole('button', { name: /^STOP/ }).tap()
    await page.getByText(/^Stopped at/).waitFor()
    await agent.until('mount/mount', ({ slewing }) => slewing === false)
    await page.getByLabel('Catalogue').fill('vega')
    await page
      .getByRole('button', { name: /^Slew to/ })
      .first()
      .waitFor()
  })

  await t.test('the pier camera shows the age of its picture, and leaves when nobody looks', async t => {
    await goTo(page, 'pier')
    await page.getByAltText('What the pier camera sees now').waitFor()
    await page.getByText(/^\d\.\d s$/).waitFor()
    await agent.until('video/pier', ({ viewers }) => viewers === 1)
    await goTo(page, 'now')
    await agent.until('video/pier', ({ viewers }) => viewers === 0)
    t.pass('the age is shown, one viewer is counted while the view is open, and none after')
  })

  await t.test('two pages on the pier camera still act', async t => {
    const other = await context.newPage()
    await other.goto(`${agent.url}/#/pier`)
    await goTo(page, 'pier')
    await other.getByAltText('What the pier camera sees now').waitFor()
    await page.getByAltText('What the pier camera sees now').waitFor()
    for (const one of [page, other]) {
      await one.getByRole('button', { name: /^STOP/ }).tap()
      await one.getByText(/^Stopped at/).waitFor()
    }
    await other.close()
    t.pass('STOP went through from both')
  })

  await t.test('a channel is switched, and the night ends by two taps: parked, warmed and switched off', async t => {
    await goTo(page, 'power')
    await page.getByRole('switch', { name: 'Flat panel' }).tap()
    await agent.until('power/relays/flat-panel', ({ on }) => on === true)
    await page.getByText('0.40 A').waitFor()
    await page.getByText(/^feeds mount/).waitFor()
    await page.getByRole('button', { name: 'End the night' }).tap()
    t.equal((await agent.state('power/relays/mount')).on, true, 'one tap only asks')
    await page.getByRole('button', { name: 'Really end it?' }).tap()
    await agent.until('power/relays/mount', ({ on }) => on === false, 60_000)
    await agent.until('power/relays/camera', ({ on }) => on === false)
    await page.getByRole('button', { name: 'Switch on' }).tap()
    await agent.until('mount/mount', ({ condition }) => condition === 'ready', 60_000)
    await agent.until('camera/main', ({ condition }) => condition === 'ready', 60_000)
  })

  await t.test('a frame is deleted by two taps', async t => {
    await goTo(page, 'files')
    await page.locator('.grid button').first().tap()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: 'Show the FITS header' }).tap()
    await sheet.getByText('NAXIS1').waitFor()
    const count = async () => (await agent.get<{ exposures: unknown[] }>('/api/exposures')).exposures.length
    const before = await count()
    await sheet.getByRole('button', { name: 'Delete' }).tap()
    t.equal(await count(), before, 'one tap only asks')
    await sheet.getByRole('button', { name: 'Tap again: gone for good' }).tap()
    await sheet.waitFor({ state: 'hidden' })
    t.equal(await count(), before - 1)
  })

  await t.test('a box that freezes or dies is told of, and its return needs no reload', async t => {
    await goTo(page, 'mount')
    await page.evaluate(`document.title = 'not reloaded'`)
    const gone = page.getByText(/^The box is not answering since \d\d:\d\d:\d\d/)
    process.kill(agent.pid, 'SIGSTOP')
    await gone.waitFor({ timeout: saidWithinMs })
    t.ok(await page.getByRole('button', { name: 'Park' }).isDisabled(), 'controls sleep')
    t.ok(await page.getByRole('button', { name: /^STOP/ }).isEnabled(), 'STOP never does')
    process.kill(agent.pid, 'SIGCONT')
    await gone.waitFor({ state: 'hidden' })
    t.ok(await page.getByRole('button', { name: 'Park' }).isEnabled())

    await agent.kill('SIGKILL')
    await gone.waitFor({ timeout: saidWithinMs })
    await startAgent(t, { data: agent.data, port: Number(new URL(agent.url).port), mqttPort: agent.mqttPort })
    await gone.waitFor({ state: 'hidden' })
    await page.getByRole('switch', { name: 'Tracking' }).waitFor()
    t.equal(await page.title(), 'not reloaded')
  })

  t.same(strangers, [], 'no address but the box was asked')
  t.same(mistakes, [], 'no script failed')
})
