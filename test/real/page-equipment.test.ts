// "Use my equipment": from the demo to devices on a real INDI server and back, without a line of YAML.
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { goTo, noBrowser, openBrowser, openPhone, pairingCode } from '../support/browser.js'
import { noIndiServer, startIndiServer } from '../support/indi-server.js'

t.test('an owner finds the own devices', { skip: noBrowser || noIndiServer, timeout: 150_000 }, async t => {
  const browser = await openBrowser(t)
  const server = await startIndiServer(t, { drivers: ['indi_simulator_ccd', 'indi_simulator_telescope'] })
  const agent = await startAgent(t)
  const page = await (await openPhone(browser)).newPage()
  page.setDefaultTimeout(25_000)
  await page.goto(`${agent.url}/?pair=${await pairingCode(agent)}#/devices`)
  await page.getByText(/^Paired as/).waitFor()
  t.notMatch(page.url(), /pair=/, 'the code does not stay in the address')
  t.ok(await page.getByText('simulated', { exact: true }).isVisible())

  await t.test('a server that is not there is said in words', async t => {
    await page.getByRole('button', { name: 'Use my equipment' }).tap()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: /INDI/ }).tap()
    await sheet.getByLabel('Host').fill('127.0.0.1')
    await sheet.getByLabel('Port').fill('1')
    await sheet.getByRole('button', { name: 'Look what is there' }).tap()
    t.match(await sheet.getByRole('alert').textContent(), /127\.0\.0\.1:1|not|refused/i)
  })

  await t.test('camera and mount are found, chosen and used', async t => {
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel('Port').fill(String(server.port))
    await sheet.getByRole('button', { name: 'Look what is there' }).tap()
    await sheet.getByRole('switch', { name: /CCD Simulator/ }).waitFor()
    await sheet.getByRole('switch', { name: /Telescope Simulator/ }).waitFor()
    await sheet.getByRole('radiogroup', { name: 'Main camera' }).getByRole('radio', { name: 'CCD Simulator' }).waitFor()
    await sheet.getByRole('button', { name: 'Save and use them' }).tap()
    await sheet.getByText(/^Where the pier stands is not known yet/).waitFor()
    await sheet.getByRole('button', { name: 'Show the devices' }).tap()
    await agent.until('camera/ccd-simulator', ({ condition }) => condition === 'ready', 40_000)
    await agent.until('mount/telescope-simulator', ({ condition }) => condition === 'ready', 40_000)
    t.match(await agent.state('observatory'), {
      camera: 'ccd-simulator',
      mount: 'telescope-simulator',
      simulated: false,
    })
    await page.getByText('simulated', { exact: true }).waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Change the equipment' }).waitFor()
    const file = await readFile(agent.config, 'utf8')
    t.notMatch(file, /driver: simulator/, 'the demo has left the file')
    t.notMatch(file, /latitude|longitude|Simulated|Demo/, 'and so has its site: it is not where the real mount stands')
  })

  await t.test('the camera takes a frame from the page', async t => {
    await goTo(page, 'expose')
    await page.getByLabel('Exposure', { exact: true }).fill('0.5')
    await page.getByRole('button', { name: 'Expose', exact: true }).tap()
    await page.getByAltText(/^The last frame of camera/).waitFor()
    const { exposures } = await agent.get<{ exposures: { camera: string }[] }>('/api/exposures')
    t.equal(exposures[0].camera, 'ccd-simulator')
  })

  await t.test('a device that was a mistake is forgotten by two taps', async t => {
    const wrong = {
      devices: { wrong: { driver: 'lcus', port: '/nowhere', channels: { mount: 1 } } },
      power: { channels: { 'wrong/mount': { feeds: ['telescope-simulator'] } }, up: ['wrong/mount'] },
    }
    t.match(await agent.post('/api/config/parsed', wrong), { restarted: ['devices'] })
    await goTo(page, 'devices')
    const row = page.getByRole('listitem').filter({ hasText: '/nowhere' })
    await row.getByRole('button', { name: 'Forget it' }).tap()
    await row.getByRole('button', { name: /^Tap again/ }).tap()
    await row.waitFor({ state: 'detached' })
    type Parsed = { devices: Record<string, unknown>; power: { channels: object; up: string[] } }
    const { devices, power } = await agent.get<Parsed>('/api/config/parsed')
    t.same(Object.keys(devices), ['ccd-simulator', 'telescope-simulator'], 'and only that one')
    t.same([power.channels, power.up], [{}, []], 'with what was wanted of its channels')
    await agent.until('camera/ccd-simulator', ({ condition }) => condition === 'ready', 40_000)
  })

  await t.test('a setting is changed in the form', async t => {
    await goTo(page, 'devices')
    await page.getByRole('button', { name: 'Settings' }).tap()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel('Telescope').fill('My own refractor')
    const stacking = sheet.getByRole('group', { name: 'Stacking' })
    await stacking.getByLabel('Frames').fill('7')
    await sheet.getByRole('button', { name: 'Save the settings' }).tap()
    await sheet.getByText(/^Saved/).waitFor()
    t.match(await agent.get('/api/config/parsed'), { stacking: { frames: 7 } })
    await page.keyboard.press('Escape')
    await goTo(page, 'stack')
    await page
      .getByLabel('Frames stacked')
      .and(page.getByPlaceholder('7', { exact: true }))
      .waitFor()
    t.pass('the form knows of it')
  })

  await t.test('what is plugged in here is found by maker and model, and its driver started', async t => {
    await goTo(page, 'devices')
    await page.getByRole('button', { name: 'Change the equipment' }).tap()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: /INDI/ }).tap()
    for (const model of ['Rotator Simulator', 'Light Panel Simulator']) {
      await sheet.getByLabel('Maker or model').fill(model.toLowerCase())
      await sheet.getByRole('button', { name: new RegExp(model) }).tap()
      await sheet.getByRole('button', { name: new RegExp(model), pressed: true }).waitFor()
    }
    await sheet.getByRole('button', { name: 'Look what is there' }).tap()
    await sheet.getByRole('switch', { name: /Rotator Simulator/ }).waitFor()
    await sheet.getByRole('button', { name: 'Save and use them' }).tap()
    await sheet.getByRole('button', { name: 'Show the devices' }).tap()
    await agent.until('rotator/rotator-simulator', ({ condition }) => condition === 'ready', 40_000)
    await agent.until('cover/light-panel-simulator', ({ condition }) => condition === 'ready', 40_000)
    await page.getByText('indi_simulator_rotator: running').waitFor()
    t.match(await agent.get('/api/config/parsed'), {
      links: { 'indi-2': { drivers: ['indi_simulator_rotator', 'indi_simulator_lightpanel'] } },
      use: { rotator: 'rotator-simulator', cover: 'light-panel-simulator' },
    })
  })

  await t.test('they are turned and lit, and their own properties set', async t => {
    await page.getByLabel('Turn to').fill('42')
    await page.getByRole('button', { name: 'Turn rotator-simulator' }).tap()
    await agent.until('rotator/rotator-simulator', ({ angleDeg }) => angleDeg === 42, 20_000)
    await page.getByLabel('Glow').fill('20')
    await page.getByRole('button', { name: 'Light light-panel-simulator' }).tap()
    await agent.until('cover/light-panel-simulator', ({ brightness }) => brightness === 20, 20_000)
    await page.getByRole('button', { name: 'Properties of rotator-simulator' }).tap()
    const sheet = page.getByRole('dialog')
    await sheet.getByLabel('Angle').first().fill('50')
    await sheet.getByRole('button', { name: 'Set Goto' }).tap()
    await agent.until('rotator/rotator-simulator', ({ angleDeg }) => angleDeg === 50, 20_000)
    t.pass('by the names of its driver')
    await page.keyboard.press('Escape')
  })

  await t.test('and back to the simulated observatory', async t => {
    await goTo(page, 'devices')
    await page.getByRole('button', { name: 'Change the equipment' }).tap()
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('button', { name: 'Back to the simulated observatory' }).tap()
    await sheet.getByRole('button', { name: /^Tap again/ }).tap()
    await sheet.getByRole('button', { name: 'Show the devices' }).tap()
    await page.getByText('simulated', { exact: true }).waitFor()
    await agent.until('camera/main', ({ condition }) => condition === 'ready', 40_000)
    t.match(
      await agent.get('/api/config/parsed'),
      {
        use: { camera: 'main' },
        stacking: { frames: 7 },
        site: { telescope: 'My own refractor', latitude: 46.5, name: 'Demo pier' },
      },
      'settings stay, and what the owner said of the site',
    )
  })
})
