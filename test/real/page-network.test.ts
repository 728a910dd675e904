// The network on the page of an image: what a phone sees of it, joins, and is told when that did not work. A script
// stands in for nmcli; its radio is called `lo`, since that link is up on every machine.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { brightest, noBrowser, openBrowser, openPhone, sideways, tooSmall } from '../support/browser.js'
import { hotspotId, rows, standInNmcli, triedId } from '../support/stand-in-nmcli.js'

t.test('a phone joins the box to a network', { skip: noBrowser, timeout: 150_000 }, async t => {
  const browser = await openBrowser(t)
  const folder = t.testdir()
  const { bin, answer } = standInNmcli(folder)
  answer('devices', `lo:wifi:connected:${hotspotId}\n`)
  const image = path.join(folder, 'image.json')
  writeFileSync(image, JSON.stringify({ version: '1.2.3' }))
  // A box whose set-up is over.
  const data = path.join(folder, 'pierside/data')
  mkdirSync(data, { recursive: true })
  const setUp = { done: true, passphrase: true, administrator: true, taken: {} }
  writeFileSync(path.join(data, 'setup.json'), JSON.stringify(setUp))
  const agent = await startAgent(t, {
    data,
    env: { PIERSIDE_IMAGE: image, PATH: `${bin}:${process.env.PATH}` },
  })
  await agent.until('network', ({ phase }) => phase === 'hotspot', 20_000)
  const { code } = await agent.post<{ code: string }>('/api/actions/pairing-code', {})
  const page = await (await openPhone(browser)).newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(`${agent.url}/?pair=${code}#/box`)
  await page.getByText('On its own hotspot Pierside-6ED6, with 1 phone.').waitFor()

  await t.test('the networks around are there to be chosen; what is asked for is a QR code', async t => {
    answer('devices', `lo:wifi:connected:${triedId}\n`)
    answer('trouble', 'Error: Connection activation failed: Secrets were required, but not provided.\n')
    await page.getByRole('button', { name: /^Join a network/ }).tap()
    await page.getByRole('button', { name: /^Nur drei/ }).tap()
    await page.getByText('A passphrase has 8 letters or more').waitFor()
    await page.getByLabel('Passphrase', { exact: true }).fill('wrong horse')
    await page.getByRole('button', { name: 'Join Nur drei' }).tap()
    await page.getByRole('img', { name: 'The network Nur drei' }).waitFor()
    t.equal(await sideways(page), 0)
    t.same(await tooSmall(page), [])
    if (process.env.PIERSIDE_SHOTS)
      await page.screenshot({ path: `${process.env.PIERSIDE_SHOTS}/day.png`, fullPage: true })
    await page.getByRole('button', { name: 'Red night colours' }).tap()
    await page.getByRole('button', { name: 'Day colours' }).waitFor()
    const { green, blue, at } = await brightest(page)
    t.ok(green < 60 && blue < 60, `green ${green}, blue ${blue} at ${at}`)
    if (process.env.PIERSIDE_SHOTS)
      await page.screenshot({ path: `${process.env.PIERSIDE_SHOTS}/night.png`, fullPage: true })
  })

  await t.test('why it was not joined waits for the phone', async t => {
    answer('devices', `lo:wifi:connected:${hotspotId}\n`)
    answer('profiles', `${rows.hotspot('yes')}\n`)
    await page.getByText('Nur drei was not joined: the passphrase is wrong.').waitFor()
    t.match(await agent.state('network'), { lastSsid: 'Nur drei', lastJoined: false, phase: 'hotspot' })
    t.match(JSON.stringify(await agent.get('/api/state')), /^(?!.*wrong horse)/, 'the passphrase is in no state')
  })
})
