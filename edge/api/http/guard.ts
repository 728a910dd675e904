// Who is asking, and whether the question comes from our own page: Host, Origin, cookie and bearer token.
import { isIP } from 'node:net'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { Action, Role, Who } from '../../ports/action.js'
import { Fault } from '../../ports/fault.js'
import { sendFault } from './answer.js'

/** What the guard needs of the spine's access book. */
export interface AccessBook {
  whoHas(token: string): Promise<Pick<Who, 'name' | 'role'> | undefined>
  passOn(token: string, at: string): string
  takeOver(code: string, at: string): Promise<{ token: string; role: Role; name: string } | undefined>
  pair(code: string, name: string): Promise<{ token: string; role: Role; name: string }>
  forget(token: string): Promise<void>
}

export interface GuardParts {
  readonly access: AccessBook
  /** `access.open`: everybody acts as an observer. */
  readonly open: () => boolean
  /** Names the box is known by, beside IP addresses, `localhost` and `*.local`. */
  readonly hosts: readonly string[]
  /** Tells this agent from any other, until it ends. */
  readonly mark: string
  /** Why nobody can be paired yet. */
  closed?(): Fault | undefined
}

export const cookieName = 'pierside'

export function tokenOf(request: Request): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')
  if (bearer) return bearer[1]
  const cookies = (request.headers.cookie ?? '').split(/;\s*/)
  return cookies.find(one => one.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1)
}

/** Whose request it is; undefined when nobody's we know. */
export async function whoIs(request: Request, { access, open }: GuardParts): Promise<Who | undefined> {
  const token = tokenOf(request)
  const found = token === undefined ? undefined : await access.whoHas(token)
  if (found) return { ...found, face: 'http' }
  return open() ? { name: 'anyone', role: 'observer', face: 'http' } : undefined
}

/** Whoever comes before the box is set up, for what may be asked for by then. */
const stranger: Omit<Who, 'role'> = { name: 'whoever sets it up', face: 'http' }

/** As `demandWho`; before the box is set up, anybody for what says so. */
export async function demandAsker(request: Request, parts: GuardParts, row: Action | undefined): Promise<Who> {
  if (!row?.beforeSetUp || !parts.closed?.()) return demandWho(request, parts)
  return (await whoIs(request, parts)) ?? { ...stranger, role: row.role }
}

/** As `whoIs`, but throws `unpaired` for nobody. */
export async function demandWho(request: Request, parts: GuardParts): Promise<Who> {
  const who = await whoIs(request, parts)
  if (who) return who
  const closed = parts.closed?.()
  if (closed) throw closed
  throw new Fault(
    'unpaired',
    'this phone or program is not paired',
    'Type the pairing code shown in the terminal, or send a token from `pierside token new` as Authorization: Bearer',
  )
}

/**
 * Refuses names that are not ours (DNS rebinding) and, for anything but looking, other sites' pages.
 * A program without an Origin header is no page; it still needs its token.
 */
export function checkOrigin({ hosts }: Pick<GuardParts, 'hosts'>): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    if (!isOurs(request.headers.host, hosts)) {
      const fault = new Fault(
        'forbidden',
        `the host name "${request.headers.host ?? ''}" is not one of this box`,
        'Use its IP address or its .local name, or add the name to http.hosts in the config',
      )
      sendFault(response, fault)
      return
    }
    const looking = request.method === 'GET' || request.method === 'HEAD'
    if (!looking && isForeign(request)) {
      const fault = new Fault('forbidden', 'the request comes from another site', 'Open the page of the box itself')
      sendFault(response, fault)
      return
    }
    next()
  }
}

function isForeign(request: Request): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const origin = request.headers.origin
  if (origin === undefined) return false
  try {
    return new URL(origin).host !== request.headers.host
  } catch {
    // `null` and other unparsable origins are nobody's page of ours.
    return true
  }
}

function hostnameOf(host: string | undefined): string | undefined {
  if (!host) return undefined
  const bracketed = /^\[([0-9a-f:.]+)\](:\d+)?$/i.exec(host)
  // A name may end with the dot of the root.
  return bracketed ? bracketed[1] : host.replace(/\.?(:\d+)?$/, '').toLowerCase()
}

/** @param host as the request names it, with its port */
export function isOurs(host: string | undefined, hosts: readonly string[]): boolean {
  const name = hostnameOf(host)
  if (name === undefined) return false
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.local') || hosts.includes(name)
}
