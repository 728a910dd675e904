// What the box is reached by, as the views read it; names and units are those of edge/ports/fields-network.ts.

/** Only on Pierside's own image. */
export interface Network {
  readonly phase?: 'hotspot' | 'joined' | 'joining' | 'idle' | 'none'
  readonly ssid?: string
  readonly signalPercent?: number
  readonly addresses?: readonly string[]
  readonly cable?: readonly string[]
  readonly name?: string
  readonly known?: readonly { readonly id: string; readonly ssid: string }[]
  readonly around?: readonly {
    readonly ssid: string
    readonly signalPercent: number
    readonly security: 'open' | 'wpa' | 'sae' | 'other'
  }[]
  readonly phones?: number
  readonly hotspotSsid?: string
  readonly hotspotSecured?: boolean
  readonly hotspotBand?: string
  readonly hotspotChannel?: number
  readonly country?: string
  readonly trying?: string
  readonly lastSsid?: string
  readonly lastJoined?: boolean
  readonly lastReason?: string
  readonly lastFix?: string
  readonly unconfirmed?: string
  readonly undoneSeconds?: number
}
