// As a browser or a phone asks the box by a name that leads to it: its own Host header, and perhaps its own address.
import { request } from 'node:http'

interface Heard {
  readonly status: number
  readonly location?: string
  readonly type?: string
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
}

interface Asking {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: object
  /** Whence it is asked, of this machine's own. */
  readonly from?: string
}

/** @param url of the agent, wherever it is asked  @param host as the address bar has it */
export function asked(
  { url }: { readonly url: string },
  host: string,
  path: string,
  { method = 'GET', headers = {}, body, from }: Asking = {},
): Promise<Heard> {
  const text = body && JSON.stringify(body)
  const json = text === undefined ? {} : { 'Content-Type': 'application/json' }
  return new Promise((settle, reject) => {
    const order = { host: '127.0.0.1', port: new URL(url).port, path, method, localAddress: from }
    const call = request({ ...order, headers: { Host: host, ...json, ...headers } }, answer => {
      let said = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        said += piece
      })
      answer.on('end', () => {
        const { location, 'content-type': type } = answer.headers
        settle({ status: answer.statusCode ?? 0, location, type, body: said, headers: answer.headers })
      })
    })
    call.once('error', reject).end(text)
  })
}
