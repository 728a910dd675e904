// How feed paths and names become topics: one shape for every face of the tree, and no two paths on one topic.

/** First levels under `pierside/<node>/` that are not states. */
const reserved: readonly string[] = ['status', 'event', 'picture', 'do', 'reply']

export interface Topics {
  /** `online` or `offline`, retained. */
  readonly status: string
  /** Prefix of all topics of this box, without the last slash. */
  readonly base: string
  state(path: string): string
  event(kind: string): string
  picture(name: string): string
  /** @param levels of the binding, from `bindingLevels` */
  command(action: string, levels?: readonly string[]): string
  reply(id: string): string
}

export function topicsOf(node: string): Topics {
  const base = `pierside/${node}`
  return {
    base,
    status: `${base}/status`,
    state(path) {
      const safe = path.split('/').map(levelOf).join('/')
      const slash = safe.indexOf('/')
      return reserved.includes(slash < 0 ? safe : safe.slice(0, slash)) ? `${base}/state-${safe}` : `${base}/${safe}`
    },
    event: kind => `${base}/event/${levelOf(kind)}`,
    picture: name => `${base}/picture/${levelOf(name)}`,
    command: (action, levels = []) => [`${base}/do/${action}`, ...levels].join('/'),
    reply: id => `${base}/reply/${id}`,
  }
}

/**
 * One topic level of `[a-z0-9_-]`. A name that has to be changed gets a short hash of the original, so that
 * `EQMod Mount` and `eqmod_mount` stay apart.
 */
export function levelOf(name: string): string {
  if (/^[a-z0-9_-]+$/.test(name)) return name
  const plain = name.toLowerCase().replace(/[^a-z0-9_-]+/g, '_')
  return `${plain.replace(/^_+|_+$/g, '') || 'x'}-${shortHash(name)}`
}

/** FNV-1a, 32 bits, as base 36 (Fowler, Noll, Vo; RFC 9923). */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(36)
}

/** The levels behind `do/<action>` that stand for one binding of the action. */
export function bindingLevels(binding: { input: Readonly<Record<string, string>> }): string[] {
  return Object.values(binding.input).map(levelOf)
}
