// A client of the agent's event stream that is no page: each event with the time its last byte was here.

type Heard = (kind: string, data: Record<string, unknown>, atMs: number) => void

export interface EventLines {
  listen(heard: Heard): () => void
  close(): void
}

/** Settles once the stream has said hello. */
export async function eventLines(url: string): Promise<EventLines> {
  const control = new AbortController()
  const response = await fetch(`${url}/api/events`, { signal: control.signal })
  if (!response.ok || !response.body) throw new Error(`the event stream answers ${response.status}`)
  const listeners = new Set<Heard>()
  const reader = response.body.getReader()
  const greeted = new Promise<void>(settle => {
    listeners.add(kind => kind === 'hello' && settle())
  })
  const read = async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for (;;) {
      const { value, done } = await reader.read()
      const atMs = Date.now()
      if (done) throw new Error('the event stream ended')
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const kind = /^event: (.*)$/m.exec(block)?.[1]
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (kind && data) for (const heard of listeners) heard(kind, JSON.parse(data), atMs)
      }
    }
  }
  const broken = read().catch(error => {
    if (!control.signal.aborted) throw error
  })
  await Promise.race([greeted, broken])
  return {
    listen(heard) {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    close: () => control.abort(),
  }
}
