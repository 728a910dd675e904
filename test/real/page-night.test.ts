// Eyes that are used to the dark: in the night theme nothing on the page, ever, is brighter than 60 in green or blue.
// With PIERSIDE_SHOTS=<folder> the views are also written there, as docs/ shows them.
import { readdirSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import t from 'tap'
import { type AgentProcess, startAgent } from '../support/agent.js'
import {
  brightest,
  builtPage,
  goTo,
  noBrowser,
  openBrowser,
  openDesk,
  openPhone,
  pairingCode,
  viewsOf,
} from '../support/browser.js'

const mostOfGreenAndBlue = 60
const waitMs = 20_000
const shots = process.env.PIERSIDE_SHOTS

/** On a desk: the same pieces in other places, and scrollbars. */
const deskViews = ['now', 'expose', 'files', 'devices']

async function dark(t: { ok(is: boolean, words: string): unknown }, page: Page, what: string) {
  const { green, blue, at } = await brightest(page)
  t.ok(Math.max(green, blue) <= mostOfGreenAndBlue, `${what}: green ${green}, blue ${blue} at ${at}`)
}

async function keep(page: Page, name: string) {
  if (!shots) return
  await mkdir(shots, { recursive: true })
  const { width } = page.viewportSize()!
  const picture = sharp(await page.screenshot())
    .resize({ width })
    .jpeg({ quality: 78 })
  await writeFile(join(shots, `${name}.jpg`), await picture.toBuffer())
}

/** Something to look at: frames, a stack, a target. Deeper for the record than for the test. */
async function busyNight(agent: AgentProcess) {
  await agent
    .do('mount-slew', { target: 'M 15' }, true)
    .catch(() => agent.do('mount-slew', { altDeg: 60, azDeg: 150 }, true))
  const seconds = shots ? 4 : 1
  await agent.do('camera-expose', { seconds, count: 3, object: 'M 15' }, true)
  await agent.do('stack-start', { frames: 4, exposureSeconds: seconds, object: 'M 15' }, true)
}

t.test('the page keeps within its weight', async t => {
  const dist = builtPage()
  const bytes = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.gz'))
    .reduce((sum, name) => sum + statSync(join(dist, name)).size, 0)
  t.ok(bytes > 10_000 && bytes <= 120_000, `${bytes} bytes in all, gzipped`)
})

t.test('the page by night', { skip: noBrowser, timeout: 220_000 }, async t => {
  const browser = await openBrowser(t)
  const agent = await startAgent(t)
  await busyNight(agent)
  const open = async (context: BrowserContext, theme: string) => {
    const page = await context.newPage()
    page.setDefaultTimeout(waitMs)
    await page.goto(`${agent.url}/?theme=${theme}`)
    await page.locator('.sentence', { hasText: '.' }).waitFor()
    return page
  }

  await t.test('the first paint, before any script has come', async t => {
    const context = await openPhone(browser)
    await context.route(/\/assets\//, () => undefined)
    const page = await context.newPage()
    await page.goto(`${agent.url}/?theme=night`, { waitUntil: 'commit' })
    await page.getByText('Calling the box').waitFor()
    await dark(t, page, 'first paint')
    await context.close()
  })

  await t.test('the first paint comes within two seconds over a slow and distant network', async t => {
    const context = await openPhone(browser)
    const page = await context.newPage()
    const line = await context.newCDPSession(page)
    await line.send('Network.enable')
    const bytesPerSecond = 1_600_000 / 8
    await line.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 150,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    })
    await page.goto(`${agent.url}/`)
    await page.locator('.head').waitFor()
    const paintMs = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)
    t.ok(paintMs <= 2000, `first paint after ${Math.round(paintMs)} ms`)
    await context.close()
  })

  await t.test('every view, on a phone and on a desk', async t => {
    for (const [name, context] of [
      ['phone', await openPhone(browser)],
      ['desk', await openDesk(browser)],
    ] as const) {
      const page = await open(context, 'night')
      t.equal(await page.locator('meta[name=theme-color]').getAttribute('content'), '#000000')
      for (const view of name === 'phone' ? [...(await viewsOf(page)), 'files/-/history'] : deskViews) {
        await goTo(page, view)
        await page.waitForTimeout(500)
        await dark(t, page, `${view} on the ${name}`)
        if (name === 'phone' && !view.includes('/')) await keep(page, `${name}-${view}-night`)
        await page.evaluate('scrollTo(0, document.body.scrollHeight)')
        await page.waitForTimeout(200)
        if (name === 'desk') await page.mouse.move(1276, 400)
        await dark(t, page, `the end of ${view} on the ${name}`)
      }
      await context.close()
    }
  })

  await t.test('dialogs, errors, selections, what is focused, filled in, running, and a box that is gone', async t => {
    const context = await openPhone(browser)
    const page = await open(context, 'night')
    await page.getByRole('button', { name: 'More' }).tap()
    await dark(t, page, 'all views')
    await page.getByRole('dialog').getByRole('link', { name: 'Mount' }).tap()
    await page.getByLabel('Right ascension').fill('99')
    await page.getByLabel('Declination').fill('-90')
    await page.getByLabel('Declination').selectText()
    await dark(t, page, 'a wrong value and a selection')
    await page.getByLabel('Right ascension').fill('2 0 0')
    await page.getByRole('button', { name: 'Slew there' }).tap()
    const dialog = page.getByRole('dialog', { name: 'Pair this device' })
    await dialog.waitFor()
    await dialog.getByLabel('Code').fill('12345678')
    await dark(t, page, 'the pairing dialog')
    await dialog.getByRole('button', { name: 'Pair', exact: true }).tap()
    await dialog.getByRole('alert').waitFor()
    await dark(t, page, 'its refusal')
    await keep(page, 'phone-pairing-night')
    await dialog.getByLabel('Code').fill(await pairingCode(agent))
    await dialog.getByRole('button', { name: 'Pair', exact: true }).tap()
    await page.getByRole('alert').waitFor()
    await dark(t, page, 'a refused slew')
    await page.keyboard.press('Tab')
    await dark(t, page, 'a focus ring')

    await goTo(page, 'focus')
    await page.getByLabel('Exposure', { exact: true }).fill('0.3')
    await page.getByRole('button', { name: 'Start the loop' }).tap()
    await page.locator('.graph canvas').waitFor()
    await page.waitForTimeout(2500)
    await dark(t, page, 'a running focus loop and its graph')
    await keep(page, 'phone-focus-running-night')
    await page.locator('.aims').scrollIntoViewIfNeeded()
    await page.locator('.aims').tap()
    await page.locator('.region').waitFor()
    await dark(t, page, 'the region of the focus loop')
    await page.getByRole('button', { name: 'Stop the loop' }).tap()

    await goTo(page, 'expose')
    await page.getByLabel('Exposure', { exact: true }).fill('60')
    await page.getByRole('button', { name: 'Expose', exact: true }).tap()
    await page.getByRole('progressbar', { name: 'Exposure' }).waitFor()
    await dark(t, page, 'an exposure under way')
    await page.getByRole('button', { name: 'Enlarge' }).tap()
    await page.getByRole('button', { name: 'Enlarge' }).tap()
    await dark(t, page, 'an enlarged picture')
    await page.getByRole('button', { name: 'Abort' }).tap()

    await goTo(page, 'files')
    await page.locator('.grid button').first().tap()
    await page.getByRole('dialog').getByRole('button', { name: 'Show the FITS header' }).tap()
    await page.getByText('NAXIS1').waitFor()
    await page.waitForTimeout(500)
    await dark(t, page, 'one frame')
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).tap()
    await dark(t, page, 'the question before deleting')
    await page.keyboard.press('Escape')

    await goTo(page, 'devices')
    await page.getByRole('button', { name: 'Use my equipment' }).tap()
    await page.getByRole('dialog').getByText('INDI').first().waitFor()
    await dark(t, page, 'the equipment wizard')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Settings' }).tap()
    await page.getByRole('dialog').getByRole('switch').first().waitFor()
    await dark(t, page, 'the settings')
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: /^STOP/ }).tap()
    await page.getByText(/^Stopped at/).waitFor()
    await dark(t, page, 'what STOP says')
    await goTo(page, 'pier')
    await page.getByAltText('What the pier camera sees now').waitFor()
    process.kill(agent.pid, 'SIGSTOP')
    await page.getByText(/^The box is not answering since/).waitFor()
    await dark(t, page, 'a box that is gone')
    await keep(page, 'phone-gone-night')
    process.kill(agent.pid, 'SIGCONT')
    await context.close()
  })

  if (!shots) return
  await t.test('the day, for the record', async t => {
    for (const [name, context] of [
      ['phone', await openPhone(browser)],
      ['desk', await openDesk(browser)],
    ] as const) {
      const page = await open(context, 'day')
      for (const view of await viewsOf(page)) {
        await goTo(page, view)
        await page.waitForTimeout(900)
        await keep(page, `${name}-${view}-day`)
      }
      await context.close()
    }
    t.pass('kept')
  })
})
