// Ports of this machine: one that nobody listens on, and whether somebody does.
import { connect, createServer } from 'node:net'

/** Free at the moment; the system does not hand it out again soon. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((settle, reject) => server.once('error', reject).listen(0, '127.0.0.1', settle))
  const address = server.address()
  await new Promise<void>(settle => server.close(() => settle()))
  if (!address || typeof address === 'string') throw new Error('no free port')
  return address.port
}

export function listens(port: number): Promise<boolean> {
  return new Promise(settle => {
    const socket = connect(port, '127.0.0.1')
    const answer = (yes: boolean) => {
      socket.destroy()
      settle(yes)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}
