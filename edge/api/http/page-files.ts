// The page itself, as Vite built it: hashed assets cached for good, compressed beforehand, no outside address.
import { existsSync } from 'node:fs'
import { extname, join, resolve, sep } from 'node:path'
import type { RequestHandler } from 'express'
import type { Feed } from '../../ports/feed.js'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  json: 'application/json',
  webmanifest: 'application/manifest+json',
}

/** Everything the page may do: scripts and pictures of our own, nothing from elsewhere. */
const policy = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self' 'unsafe-inline'",
  "script-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
].join('; ')

/** The agent may be installed beneath a folder whose name begins with a dot; Express would say that it is not there. */
const sending = { cacheControl: false, dotfiles: 'allow' } as const

/** By which name the box is reached, too: what the page asks there is whether it is the same box. */
const policyWith = (home: unknown): string =>
  typeof home === 'string' && /^[a-z0-9-]+\.local$/i.test(home)
    ? `${policy}; connect-src 'self' http://${home}:*`
    : policy

/**
 * @param folder web/dist; a missing build answers 503 with the command to make it
 * @param feed says at `network` what the box is called
 */
export function pageFiles(folder: string, feed: Pick<Feed, 'get'>): RequestHandler {
  const root = resolve(folder)
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next()
    if (request.path.startsWith('/api/')) return next()
    const path = request.path === '/' ? '/index.html' : decoded(request.path)
    if (path === undefined) return next()
    const file = join(root, path)
    if (!file.startsWith(root + sep) || !existsSync(file)) {
      if (path !== '/index.html') return next()
      response.status(503).type('text/plain').send('The page is not built yet: run `make build`.\n')
      return
    }
    const done = failed(next)
    const hashed = path.startsWith('/assets/')
    response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    response.setHeader('Content-Type', types[extname(path).slice(1)] ?? 'application/octet-stream')
    response.setHeader('Content-Security-Policy', policyWith(feed.get('network')?.value.name))
    response.setHeader('Vary', 'Accept-Encoding')
    const zipped = `${file}.gz`
    if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && existsSync(zipped)) {
      response.setHeader('Content-Encoding', 'gzip')
      response.sendFile(zipped, { ...sending, headers: { 'Content-Type': response.getHeader('Content-Type') } }, done)
      return
    }
    response.sendFile(file, sending, done)
  }
}

/** The path in words, or undefined where its %-codes are none: then there is nothing there either. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** A client that went away is no error. */
const failed = (next: (error?: unknown) => void) => (error?: Error & { code?: string }) => {
  if (error && error.code !== 'ECONNABORTED' && error.code !== 'EPIPE') next(error)
}
