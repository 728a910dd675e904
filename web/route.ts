// Which view is shown: the part of the address after `#/`, so that back, reload and bookmarks do what people expect.
import { type Cell, cell } from './cell'

export interface Route {
  /** `files` of `#/files/2026-11-20/x12`. */
  readonly view: string
  readonly rest: readonly string[]
}

function read(): Route {
  const [view, ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent)
  return { view: view || 'now', rest: rest.filter(Boolean) }
}

export const route: Cell<Route> = cell(read())

addEventListener('hashchange', () => {
  const next = read()
  if (next.view !== route.get().view) scrollTo(0, 0)
  route.set(next)
})

export function hrefOf(view: string, ...rest: string[]): string {
  return `#/${[view, ...rest].map(encodeURIComponent).join('/')}`
}

export function go(view: string, ...rest: string[]): void {
  location.hash = hrefOf(view, ...rest).slice(1)
}
