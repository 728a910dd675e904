// How the box is reached: the networks it is on, those around it, and the hotspot that it falls back to. What is tried
// is not kept until somebody says so: after a power cut the box stands where it stood before.

export type Security = 'open' | 'wpa' | 'sae' | 'other'
export type Band = '2.4' | '5'

/** A network that a radio hears. */
export interface Around {
  readonly ssid: string
  readonly signalPercent: number
  /** `other`: with certificates or older than WPA; it cannot be joined from the page. */
  readonly security: Security
  readonly band: Band
}

/** A network that was joined and is joined again by itself. */
export interface Known {
  readonly id: string
  readonly ssid: string
}

export interface Radio {
  readonly device: string
  readonly phase: 'hotspot' | 'joined' | 'joining' | 'idle'
  /** Of the network or the hotspot it is on. */
  readonly ssid?: string
  /** The known network it is on. */
  readonly id?: string
  /** Of version 4, and of version 6 where they reach beyond the cable. */
  readonly addresses: readonly string[]
  readonly signalPercent?: number
}

export interface Hotspot {
  readonly ssid: string
  readonly secured: boolean
  readonly band: Band
  /** Absent: chosen by the radio. */
  readonly channel?: number
}

export interface NetworkSight {
  readonly radios: readonly Radio[]
  readonly cables: readonly { readonly device: string; readonly addresses: readonly string[] }[]
  /** Connected to the hotspot now. */
  readonly phones: number
  readonly known: readonly Known[]
  /** As it is kept; absent when there is none, which is a fault of the image. */
  readonly hotspot?: Hotspot
  /** Another hotspot than the kept one stands, on trial. */
  readonly trial?: Hotspot
  /** Two letters, ISO 3166. */
  readonly country?: string
  /** `pierside.local`, or what the box is called where there are two of them. */
  readonly name?: string
}

export interface JoinOrder {
  readonly ssid: string
  /** Absent for an open network. */
  readonly passphrase?: string
  /** It does not say its name. */
  readonly hidden?: boolean
}

export interface HotspotOrder {
  readonly passphrase?: string
  readonly band?: Band
  /** 0: chosen by the radio. */
  readonly channel?: number
}

/** Why a network was not joined. */
export type JoinTrouble = 'wrong-passphrase' | 'not-found' | 'no-address' | 'refused' | 'late'

export type Tried =
  | { readonly joined: true; readonly id: string; readonly addresses: readonly string[] }
  | { readonly joined: false; readonly trouble: JoinTrouble; readonly words: string }

/**
 * One thing at a time: calls must not overlap, `changed` apart. All reject with Faults: `offline` when what minds the
 * network does not answer, `timeout`, `broken` with its words; and with the signal's reason.
 */
export interface Network {
  look(signal: AbortSignal): Promise<NetworkSight>
  /** Settles when something may have changed, or after `ms`; never rejects but with the signal's reason. */
  changed(ms: number, signal: AbortSignal): Promise<void>
  /**
   * What the radios hear now; a radio that carries the hotspot hears nothing and gives what it remembers, perhaps
   * nothing.
   */
  scan(signal: AbortSignal): Promise<readonly Around[]>
  /**
   * Joins without keeping: link and address, or why not. On the radio that is free, or else on that of the hotspot,
   * which ends with it. The signal ends the try.
   */
  tryJoin(order: JoinOrder, signal: AbortSignal): Promise<Tried>
  /**
   * The network just tried is kept on disk from now on, and joined again by itself. Of the same name it is the only
   * one.
   */
  keepJoined(id: string, signal: AbortSignal): Promise<void>
  /** Joins a known network again. */
  rejoin(id: string, signal: AbortSignal): Promise<Tried>
  /** Known or only tried. Whoever is on it loses it. */
  forget(id: string, signal: AbortSignal): Promise<void>
  /** Settles when the hotspot stands, as it is kept. */
  raiseHotspot(signal: AbortSignal): Promise<void>
  /** Takes the hotspot down, so that radios look around and known networks are joined by themselves. */
  lowerHotspot(signal: AbortSignal): Promise<void>
  /** Settles when the changed hotspot stands in place of the kept one; nothing of it outlives a power cut. */
  tryHotspot(order: HotspotOrder, signal: AbortSignal): Promise<void>
  /** The hotspot on trial becomes the kept one. */
  keepHotspot(signal: AbortSignal): Promise<void>
  /** The hotspot on trial is forgotten; the kept one is not raised by this. */
  dropTrial(signal: AbortSignal): Promise<void>
  /** Tells the radios whose laws hold; kept only when `keep`. */
  setCountry(code: string, keep: boolean, signal: AbortSignal): Promise<void>
}
