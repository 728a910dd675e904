// One name for the box, so that a browser keeps one cookie for it: whoever has come by an address or by another of its
// names is led to the name that it goes by and stays paired, if it is reached by that name from here.
import { fetched, pairingWish, post, type Session } from './ask'
import { inCaptiveSheet } from './captive-sheet'
import { presence, stateAt } from './live'
import type { Network } from './states-network'
import type { Setup } from './states-own'
import { theme } from './theme'

/** Of a name that is found later, pages would come late every time: then the address is the better home. */
const probeMs = 2_000

/** Which box answers there, and whom it sees. */
const whichBox = async (home: string): Promise<string> =>
  (await fetched<{ box: string }>(`${home}/api/which-box`, { deadlineMs: probeMs })).box

/**
 * Once, as the page comes up; settles when it stays. Never in the phone's own window, before set-up, or away from
 * somebody who has begun to use the page.
 */
export async function leadHome(): Promise<void> {
  if (location.protocol !== 'http:' || inCaptiveSheet()) return
  let touched = false
  const touch = (): void => {
    touched = true
  }
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, touch, { once: true })
  await new Promise<void>(settle => {
    const look = (): void => {
      if (presence.get().phase !== 'here') return
      deaf()
      settle()
    }
    const deaf = presence.listen(look)
    look()
  })
  const name = (stateAt('network').get()?.value as Network | undefined)?.name
  const setup = stateAt('setup').get()?.value as Setup | undefined
  if (!name || name === location.hostname || setup?.done === false) return
  const home = `http://${name}${location.port && `:${location.port}`}`
  try {
    const [here, there] = await Promise.all([whichBox(''), whichBox(home)])
    if (here !== there) return
    const { paired } = await fetched<Session>('/api/session')
    const busy = (): boolean => touched || pairingWish.get() !== undefined
    if (busy()) return
    const code = paired ? (await post<{ code: string }>('/api/session/pass', {})).code : undefined
    if (busy()) return
    const address = new URL(location.href)
    if (code) address.searchParams.set('pair', code)
    // What this browser remembers, it remembers by name: a white page at night is none to begin with.
    if (theme.get() === 'night') address.searchParams.set('theme', 'night')
    location.replace(`${home}${address.pathname}${address.search}${address.hash}`)
  } catch {
    // It is not reached by its name from this phone: here it is as good.
  }
}
