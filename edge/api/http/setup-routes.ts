// POST /api/setup: the one thing that a stranger may do, once, on a box that is not set up yet.
import { type Request, Router } from 'express'
import { Fault } from '../../ports/fault.js'
import { complaints } from '../../ports/schema.js'
import { type SetUp, setUpOrder } from '../../ports/setup.js'
import { wifiQrText } from '../../rules/wifi-words.js'
import { addressOf } from './captive-portal.js'

export interface SetUpRouteParts {
  readonly setUp: SetUp
  /** An SVG document. */
  qr(text: string): Promise<string>
  /** `pierside.local`, or what the box is called instead. */
  name(): string
}

export function setUpRoutes({ setUp, qr, name }: SetUpRouteParts): Router {
  const router = Router()
  router.post('/api/setup', async (request, response) => {
    const parsed = setUpOrder.safeParse(request.body ?? {})
    if (!parsed.success) {
      throw new Fault('bad-input', complaints(parsed.error).join('; '), 'Correct the value and send it again')
    }
    const answer = setUp.complete(parsed.data)
    const [byAddress, byName] = linksOf(request, name()).map(home => `${home}?pair=${answer.code}`)
    const { ssid, passphrase } = answer
    response.setHeader('Cache-Control', 'no-store')
    response.json({
      ...answer,
      ...{ byAddress, byName },
      linkQr: await qr(byAddress),
      wifiQr: passphrase === undefined ? undefined : await qr(wifiQrText(ssid, passphrase)),
    })
  })
  router.post('/api/setup/switch', (_request, response) => {
    setUp.switchNow()
    response.json({ ok: true })
  })
  return router
}

/** By address and by name; whoever came by another way than the hotspot goes on by that one. */
function linksOf({ socket }: Request, name: string): [string, string] {
  const address = addressOf(socket)
  const port = /:\d+$/.exec(address)?.[0] ?? ''
  return [`http://${address}/`, `http://${name}${port}/`]
}
