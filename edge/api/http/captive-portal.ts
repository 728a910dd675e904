// What phones and computers ask to find out whether a network leads anywhere. Until the box is set up they are led to
// its page, which opens by itself; afterwards they are told that all is well, lest they leave the only network at the
// pier.
import type { RequestHandler } from 'express'

interface Probe {
  readonly path: string
  /** Absent: whatever the host; makers of phones have their own. */
  readonly hosts?: readonly string[]
  readonly status?: 204
  readonly type?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const apple = '<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>'
const online = 'NetworkManager is online\n'
const firefox = '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'

/** To the letter as each is answered on the open internet: they compare. */
const probes: readonly Probe[] = [
  // Android, ChromeOS, Edge; connectivitycheck.gstatic.com, clients3.google.com, and others by maker.
  { path: '/generate_204', status: 204 },
  { path: '/gen_204', status: 204 },
  { path: '/captiveportal/generate_204', status: 204 },
  // iOS, macOS, and the hosts that older ones of them ask.
  { path: '/hotspot-detect.html', type: 'text/html', body: apple },
  { path: '/library/test/success.html', type: 'text/html', body: apple },
  // Windows 10 and later; 7 and 8.
  {
    ...{ path: '/connecttest.txt', type: 'text/plain', body: 'Microsoft Connect Test' },
    hosts: ['www.msftconnecttest.com', 'ipv6.msftconnecttest.com'],
  },
  {
    ...{ path: '/ncsi.txt', type: 'text/plain', body: 'Microsoft NCSI' },
    hosts: ['www.msftncsi.com', 'ipv6.msftncsi.com'],
  },
  // NetworkManager, as GNOME, Debian and Arch, Ubuntu, Fedora have set it; KDE.
  { path: '/check_network_status.txt', hosts: ['nmcheck.gnome.org'], type: 'text/plain', body: online },
  { path: '/nm', hosts: ['network-test.debian.org'], type: 'text/plain', body: online },
  { path: '/nm-check.txt', hosts: ['ping.archlinux.org'], type: 'text/plain', body: online },
  {
    ...{ path: '/', hosts: ['connectivity-check.ubuntu.com'], status: 204 },
    headers: { 'X-NetworkManager-Status': 'online' },
  },
  { path: '/static/hotspot.txt', hosts: ['fedoraproject.org'], type: 'text/plain', body: 'OK' },
  { path: '/', hosts: ['networkcheck.kde.org'], type: 'text/plain', body: 'OK\n' },
  // Firefox.
  { path: '/canonical.html', hosts: ['detectportal.firefox.com'], type: 'text/html', body: firefox },
  { path: '/success.txt', hosts: ['detectportal.firefox.com'], type: 'text/plain', body: 'success\n' },
]

export interface CaptivePortalParts {
  /** Whether the box waits to be set up. */
  settingUp(): boolean
  /** Whether a host name is one of the box's own. */
  ours(host: string | undefined): boolean
}

/**
 * Stands before the check of host names: only the probes pass it. Until the box is set up, whatever else is looked
 * for at another's name is led to the page too, without an answer of its own.
 */
export function captivePortal({ settingUp, ours }: CaptivePortalParts): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return next()
    const host = request.headers.host?.replace(/:\d+$/, '').toLowerCase()
    const own = ours(request.headers.host)
    const probe = own
      ? undefined
      : probes.find(({ path, hosts }) => path === request.path && (!hosts || hosts.includes(host ?? '')))
    if (own || (!probe && !settingUp())) return next()
    response.setHeader('Cache-Control', 'no-store')
    if (!probe || settingUp()) {
      response.redirect(302, `http://${addressOf(request.socket)}/`)
      return
    }
    const { status = 200, type, body = '', headers = {} } = probe
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (type) response.setHeader('Content-Type', type)
    response.status(status).end(request.method === 'HEAD' ? '' : body)
  }
}

/** Where the box was reached, as it stands in an address. */
export function addressOf(socket: { readonly localAddress?: string; readonly localPort?: number }): string {
  const { localAddress = '127.0.0.1', localPort = 80 } = socket
  const bare = localAddress.replace(/^::ffff:/, '')
  return `${bare.includes(':') ? `[${bare}]` : bare}${localPort === 80 ? '' : `:${localPort}`}`
}
