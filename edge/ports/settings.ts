// The configuration as faces may read and change it.

export interface DriverSheet {
  readonly id: string
  readonly summary: string
  /** What a box of this driver is, where that needs no looking. */
  readonly ports: readonly string[]
  /** The same by the option `as`, where there is one that decides. */
  readonly portsAs?: Readonly<Record<string, readonly string[]>>
  /** JSON Schema of the options. */
  readonly options: Record<string, unknown>
  /** Kind of link it speaks over. */
  readonly link?: { readonly id: string; readonly summary: string; readonly options: Record<string, unknown> }
}

export interface Saved {
  /** What was stopped and started anew. */
  readonly restarted: string[]
  /** Sections that count only after the next start of the agent. */
  readonly needsRestart: string[]
}

export interface Configuration {
  /** The YAML file as it is. */
  text(): string
  /** Its settings as JSON; secrets as `!secret name`. */
  loose(): Record<string, unknown>
  /** With all standards filled in; secrets left out. */
  effective(): Record<string, unknown>
  /**
   * Validates, writes, and starts anew what changed. Throws `bad-input` with every complaint and its line, `busy` while
   * an activity runs; then nothing has changed.
   */
  save(text: string): Promise<Saved>
  /**
   * The same with some settings changed, comments kept; a `null` removes a key. A password may be given as it is: it
   * goes into the secrets beside the file.
   */
  merge(changes: Readonly<Record<string, unknown>>): Promise<Saved>
  drivers(): readonly DriverSheet[]
  /** Links, devices and duties of the simulated observatory: the way back to it. */
  demo(): Record<string, unknown>
  /** JSON Schema of the whole file. */
  schema(): Record<string, unknown>
}
