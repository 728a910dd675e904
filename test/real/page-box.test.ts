// The box's own affairs on a phone, as on Pierside's image: backup and back, the log bundle, off, and the reset.
// systemctl is a stand-in that writes down what it was told: this computer stays on.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { brightest, goTo, noBrowser, openBrowser, openPhone, sideways, tooSmall } from '../support/browser.js'
import { plugDisksIn, ssdBytes } from '../support/plugged-disks.js'

const waitMs = 20_000
const shots = process.env.PIERSIDE_SCREENS

t.test('the box on a phone', { skip: noBrowser, timeout: 200_000 }, async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-box-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(path.join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >>${folder}/told\n`)
  chmodSync(path.join(bin, 'systemctl'), 0o755)
  const told = () => readFileSync(path.join(folder, 'told'), 'utf8')
  const image = path.join(folder, 'image.json')
  const disks = path.join(folder, 'root')
  plugDisksIn(disks)
  writeFileSync(image, JSON.stringify({ version: '9.9.9', orders: path.join(folder, 'orders'), disks }))
  const env = { PATH: `${bin}:${process.env.PATH}`, PIERSIDE_IMAGE: image }

  const browser = await openBrowser(t)
  const agent = await startAgent(t, { env, data: path.join(folder, 'data') })
  const set = await agent.raw('POST', '/api/setup', { name: 'North pier', passphrase: 'clear skies' })
  const { code } = (await set.json()) as { code: string }
  const page = await (await openPhone(browser)).newPage()
  page.setDefaultTimeout(waitMs)
  const mistakes: string[] = []
  page.on('pageerror', error => mistakes.push(String(error.stack)))
  await page.goto(`${agent.url}/?pair=${code}#/box`)
  await page.getByRole('heading', { name: 'Off and on' }).waitFor()
  await page.locator('.time').waitFor()

  await t.test('the view fits the phone, by day and by night', async t => {
    for (const shade of ['day', 'night']) {
      if (shade === 'night') await page.getByRole('button', { name: 'Red night colours' }).tap()
      t.equal(await sideways(page), 0, 'does not scroll sideways')
      t.same(await tooSmall(page), [])
      if (shots) await page.screenshot({ path: path.join(shots, `phone-box-${shade}.png`), fullPage: true })
    }
    const { green, blue, at } = await brightest(page)
    t.ok(green <= 60 && blue <= 60, `nothing green or blue at night: ${green}, ${blue} at ${at}`)
  })

  await t.test('a backup is downloaded, and brought back', async t => {
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Make a backup' }).tap()
    const file = path.join(folder, 'it.backup.json')
    const download = await coming
    t.match(download.suggestedFilename(), /^pierside-pierside-\d{4}-\d\d-\d\d-\d{4}\.backup\.json$/)
    await download.saveAs(file)
    t.match(JSON.parse(readFileSync(file, 'utf8')), { backup: 'pierside-backup', node: 'pierside' })
    const { boot } = await agent.get<{ boot: number }>('/api/state')
    await page.locator('input[type=file][accept*=json]').setInputFiles(file)
    await page.getByRole('button', { name: 'Restore it' }).tap()
    await page.getByRole('button', { name: 'Really replace?' }).tap()
    await page.getByText('is put in place').waitFor()
    await patiently(async () => {
      const now = await agent.get<{ boot: number }>('/api/state')
      if (now.boot === boot) throw new Error('the agent has not started anew')
    }, waitMs)
    await page.getByRole('heading', { name: 'Off and on' }).waitFor()
    await page.locator('#box-gone').waitFor({ state: 'detached' })
  })

  await t.test('the log bundle is one tap away', async t => {
    await goTo(page, 'log')
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Log bundle' }).tap()
    t.match((await coming).suggestedFilename(), /^pierside-pierside-log-.*\.zip$/)
    await (await coming).delete()
    await goTo(page, 'box')
  })

  await t.test('the folder of the network is switched', async t => {
    const folderSwitch = page.getByRole('switch', { name: 'As a folder' })
    await page.getByRole('switch', { name: 'As a folder', checked: true }).waitFor()
    t.match(told(), /start pierside-do-share-on\.service/)
    await folderSwitch.tap()
    await page.getByRole('switch', { name: 'As a folder', checked: false }).waitFor()
    t.match(told(), /start pierside-do-share-off\.service/)
  })

  // The token of this start, not of the one before the restored backup.
  const token = readFileSync(path.join(agent.data, 'cli.token'), 'utf8').trim()
  const ask = async (action: string, input: object) => {
    const right = { Authorization: `Bearer ${token}` }
    t.ok((await agent.raw('POST', `/api/actions/${action}`, input, right)).ok, action)
  }

  await t.test('the data moves to a disk: what is erased is said, and asked for by a word', async t => {
    const data = page.locator('section', { has: page.getByRole('heading', { name: 'Frames and settings' }) })
    await data.getByText('the card', { exact: true }).waitFor()
    t.match(await data.textContent(), /Acme Portable SSD, 500 GBOn it now: exfat “NIGHTS”; ext4\./)
    t.match(await data.textContent(), /Tiny Stick, 40 MB[\s\S]*It is too small for them/)
    const sheet = page.getByRole('dialog', { name: 'Move to this disk' })
    for (const shade of ['day', 'night']) {
      await page.getByRole('button', { name: shade === 'day' ? 'Day colours' : 'Red night colours' }).tap()
      await data.getByRole('button', { name: 'Keep them on it …' }).tap()
      await sheet.getByText('All of Acme Portable SSD, 500 GB, is erased').waitFor()
      if (shots) await page.screenshot({ path: path.join(shots, `phone-box-data-${shade}.png`) })
      if (shade === 'day') await sheet.getByRole('button', { name: 'Close', exact: true }).tap()
    }
    const { green, blue, at } = await brightest(page)
    t.ok(green <= 60 && blue <= 60, `nothing green or blue at night: ${green}, ${blue} at ${at}`)
    t.same(await tooSmall(page), [])
    const move = sheet.getByRole('button', { name: 'Erase it and move' })
    t.ok(await move.isDisabled())
    await sheet.getByLabel('Type “erase”').fill('Erase')
    await move.tap()
    await sheet.getByText('in the middle of something: mount mount moves').waitFor()
    t.notMatch(told(), /data-move/, 'what tracks is not idle')
    await ask('mount-park', {})
    await move.tap()
    await data.getByText('They are being moved').waitFor()
    t.match(told(), /start pierside-do-data-move\.service/)
    t.same(JSON.parse(readFileSync(path.join(folder, 'orders/data-move.json'), 'utf8')), {
      ...{ how: 'erase', device: 'sda', bytes: ssdBytes },
    })
  })

  await t.test('the reset asks for its words', async t => {
    await page.getByRole('button', { name: 'Reset …' }).tap()
    const sheet = page.getByRole('dialog', { name: 'Factory reset' })
    t.ok(await sheet.getByRole('button', { name: 'Reset the box' }).isDisabled())
    await sheet.getByLabel('Type “factory reset”').fill('Factory reset')
    await sheet.getByRole('button', { name: 'Reset the box' }).tap()
    await sheet.getByText('It is being reset').waitFor()
    t.match(told(), /start pierside-do-factory-reset\.service/)
    t.equal(readFileSync(path.join(folder, 'orders/factory-reset.json'), 'utf8'), '{"frames":"keep"}\n')
    await sheet.getByRole('button', { name: 'Close', exact: true }).tap()
  })

  await t.test('off is asked for twice, and refused while something runs', async t => {
    await ask('camera-expose', { seconds: 60, count: 1 })
    const off = async () => {
      await page.getByRole('button', { name: 'Switch the box off' }).tap()
      await page.getByRole('button', { name: 'Really off?' }).tap()
    }
    await off()
    await page.getByText(/in the middle of something: the exposure/).waitFor()
    t.notMatch(told(), /poweroff/)
    await ask('camera-abort', {})
    await patiently(async () => {
      await off()
      if (!/^poweroff$/m.test(told())) throw new Error('not yet')
    }, waitMs)
  })
  t.same(mistakes, [])
})
