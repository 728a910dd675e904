// An owner's first night, on a phone: the page opens, the simulated observatory is chosen, the mount slews, frames are
// taken and stacked, and what was told is in the files.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import t from 'tap'
import { findDamage } from '../../edge/science/fits-write.js'
import { noBrowser, openBrowser, openPhone } from '../support/browser.js'
import { lendClock, setUpImage, simulatedObservatory } from '../support/image-agent.js'

const shots = process.env.PIERSIDE_SHOTS

t.test('the first night', { skip: noBrowser }, async t => {
  const { machine, agent } = await setUpImage(t)
  const browser = await openBrowser(t)
  const page = await (await openPhone(browser)).newPage()
  page.setDefaultTimeout(120_000)
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  await page.goto(machine.url)
  await page.locator('main').waitFor()

  await lendClock(machine, agent)
  await simulatedObservatory(agent)
  await page.locator('.sentence', { hasText: '.' }).waitFor()
  await agent.do('mount-park', {}, true)
  await agent.do('dome-open', {}, true)
  await agent.do('mount-unpark', {}, true)
  await agent.do('mount-slew', { altDeg: 60, azDeg: 150 }, true)
  await agent.do('camera-expose', { seconds: 1, count: 2, object: 'first light' }, true)
  await agent.do('stack-start', { frames: 3, exposureSeconds: 1, object: 'first light' }, true)
  const { exposures } = await agent.get<{ exposures: { id: string }[] }>('/api/exposures')
  t.ok(exposures.length >= 5, `${exposures.length} frames`)
  for (const { id } of exposures.slice(0, 2)) {
    const file = await (await agent.raw('GET', `/api/exposures/${id}/fits`)).arrayBuffer()
    t.equal(findDamage(new Uint8Array(file)), undefined, 'a frame is whole')
  }
  t.equal((await agent.raw('GET', '/api/stack/preview')).status, 200, 'the stack is to be seen')
  await page.goto(`${machine.url}/#/stack`)
  await page.locator('img, canvas').first().waitFor()
  t.same(complaints, [], 'the page has no complaint')
  if (shots) {
    await mkdir(shots, { recursive: true })
    await writeFile(
      join(shots, 'image-stack.jpg'),
      await sharp(await page.screenshot())
        .jpeg()
        .toBuffer(),
    )
  }
  t.equal(await machine.out('systemctl --failed --no-legend --plain'), '', 'nothing has failed')
})
