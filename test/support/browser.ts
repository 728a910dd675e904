// A real browser on the page: a phone or a desk, by day or by night, and what its pixels say.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { type AgentProcess, root } from './agent.js'
import { patiently } from './agent-client.js'

const executable = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)

export const noBrowser = executable === undefined && 'chromium is not installed'

/** Nothing but what the page asks for leaves this browser. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const phone = { width: 390, height: 844 }
const desk = { width: 1280, height: 800 }

interface Test {
  teardown(run: () => unknown): void
}

/** @param names where they lead, as Chromium's host rules have it */
export async function openBrowser(t: Test, names: readonly string[] = []): Promise<Browser> {
  builtPage()
  const browser = await chromium.launch({
    executablePath: executable,
    args: names.length > 0 ? [...quiet, `--host-resolver-rules=${names.join(', ')}`] : quiet,
    // Scrollbars are pixels too.
    ignoreDefaultArgs: ['--hide-scrollbars'],
  })
  t.teardown(() => browser.close())
  return browser
}

export function openPhone(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ viewport: phone, deviceScaleFactor: 2, hasTouch: true, isMobile: true })
}

export const openDesk = (browser: Browser): Promise<BrowserContext> => browser.newContext({ viewport: desk })

/** Builds web/dist when a source is newer. */
export function builtPage(): string {
  const dist = join(root, 'web/dist')
  const index = join(dist, 'index.html')
  const sources = readdirSync(join(root, 'web'), { recursive: true, encoding: 'utf8' })
    .filter(name => !name.startsWith('dist') && /\.(tsx?|css|html)$/.test(name))
    .map(name => statSync(join(root, 'web', name)).mtimeMs)
  if (!existsSync(index) || statSync(index).mtimeMs < Math.max(...sources)) {
    execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'web'], { cwd: root })
  }
  return dist
}

export interface Brightest {
  readonly green: number
  readonly blue: number
  /** Where the worst pixel is. */
  readonly at: string
}

/** The brightest green and blue, 0–255, anywhere in what the screen shows now. */
export async function brightest(page: Page): Promise<Brightest> {
  const { data, info } = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  let green = 0
  let blue = 0
  let at = ''
  for (let index = 0; index < data.length; index += 3) {
    if (data[index + 1] > green || data[index + 2] > blue) {
      const pixel = index / 3
      at = `${pixel % info.width}, ${Math.floor(pixel / info.width)} of ${info.width} × ${info.height}`
    }
    green = Math.max(green, data[index + 1])
    blue = Math.max(blue, data[index + 2])
  }
  return { green, blue, at }
}

/** What can be tapped and is smaller than 44 px, by its words. */
export function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('button, a, input')]
    .map(element => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
    .map(({ element, box }) => element.textContent + ' ' + Math.round(box.width) + ' × ' + Math.round(box.height))`)
}

/** How far the page could be scrolled sideways, px. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth')

/** Every view that the page offers, as `goTo` takes them: a new one is looked at without being listed anywhere. */
export async function viewsOf(page: Page): Promise<string[]> {
  await page.locator('nav.ways').waitFor()
  return page.evaluate(`[...document.querySelectorAll('nav.ways a')].map(link => link.hash.replace('#/', ''))`)
}

export async function goTo(page: Page, view: string): Promise<void> {
  await page.evaluate(`location.hash = '#/${view}'`)
  await page.locator(`main.view-${view.split('/')[0]}`).waitFor()
}

/** The one-time code that the agent printed last; it greets a moment after its page answers. */
export function pairingCode(agent: AgentProcess): Promise<string> {
  return patiently(async () => {
    const found = [...agent.printed().matchAll(/Pairing code\s+(\d{4} \d{4})/g)].at(-1)?.[1]
    if (!found) throw new Error(`the agent printed no pairing code:\n${agent.printed()}`)
    return found.replace(' ', '')
  }, 10_000)
}
