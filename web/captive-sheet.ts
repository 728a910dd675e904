// The little window that a phone opens by itself on a network that asks for something. It forgets everything, and
// closes when the network goes: what is to last has to happen in a real browser.

/**
 * iOS and macOS leave out the name of the browser, Android marks a view inside of another program (`; wv`). One that
 * we do not recognise is treated as a browser.
 */
export function inCaptiveSheet(agent: string = navigator.userAgent): boolean {
  if (/;\s*wv\)/.test(agent)) return true
  return /AppleWebKit\//.test(agent) && !/Safari\/|Chrome\/|CriOS\/|FxiOS\/|EdgiOS\//.test(agent)
}
