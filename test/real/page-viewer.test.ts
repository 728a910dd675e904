// A picture looked at closely on a phone: its pixels are the file's, its tones follow the handles, its stars have
// circles, the night grows in graphs, and a slow link is asked for little. The frames are made here, so that every
// pixel is known.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, CDPSession, Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import t from 'tap'
import { encodeFits } from '../../edge/science/fits-write.js'
import type { Image } from '../../edge/science/samples.js'
import { type AgentProcess, startAgent } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { brightest, goTo, noBrowser, openBrowser, openPhone, pairingCode, tooSmall } from '../support/browser.js'
import { expose, makeField } from '../support/star-field.js'

const waitMs = 20_000
const dpr = 2
const mostOfGreenAndBlue = 60
/** As the page promises: the stream and the buttons need connections too. */
const tilesAtOnce = 3
const shots = process.env.PIERSIDE_SHOTS

interface StarOverlay {
  readonly width: number
  readonly stars: readonly { readonly x: number; readonly y: number; hfdPx: number; readonly saturated: boolean }[]
}

async function keep(page: Page, name: string) {
  if (!shots) return
  await mkdir(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name}.png`) })
}

/** A folder of frames as a camera: stars, and in the third place an empty sky. */
async function observatory(t: { teardown(run: () => unknown): void }) {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-frames-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const field = makeField({ width: 2000, height: 1500, count: 260, faintest: 8_000, brightest: 3_000_000, seed: 8 })
  const frames: Image[] = []
  for (const [index, pose] of [{}, { dx: 3.4, dy: -2.2 }, undefined, { dx: -1.5, dy: 4.1 }].entries()) {
    const frame = pose ? expose(field, pose, { seed: index + 1 }) : expose({ ...field, stars: [] }, {}, { seed: 9 })
    frames.push(frame)
    await writeFile(join(folder, `frame-${index}.fits`), encodeFits(frame, [{ keyword: 'EXPTIME', value: 1 }]))
  }
  // Another camera: clear, then cloud.
  const cloudy = join(folder, 'cloudy')
  await mkdir(cloudy)
  const small = makeField({ count: 150, faintest: 20_000, seed: 3 })
  for (let index = 0; index < 12; index++) {
    const frame = expose(small, {}, { seed: index, transparency: index < 7 ? 1 : 0.3 })
    await writeFile(join(cloudy, `frame-${10 + index}.fits`), encodeFits(frame, []))
  }
  const replay = (from: string) => `{driver: replay, folder: ${from}, pace: fast}`
  const devices = `devices:\n  main: ${replay(folder)}\n  cloudy: ${replay(cloudy)}\n`
  const config = `stacking: {resume_minutes: 0}\n${devices}use: {camera: main}\n`
  return { frames, agent: await startAgent(t, { config }) }
}

/** Where the file's pixel (0, 0) lies on the screen, and how large one is: screen pixels. */
async function placed(picture: Locator, fullWidth: number) {
  const box = (await picture.boundingBox())!
  const moves = (await picture.locator('.moves').getAttribute('style'))!
  const [, x, y, scale] = /translate\((.*)px, (.*)px\) scale\((.*)\)/.exec(moves)!.map(Number)
  return {
    left: Math.round(box.x * dpr) + Math.round(x * dpr),
    top: Math.round(box.y * dpr) + Math.round(y * dpr),
    perPx: (box.width * scale * dpr) / fullWidth,
    box,
  }
}

async function greys(page: Page) {
  const { data, info } = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { at: (x: number, y: number) => data[3 * (y * info.width + x)], width: info.width, height: info.height }
}

/** Tile requests under way, the most at once, and how many in all. */
function watchTiles(page: Page) {
  const under = new Set<unknown>()
  const seen = {
    most: 0,
    asked: 0,
    failed: 0,
    /** Settles when nothing has been under way for a while. */
    calm: async () => {
      for (let quiet = 0; quiet < 5; ) {
        await page.waitForTimeout(100)
        quiet = under.size || !seen.asked ? 0 : quiet + 1
      }
    },
  }
  page.on('request', request => {
    if (!request.url().includes('/tiles/')) return
    under.add(request)
    seen.asked++
    seen.most = Math.max(seen.most, under.size)
  })
  page.on('requestfinished', request => under.delete(request))
  page.on('requestfailed', request => {
    if (under.delete(request)) seen.failed++
  })
  return seen
}

async function openFrame(page: Page, agent: AgentProcess, theme: string) {
  await page.goto(`${agent.url}/?theme=${theme}#/files`)
  // The oldest stands last: frame 0.
  await page.locator('.grid button').last().tap()
  const sheet = page.getByRole('dialog')
  await sheet.locator('.frame img').waitFor()
  return sheet
}

/** The mean grey of the picture as it stands on the screen. */
async function meanOf(page: Page, picture: Locator) {
  const box = (await picture.boundingBox())!
  const { channels } = await sharp(await page.screenshot({ clip: box })).stats()
  return channels[0].mean
}

t.test('a picture looked at closely', { skip: noBrowser, timeout: 200_000 }, async t => {
  const browser: Browser = await openBrowser(t)
  const { agent, frames } = await observatory(t)
  await agent.do('camera-expose', { seconds: 1 }, true)
  const [{ id }] = (await agent.get<{ exposures: { id: string }[] }>('/api/exposures')).exposures
  const { width, height, samples } = frames[0]
  const context: BrowserContext = await openPhone(browser)
  const page = await context.newPage()
  page.setDefaultTimeout(waitMs)
  const mistakes: string[] = []
  page.on('pageerror', error => mistakes.push(String(error.stack)))
  const tiles = watchTiles(page)

  await t.test('1:1 shows the file pixel by pixel', async t => {
    const sheet = await openFrame(page, agent, 'day')
    t.equal(tiles.asked, 0, 'the whole picture needs no tiles')
    const picture = sheet.locator('.frame')
    await picture.dblclick({ position: { x: 120, y: 90 } })
    await sheet.getByRole('button', { name: 'Pixel by pixel', pressed: true }).waitFor()
    t.equal(await sheet.locator('.percent').textContent(), '100 %')
    await tiles.calm()
    await keep(page, 'viewer-exact-day')
    const { left, top, perPx, box } = await placed(picture, width)
    t.ok(Math.abs(perPx - 1) < 1e-3, `${perPx} screen pixels per pixel of the file`)
    const { at } = await greys(page)
    // Whatever the stretch: equal light is equally grey, and more light never darker. A shift by one pixel breaks both.
    const lowest = new Map<number, number>()
    const highest = new Map<number, number>()
    const edge = 12
    for (let y = Math.round((box.y + edge) * dpr); y < (box.y + box.height - 60) * dpr; y++)
      for (let x = Math.round((box.x + edge) * dpr); x < (box.x + box.width - edge) * dpr; x++) {
        const adu = samples[(y - top) * width + (x - left)]
        const grey = at(x, y)
        lowest.set(adu, Math.min(lowest.get(adu) ?? 255, grey))
        highest.set(adu, Math.max(highest.get(adu) ?? 0, grey))
      }
    const levels = [...lowest.keys()].sort((a, b) => a - b)
    t.ok(levels.length > 100, `${levels.length} levels of light are in sight`)
    t.same(
      levels.filter(adu => highest.get(adu) !== lowest.get(adu)),
      [],
      'equal light is equally grey',
    )
    t.same(
      levels.filter((adu, index) => index > 0 && lowest.get(adu)! < highest.get(levels[index - 1])!),
      [],
      'more light is never darker',
    )
    t.ok(highest.get(levels[levels.length - 1])! - lowest.get(levels[0])! > 100, 'and the picture has contrast')
    t.ok(tiles.most <= tilesAtOnce, `${tiles.most} tiles were asked for at once`)
  })

  await t.test('keys do what fingers do', async t => {
    const sheet = page.getByRole('dialog')
    const picture = sheet.locator('.frame')
    const percent = sheet.locator('.percent')
    await picture.focus()
    await page.keyboard.press('0')
    await percent.waitFor({ state: 'detached' })
    await page.keyboard.press('+')
    await percent.waitFor()
    t.not(await percent.textContent(), '100 %')
    await page.keyboard.press('1')
    await sheet.getByRole('button', { name: 'Pixel by pixel', pressed: true }).waitFor()
    const before = (await placed(picture, width)).left
    await page.keyboard.press('ArrowRight')
    await patiently(async () => {
      if ((await placed(picture, width)).left >= before) throw new Error('the arrow did not move the picture')
    }, waitMs)
    await page.keyboard.press('0')
    await percent.waitFor({ state: 'detached' })
  })

  await t.test('two fingers pinch, and the pixels come by themselves', async t => {
    const picture = page.getByRole('dialog').locator('.frame')
    const wire: CDPSession = await context.newCDPSession(page)
    const box = (await picture.boundingBox())!
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart?: number) =>
      wire.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          apart === undefined
            ? []
            : [
                { x: middle.x - apart, y: middle.y, id: 1 },
                { x: middle.x + apart, y: middle.y, id: 2 },
              ],
      })
    const asked = tiles.asked
    await touch('touchStart', 20)
    for (let apart = 25; apart <= 120; apart += 5) await touch('touchMove', apart)
    await touch('touchEnd')
    await patiently(async () => {
      const { perPx, box: now } = await placed(picture, width)
      const enlarged = (perPx * width) / (now.width * dpr)
      if (Math.abs(enlarged - 6) > 0.6) throw new Error(`enlarged ${enlarged} times`)
    }, waitMs)
    await patiently(async () => {
      if (tiles.asked === asked) throw new Error('no tile was asked for')
    }, waitMs)
    await page.getByRole('dialog').getByRole('button', { name: 'Whole picture' }).tap()
    t.equal(await page.getByRole('dialog').locator('.percent').count(), 0)
  })

  await t.test('the picture follows the black handle while it is dragged, and remembers', async t => {
    const sheet = page.getByRole('dialog')
    const picture = sheet.locator('.frame')
    await sheet.getByRole('button', { name: 'Tones' }).tap()
    const handle = sheet.getByRole('slider', { name: 'Black' })
    await handle.waitFor()
    t.same(await tooSmall(page), [], 'everything is large enough to tap')
    const before = await meanOf(page, picture)
    const box = (await handle.boundingBox())!
    const y = box.y + 30
    await page.mouse.move(box.x + 22, y)
    await page.mouse.down()
    for (let step = 1; step <= 12; step++) {
      await page.mouse.move(box.x + 22 + 6 * step, y)
      await page.waitForTimeout(40)
    }
    await sheet.locator('.frame img[src*="black="]').waitFor()
    t.pass('the picture changed before the handle was let go')
    await page.mouse.up()
    const place = Number(await handle.getAttribute('aria-valuenow')) / 100
    await sheet.locator(`.frame img[src*="black=${String(place).slice(0, 5)}"]`).waitFor()
    const after = await meanOf(page, picture)
    t.ok(after < before - 8, `darker: ${before} became ${after}`)
    await keep(page, 'viewer-tones-day')

    await page.reload()
    await page.locator('.grid button').last().tap()
    await sheet.locator('.frame img[src*="black="]').waitFor()
    t.pass('another visit finds the picture as it was left')
    await sheet.getByRole('button', { name: 'Tones' }).tap()
    await sheet.getByRole('switch', { name: 'Negative' }).tap()
    await sheet.getByRole('switch', { name: 'Mark what is clipped' }).tap()
    await sheet.getByRole('radio', { name: 'Linear' }).tap()
    await sheet.locator('.frame img[src*="stretch=linear"][src*="invert=true"][src*="clipMarks=true"]').waitFor()
    await handle.focus()
    await page.keyboard.press('ArrowRight')
    await sheet.locator('.frame img[src*="black="]').waitFor()
    await sheet.getByRole('button', { name: 'Back to automatic' }).tap()
    await sheet.locator('.frame img:not([src*="stretch="])').waitFor()
    await patiently(async () => {
      const mean = await meanOf(page, picture)
      if (Math.abs(mean - before) > 1) throw new Error(`${mean} instead of ${before}`)
    }, waitMs)
    await sheet.getByRole('button', { name: 'Tones' }).tap()
  })

  await t.test('circles are where stars are, and a tap tells the numbers', async t => {
    const sheet = page.getByRole('dialog')
    const picture = sheet.locator('.frame')
    const { stars } = await agent.get<StarOverlay>(`/api/views/${encodeURIComponent(id)}/stars`)
    t.ok(stars.some(star => star.saturated) && stars.some(star => !star.saturated), 'some stars are saturated')
    await sheet.getByRole('button', { name: 'Stars' }).tap()
    await sheet
      .getByText(`${stars.length} stars`)
      .or(sheet.getByText(/brightest of/))
      .waitFor()
    await picture.dblclick({ position: { x: 150, y: 180 } })
    await sheet.getByRole('button', { name: 'Pixel by pixel', pressed: true }).waitFor()
    await page.waitForTimeout(300)
    const { left, top, box } = await placed(picture, width)
    const origin = { x: Math.round(box.x * dpr), y: Math.round(box.y * dpr) }
    // How much of each circle is painted, and of one half as wide inside it.
    const inSight = stars.filter(({ x, y }) => {
      const [screenX, screenY] = [left + x - origin.x, top + y - origin.y]
      // Not where the buttons lie.
      return screenX > 40 && screenY > 40 && screenX < box.width * dpr - 40 && screenY < box.height * dpr - 110
    })
    t.ok(inSight.length >= 3, `${inSight.length} stars in sight`)
    const circles = inSight.map(({ x, y, hfdPx }) => ({
      x: left + x + 0.5 - origin.x,
      y: top + y + 0.5 - origin.y,
      radius: Math.max(6 * dpr, 1.5 * hfdPx),
    }))
    const shares = await page.evaluate<number[]>(`(() => {
      const pen = document.querySelector('[role=dialog] canvas.marks').getContext('2d')
      return ${JSON.stringify(circles)}.map(({ x, y, radius }) => {
        let hits = 0
        for (let step = 0; step < 64; step++) {
          const [sin, cos] = [Math.sin(step * Math.PI / 32), Math.cos(step * Math.PI / 32)]
          const spot = pen.getImageData(Math.round(x + radius * cos) - 1, Math.round(y + radius * sin) - 1, 3, 3).data
          if (spot.some((value, index) => index % 4 === 3 && value > 60)) hits++
        }
        return hits / 64
      })
    })()`)
    for (const [index, star] of inSight.entries())
      t.ok(
        star.saturated ? shares[index] > 0.4 && shares[index] < 0.98 : shares[index] > 0.98,
        `${star.saturated ? 'broken' : 'whole'} circle at ${star.x}, ${star.y}: ${shares[index]}`,
      )
    const star = inSight[0]
    await picture.tap({ position: { x: (left + star.x + 0.5) / dpr - box.x, y: (top + star.y + 0.5) / dpr - box.y } })
    await sheet.getByText(`Star ${stars.indexOf(star) + 1} of ${stars.length}`).waitFor()
    const said = sheet.locator('.star-card .figure', { hasText: 'HFD' })
    t.match(await said.textContent(), star.hfdPx.toFixed(2))
    await keep(page, 'viewer-stars-day')
    await sheet.getByRole('button', { name: 'Fainter' }).tap()
    await sheet.getByText(`Star ${stars.indexOf(star) + 2} of ${stars.length}`).waitFor()
    const counted = page.waitForRequest(request => request.url().includes('/statistics?x='))
    await sheet.getByRole('button', { name: 'Numbers' }).tap()
    const asked = new URL((await counted).url()).searchParams
    const [fromX, fromY, columns, rows] = ['x', 'y', 'width', 'height'].map(name => Number(asked.get(name)))
    const edges = [origin.x - left, origin.y - top, box.width * dpr, box.height * dpr]
    t.ok(
      [fromX, fromY, columns, rows].every((value, index) => Math.abs(value - edges[index]) <= 2),
      `numbers of what is in sight: ${fromX}, ${fromY}, ${columns} × ${rows}`,
    )
    let sum = 0
    for (let y = fromY; y < fromY + rows; y++)
      for (let x = fromX; x < fromX + columns; x++) sum += samples[y * width + x]
    const mean = String(Math.round(sum / columns / rows))
    await sheet.locator('.viewer .figure', { hasText: 'Mean' }).getByText(mean).waitFor()
    await sheet.locator('.viewer .figure', { hasText: `${columns} × ${rows}` }).waitFor()
    await sheet.getByRole('button', { name: 'Whole picture' }).tap()
    await sheet.locator('.viewer .figure', { hasText: `${width} × ${height}` }).waitFor()
  })

  await t.test('by night all of it is red', async t => {
    const sheet = await openFrame(page, agent, 'night')
    const dark = async (what: string) => {
      const { green, blue, at } = await brightest(page)
      t.ok(Math.max(green, blue) <= mostOfGreenAndBlue, `${what}: green ${green}, blue ${blue} at ${at}`)
    }
    await sheet.getByRole('button', { name: 'Tones' }).tap()
    await sheet.getByRole('slider', { name: 'Black' }).waitFor()
    await sheet.getByRole('switch', { name: 'Mark what is clipped' }).tap()
    await sheet.locator('.frame img[src*="clipMarks"]').waitFor()
    await dark('tones and clipping marks')
    await keep(page, 'viewer-tones-night')
    await sheet.getByRole('switch', { name: 'Mark what is clipped' }).tap()
    await sheet.getByRole('button', { name: 'Tones' }).tap()
    await sheet.getByRole('button', { name: 'Stars' }).tap()
    await sheet.getByRole('button', { name: 'Brightest' }).tap()
    await sheet.locator('.frame').dblclick({ position: { x: 150, y: 150 } })
    await tiles.calm()
    await dark('stars at 1:1')
    await keep(page, 'viewer-stars-night')
  })

  await t.test('the stack grows, says what it left out, and the graphs with it', async t => {
    await page.goto(`${agent.url}/?theme=day#/stack`)
    await page.getByRole('button', { name: 'Pair' }).tap()
    const dialog = page.getByRole('dialog', { name: 'Pair this device' })
    await dialog.getByLabel('Code').fill(await pairingCode(agent))
    await dialog.getByRole('button', { name: 'Pair', exact: true }).tap()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByLabel('Frames stacked').fill('6')
    await page.getByLabel('Exposure', { exact: true }).fill('1')
    await page.getByRole('button', { name: /^How frames become one/ }).tap()
    await page.getByRole('radio', { name: 'mean', exact: true }).tap()
    await page.getByRole('radio', { name: 'cubic' }).tap()
    await page.getByRole('button', { name: 'Start stacking' }).tap()
    await page.getByRole('link', { name: /Download the stack/ }).waitFor()
    t.equal(await page.locator('strong.count').textContent(), '6')
    t.match(await page.locator('.way').textContent(), 'mean, sharp')
    const { framesRefused } = await agent.state<{ framesRefused: number }>('stack/main')
    t.ok(framesRefused >= 1, `${framesRefused} frames without stars were refused`)
    await page.getByText(`${framesRefused} refused`).waitFor()
    await page.getByText(new RegExp(`${framesRefused} left out of the stack`)).waitFor()
    const graphs = page.getByRole('img', { name: /of the frames of this night/ })
    t.equal(await graphs.count(), 3, 'star size, stars, sky')
    await page.locator('.graph canvas').first().waitFor()
    const count = async () => Number(/(\d+) values/.exec((await graphs.first().getAttribute('aria-label'))!)![1])
    const before = await count()
    t.ok(before >= 7, `${before} frames in the graph`)
    await agent.do('camera-expose', { seconds: 1 }, true)
    await patiently(async () => {
      if ((await count()) !== before + 1) throw new Error('the graph did not grow by a frame')
    }, waitMs)
    await keep(page, 'stack-day')

    await page.reload()
    await page.getByText(new RegExp(`${framesRefused} left out of the stack`)).waitFor()
    t.pass('what was refused before the page came is marked too')
    const counted = page.waitForResponse(response => response.url().includes('/api/views/stack/histogram'))
    await page.locator('.picture .frame').focus()
    await counted
    await page.locator('.picture .frame').dblclick({ position: { x: 100, y: 100 } })
    await page.getByRole('button', { name: 'Pixel by pixel', pressed: true }).waitFor()
    t.pass('and the stack can be looked at pixel by pixel')
  })

  await t.test('over a slow link few tiles are asked for, and those out of sight are given up', async t => {
    const slow = await openPhone(browser)
    const far = await slow.newPage()
    far.setDefaultTimeout(waitMs)
    const wire = await slow.newCDPSession(far)
    await wire.send('Network.enable')
    const sheet = await openFrame(far, agent, 'day')
    const bytesPerSecond = 40_000
    await wire.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 200,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    })
    const seen = watchTiles(far)
    const picture = sheet.locator('.frame')
    await picture.dblclick({ position: { x: 30, y: 30 } })
    await sheet.getByRole('button', { name: 'Pixel by pixel', pressed: true }).waitFor()
    await picture.focus()
    for (let step = 0; step < 30; step++) {
      await far.keyboard.press(step % 2 ? 'ArrowRight' : 'ArrowDown')
      await far.waitForTimeout(50)
    }
    // Those that were given up are told of late.
    t.ok(seen.asked > 0 && seen.most <= 2 * tilesAtOnce, `${seen.most} at once, ${seen.asked} in all`)
    t.ok(seen.failed > 0, `${seen.failed} were given up on the way`)
    t.ok(seen.asked < 40, `${seen.asked} tiles for a walk across the picture`)
    await far.keyboard.press('0')
    await sheet.locator('.percent').waitFor({ state: 'detached' })
    await slow.close()
  })

  await t.test('cloud is said in a word where people look', async t => {
    await goTo(page, 'now')
    await agent.do('camera-expose', { camera: 'cloudy', seconds: 1, count: 12 }, true)
    await page.locator('.trend', { hasText: 'Camera “cloudy”. Cloud: the stars are losing light' }).waitFor()
    await keep(page, 'now-cloud-day')
    t.pass('on Now, with the camera’s name')
  })

  await t.test('a stack that the box broke off is offered again, and saved with what it has', async t => {
    await goTo(page, 'stack')
    await agent.do('stack-start', { frames: 0, exposureSeconds: 1, object: 'M 2' })
    await agent.until<{ framesAccepted?: number }>('stack/main', ({ framesAccepted = 0 }) => framesAccepted >= 2)
    await agent.kill('SIGKILL')
    await startAgent(t, { data: agent.data, port: Number(new URL(agent.url).port), mqttPort: agent.mqttPort })
    await page.getByText('The stack of M 2, begun at').waitFor()
    await page.getByRole('button', { name: 'Only save what was taken' }).tap()
    await page.locator('.path', { hasText: 'stack_M 2' }).waitFor()
    t.ok(Number(await page.locator('strong.count').textContent()) >= 2, 'with all that was taken')
    t.equal(await page.getByText('The stack of M 2, begun at').count(), 0)
  })

  t.same(mistakes, [], 'no script failed')
})
