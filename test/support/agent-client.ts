// What a test asks an agent over HTTP, wherever that runs.

export interface AgentClient {
  readonly url: string
  /** JSON of a GET; `status` beside it when it is not 2xx. */
  get<T = Record<string, unknown>>(path: string): Promise<T>
  /** JSON of a POST as the paired administrator. */
  post<T = Record<string, unknown>>(path: string, body?: unknown, method?: string): Promise<T>
  raw(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  do<T = Record<string, unknown>>(action: string, input?: unknown, wait?: boolean): Promise<T>
  state<T = Record<string, unknown>>(path: string): Promise<T>
  /** Polls until `seen` holds of the state; rejects after `withinMs`. */
  until<T = Record<string, unknown>>(path: string, seen: (value: T) => boolean, withinMs?: number): Promise<T>
}

/** @param token of an administrator */
export function agentClient(url: string, token: string): AgentClient {
  const raw = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  const json = async <T>(response: Response): Promise<T> => {
    const value = await response.json()
    if (!response.ok)
      throw Object.assign(new Error(`${response.status} ${JSON.stringify(value)}`), {
        status: response.status,
        ...(value as object),
      })
    return value as T
  }
  const client: AgentClient = {
    url,
    get: async path => json(await raw('GET', path)),
    post: async (path, body = {}, method = 'POST') =>
      json(await raw(method, path, body, { Authorization: `Bearer ${token}` })),
    raw,
    do: (action, input = {}, wait = false) => client.post(`/api/actions/${action}${wait ? '?wait=1' : ''}`, input),
    async state<T>(path: string) {
      const { states } = await client.get<{ states: { path: string; value: T }[] }>('/api/state')
      return states.find(one => one.path === path)?.value ?? ({} as T)
    },
    until: (path, seen, withinMs = 20_000) =>
      patiently(async () => {
        const value = await client.state<never>(path)
        if (!seen(value)) throw new Error(`${path} is still ${JSON.stringify(value)}`)
        return value
      }, withinMs),
  }
  return client
}

/** Tries again every 100 ms until it works; rejects with the last error after `withinMs`. */
export async function patiently<T>(work: () => Promise<T>, withinMs: number): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
