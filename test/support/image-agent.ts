// The agent within a machine of the image, set up as an owner would have done it by `pierside.txt`, and its frames.
import { type AgentClient, agentClient, patiently } from './agent-client.js'
import { bootImage, type ImageMachine, type ImageMachineOrder } from './image-machine.js'

/** Digits that a test pairs with. */
const pairingCode = '31415926'

/** What stands in `pierside.txt` of a card whose owner wants to be asked for nothing. */
export const setUpBeforehand = `hotspot-passphrase = under the open roof
country = AT
time-zone = Europe/Vienna
pairing-code = ${pairingCode}
`

/** Pairs with a machine that was set up by `setUpBeforehand`; the token serves after its next starts too. */
export async function pairWithImage(machine: ImageMachine): Promise<string> {
  await machine.pageAnswers()
  const paired = await patiently(async () => {
    const response = await fetch(`${machine.url}/api/pair`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code: pairingCode, name: 'test' }),
    })
    const answer = (await response.json()) as { token?: string; error?: string }
    if (!answer.token) throw new Error(`pairing: ${response.status} ${answer.error}`)
    return answer.token
  }, 60_000)
  // The page is there before the card's wishes are fulfilled.
  await agentClient(machine.url, paired).until('setup', ({ done }) => done === true, 60_000)
  return paired
}

/** @param token of pairWithImage */
export async function imageAgent(machine: ImageMachine, token: string): Promise<AgentClient> {
  await machine.pageAnswers()
  return agentClient(machine.url, token)
}

/** A machine that its card has set up, and its agent. */
export async function setUpImage(
  t: Parameters<typeof bootImage>[0],
  order: ImageMachineOrder = {},
): Promise<{ machine: ImageMachine; agent: AgentClient; token: string }> {
  const machine = await bootImage(t, { bootFiles: { 'pierside.txt': setUpBeforehand }, ...order })
  const token = await pairWithImage(machine)
  return { machine, token, agent: agentClient(machine.url, token) }
}

/** The simulated observatory, as its owner gets it from the page: settles when camera and mount are ready. */
export async function simulatedObservatory(agent: AgentClient): Promise<void> {
  const { demo } = await agent.get<{ demo: object }>('/api/drivers')
  await agent.post('/api/config/parsed', demo)
  for (const device of ['camera/main', 'mount/mount'])
    await agent.until(device, ({ condition }) => condition === 'ready', 120_000)
}

export interface ToldFrame {
  readonly id: string
  readonly path: string
}

/** Frames that the agent's stream tells until it ends with the machine. */
export function hearFrames(url: string, hear: (frame: ToldFrame) => void): { ended: Promise<string> } {
  const listen = async () => {
    const stream = await fetch(`${url}/api/events`)
    let text = ''
    for await (const chunk of stream.body!) {
      text += Buffer.from(chunk as Uint8Array).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const line = /^event: event\ndata: (.*"frame-archived".*)$/m.exec(block)?.[1]
        if (line) hear(JSON.parse(line).body)
      }
    }
    return 'the stream ended'
  }
  return { ended: listen().catch(error => `the stream broke: ${error.message}`) }
}

/** As a phone that looks at the page does: its own clock vouches for the machine's, or sets it. */
export async function lendClock(machine: ImageMachine, agent: AgentClient): Promise<void> {
  const beganMs = Date.now()
  const theirsMs = Number(await machine.out('date +%s%3N'))
  const roundTripMs = Date.now() - beganMs
  await agent.do('time-from-phone', { offsetMs: beganMs + roundTripMs / 2 - theirsMs, roundTripMs })
}
