// Time and place on the page, with a real browser whose clock may be another one than the box's.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { brightest, goTo, noBrowser, openBrowser, openPhone, pairingCode, tooSmall } from '../support/browser.js'
import { ownImage } from '../support/own-image.js'

type Test = Parameters<typeof startAgent>[0]

/** An agent that takes itself for one on the box's own image, where no chrony runs: nobody has told it the time. */
async function unknowingBox(t: Test) {
  const { file, data } = ownImage(t)
  mkdirSync(data, { recursive: true })
  writeFileSync(
    join(data, 'setup.json'),
    JSON.stringify({ done: true, passphrase: true, administrator: true, taken: {} }),
  )
  return startAgent(t, { data, env: { PIERSIDE_IMAGE: file } })
}

interface Time {
  readonly source: string
  readonly trusted: boolean
  readonly settable: boolean
}

t.test('a phone that is looked at from another time', { skip: noBrowser, timeout: 120_000 }, async t => {
  const browser = await openBrowser(t)
  const agent = await unknowingBox(t)
  t.match(await agent.state<Time>('time'), { source: 'none', trusted: false, settable: true })
  await agent.do('mount-unpark')
  await t.rejects(agent.do('mount-slew', { altDeg: 60, azDeg: 90 }), /time is not known well enough/)

  await t.test('one that is hours ahead is offered, with what both say', async t => {
    const context = await openPhone(browser)
    t.teardown(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    await page.clock.setSystemTime(Date.now() + 5_400_000)
    const { code } = await agent.do<{ code: string }>('pairing-code')
    await page.goto(`${agent.url}/?pair=${code}#/now`)
    const offer = page.locator('#time-offer')
    await offer.getByText(/1 h 30 min behind this device|1 h 29 min behind this device/).waitFor()
    t.ok(await offer.getByRole('button', { name: "Use this device's clock" }).isVisible())
    t.same(await tooSmall(page), [])
    await page.evaluate("localStorage.setItem('pierside.theme', 'night')")
    await page.reload()
    await offer.getByText(/behind this device/).waitFor()
    const { green, blue, at } = await brightest(page)
    t.ok(green <= 60 && blue <= 60, `green ${green}, blue ${blue} at ${at}`)
    t.match(await agent.state<Time>('time'), { source: 'none', trusted: false }, 'nobody has tapped')
  })

  await t.test('one that agrees vouches for it unasked', async t => {
    const context = await openPhone(browser)
    t.teardown(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const { code } = await agent.do<{ code: string }>('pairing-code')
    await page.goto(`${agent.url}/?pair=${code}#/now`)
    await agent.until<Time>('time', ({ source, trusted }) => source === 'phone' && trusted, 20_000)
    await page.locator('#time-offer').waitFor({ state: 'detached' })
    t.match(await agent.do('mount-slew', { altDeg: 60, azDeg: 90 }, false), { id: /./ })
  })
})

t.test("somebody's own computer, and where the pier stands", { skip: noBrowser, timeout: 120_000 }, async t => {
  const browser = await openBrowser(t)
  const agent = await startAgent(t)
  t.match(await agent.state<Time>('time'), { trusted: true, settable: false })
  const page = await (await openPhone(browser)).newPage()
  page.setDefaultTimeout(20_000)
  await page.clock.setSystemTime(Date.now() - 7_200_000)
  await page.goto(`${agent.url}/?pair=${await pairingCode(agent)}#/devices`)
  const time = page.locator('#time-card')
  await time.getByText(/2 h 0 min behind it|1 h 59 min behind it/).waitFor()
  t.equal(await time.getByRole('button').count(), 0, 'its clock is not ours to set')
  await page.goto(`${agent.url}/#/now`)
  t.equal(await page.locator('#time-offer').count(), 0)

  await goTo(page, 'devices')
  const place = page.locator('#place-card')
  const search = place.getByLabel('Town, position or link of a map')
  await search.fill('zuerich')
  await place.getByText('Zürich, Switzerland').waitFor()
  t.same(await tooSmall(page), [])
  await search.fill('48°51\'24"N 2°21\'03"E')
  await place.getByText('This position').waitFor()
  await place.getByText('48.8567° N 2.3508° E').waitFor()
  await search.fill('91, 5')
  await place.getByText(/latitude 91° is outside/).waitFor()
  await search.fill('antofagas')
  await place.getByRole('button', { name: 'The pier stands here: Antofagasta, Chile' }).tap()
  await place.getByText('Antofagasta, CL').waitFor()
  t.match(await agent.state('place'), { source: 'town', name: 'Antofagasta, CL', latitudeDeg: -23.65, known: true })
  t.match(await agent.state('observatory'), { latitudeDeg: -23.65, longitudeDeg: -70.4 })
  await page.evaluate("localStorage.setItem('pierside.theme', 'night')")
  await page.reload()
  await place.waitFor()
  const { green, blue, at } = await brightest(page)
  t.ok(green <= 60 && blue <= 60, `green ${green}, blue ${blue} at ${at}`)
})

t.test('clock and places over plain HTTP', async t => {
  const agent = await startAgent(t)
  const { nowMs } = await agent.get<{ nowMs: number }>('/api/clock')
  t.ok(Math.abs(nowMs - Date.now()) < 5_000)
  const places = (text: string) =>
    agent.get<{ position?: object; wrong?: string; towns: { name: string }[] }>(
      `/api/places?text=${encodeURIComponent(text)}`,
    )
  t.match(await places('geo:46.5,8,1200'), { position: { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 } })
  t.match((await places('Bern')).towns[0], { name: 'Bern', country: 'CH' })
  t.match(await places('Bern'), { position: undefined, wrong: /no position/ })
  t.same((await places('')).towns, [])
  t.same((await places('x'.repeat(3000))).towns, [])
  const offset = { offsetMs: 7_200_000, roundTripMs: 20 }
  await t.rejects(agent.do('time-from-phone', offset), /not Pierside's to set/)
  await t.rejects(agent.do('time-from-phone', { offsetMs: 'now', roundTripMs: 20 }), /offsetMs/)
  const answer = await agent.raw('POST', '/api/actions/time-from-phone', offset, { authorization: 'Bearer nobody' })
  t.equal(answer.status, 401, 'a stranger sets no clock')
})
