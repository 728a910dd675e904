// What an owner sends to whoever shall help: one thing of it at a time, made when it is asked for.

export interface BundlePart {
  /** File name in the bundle. */
  readonly name: string
  /** Whole and bounded. What could not be had says so in its text. */
  text(signal: AbortSignal): Promise<string>
}

export interface LogBundle {
  /** `pierside-hill-log-2026-11-30-2105` */
  name(): string
  /** Nothing in any of them is secret. */
  parts(): Promise<readonly BundlePart[]>
}
