// The state `network`: where the box is reached, in the words of ports/fields-network.ts, and why it was not joined.
import type { JsonObject } from '../ports/json.js'
import type { Around, JoinTrouble, NetworkSight } from '../ports/network.js'
import { z } from '../ports/schema.js'

const troubles = ['wrong-passphrase', 'not-found', 'no-address', 'refused', 'late'] as const satisfies JoinTrouble[]

/** How the last try to join ended: it waits for the phone that asked, and outlives a power cut. */
export const lastJoin = z.strictObject({
  ssid: z.string().optional(),
  joined: z.boolean().optional(),
  atMs: z.number().optional(),
  trouble: z.enum(troubles).optional(),
  words: z.string().optional(),
})
export type LastJoin = z.infer<typeof lastJoin>

const fixes: Readonly<Record<JoinTrouble, string>> = {
  'wrong-passphrase': 'Type its passphrase again: capitals count',
  'not-found': 'Bring box and router nearer to each other; 5 GHz reaches less far, and needs the country',
  'no-address': 'The router gives out no address: look at its DHCP, or at its list of allowed devices',
  refused: 'The router refuses the box: look at its list of allowed devices, or restart it',
  late: 'Try once more; nearer to the router if it happens again',
}

export const fixFor = (trouble: JoinTrouble) => fixes[trouble]

export interface Beside {
  readonly around: { readonly found: readonly Around[]; readonly atMs: number } | undefined
  readonly trying: string | undefined
  readonly last: LastJoin
  readonly undoneSeconds: number | undefined
  readonly unconfirmed: { readonly what: string } | undefined
}

/** The networks people look for come first; more are not shown. */
const mostAround = 40

export function networkFields(
  sight: NetworkSight,
  { around, trying, last, undoneSeconds, unconfirmed }: Beside,
): JsonObject {
  const { radios, cables, hotspot: keptHotspot, trial, known, phones, country, name } = sight
  const hotspot = trial ?? keptHotspot
  const radio =
    radios.find(({ phase }) => phase === 'joined') ?? radios.find(({ phase }) => phase === 'hotspot') ?? radios[0]
  return {
    phase: radio?.phase ?? 'none',
    ssid: radio?.ssid,
    signalPercent: radio?.phase === 'joined' ? radio.signalPercent : undefined,
    addresses: [...new Set(radios.flatMap(({ addresses }) => addresses))],
    cable: cables.flatMap(({ addresses }) => addresses),
    ...{ name, phones, country, trying },
    known: known.map(({ id, ssid }) => ({ id, ssid })),
    around: strongest(around?.found ?? []).map(one => ({ ...one })),
    lookedAtMs: around?.atMs,
    hotspotSsid: hotspot?.ssid,
    hotspotSecured: hotspot?.secured,
    hotspotBand: hotspot?.band,
    hotspotChannel: hotspot?.channel,
    lastSsid: last.ssid,
    lastJoined: last.joined,
    lastReason: last.words,
    lastFix: last.trouble && fixFor(last.trouble),
    lastAtMs: last.atMs,
    unconfirmed: unconfirmed?.what,
    undoneSeconds,
  }
}

/** Of each name the strongest, in order of strength. */
function strongest(found: readonly Around[]): Around[] {
  const best = new Map<string, Around>()
  for (const one of [...found].sort((a, b) => b.signalPercent - a.signalPercent)) {
    if (!best.has(one.ssid)) best.set(one.ssid, one)
  }
  return [...best.values()].slice(0, mostAround)
}
